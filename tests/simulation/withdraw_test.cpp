// SPDX-License-Identifier: Apache-2.0
// Races of withdraw and of target reads with destage (engine notes T3, T18, T19, T21).
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

std::uint64_t first_track_of_shard_1(Lab& lab) {
  std::uint64_t track = 0;
  while (lab.shard(0).options().stripes.shard_of(track) != 1) ++track;
  return track;
}

TEST(En, EN3_TargetReadRacesDestage) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Lab lab(seed);
    const VolumeId s = lab.make(0x0000, 4);
    const VolumeId t = lab.make(0x0100, 4);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t));
    lab.slow_once("rank.0", sim::kReads, 2000);
    const auto read = lab.start_read(t, 0, kTrackBlocks);
    lab.run_for(10 * rt::kMicrosecond);
    ASSERT_TRUE(lab.fill(s, 0, 'B'));  // copies, commits the bit, then overwrites what the read is looking at
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.wait(read));
    EXPECT_EQ(**read, "A*128") << "seed " << seed;
    EXPECT_EQ(lab.track(s, 0), "B*128");
  }
}

/// The copy and the overwriting come in different batches.
TEST(En, EN3_TargetReadOutlivesItsCopy) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Lab lab(seed);
    const VolumeId s = lab.make(0x0000, 4);
    const VolumeId t = lab.make(0x0100, 4);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t));
    lab.slow_once("rank.0", sim::kReads, 2000);
    const auto read = lab.start_read(t, 1, kTrackBlocks - 1);
    lab.run_for(10 * rt::kMicrosecond);
    ASSERT_TRUE(lab.write(t, 0, 1, 't'));
    ASSERT_TRUE(lab.drain());
    ASSERT_EQ(lab.uncopied(s, t), 3U);
    ASSERT_FALSE(read->has_value());
    ASSERT_TRUE(lab.fill(s, 0, 'B'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.wait(read));
    EXPECT_EQ(**read, "A*127") << "seed " << seed;
  }
}

/// A write to the target that is younger than the withdraw, in a batch that began before the withdraw took effect.
TEST(En, EN22_TargetWriteDuringWithdrawSurvives) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    LabOptions options;
    options.shards = 2;
    Lab lab(seed, options);
    const VolumeId s = lab.make(0x0000, 512);
    const VolumeId t = lab.make(0x0100, 512);
    const std::uint64_t track = first_track_of_shard_1(lab);
    ASSERT_TRUE(lab.fill(s, track, 'A'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t));
    lab.slow_once("journal.0", sim::kWrites, 400);
    const auto withdrawn = lab.start_withdraw(s, t);
    lab.run_for(200 * rt::kMicrosecond);
    lab.slow_once("rank.1", sim::kWrites, 3000);
    ASSERT_TRUE(lab.write(t, track * kTrackBlocks + 5, 1, 't'));
    lab.destaging(true);
    ASSERT_TRUE(lab.wait(withdrawn));
    lab.destaging(false);
    EXPECT_EQ(lab.content(t, track * kTrackBlocks + 5, 1), "t*1");
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.content(t, track * kTrackBlocks + 5, 1), "t*1") << "seed " << seed;
    lab.restart();
    EXPECT_EQ(lab.content(t, track * kTrackBlocks + 5, 1), "t*1") << "seed " << seed;
    EXPECT_EQ(lab.relationship_count(), 0U);
  }
}

TEST(En, EN22_WithdrawWhileABackgroundWriteHangs) {
  Lab lab;
  const VolumeId s = lab.make(0x0000, 4);
  const VolumeId t = lab.make(0x0100, 4);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  lab.slow_once("rank.1", sim::kWrites, 3000);
  ASSERT_TRUE(lab.establish(s, t, true));
  lab.run_for(40 * rt::kMillisecond);
  ASSERT_TRUE(lab.withdraw(s, t));
  ASSERT_TRUE(lab.fill(t, 0, 't'));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(t, 0), "t*128");
  lab.run_for(5 * rt::kSecond);
  EXPECT_EQ(lab.track(t, 0), "t*128");
  lab.crash();
  EXPECT_EQ(lab.track(t, 0), "t*128");
}

