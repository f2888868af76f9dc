// SPDX-License-Identifier: Apache-2.0
// The engine's numbered cases that are about media that fail or tear, and about how much of them a restart touches.
#include <gtest/gtest.h>

#include <array>

#include "base/random.h"
#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;

VolumeId odd(std::size_t i) {
  return VolumeId{static_cast<std::uint16_t>(kOdd + i)};
}

bool is_failed(const std::optional<image::FlashStatus>& status) {
  return status && status->relationship.state == volume::RelationshipState::failed;
}

std::optional<Errc> code_of(const Result<void>& result) {
  return result ? std::nullopt : std::optional<Errc>(result.error().code);
}

/// Only the relationships that need the unreadable track fail; a host write of the whole track goes well.
TEST(En, EN31_UnreadableOldSourceTrack) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 2);
  const VolumeId copied = lab.make(kOdd, 2);
  const VolumeId needing = lab.make(kOdd + 1, 2);
  const VolumeId overwritten = lab.make(kOdd + 2, 2);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.fill(s, 1, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, copied, false, true));
  ASSERT_TRUE(lab.write(copied, 0, 1, 't'));
  ASSERT_TRUE(lab.drain());
  ASSERT_EQ(lab.uncopied(s, copied), 1U);
  ASSERT_TRUE(lab.establish(s, needing));
  ASSERT_TRUE(lab.establish(s, overwritten));
  ASSERT_TRUE(lab.fill(overwritten, 0, 't'));
  lab.make_unreadable(s, 0);
  ASSERT_EQ(lab.track(s, 0).substr(0, 5), "error");
  ASSERT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.content(s, 0, 2 * kTrackBlocks), "B*128 A*128");
    EXPECT_TRUE(is_failed(lab.status(s, needing)));
    EXPECT_EQ(lab.track(needing, 0).substr(0, 5), "error");
    EXPECT_FALSE(is_failed(lab.status(s, copied)));
    EXPECT_EQ(lab.content(copied, 0, 2 * kTrackBlocks), "t*1 A*255");
    EXPECT_FALSE(is_failed(lab.status(s, overwritten)));
    EXPECT_EQ(lab.content(overwritten, 0, 2 * kTrackBlocks), "t*128 A*128");
    EXPECT_FALSE(lab.control().config().ranks.at(0).failed);
    if (round == 0) lab.crash();
  }
}

/// The target's data is durable, the record of its bit is under way, and the power fails: the source is as it was.
TEST(OrderLaw, TheSourceWaitsForTheBits) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Lab lab(seed);
    const VolumeId s = lab.make(kEven, 2);
    const VolumeId t = lab.make(kOdd, 2);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.fill(t, 0, 'T'));
    ASSERT_TRUE(lab.drain());
    lab.restart();  // the journal has none of it any more
    ASSERT_TRUE(lab.establish(s, t));
    ASSERT_TRUE(lab.fill(s, 0, 'B'));
    lab.slow_once("journal.0", sim::kWrites, 2000);
    lab.destaging(true);
    lab.run_for(30 * rt::kMillisecond);
    lab.crash();
    EXPECT_EQ(lab.track(t, 0), "A*128") << seed;
    EXPECT_EQ(lab.track(s, 0), "B*128") << seed;
  }
}

/// Power fails while parts of tracks are written to their medium, whatever its sectors are.
TEST(En, EN52_PartialDestageTorn) {
  for (const std::uint32_t sector : {512U, 4096U}) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      LabOptions options;
      options.storage.block_bytes = sector;
      Lab lab(seed, options);
      Random random(seed);
      const VolumeId v = lab.make(kEven, 4);
      for (std::uint64_t track = 0; track < 4; ++track) ASSERT_TRUE(lab.fill(v, track, 'A'));
      ASSERT_TRUE(lab.drain());
      lab.restart();  // the journal has none of it any more
      for (std::uint64_t track = 0; track < 4; ++track) {
        ASSERT_TRUE(lab.write(v, track * kTrackBlocks + 9, 3, 'b'));
        ASSERT_TRUE(lab.write(v, track * kTrackBlocks + 61, 20, 'c'));
      }
      lab.slow_once("rank.0", sim::kWrites, 20);
      lab.destaging(true);
      lab.run_for(static_cast<rt::TimeNs>(random.below(4 * rt::kMillisecond)));
      lab.crash();
      for (int round = 0; round < 2; ++round) {
        for (std::uint64_t track = 0; track < 4; ++track) {
          EXPECT_EQ(lab.track(v, track), "A*9 b*3 A*49 c*20 A*47") << sector << ", seed " << seed;
        }
        ASSERT_TRUE(lab.drain());
      }
    }
  }
}

