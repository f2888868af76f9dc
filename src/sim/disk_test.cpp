// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <set>

#include "runtime/scope.h"

namespace tt::sim {
namespace {

constexpr std::uint64_t kFileBytes = 1_MiB;
constexpr std::size_t kSector = kBlockBytes;

/// Page-aligned memory filled with one letter.
struct Buffer {
  explicit Buffer(std::size_t size, char fill = 0) : bytes(size + rt::kDiskAlignment) {
    void* start = bytes.data();
    std::size_t space = bytes.size();
    data = {static_cast<std::byte*>(std::align(rt::kDiskAlignment, size, start, space)), size};
    std::memset(data.data(), fill, size);
  }
  std::vector<std::byte> bytes;
  std::span<std::byte> data;
};

/// One file and a way to run operations on it.
struct Bench {
  explicit Bench(std::uint64_t seed, StorageOptions options = {}, std::uint64_t size = kFileBytes)
      : world(seed), storage(world, options) {
    boot(size);
  }
  ~Bench() { crash(); }

  void boot(std::uint64_t size = kFileBytes) {
    SimReactor& reactor = world.boot(1).reactor();
    scope = std::make_unique<rt::Scope>(reactor);
    mounted = storage.mount(reactor);
    disk = std::move(*mounted->open("file", rt::OpenMode::create, size));
    file = storage.file("file");
  }
  void crash(CrashKind kind = CrashKind::power) {
    world.crash(kind);
    scope->kill();
  }
  void crash_and_boot(CrashKind kind = CrashKind::power) {
    crash(kind);
    boot();
  }

  static rt::Task<void> run(Bench& bench, rt::DiskOp::Kind kind, std::uint64_t offset, std::span<std::byte> data,
                            rt::Durability durability, int* result) {
    Result<void> done;
    if (kind == rt::DiskOp::Kind::write) done = co_await bench.disk->write(offset, data, durability);
    if (kind == rt::DiskOp::Kind::read) done = co_await bench.disk->read(offset, data);
    if (kind == rt::DiskOp::Kind::flush) done = co_await bench.disk->flush();
    if (kind == rt::DiskOp::Kind::allocate) done = co_await bench.disk->allocate(offset, data.size());
    if (kind == rt::DiskOp::Kind::discard) done = co_await bench.disk->discard(offset, data.size());
    *result = done ? 0 : static_cast<int>(done.error().detail);
  }
  /// -1 until it completes.
  int* start(rt::DiskOp::Kind kind, std::uint64_t offset = 0, std::span<std::byte> data = {},
             rt::Durability durability = rt::Durability::cached) {
    results.push_back(std::make_unique<int>(-1));
    scope->spawn(run(*this, kind, offset, data, durability, results.back().get()));
    return results.back().get();
  }
  int write(std::uint64_t offset, std::span<std::byte> data, rt::Durability durability = rt::Durability::cached) {
    return finish(start(rt::DiskOp::Kind::write, offset, data, durability));
  }
  int read(std::uint64_t offset, std::span<std::byte> data) {
    return finish(start(rt::DiskOp::Kind::read, offset, data));
  }
  int flush() { return finish(start(rt::DiskOp::Kind::flush)); }
  int finish(const int* result) {
    world.run_until([&] { return *result >= 0; });
    return *result;
  }

  /// The letters of the first sectors as reads see them.
  std::string letters(std::size_t sectors, std::uint64_t offset = 0) {
    return first_bytes(file->visible(offset, sectors * kSector));
  }
  std::string durable_letters(std::size_t sectors, std::uint64_t offset = 0) {
    return first_bytes(file->durable(offset, sectors * kSector));
  }
  static std::string first_bytes(const std::vector<std::byte>& bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += kSector) {
      const char first = static_cast<char>(bytes[at]);
      const bool whole = std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(at + kSector),
                                     [&](std::byte b) { return static_cast<char>(b) == first; });
      text += !whole ? '?' : first == 0 ? '.' : first;
    }
    return text;
  }

