// SPDX-License-Identifier: Apache-2.0
// The engine's numbered cases that are about T0, the overlay windows, restart and space.
#include <gtest/gtest.h>

#include <array>

#include "base/random.h"
#include "image/frames.h"
#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;

/// The volume's blocks as a string of letters, in the form content() gives.
std::string runs(const std::string& blocks) {
  std::string out;
  for (std::size_t at = 0; at < blocks.size();) {
    const std::size_t end = std::min(blocks.find_first_not_of(blocks[at], at), blocks.size());
    if (!out.empty()) out += ' ';
    out += blocks[at];
    out += '*' + std::to_string(end - at);
    at = end;
  }
  return out;
}

/// Twelve targets of one source, T0s between random writes, one destage: every target keeps its own image.
TEST(En, EN2_TwelveT0sOneTrack) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    LabOptions options;
    options.batch_frames = 32;  // EN-54: one column with twelve copies needs nearly all of them
    Lab lab(seed, options);
    Random random(seed);
    const VolumeId s = lab.make(kEven, 2);
    std::string source(2 * kTrackBlocks, '.');
    std::vector<VolumeId> targets;
    std::vector<std::string> images;
    const auto write = [&](VolumeId volume, std::string& model, char letter) {
      const std::uint64_t first = random.below(model.size() - 1);
      const std::uint64_t count = 1 + random.below(std::min<std::uint64_t>(model.size() - first, 40));
      ASSERT_TRUE(lab.write(volume, first, count, letter));
      model.replace(first, count, count, letter);
    };
    for (std::uint16_t i = 0; i < 12; ++i) targets.push_back(lab.make(static_cast<std::uint16_t>(kOdd + i), 2));
    for (std::size_t i = 0; i < 12; ++i) {
      write(s, source, static_cast<char>('a' + i));
      if (random.chance(1, 6)) ASSERT_TRUE(lab.drain());
      ASSERT_TRUE(lab.establish(s, targets[i]));
      images.push_back(source);
      if (random.chance(1, 3)) write(targets[i], images[i], static_cast<char>('A' + i));
    }
    write(s, source, 'z');
    const auto check = [&](const char* when) {
      EXPECT_EQ(lab.content(s, 0, source.size()), runs(source)) << when << ", seed " << seed;
      for (std::size_t i = 0; i < 12; ++i) {
        EXPECT_EQ(lab.content(targets[i], 0, source.size()), runs(images[i]))
            << when << ", target " << i << ", seed " << seed;
      }
    };
    check("in the cache");
    ASSERT_TRUE(lab.drain());
    check("destaged");
    lab.crash();
    check("after a crash");
  }
}

TEST(En, EN4_TargetReadOverlayWindow) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  const VolumeId t = lab.make(kOdd, 1);
  ASSERT_TRUE(lab.write(s, 0, 10, 'a'));
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.write(s, 5, 10, 'b'));
  ASSERT_TRUE(lab.write(t, 8, 1, 't'));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(lab.track(s, 0), "a*5 b*10 .*113");
    EXPECT_EQ(lab.track(t, 0), "a*8 t*1 a*1 .*118");
    if (round == 0) ASSERT_TRUE(lab.drain());
    if (round == 1) lab.crash();
  }
}

TEST(En, EN5_PartialTargetWithOlderWriteInJournal) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  const VolumeId t = lab.make(kOdd, 1);
  ASSERT_TRUE(lab.fill(s, 0, 'M'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.write(s, 3, 1, 'w'));
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.write(t, 9, 1, 't'));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(t, 0), "M*3 w*1 M*5 t*1 M*118");
  EXPECT_EQ(lab.track(s, 0), "M*3 w*1 M*124");
  lab.restart();
  EXPECT_EQ(lab.track(t, 0), "M*3 w*1 M*5 t*1 M*118");
}