/// A journal that takes no writes any more: its shard refuses, the other one goes on, an establish changes nothing.
TEST(En, EN57_FencedShard) {
  LabOptions options;
  options.shards = 2;
  Lab lab(1, options);
  const VolumeId s = lab.make(kEven, 512);
  const VolumeId t = lab.make(kOdd, 512);
  const std::uint64_t good = lab.track_of_shard(0);
  const std::uint64_t bad = lab.track_of_shard(1);
  ASSERT_TRUE(lab.fill(s, bad, 'A'));
  ASSERT_TRUE(lab.fill(t, bad, 'o'));
  ASSERT_TRUE(lab.fill(t, good, 'o'));
  lab.fail("journal.1", sim::kWrites, true);
  EXPECT_EQ(code_of(lab.fill(s, bad, 'B')), Errc::journal_failed);
  EXPECT_EQ(code_of(lab.fill(s, bad, 'C')), Errc::journal_failed);
  EXPECT_TRUE(lab.fill(s, good, 'D'));
  EXPECT_EQ(code_of(lab.establish(s, t)), Errc::journal_failed);
  EXPECT_EQ(lab.relationship_count(), 0U);
  EXPECT_EQ(lab.track(t, bad), "o*128");
  EXPECT_TRUE(lab.write(t, good * kTrackBlocks, 1, 'p'));
  lab.crash();
  EXPECT_EQ(lab.relationship_count(), 0U);
  EXPECT_EQ(lab.track(s, good), "D*128");
  EXPECT_EQ(lab.track(t, good), "p*1 o*127");
  EXPECT_EQ(lab.track(t, bad), "o*128");
  EXPECT_TRUE(lab.fill(s, bad, 'E'));
}

/// The journal fails with the record of an establish in it: only the next start can tell whether it happened, and in
/// both cases source and target must be right. The other shard goes on meanwhile, but its media do not change.
TEST(En, EN57_EstablishInDoubt) {
  std::size_t happened = 0;
  for (std::uint64_t seed = 1; seed <= 48; ++seed) {
    LabOptions options;
    options.shards = 2;
    Lab lab(seed, options);
    const VolumeId s = lab.make(kEven, 512);
    const VolumeId t = lab.make(kOdd, 512);
    const std::uint64_t track = lab.track_of_shard(1);
    ASSERT_TRUE(lab.fill(s, track, 'A'));
    ASSERT_TRUE(lab.fill(t, track, 'o'));
    ASSERT_TRUE(lab.drain());
    lab.restart();  // the journal lets go of them
    lab.fail("journal.0", sim::kWrites, false);
    EXPECT_EQ(code_of(lab.establish(s, t)), Errc::journal_failed);
    EXPECT_EQ(lab.track(t, track), "o*128");
    ASSERT_TRUE(lab.fill(s, track, 'B'));
    ASSERT_TRUE(lab.write(t, track * kTrackBlocks, 1, 't'));
    lab.destaging(true);
    lab.run_for(200 * rt::kMillisecond);
    lab.destaging(false);
    lab.crash();
    happened += lab.relationship_count();
    EXPECT_EQ(lab.track(s, track), "B*128");
    EXPECT_EQ(lab.track(t, track), lab.relationship_count() > 0 ? "t*1 A*127" : "t*1 o*127") << "seed " << seed;
  }
  EXPECT_GT(happened, 0U) << "a refused record that is there all the same";
  EXPECT_LT(happened, 48U);
}