  World world;
  SimStorage storage;
  std::unique_ptr<rt::Scope> scope;
  std::unique_ptr<rt::Storage> mounted;
  std::unique_ptr<rt::Disk> disk;
  SimFile* file = nullptr;
  std::vector<std::unique_ptr<int>> results;
};

FaultRule rule(FaultKind kind, IoMask operations, std::uint64_t at, bool sticky = false) {
  FaultRule made;
  made.kind = kind;
  made.operations = operations;
  made.at = at;
  made.sticky = sticky;
  return made;
}

TEST(SimDisk, reads_back_what_was_written) {
  Bench bench(1);
  Buffer out(3 * kSector, 'a');
  Buffer in(5 * kSector, 'x');
  EXPECT_EQ(bench.write(kSector, out.data), 0);
  EXPECT_EQ(bench.read(0, in.data), 0);
  EXPECT_EQ(Bench::first_bytes({in.data.begin(), in.data.end()}), ".aaa.");
  EXPECT_EQ(bench.durable_letters(5), ".....");
  EXPECT_EQ(bench.flush(), 0);
  EXPECT_EQ(bench.durable_letters(5), ".aaa.");
  EXPECT_EQ(bench.file->volatile_layers(), 0U);
}

TEST(SimDisk, zeros_are_data_like_any_other) {
  StorageOptions loses_all;
  loses_all.crash.keep_everything = 0;
  loses_all.crash.drop_everything = 100;
  Bench bench(1, loses_all);
  Buffer a(3 * kSector, 'a');
  Buffer zeros(kSector);
  EXPECT_EQ(bench.write(0, a.data, rt::Durability::durable), 0);
  EXPECT_EQ(bench.write(kSector, zeros.data), 0);
  EXPECT_EQ(bench.letters(3), "a.a");
  bench.crash_and_boot();
  EXPECT_EQ(bench.letters(3), "aaa");
  EXPECT_EQ(bench.write(kSector, zeros.data), 0);
  EXPECT_EQ(bench.flush(), 0);
  bench.crash_and_boot();
  EXPECT_EQ(bench.letters(3), "a.a");
}

TEST(SimDisk, a_record_of_zeros_that_is_changed_leaves_the_others_alone) {
  const Buffer zeros(kSector);
  WriteRecord one;
  WriteRecord other;
  one.take(zeros.data);
  other.take(zeros.data);
  one.owned()[7] ^= std::byte{1};
  EXPECT_EQ(one.bytes[7], std::byte{1});
  EXPECT_EQ(other.bytes[7], std::byte{0});
  EXPECT_EQ(one.bytes.size(), kSector);
}

TEST(SimDisk, a_durable_write_needs_no_flush_and_hardens_nothing_else) {
  Bench bench(1);
  Buffer a(kSector, 'a');
  Buffer b(kSector, 'b');
  EXPECT_EQ(bench.write(0, a.data), 0);
  EXPECT_EQ(bench.write(kSector, b.data, rt::Durability::durable), 0);
  EXPECT_EQ(bench.durable_letters(2), ".b");
  EXPECT_EQ(bench.letters(2), "ab");
}

TEST(SimDisk, a_huge_file_costs_nothing) {
  Bench bench(1, {}, 16_TiB);
  Buffer out(64_KiB, 'a');
  EXPECT_EQ(bench.write(16_TiB - 64_KiB, out.data), 0);
  EXPECT_EQ(bench.write(5_TiB, out.data), 0);
  EXPECT_EQ(bench.letters(2, 16_TiB - 1_KiB), "aa");
  EXPECT_EQ(bench.letters(2, 5_TiB - kSector), ".a");
  EXPECT_EQ(bench.finish(bench.start(rt::DiskOp::Kind::discard, 0, {out.data.data(), 64_KiB})), 0);
}