/// A write to a target that waits for an establish belongs to the time after T0.
TEST(En, EN7_AdmissionAfterSuspend) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  const VolumeId t = lab.make(kOdd, 1);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.fill(t, 0, 'o'));
  lab.slow_once("journal.0", sim::kWrites, 300);
  const auto establish = lab.start_establish({Lab::pair(s, t)});
  lab.run_for(200 * rt::kMicrosecond);
  ASSERT_FALSE(establish->has_value());
  const auto write = lab.start_write(t, 7, 1, 't');
  ASSERT_TRUE(lab.wait(write));
  EXPECT_TRUE(establish->has_value());  // it had to wait
  EXPECT_EQ(lab.track(t, 0), "A*7 t*1 A*120");
  lab.crash();
  EXPECT_EQ(lab.track(t, 0), "A*7 t*1 A*120");
}

TEST(En, EN9_EstablishKillsRangeOnly) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 2);
  const VolumeId t = lab.make(kOdd, 4);
  ASSERT_TRUE(lab.fill(s, 1, 'A'));
  for (std::uint64_t track = 0; track < 4; ++track) ASSERT_TRUE(lab.fill(t, track, 'o'));
  ASSERT_TRUE(lab.establish(s, t));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(lab.content(t, 0, 4 * kTrackBlocks), ".*128 A*128 o*256") << round;
    if (round == 0) lab.crash();
    if (round == 1) ASSERT_TRUE(lab.drain());
  }
}

/// A write on another shard while the establish is under way is younger than T0 and must not reach the source's medium
/// before the target has its image.
TEST(En, EN10_EstablishVsForeignShard) {
  LabOptions options;
  options.shards = 2;
  Lab lab(1, options);
  const VolumeId s = lab.make(kEven, 512);
  const VolumeId t = lab.make(kOdd, 512);
  constexpr std::uint64_t kForeign = 300;  // in the second stripe
  ASSERT_TRUE(lab.fill(s, kForeign, 'A'));
  ASSERT_TRUE(lab.drain());
  lab.slow_once("journal.0", sim::kWrites, 2000);
  const auto establish = lab.start_establish({Lab::pair(s, t)});
  lab.run_for(500 * rt::kMicrosecond);
  lab.destaging(true);
  ASSERT_TRUE(lab.fill(s, kForeign, 'B'));
  lab.run_for(30 * rt::kMillisecond);
  EXPECT_FALSE(establish->has_value());
  EXPECT_TRUE(lab.dirty());  // above the fence
  ASSERT_TRUE(lab.wait(establish));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(t, kForeign), "A*128");
  EXPECT_EQ(lab.track(s, kForeign), "B*128");
  lab.crash();
  EXPECT_EQ(lab.track(t, kForeign), "A*128");
}

rt::Task<void> write_at(Lab& lab, std::size_t port, VolumeId volume, std::uint64_t track, bool& done) {
  const image::AlignedBytes buffer = image::allocate_aligned(kTrackBytes);
  std::fill_n(buffer.get(), kTrackBytes, std::byte{'B'});
  const image::VolumeHandle handle{volume, lab.control().config().find_volume(volume)->generation};
  auto written =
      co_await lab.life->image().blocks(port).write(handle, track * kTrackBytes, {buffer.get(), kTrackBytes}, false);
  done = written.has_value();
}

/// A write that a shard takes between the draw of T0 and the moment in which it hears of it: younger than T0, and
/// recorded although nothing was there to record it.
TEST(En, EN10_AWriteBeforeTheShardHearsOfT0IsRecorded) {
  int met = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    LabOptions options;
    options.shards = 2;
    options.reactors = 2;
    Lab lab(seed, options);
    const VolumeId s = lab.make(kEven, 512);
    const VolumeId t = lab.make(kOdd, 512);
    constexpr std::uint64_t kForeign = 300;  // in the second stripe
    ASSERT_TRUE(lab.fill(s, kForeign, 'A'));
    ASSERT_TRUE(lab.drain());
    volume::PairRequest pair = Lab::pair(s, t, true, true);
    pair.options.recording = pair.options.multiple_incremental = true;
    const auto establish = lab.start_establish({pair});
    ASSERT_TRUE(lab.run_until([&] { return lab.shard(0).find(t)->parent != nullptr; }));
    met += lab.shard(1).find(t)->parent == nullptr ? 1 : 0;
    bool done = false;
    lab.life->scope(1).spawn(write_at(lab, 1, s, kForeign, done));
    ASSERT_TRUE(lab.wait(establish));
    ASSERT_TRUE((*establish)->front());
    ASSERT_TRUE(lab.run_until([&] { return done; }));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.run_until([&] { return !lab.copying(); }));
    ASSERT_TRUE(lab.resync(s, t, pair.options));
    EXPECT_EQ(lab.track(s, kForeign), "B*128");
    EXPECT_EQ(lab.track(t, kForeign), "B*128") << "seed " << seed;
  }
  EXPECT_EQ(met, 5);
}

