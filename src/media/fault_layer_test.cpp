// SPDX-License-Identifier: Apache-2.0
#include "media/fault_layer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "media/rank_lab.h"

namespace tt::media {
namespace {

constexpr Operations kWrites{.read = false, .write = true, .flush = false, .allocate = false, .discard = false};
constexpr Operations kFlushes{.read = false, .write = false, .flush = true, .allocate = false, .discard = false};

struct alignas(rt::kDiskAlignment) Block {
  std::array<std::byte, 4096> bytes{};
};

class FaultLayer : public testing::Test {
 protected:
  FaultLayer() {
    static_cast<void>(lab.storage().open("disk", rt::OpenMode::create, 1_MiB));
    block.bytes.fill(std::byte{0x5A});
  }

  static rt::Task<Result<void>> write(rt::Disk& disk, std::uint64_t offset, const Block& from) {
    auto done = co_await disk.write(offset, from.bytes);
    co_return done;
  }
  static rt::Task<Result<void>> read(rt::Disk& disk, std::uint64_t offset, Block& into) {
    auto done = co_await disk.read(offset, into.bytes);
    co_return done;
  }
  static rt::Task<Result<void>> flush(rt::Disk& disk) {
    auto done = co_await disk.flush();
    co_return done;
  }
  Result<void> write_to(rt::Disk& disk, std::uint64_t offset = 0) { return *lab.run(write(disk, offset, block)); }
  std::byte on_disk(std::uint64_t offset) { return lab.files.file("disk")->visible(offset, 512).front(); }