TEST(SimDisk, a_flush_covers_exactly_what_completed_before_it_was_submitted) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Bench bench(seed);
    Buffer a(kSector, 'a');
    Buffer b(kSector, 'b');
    Buffer c(kSector, 'c');
    EXPECT_EQ(bench.write(0, a.data), 0);
    const int* late = bench.start(rt::DiskOp::Kind::write, kSector, b.data);
    const int* flush = bench.start(rt::DiskOp::Kind::flush);
    const int* over = bench.start(rt::DiskOp::Kind::write, 0, c.data);
    bench.finish(flush);
    bench.finish(late);
    bench.finish(over);
    EXPECT_EQ(bench.letters(2), "cb");
    EXPECT_EQ(bench.durable_letters(2), "a.");
    bench.crash_and_boot();
    seen.insert(bench.letters(2));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"a.", "ab", "c.", "cb"}));
}

TEST(SimDisk, power_failure_keeps_drops_and_tears_per_sector) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Bench bench(seed);
    Buffer old(3 * kSector, 'o');
    Buffer young(3 * kSector, 'y');
    EXPECT_EQ(bench.write(0, old.data, rt::Durability::durable), 0);
    const int* pending = bench.start(rt::DiskOp::Kind::write, 0, young.data);
    if (seed % 2 == 0) bench.finish(pending);
    if (seed % 2 == 1) {
      EXPECT_EQ(bench.world.run_for(5 * rt::kMicrosecond), RunEnd::time);
    }
    EXPECT_EQ(bench.storage.in_flight(), seed % 2);
    bench.crash_and_boot();
    seen.insert(bench.letters(3));
    EXPECT_EQ(bench.letters(3), bench.durable_letters(3));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"ooo", "ooy", "oyo", "oyy", "yoo", "yoy", "yyo", "yyy"}));
}

TEST(SimDisk, any_of_several_unflushed_versions_may_survive) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Bench bench(seed);
    for (const char letter : {'a', 'b', 'c'}) {
      Buffer out(kSector, letter);
      EXPECT_EQ(bench.write(0, out.data), 0);
    }
    bench.crash_and_boot();
    seen.insert(bench.letters(1));
  }
  EXPECT_EQ(seen, (std::set<std::string>{".", "a", "b", "c"}));
}

TEST(SimDisk, the_atomic_unit_can_be_4096) {
  StorageOptions options;
  options.block_bytes = 4096;
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Bench bench(seed, options);
    Buffer out(8_KiB, 'y');
    bench.start(rt::DiskOp::Kind::write, 0, out.data);
    EXPECT_EQ(bench.world.run_for(5 * rt::kMicrosecond), RunEnd::time);
    bench.crash_and_boot();
    seen.insert(bench.letters(16));
  }
  const std::string none(8, '.');
  const std::string all(8, 'y');
  EXPECT_EQ(seen, (std::set<std::string>{none + none, none + all, all + none, all + all}));
}

TEST(SimDisk, a_killed_process_loses_nothing_completed_but_it_stays_volatile) {
  std::set<std::string> after_power;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Bench bench(seed);
    Buffer a(kSector, 'a');
    EXPECT_EQ(bench.write(0, a.data), 0);
    bench.crash_and_boot(CrashKind::process);
    EXPECT_EQ(bench.letters(1), "a");
    EXPECT_EQ(bench.durable_letters(1), ".");
    if (seed % 2 == 0) {
      EXPECT_EQ(bench.flush(), 0);
    }
    bench.crash_and_boot(CrashKind::power);
    if (seed % 2 == 0) {
      EXPECT_EQ(bench.letters(1), "a");
    }
    if (seed % 2 == 1) after_power.insert(bench.letters(1));
  }
  EXPECT_EQ(after_power, (std::set<std::string>{".", "a"}));
}

TEST(SimDisk, overlapping_writes_in_flight_have_no_defined_winner) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Bench bench(seed);
    Buffer a(2 * kSector, 'a');
    Buffer b(2 * kSector, 'b');
    const int* first = bench.start(rt::DiskOp::Kind::write, 0, a.data);
    const int* second = bench.start(rt::DiskOp::Kind::write, 0, b.data);
    bench.finish(first);
    bench.finish(second);
    const std::string letters = bench.letters(2);
    seen.insert(letters);
    EXPECT_EQ(bench.flush(), 0);
    EXPECT_EQ(bench.durable_letters(2), letters) << "what reads saw is what gets durable";
  }
  EXPECT_EQ(seen, (std::set<std::string>{"aa", "ab", "ba", "bb"}));
}