/// Space that is given up by the source still holds the image until it is copied.
TEST(En, EN69_DiscardBeforeCopies) {
  for (const bool thin : {false, true}) {
    Lab lab;
    const VolumeId s = lab.make(kEven, 256, thin);
    const VolumeId t = lab.make(kOdd, 256, thin);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.fill(s, 1, 'A'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t));
    ASSERT_TRUE(lab.zero(s, 0, 256 * kTrackBlocks, true));
    for (int round = 0; round < 4; ++round) {
      EXPECT_EQ(lab.content(s, 0, 3 * kTrackBlocks), ".*384") << round;
      EXPECT_EQ(lab.content(t, 0, 3 * kTrackBlocks), "A*256 .*128") << round;
      if (round == 1) ASSERT_TRUE(lab.drain());
      if (round != 1) lab.crash();
    }
  }
}

struct RestartCost {
  std::uint64_t reads = 0;
  rt::TimeNs time = 0;
};

/// Twelve nocopy relationships of so many tracks, a few tracks of them written; then what the next start costs.
RestartCost restart_cost(std::uint64_t tracks) {
  Lab lab;
  const VolumeId s = lab.make(kEven, tracks, true);
  std::vector<volume::PairRequest> pairs;
  for (std::size_t i = 0; i < 12; ++i) pairs.push_back(Lab::pair(s, lab.make(odd(i).value, tracks, true)));
  for (const Result<void>& verdict : lab.establish(pairs)) EXPECT_TRUE(verdict);
  for (std::uint64_t track = 0; track < 5; ++track) EXPECT_TRUE(lab.fill(s, track * 100 + 7, 'A'));
  EXPECT_TRUE(lab.drain());
  lab.restart();
  const std::uint64_t reads = lab.world.faults().io_count(sim::kReads);
  const rt::TimeNs begin = lab.world.now();
  lab.crash(sim::CrashKind::process);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(lab.uncopied(s, odd(i)), tracks - 5);
  return {lab.world.faults().io_count(sim::kReads) - reads, lab.world.now() - begin};
}

TEST(En, EN72_RestartFollowsBitsNotSize) {
  const RestartCost small = restart_cost(1_GiB / kTrackBytes);
  const RestartCost large = restart_cost(4_TiB / kTrackBytes);
  EXPECT_LE(large.reads, small.reads + 4);
  EXPECT_LE(large.time, small.time + 5 * rt::kMillisecond);
}

/// Hosts that write all the time, slowly, take from the background copy all but its floor.
TEST(En, EN75_CopyFloorUnderLoad) {
  LabOptions options;
  options.storage.tail_per_mille = 0;
  options.sums.keep = false;  // their pages are read and announced as slowly as everything here
  Lab lab(1, options);
  const VolumeId s = lab.make(kEven, 1024);
  const VolumeId t = lab.make(kOdd, 1024);
  const VolumeId other = lab.make(kEven + 2, 1);
  for (std::uint64_t track = 0; track < 1024; ++track) ASSERT_TRUE(lab.fill(s, track, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t, true, true));
  for (const char* file : {"journal.0", "rank.1"}) {  // a host write takes far longer than the copier aims at
    sim::FaultRule slow;
    slow.kind = sim::FaultKind::slow;
    slow.operations = sim::kWrites;
    slow.file = file;
    slow.at = 1;
    slow.sticky = true;
    slow.slow_factor = 400;
    lab.world.faults().add(slow);
  }
  const rt::TimeNs begin = lab.world.now();
  while (lab.uncopied(s, t) > 0) {
    ASSERT_TRUE(lab.write(other, 0, 1, 'h'));
    ASSERT_LT(lab.world.now() - begin, 20 * rt::kSecond);
  }
  EXPECT_LT(lab.world.now() - begin, 12 * rt::kSecond);  // 64 MiB at 8 MiB a second, and slow units
  EXPECT_GT(lab.world.now() - begin, 4 * rt::kSecond);
}

}  // namespace
}  // namespace tt::simulation