/// Before EST is durable nothing of the target is lost.
TEST(En, EN11_CrashBeforeEstDurable) {
  int undone = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Lab lab(seed);
    const VolumeId s = lab.make(kEven, 1);
    const VolumeId t = lab.make(kOdd, 1);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.write(t, 0, 64, 'o'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.write(t, 64, 64, 'p'));  // only in the journal
    lab.slow_once("journal.0", sim::kWrites, 2000);
    const auto establish = lab.start_establish({Lab::pair(s, t)});
    lab.destaging(true);
    const auto write = lab.start_write(s, 0, kTrackBlocks, 'B');
    lab.run_for(15 * rt::kMillisecond);
    ASSERT_FALSE(establish->has_value());
    lab.crash();
    const bool there = lab.relationship_count() == 1;
    undone += there ? 0 : 1;
    EXPECT_EQ(lab.track(t, 0), there ? "A*128" : "o*64 p*64") << "seed " << seed;
  }
  EXPECT_GT(undone, 0);
}

/// With volatile acknowledgement the image must be as durable as the establish.
TEST(En, EN12_T0ImageAfterPowerLoss) {
  LabOptions options;
  options.acknowledge = image::Acknowledge::as_cached;
  options.shards = 2;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Lab lab(seed, options);
    const VolumeId s = lab.make(kEven, 512);
    const VolumeId t = lab.make(kOdd, 512);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.fill(s, 300, 'B'));
    ASSERT_TRUE(lab.establish(s, t));
    lab.crash();
    ASSERT_EQ(lab.relationship_count(), 1U);
    EXPECT_EQ(lab.track(t, 0), "A*128");
    EXPECT_EQ(lab.track(t, 300), "B*128");
    EXPECT_EQ(lab.track(s, 300), "B*128");
  }
}

/// A destage write of the target's former life lands before the establish, not after it.
TEST(En, EN14_LateWriteOnTarget) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Lab lab(seed);
    const VolumeId s = lab.make(kEven, 1);
    const VolumeId t = lab.make(kOdd, 1);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.fill(t, 0, 'o'));
    lab.slow_once("rank.1", sim::kWrites, 1000);
    lab.destaging(true);
    lab.run_for(30 * rt::kMillisecond);
    ASSERT_FALSE(lab.shard(0).background_idle());
    ASSERT_TRUE(lab.establish(s, t, true, true));
    lab.run_for(2 * rt::kSecond);
    EXPECT_EQ(lab.uncopied(s, t), 0U);
    EXPECT_EQ(lab.track(t, 0), "A*128") << "seed " << seed;
    lab.crash();
    EXPECT_EQ(lab.track(t, 0), "A*128") << "seed " << seed;
  }
}

TEST(En, EN18_ThinDirtyUnallocated) {
  for (const bool copy : {false, true}) {
    Lab lab;
    const VolumeId s = lab.make(kEven, 4, true);
    const VolumeId t = lab.make(kOdd, 4, true);
    ASSERT_TRUE(lab.write(s, 5, 1, 'w'));  // fresh, only in the cache
    ASSERT_TRUE(lab.establish(s, t, copy, true));
    lab.run_for(rt::kSecond);
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.content(t, 0, 4 * kTrackBlocks), ".*5 w*1 .*506");
    lab.crash();
    EXPECT_EQ(lab.content(t, 0, 4 * kTrackBlocks), ".*5 w*1 .*506");
  }
}