TEST(SimDisk, a_read_beside_a_write_sees_any_mix_and_never_goes_back) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Bench bench(seed);
    Buffer old(2 * kSector, 'o');
    Buffer young(2 * kSector, 'y');
    EXPECT_EQ(bench.write(0, old.data), 0);
    const int* writing = bench.start(rt::DiskOp::Kind::write, 0, young.data);
    Buffer first(2 * kSector);
    Buffer second(2 * kSector);
    EXPECT_EQ(bench.read(0, first.data), 0);
    EXPECT_EQ(bench.read(0, second.data), 0);
    const std::string once = Bench::first_bytes({first.data.begin(), first.data.end()});
    const std::string twice = Bench::first_bytes({second.data.begin(), second.data.end()});
    for (std::size_t i = 0; i < 2; ++i) EXPECT_FALSE(once[i] == 'y' && twice[i] == 'o') << "seed " << seed;
    seen.insert(once);
    bench.finish(writing);
    EXPECT_EQ(bench.letters(2), "yy");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"oo", "oy", "yo", "yy"}));
}

TEST(SimDisk, a_read_may_return_what_was_there_when_it_was_submitted) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Bench bench(seed);
    Buffer in(kSector);
    Buffer out(kSector, 'y');
    const int* reading = bench.start(rt::DiskOp::Kind::read, 0, in.data);
    const int* writing = bench.start(rt::DiskOp::Kind::write, 0, out.data);
    bench.finish(writing);
    if (*reading >= 0) continue;  // the write was slower
    bench.finish(reading);
    seen.insert(Bench::first_bytes({in.data.begin(), in.data.end()}));
  }
  EXPECT_EQ(seen, (std::set<std::string>{".", "y"}));
}

TEST(SimDisk, changing_a_buffer_in_flight_fails_the_run) {
  Bench bench(1);
  Buffer out(kSector, 'a');
  bench.start(rt::DiskOp::Kind::write, 0, out.data);
  EXPECT_EQ(bench.world.run_for(5 * rt::kMicrosecond), RunEnd::time);
  out.data[7] = std::byte{'b'};
  EXPECT_EQ(bench.world.run_until_idle(), RunEnd::failed);
  EXPECT_NE(bench.world.failure().find("was changed"), std::string::npos);
}

TEST(SimDisk, io_errors_leave_a_mix_and_are_reported) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Bench bench(seed);
    bench.world.faults().add(rule(FaultKind::io_error, kWrites, 1));
    Buffer out(2 * kSector, 'y');
    EXPECT_EQ(bench.write(0, out.data), EIO);
    seen.insert(bench.letters(2));
    EXPECT_EQ(bench.write(0, out.data), 0);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"..", ".y", "y.", "yy"}));
}

TEST(SimDisk, a_failed_flush_may_lose_what_it_covered_although_reads_show_it) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    StorageOptions options;
    Bench bench(seed, options);
    bench.world.faults().add(rule(FaultKind::io_error, kFlushes, 1));
    Buffer out(kSector, 'y');
    EXPECT_EQ(bench.write(0, out.data), 0);
    EXPECT_EQ(bench.flush(), EIO);
    EXPECT_EQ(bench.flush(), 0) << "trying again lies";
    EXPECT_EQ(bench.letters(1), "y");
    bench.crash_and_boot();
    seen.insert(bench.letters(1));
  }
  EXPECT_EQ(seen, (std::set<std::string>{".", "y"}));
}

TEST(SimDisk, a_late_error_comes_with_the_next_flush_once) {
  Bench bench(1);
  bench.world.faults().add(rule(FaultKind::late_error, kWrites, 1));
  Buffer out(kSector, 'y');
  EXPECT_EQ(bench.write(0, out.data), 0);
  EXPECT_EQ(bench.flush(), EIO);
  EXPECT_EQ(bench.flush(), 0);
  bench.crash_and_boot();
  EXPECT_EQ(bench.letters(1), ".");
}