  RankLab lab;
  Block block;
};

TEST_F(FaultLayer, DelayHoldsTheOperationsItNamesAndNoOthers) {
  DelayDisk disk(lab.reactor(), lab.open("disk"),
                 {.operations = kWrites, .least = 5 * rt::kSecond, .most = 7 * rt::kSecond});
  EXPECT_EQ(disk.size_bytes(), 1_MiB);
  EXPECT_EQ(disk.block_bytes(), 512U);
  const auto started = lab.world.now();
  EXPECT_TRUE(write_to(disk));
  const auto written = lab.world.now();
  EXPECT_GE(written - started, 5 * rt::kSecond);
  EXPECT_LE(written - started, 8 * rt::kSecond);
  EXPECT_EQ(on_disk(0), std::byte{0x5A});

  Block back;
  EXPECT_TRUE(*lab.run(read(disk, 0, back)));
  EXPECT_TRUE(*lab.run(flush(disk)));
  EXPECT_EQ(back.bytes, block.bytes);
  EXPECT_LT(lab.world.now() - written, rt::kSecond);
}

TEST_F(FaultLayer, DelayedOperationsMayOvertakeEachOtherAndAllArrive) {
  DelayDisk disk(lab.reactor(), lab.open("disk"), {.operations = kWrites, .least = 0, .most = rt::kSecond});
  rt::Scope scope(lab.reactor());
  std::vector<std::uint64_t> order;
  const auto note = [](rt::Disk& to, std::uint64_t number, const Block& from,
                       std::vector<std::uint64_t>& done) -> rt::Task<void> {
    auto written = co_await to.write(number * 4096, from.bytes);
    if (written) done.push_back(number);
  };
  for (std::uint64_t number = 0; number < 20; ++number) scope.spawn(note(disk, number, block, order));
  lab.world.run_until([&scope] { return scope.count() == 0; });
  ASSERT_EQ(order.size(), 20U);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  for (std::uint64_t number = 0; number < 20; ++number) EXPECT_EQ(on_disk(number * 4096), std::byte{0x5A});
}

TEST_F(FaultLayer, DelayPassesErrorsOn) {
  lab.world.faults().add({.kind = sim::FaultKind::no_space, .operations = sim::kWrites, .file = {}, .at = 1});
  DelayDisk disk(lab.reactor(), lab.open("disk"), {.operations = kWrites, .least = 1, .most = 1});
  EXPECT_EQ(write_to(disk).error().code, Errc::media_full);
  EXPECT_TRUE(write_to(disk));
}

TEST_F(FaultLayer, ErrorsComeAfterSoManyGoodOperationsAndEnd) {
  ErrorDisk disk(lab.reactor(), lab.open("disk"), {.operations = kWrites, .good_before = 2, .at_most = 3});
  std::vector<bool> results;
  for (std::uint64_t i = 0; i < 7; ++i) {
    results.push_back(write_to(disk, i * 4096).has_value());
    EXPECT_TRUE(*lab.run(flush(disk))) << "not concerned";
    EXPECT_EQ(on_disk(i * 4096), results.back() ? std::byte{0x5A} : std::byte{0}) << "a failed write changes nothing";
  }
  EXPECT_EQ(results, (std::vector<bool>{true, true, false, false, false, true, true}));
  EXPECT_EQ(disk.failed(), 3U);
}

TEST_F(FaultLayer, ErrorsCarryTheirNumber) {
  ErrorDisk full(lab.reactor(), lab.open("disk"), {.operations = kWrites, .error = ENOSPC});
  EXPECT_EQ(write_to(full).error().code, Errc::media_full);
  ErrorDisk broken(lab.reactor(), lab.open("disk"), {.operations = kFlushes});
  EXPECT_TRUE(write_to(broken));
  EXPECT_EQ(lab.run(flush(broken))->error(), (Error{Errc::io_error, EIO}));
  EXPECT_GT(lab.files.file("disk")->volatile_layers(), 0U) << "a failed flush has made nothing durable";
}

TEST_F(FaultLayer, ErrorsComeAtTheirRate) {
  ErrorDisk disk(lab.reactor(), lab.open("disk"), {.operations = kWrites, .per_million = 250'000});
  int failures = 0;
  for (int i = 0; i < 400; ++i) failures += write_to(disk) ? 0 : 1;
  EXPECT_GT(failures, 60);
  EXPECT_LT(failures, 140);
  EXPECT_EQ(disk.failed(), static_cast<std::uint64_t>(failures));
}

TEST_F(FaultLayer, TraceSeesWhatTheDiskDidInOrderOfCompletion) {
  std::vector<DiskTrace> seen;
  auto failing = std::make_unique<ErrorDisk>(lab.reactor(), lab.open("disk"), ErrorRule{.operations = kFlushes});
  TraceDisk disk(lab.reactor(), std::move(failing), [&seen](const DiskTrace& trace) { seen.push_back(trace); });
  EXPECT_TRUE(write_to(disk, 8192));
  EXPECT_FALSE(*lab.run(flush(disk)));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].kind, rt::DiskOp::Kind::write);
  EXPECT_EQ(seen[0].offset, 8192U);
  EXPECT_EQ(seen[0].length, 4096U);
  EXPECT_EQ(seen[0].result, 0);
  EXPECT_LT(seen[0].submitted_at, seen[0].completed_at);
  EXPECT_EQ(seen[1].kind, rt::DiskOp::Kind::flush);
  EXPECT_EQ(seen[1].result, EIO);
}

TEST_F(FaultLayer, LayersMayBeDestroyedWithOperationsOnTheWayAfterACrash) {
  int ended = 0;
  auto disk = std::make_unique<TraceDisk>(
      lab.reactor(), std::make_unique<DelayDisk>(lab.reactor(), lab.open("disk"), DelayRule{.least = 9, .most = 9}),
      [&ended](const DiskTrace&) { ++ended; });
  rt::Scope scope(lab.reactor());
  const auto write_block = [](rt::Disk& to, const Block& from) -> rt::Task<void> {
    auto written = co_await to.write(0, from.bytes);
    static_cast<void>(written);
  };
  scope.spawn(write_block(*disk, block));
  lab.world.run_for(2 * rt::kMicrosecond);
  lab.world.crash(sim::CrashKind::power);
  scope.kill();
  disk.reset();
  EXPECT_EQ(ended, 0);
}

TEST_F(FaultLayer, LayeredStoragePutsLayersBeforeDisksByName) {
  LayeredStorage storage(lab.storage(), [this](const std::string& name, std::unique_ptr<rt::Disk> disk) {
    if (name != "disk") return disk;
    return std::unique_ptr<rt::Disk>(
        std::make_unique<ErrorDisk>(lab.reactor(), std::move(disk), ErrorRule{.operations = kWrites}));
  });
  EXPECT_TRUE(storage.exists("disk"));
  EXPECT_FALSE(storage.exists("other"));
  const auto bad = std::move(storage.open("disk", rt::OpenMode::must_exist, 0)).value();
  const auto good = std::move(storage.open("other", rt::OpenMode::create, 1_MiB)).value();
  EXPECT_FALSE(write_to(*bad));
  EXPECT_TRUE(write_to(*good));
  EXPECT_EQ(storage.open("third", rt::OpenMode::must_exist, 0).has_value(), false);
}

}  // namespace
}  // namespace tt::media