/// Bits of a relationship that is gone say nothing about the next one between the same volumes.
TEST(En, EN20_BitsOfFormerLife) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 2);
  const VolumeId t = lab.make(kOdd, 2);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  ASSERT_EQ(lab.uncopied(s, t), 1U);
  ASSERT_TRUE(lab.withdraw(s, t));
  ASSERT_TRUE(lab.establish(s, t));
  lab.crash();
  EXPECT_EQ(lab.uncopied(s, t), 2U);
  EXPECT_EQ(lab.track(t, 0), "B*128");
}

/// A flush that fails damns all copies written to that rank; the source's data is not hurt.
TEST(En, EN30_FlushFailsSharedRank) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 2);
  const std::array<VolumeId, 2> targets = {lab.make(kOdd, 2), lab.make(kOdd + 1, 2)};
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, targets[0]));
  ASSERT_TRUE(lab.establish(s, targets[1]));
  lab.fail("rank.1", sim::kFlushes, false);
  ASSERT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  for (int round = 0; round < 2; ++round) {
    for (const VolumeId t : targets) {
      const auto status = lab.status(s, t);
      ASSERT_TRUE(status);
      EXPECT_EQ(status->relationship.state, volume::RelationshipState::failed);
      EXPECT_EQ(status->counts.uncopied, 2U);
    }
    EXPECT_EQ(lab.track(s, 0), "B*128");
    if (round == 0) lab.crash();
  }
}

/// The shards write to one rank: the flush that one of them asked for and that failed damns what the others wrote.
TEST(En, EN30_FlushFailsForAllShards) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    LabOptions options;
    options.shards = 3;
    Lab lab(seed, options);
    const VolumeId v = lab.make(kEven, 768);
    for (const std::uint64_t track : {0U, 256U, 512U}) ASSERT_TRUE(lab.fill(v, track, 'A'));
    ASSERT_TRUE(lab.drain());
    for (const std::uint64_t track : {0U, 256U, 512U}) ASSERT_TRUE(lab.fill(v, track, 'B'));
    sim::FaultRule second;  // while the first is under way, and well before all shards hear of it
    second.kind = sim::FaultKind::io_error;
    second.operations = sim::kFlushes;
    second.file = "rank.0";
    second.at = 2;
    lab.world.faults().add(second);
    lab.slow_once("journal.0", sim::kWrites, 100);
    lab.destaging(true);
    EXPECT_TRUE(lab.run_until([&] { return lab.control().config().ranks.at(0).failed; }));
    lab.destaging(false);
    lab.run_for(rt::kSecond);
    lab.restart();  // the journal lets go of what is clean
    for (const std::uint64_t track : {0U, 256U, 512U}) EXPECT_EQ(lab.track(v, track), "B*128") << "seed " << seed;
  }
}

/// The source's rank takes no writes after the target got its image: the data stays in the journal.
TEST(En, EN32_SourceWriteFailsAfterBits) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  const VolumeId t = lab.make(kOdd, 1);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t, false, true));
  ASSERT_TRUE(lab.write(s, 4, 1, 'B'));
  lab.fail("rank.0", sim::kWrites, true);
  lab.destaging(true);
  EXPECT_TRUE(lab.run_until([&] { return lab.control().config().ranks.at(0).failed; }));
  lab.destaging(false);
  lab.run_for(10 * rt::kMillisecond);  // it is recorded, and the shard knows
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.track(s, 0), "A*4 B*1 A*123");
    EXPECT_EQ(lab.track(t, 0), "A*128");
    EXPECT_EQ(lab.out_of_sync(s, t), 0U);
    EXPECT_FALSE(lab.write(s, 0, 1, 'C'));
    if (round == 0) lab.crash();
  }
}

TEST(En, EN36_ImplicitEndVsNewEstablish) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Lab lab(seed);
    const VolumeId s = lab.make(kEven, 2);
    const VolumeId t = lab.make(kOdd, 2);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.establish(s, t, true));
    Result<void> made = Errc::already_a_target;
    while (!made) made = lab.establish(s, t, false);  // in the moment in which the first one ends
    lab.run_for(rt::kSecond);
    EXPECT_EQ(lab.relationship_count(), 1U);
    EXPECT_EQ(lab.uncopied(s, t), 2U) << "seed " << seed;
    EXPECT_EQ(lab.track(t, 0), "A*128");
  }
}