TEST(SimDisk, space_runs_out_unless_it_was_allocated) {
  StorageOptions options;
  options.capacity_bytes = 8 * kSector;
  Bench bench(1, options);
  Buffer out(8 * kSector, 'y');
  EXPECT_EQ(bench.finish(bench.start(rt::DiskOp::Kind::allocate, 0, out.data.first(4 * kSector))), 0);
  EXPECT_EQ(bench.write(16 * kSector, out.data.first(4 * kSector)), 0);
  EXPECT_EQ(bench.write(32 * kSector, out.data.first(kSector)), ENOSPC);
  EXPECT_EQ(bench.letters(1, 32 * kSector), ".");
  EXPECT_EQ(bench.write(0, out.data.first(4 * kSector)), 0);
  EXPECT_EQ(bench.finish(bench.start(rt::DiskOp::Kind::allocate, 0, out.data)), ENOSPC);
  EXPECT_EQ(bench.storage.allocated_bytes(), 8 * kSector);
}

TEST(SimDisk, latent_errors_last_until_the_unit_is_written) {
  Bench bench(1);
  Buffer in(4 * kSector);
  bench.file->make_unreadable(2 * kSector, 1);
  EXPECT_EQ(bench.read(0, in.data), EIO);
  EXPECT_EQ(bench.read(0, in.data.first(2 * kSector)), 0);
  EXPECT_EQ(bench.write(2 * kSector, in.data.first(kSector)), 0);
  EXPECT_EQ(bench.read(0, in.data), 0);
  bench.world.faults().add(rule(FaultKind::latent_error, kReads, 1));
  EXPECT_EQ(bench.read(0, in.data), EIO);
  EXPECT_EQ(bench.read(0, in.data), EIO);
}

TEST(SimDisk, lying_devices) {
  Buffer out(2 * kSector, 'y');
  {
    Bench lost(1);
    lost.world.faults().add(rule(FaultKind::lost_write, kWrites, 1));
    EXPECT_EQ(lost.write(0, out.data), 0);
    EXPECT_EQ(lost.letters(2), "..");
  }
  {
    Bench rotten(1);
    rotten.world.faults().add(rule(FaultKind::bit_rot, kWrites, 1));
    EXPECT_EQ(rotten.write(0, out.data), 0);
    const std::string letters = rotten.letters(2);
    EXPECT_EQ(std::count(letters.begin(), letters.end(), '?'), 1);
  }
  {
    Bench astray(1);
    astray.world.faults().add(rule(FaultKind::misdirected_write, kWrites, 1));
    EXPECT_EQ(astray.write(0, out.data), 0);
    const std::string letters = astray.letters(kFileBytes / kSector);
    EXPECT_EQ(std::count(letters.begin(), letters.end(), 'y'), 2);
    EXPECT_NE(letters.find("yy"), 0U);
  }
}

TEST(SimDisk, a_slow_device_is_slow_for_a_while) {
  Bench bench(1);
  FaultRule slow = rule(FaultKind::slow, kAllIo, 1);
  slow.slow_for = rt::kSecond;
  bench.world.faults().add(slow);
  Buffer out(kSector, 'y');
  EXPECT_EQ(bench.write(0, out.data), 0);
  EXPECT_GT(bench.world.now(), 2 * rt::kMillisecond);
  EXPECT_EQ(bench.world.run_for(2 * rt::kSecond), RunEnd::idle);
}