/// Writes to the source that are younger than the withdraw make nothing owed; and what is being copied when the
/// withdraw comes is copied to its end. Either way the target stays what it was when the withdraw was answered.
TEST(En, EN23_WithdrawDuringACopy) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const bool background = seed % 2 == 0;
    LabOptions options;
    options.shards = 2;
    Lab lab(seed, options);
    const VolumeId s = lab.make(0x0000, 512);
    const VolumeId t = lab.make(0x0100, 512);
    const std::uint64_t track = first_track_of_shard_1(lab);
    ASSERT_TRUE(lab.fill(s, track, 'A'));
    ASSERT_TRUE(lab.fill(t, track, 'o'));
    ASSERT_TRUE(lab.drain());
    if (background) lab.slow_once("rank.1", sim::kWrites, 3000);
    ASSERT_TRUE(lab.establish(s, t, background));
    if (background) lab.run_for(40 * rt::kMillisecond);
    lab.slow_once("journal.0", sim::kWrites, 400);
    const auto withdrawn = lab.start_withdraw(s, t);
    lab.run_for(200 * rt::kMicrosecond);
    if (!background) lab.slow_once("rank.1", sim::kWrites, 3000);
    ASSERT_TRUE(lab.fill(s, track, 'B'));
    lab.destaging(true);
    ASSERT_TRUE(lab.wait(withdrawn));
    lab.destaging(false);
    const std::string after = lab.track(t, track);
    EXPECT_EQ(after, background ? "A*128" : "o*128");
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.track(t, track), after) << "seed " << seed;
    EXPECT_EQ(lab.track(s, track), "B*128");
    lab.restart();
    EXPECT_EQ(lab.track(t, track), after) << "seed " << seed;
  }
}

TEST(En, EN24_WithdrawOwed) {
  Lab lab;
  const VolumeId s = lab.make(0x0000, 4);
  const VolumeId t = lab.make(0x0100, 4);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.fill(s, 1, 'A'));
  ASSERT_TRUE(lab.fill(t, 0, 'o'));
  ASSERT_TRUE(lab.fill(t, 1, 'o'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.write(t, 3, 1, 't'));
  ASSERT_TRUE(lab.withdraw(s, t));
  EXPECT_EQ(lab.track(t, 0), "A*3 t*1 A*124");
  EXPECT_EQ(lab.track(t, 1), "o*128");
  lab.crash();
  EXPECT_EQ(lab.track(t, 0), "A*3 t*1 A*124");
  EXPECT_EQ(lab.track(t, 1), "o*128");
  ASSERT_TRUE(lab.drain());
  EXPECT_TRUE(lab.run_until([&] { return lab.relationship_count() == 0; }));
  EXPECT_EQ(lab.track(t, 0), "A*3 t*1 A*124");
  lab.restart();
  EXPECT_EQ(lab.track(t, 0), "A*3 t*1 A*124");
}

/// Which tracks are owed does not change with a crash, although the writes that made them owed were volatile.
TEST(En, EN24_OwedByAVolatileWrite) {
  LabOptions options;
  options.shards = 2;
  options.acknowledge = image::Acknowledge::as_cached;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Lab lab(seed, options);
    const VolumeId s = lab.make(0x0000, 512);
    const VolumeId t = lab.make(0x0100, 512);
    const std::uint64_t track = first_track_of_shard_1(lab);
    ASSERT_TRUE(lab.fill(s, track, 'A'));
    ASSERT_TRUE(lab.fill(t, track, 'o'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t));
    lab.slow_once("journal.1", sim::kWrites, 100);
    ASSERT_TRUE(lab.write(t, track * kTrackBlocks + 5, 1, 't'));
    ASSERT_TRUE(lab.withdraw(s, t));
    EXPECT_EQ(lab.track(t, track), "A*5 t*1 A*122");
    lab.crash();
    EXPECT_EQ(lab.track(t, track), "A*5 t*1 A*122") << "seed " << seed;
  }
}