TEST(En, EN40_LsnReuse) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  for (int life = 0; life < 3; ++life) {
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    const Lsn before = lab.shard(0).lsns().newest();
    const auto lost = lab.start_write(s, 0, 8, 'B');
    lab.run_for(10 * rt::kMicrosecond);
    const Lsn drawn = lab.shard(0).lsns().newest();
    lab.crash();
    EXPECT_GE(lab.shard(0).lsns().newest(), drawn);
    EXPECT_GE(drawn, before);
  }
}

/// The ring is many times overwritten while twelve targets are copied to: nothing waits for ever.
TEST(En, EN53_RingFullCow) {
  LabOptions options;
  options.batch_frames = 64;
  Lab lab(1, options);
  const VolumeId s = lab.make(kEven, 64);
  for (std::uint16_t i = 0; i < 12; ++i) lab.make(static_cast<std::uint16_t>(kOdd + i), 64);
  for (std::uint64_t track = 0; track < 64; ++track) ASSERT_TRUE(lab.fill(s, track, 'A'));
  for (std::uint16_t i = 0; i < 12; ++i) ASSERT_TRUE(lab.establish(s, VolumeId{static_cast<std::uint16_t>(kOdd + i)}));
  for (const char letter : std::string("BCDEFG")) {
    for (std::uint64_t track = 0; track < 64; ++track) ASSERT_TRUE(lab.fill(s, track, letter));
  }
  lab.crash();
  for (std::uint64_t track = 0; track < 64; track += 9) {
    EXPECT_EQ(lab.track(s, track), "G*128");
    EXPECT_EQ(lab.track(VolumeId{kOdd + 11}, track), "A*128");
  }
}

/// FAILED before the source changes, and no error after the answer.
TEST(En, EN67_PoolFullAtDestage) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 2);
  const VolumeId t = lab.make(kOdd, 2, true);
  const std::uint64_t tracks_of_pool = 256_MiB / kTrackBytes;
  lab.make(kOdd + 1, tracks_of_pool);
  ASSERT_EQ(lab.control().config().free_extents(1), 0U);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  EXPECT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  for (int round = 0; round < 2; ++round) {
    const auto status = lab.status(s, t);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->relationship.state, volume::RelationshipState::failed);
    EXPECT_EQ(lab.track(s, 0), "B*128");
    EXPECT_EQ(lab.track(t, 0).substr(0, 5), "error");
    if (round == 0) lab.crash();
  }
}

TEST(En, EN68_ExtentReuseShowsZeros) {
  Lab lab;
  const VolumeId first = lab.make(kEven, 256_MiB / kTrackBytes);
  for (const std::uint64_t track : {0U, 1U, 300U, 4095U}) ASSERT_TRUE(lab.fill(first, track, 'x'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.remove(first));
  const VolumeId second = lab.make(kEven + 2, 256_MiB / kTrackBytes);
  ASSERT_TRUE(lab.write(second, 1 * kTrackBlocks + 3, 1, 'y'));
  ASSERT_TRUE(lab.drain());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.track(second, 0), ".*128");
    EXPECT_EQ(lab.track(second, 1), ".*3 y*1 .*124");
    EXPECT_EQ(lab.track(second, 300), ".*128");
    EXPECT_EQ(lab.track(second, 4095), ".*128");
    if (round == 0) lab.crash();
  }
}

/// A write that an establish made void stays void although its record is still in the ring.
TEST(En, EN77_KilledWriteIsNotResurrected) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  const VolumeId t = lab.make(kOdd, 1);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.fill(t, 0, 'w'));
  ASSERT_TRUE(lab.establish(s, t, true));
  EXPECT_TRUE(lab.run_until([&] { return lab.relationship_count() == 0; }));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(lab.track(t, 0), "A*128");
    lab.crash();
  }
}

}  // namespace
}  // namespace tt::simulation