TEST(SimDisk, planned_crashes_before_after_and_in_the_middle) {
  std::set<std::string> torn;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    for (const FaultKind kind : {FaultKind::crash_before, FaultKind::crash_after, FaultKind::torn_crash}) {
      StorageOptions options;
      options.crash.keep_everything = options.crash.drop_everything = 0;
      Bench bench(seed, options);
      bench.world.faults().add(rule(kind, kWrites, 2));
      Buffer out(2 * kSector, 'y');
      EXPECT_EQ(bench.write(8 * kSector, out.data, rt::Durability::durable), 0);
      const int* result = bench.start(rt::DiskOp::Kind::write, 0, out.data);
      EXPECT_EQ(bench.world.run_until_idle(), RunEnd::crash_requested);
      bench.crash_and_boot();
      EXPECT_EQ(*result, -1);
      EXPECT_EQ(bench.letters(2, 8 * kSector), "yy");
      if (kind == FaultKind::crash_before) {
        EXPECT_EQ(bench.letters(2), "..");
      }
      if (kind == FaultKind::crash_after) {
        EXPECT_EQ(bench.letters(2), "yy");
      }
      if (kind == FaultKind::torn_crash) torn.insert(bench.letters(2));
    }
  }
  EXPECT_EQ(torn, (std::set<std::string>{"..", ".y", "y.", "yy"}));
}

TEST(SimDisk, crash_after_a_flush_makes_it_durable) {
  Bench bench(1);
  bench.world.faults().add(rule(FaultKind::crash_after, kFlushes, 1));
  Buffer out(kSector, 'y');
  EXPECT_EQ(bench.write(0, out.data), 0);
  bench.start(rt::DiskOp::Kind::flush);
  EXPECT_EQ(bench.world.run_until_idle(), RunEnd::crash_requested);
  EXPECT_EQ(bench.durable_letters(1), "y");
}

TEST(SimDisk, observers_hear_of_submissions_completions_and_crashes) {
  std::vector<std::string> heard;
  Bench bench(1);
  bench.world.observe_disks([&](const DiskEvent& event) {
    const char* phases[] = {"submit", "complete", "crash"};
    heard.push_back(std::string(phases[static_cast<int>(event.phase)]) + " " + *event.file_name + " " +
                    std::to_string(static_cast<int>(event.kind)) + " " + std::to_string(event.data.size()));
  });
  Buffer out(kSector, 'y');
  EXPECT_EQ(bench.write(0, out.data), 0);
  EXPECT_EQ(bench.flush(), 0);
  bench.crash();
  EXPECT_EQ(heard, (std::vector<std::string>{"submit file 1 512", "complete file 1 512", "submit file 2 0",
                                             "complete file 2 0", "crash file 2 0"}));
}

TEST(SimDiskDeathTest, a_disk_must_not_die_with_an_operation_in_flight) {
  Bench bench(1);
  Buffer out(kSector, 'y');
  bench.start(rt::DiskOp::Kind::write, 0, out.data);
  EXPECT_EQ(bench.world.run_for(5 * rt::kMicrosecond), RunEnd::time);
  EXPECT_DEATH(bench.disk = nullptr, "is_used_by");
}

TEST(SimStorage, files_persist_grow_and_are_missed) {
  Bench bench(1);
  EXPECT_TRUE(bench.mounted->exists("file"));
  EXPECT_FALSE(bench.mounted->exists("other"));
  EXPECT_FALSE(bench.mounted->open("other", rt::OpenMode::must_exist, 1_MiB).has_value());
  bench.crash_and_boot();
  EXPECT_TRUE(bench.mounted->exists("file"));
  EXPECT_EQ((*bench.mounted->open("file", rt::OpenMode::create, 2_MiB))->size_bytes(), 2_MiB);
  EXPECT_EQ((*bench.mounted->open("file", rt::OpenMode::must_exist, 1))->size_bytes(), 2_MiB);
}

TEST(RangeSet, adds_merges_and_removes) {
  RangeSet set;
  set.add(10, 20);
  set.add(30, 40);
  set.add(20, 30);
  EXPECT_EQ(set.total(), 30U);
  EXPECT_EQ(set.missing(0, 50), 20U);
  set.remove(15, 35);
  EXPECT_EQ(set.total(), 10U);
  EXPECT_EQ(set.missing(10, 40), 20U);
  set.add(0, 100);
  EXPECT_EQ(set.total(), 100U);
  EXPECT_EQ(set.missing(5, 95), 0U);
}

}  // namespace
}  // namespace tt::sim