/// A copy that is complete because its source has nothing there: bits fall without any I/O, and the relationship ends
/// only after that is durable in every shard.
TEST(En, EN36_EndAfterEveryBitIsDurable) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    LabOptions options;
    options.shards = 2;
    Lab lab(seed, options);
    const VolumeId s = lab.make(0x0000, 512);
    const VolumeId t = lab.make(0x0100, 512);
    const std::uint64_t track = first_track_of_shard_1(lab);
    ASSERT_TRUE(lab.fill(t, track, 'o'));
    ASSERT_TRUE(lab.drain());
    lab.hold_copies(true);
    ASSERT_TRUE(lab.establish(s, t, true));
    lab.slow_once("journal.1", sim::kWrites, 100);
    lab.hold_copies(false);
    ASSERT_TRUE(lab.run_until([&] { return lab.relationship_count() == 0; }));
    EXPECT_EQ(lab.track(t, track), ".*128");
    lab.crash();
    EXPECT_EQ(lab.track(t, track), ".*128") << "seed " << seed;
  }
}

/// What one shard owes does not keep another from forgetting what it does not owe.
TEST(En, EN24_OwedInOneShardOnly) {
  for (const std::uint64_t owing : {0U, 1U}) {
    LabOptions options;
    options.shards = 2;
    Lab lab(1, options);
    const VolumeId s = lab.make(0x0000, 512);
    const VolumeId t = lab.make(0x0100, 512);
    const std::uint64_t tracks[] = {0, first_track_of_shard_1(lab)};
    for (const std::uint64_t track : tracks) {
      ASSERT_TRUE(lab.fill(s, track, 'A'));
      ASSERT_TRUE(lab.fill(t, track, 'o'));
    }
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t));
    ASSERT_TRUE(lab.write(t, tracks[owing] * kTrackBlocks, 1, 't'));
    ASSERT_TRUE(lab.withdraw(s, t));
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(lab.track(t, tracks[owing]), "t*1 A*127");
      EXPECT_EQ(lab.track(t, tracks[1 - owing]), "o*128");
      if (round == 0) lab.crash();
    }
  }
}

TEST(En, EN29_TargetFailedThenCrash) {
  Lab lab;
  const VolumeId s = lab.make(0x0000, 4);
  const VolumeId t = lab.make(0x0100, 4);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  lab.fail("rank.1", sim::kWrites, true);
  ASSERT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  lab.crash();
  const auto status = lab.status(s, t);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->relationship.state, volume::RelationshipState::failed);
  EXPECT_EQ(lab.track(s, 0), "B*128");
  EXPECT_EQ(lab.track(t, 0).substr(0, 5), "error");  // never the source's new bytes
}

/// The copy of what is owed fails: the image is lost there, but not what hosts wrote to the target.
TEST(En, EN29_OwedTrackOfAFailedRank) {
  Lab lab;
  const VolumeId s = lab.make(0x0000, 4);
  const VolumeId t = lab.make(0x0100, 4);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.fill(t, 0, 'o'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.write(t, 3, 1, 't'));
  ASSERT_TRUE(lab.withdraw(s, t));
  lab.fail("rank.1", sim::kWrites, true);
  lab.destaging(true);
  EXPECT_TRUE(lab.run_until([&] { return lab.relationship_count() == 0; }));
  lab.destaging(false);
  EXPECT_EQ(lab.content(t, 3, 1), "t*1");
  lab.restart();
  EXPECT_EQ(lab.content(t, 3, 1), "t*1");
}

/// Nothing is owed to a target that is lost: its withdrawal must not wait for copies that cannot be made.
TEST(En, EN29_WithdrawOfAFailedRelationshipEnds) {
  Lab lab;
  const VolumeId s = lab.make(0x0000, 4);
  const VolumeId t = lab.make(0x0100, 4);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  lab.fail("rank.1", sim::kWrites, true);
  ASSERT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.fill(s, 1, 'C'));  // owed while U=1
  ASSERT_TRUE(lab.withdraw(s, t));
  ASSERT_TRUE(lab.drain());
  EXPECT_TRUE(lab.run_until([&] { return lab.relationship_count() == 0; }));
  EXPECT_TRUE(lab.remove(t));
}

}  // namespace
}  // namespace tt::simulation
