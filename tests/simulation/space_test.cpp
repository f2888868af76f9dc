// SPDX-License-Identifier: Apache-2.0
// The engine's numbered cases that are about what may leave the journal, and about memory for the way out.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
constexpr std::uint64_t kScratch = 64;  ///< Tracks of a volume that only fills the journal.

VolumeId odd(std::size_t i) {
  return VolumeId{static_cast<std::uint16_t>(kOdd + i)};
}

/// Every un-flushed write is gone after a power failure.
LabOptions forgetful() {
  LabOptions options;
  options.storage.crash.keep_everything = 0;
  options.storage.crash.drop_everything = 100;
  return options;
}

/// What was written to a rank and not flushed is still in the journal.
TEST(En, EN42_TrimBeforeFlush) {
  for (const bool flushed : {false, true}) {
    Lab lab(1, forgetful());
    const VolumeId v = lab.make(kEven, kScratch);
    for (std::uint64_t track = 0; track < kScratch; ++track) ASSERT_TRUE(lab.fill(v, track, 'v'));
    if (!flushed) lab.slow_once("rank.0", sim::kFlushes, 1'000'000);
    lab.destaging(true);
    lab.run_for(300 * rt::kMillisecond);  // writes return, the keeper looks for what may go
    EXPECT_EQ(lab.dirty(), !flushed);
    EXPECT_EQ(lab.durable_tail(0) > journal::SlotSeq{kScratch / 2}, flushed);
    lab.crash();
    for (std::uint64_t track = 0; track < kScratch; ++track) ASSERT_EQ(lab.track(v, track), "v*128") << track;
  }
}

/// A checkpoint begins and is under way while bits change: later ones belong to the next checkpoint, and to the journal
/// until then.
TEST(En, EN43_CheckpointWhileBitsChange) {
  constexpr std::uint64_t kTracks = 256;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Lab lab(seed);
    const VolumeId s = lab.make(kEven, kTracks);
    const VolumeId t = lab.make(kOdd, kTracks);
    const VolumeId scratch = lab.make(kEven + 2, kScratch);
    for (std::uint64_t track = 0; track < kTracks; ++track) ASSERT_TRUE(lab.fill(s, track, 'A'));
    ASSERT_TRUE(lab.drain());
    lab.restart();
    const journal::SlotSeq cut = lab.shard(0).store().fields().checkpoint_cut;
    const journal::Ring& ring = lab.shard(0).ring();
    while (ring.bytes_since_cut() * 5 <= ring.capacity_bytes()) ASSERT_TRUE(lab.fill(scratch, 0, 'c'));
    ASSERT_TRUE(lab.establish(s, t, true, true));
    while (ring.bytes_since_cut() * 4 <= ring.capacity_bytes()) ASSERT_TRUE(lab.fill(scratch, 0, 'c'));
    ASSERT_TRUE(lab.run_until([&] { return ring.bytes_since_cut() < kTrackBytes; }));  // this is the cut
    lab.slow_once("meta.0", sim::kWrites, 2000);
    ASSERT_TRUE(lab.run_until([&] { return lab.shard(0).find(t)->parent->uncopied.count() == 0; }));
    for (std::uint64_t track = 0; track < kTracks; track += 32) ASSERT_TRUE(lab.fill(s, track, 'B'));
    ASSERT_TRUE(lab.drain());
    const bool ends = seed % 2 == 0;
    if (ends) ASSERT_TRUE(lab.run_until([&] { return lab.shard(0).store().fields().checkpoint_cut > cut; }));
    EXPECT_EQ(lab.shard(0).store().fields().checkpoint_cut > cut, ends);
    lab.crash();
    EXPECT_EQ(lab.uncopied(s, t), 0U) << "seed " << seed;
    for (std::uint64_t track = 0; track < kTracks; ++track) {
      ASSERT_EQ(lab.track(t, track), "A*128") << "seed " << seed;
      ASSERT_EQ(lab.track(s, track), track % 32 == 0 ? "B*128" : "A*128") << "seed " << seed;
    }
  }
}

/// The control records are gone from shard 0's ring while shard 1's still holds what they made void.
TEST(En, EN44_ControlTrimVsLaggingShard) {
  for (const bool again : {false, true}) {
    LabOptions options;
    options.shards = 2;
    Lab lab(1, options);
    const VolumeId s = lab.make(kEven, 512);
    const VolumeId t = lab.make(kOdd, 512);
    const VolumeId scratch = lab.make(kEven + 2, 512);
    const std::uint64_t here = lab.track_of_shard(0);
    const std::uint64_t there = lab.track_of_shard(1);
    ASSERT_TRUE(lab.fill(s, there, 'A'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.fill(scratch, there + 1, 'x'));  // holds shard 1's tail
    const journal::SlotSeq straggler = lab.shard(1).ring().newest();
    ASSERT_TRUE(lab.fill(t, there, 'w'));  // to be made void
    ASSERT_TRUE(lab.establish(s, t, true));
    ASSERT_TRUE(lab.run_until([&] { return lab.relationship_count() == 0; }));
    // What shard 1's ring says about the first one must not clear the second one's bits.
    if (again) ASSERT_TRUE(lab.establish(s, t));
    const journal::SlotSeq commands = lab.shard(0).ring().newest();
    lab.shard(0).request_drain(true);
    while (lab.durable_tail(0) <= commands) lab.pass_checkpoint(0, scratch, here);
    lab.shard(0).request_drain(false);
    ASSERT_LE(lab.durable_tail(1), straggler);
    for (int round = 0; round < 2; ++round) {
      lab.crash();
      EXPECT_EQ(lab.track(t, there), "A*128");
      EXPECT_EQ(lab.uncopied(s, t), again ? 512U : 0U);
      EXPECT_EQ(lab.track(scratch, there + 1), "x*128");
    }
  }
}

/// What the records of a destage imply (which tracks hold data, which were copied) is in the checkpoint when the
/// records have left the journal.
TEST(En, EN45_TrimVsImpliedBits) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 4);
  const VolumeId t = lab.make(kOdd, 4);
  const VolumeId scratch = lab.make(kEven + 2, kScratch);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.fill(s, 1, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  const journal::SlotSeq implied = lab.shard(0).ring().newest();
  const auto check = [&](const char* when) {
    lab.crash();
    EXPECT_EQ(lab.uncopied(s, t), 3U) << when;
    EXPECT_EQ(lab.content(s, 0, 3 * kTrackBlocks), "B*128 A*128 .*128") << when;
    EXPECT_EQ(lab.content(t, 0, 3 * kTrackBlocks), "A*256 .*128") << when;
  };
  // Enough for the keeper to look for space, too little for a checkpoint.
  for (std::uint64_t track = 0; track < 40; ++track) ASSERT_TRUE(lab.fill(scratch, track, 'c'));
  ASSERT_TRUE(lab.drain());
  lab.run_for(100 * rt::kMillisecond);
  ASSERT_LE(lab.shard(0).store().fields().checkpoint_cut, implied);
  check("before a checkpoint");
  lab.destaging(true);
  for (std::uint64_t n = 0; lab.durable_tail(0) <= implied; ++n) ASSERT_TRUE(lab.fill(scratch, n % kScratch, 'c'));
  lab.destaging(false);
  check("after a checkpoint");
  check("once more");
}

/// A checkpoint for which there is no space has taken the changed pages; the one of the clean stop must not pretend
/// that they were saved.
TEST(En, EN45_CheckpointWithoutSpace) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 4);
  const VolumeId t = lab.make(kOdd, 4);
  const VolumeId scratch = lab.make(kEven + 2, kScratch);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.fill(s, 1, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.fill(s, 0, 'B'));
  ASSERT_TRUE(lab.drain());
  sim::FaultRule full;
  full.kind = sim::FaultKind::no_space;
  full.operations = sim::kAllocations;
  full.file = "meta.0";
  full.at = 1;
  full.sticky = true;
  lab.world.faults().add(full);
  for (int n = 0; n < 400 && !lab.shard(0).no_more_room(); ++n) ASSERT_TRUE(lab.fill(scratch, 0, 'c'));
  ASSERT_TRUE(lab.shard(0).no_more_room());
  lab.world.faults().clear();
  lab.restart();
  EXPECT_EQ(lab.uncopied(s, t), 3U);
  EXPECT_EQ(lab.content(s, 0, 3 * kTrackBlocks), "B*128 A*128 .*128");
  EXPECT_EQ(lab.content(t, 0, 3 * kTrackBlocks), "A*256 .*128");
}

/// Twelve targets with the fewest frames there can be.
TEST(En, EN54_FewestFrames) {
  for (const std::size_t frames : {2U, 26U}) {
    LabOptions options;
    options.batch_frames = frames;
    Lab lab(1, options);
    const VolumeId s = lab.make(kEven, 2);
    ASSERT_TRUE(lab.fill(s, 0, 'A'));
    ASSERT_TRUE(lab.drain());
    for (std::size_t i = 0; i < 12; ++i) lab.make(odd(i).value, 2);
    for (std::size_t i = 0; i < 12; ++i) ASSERT_TRUE(lab.establish(s, odd(i)));
    for (std::size_t i = 0; i < 12; i += 2) ASSERT_TRUE(lab.write(odd(i), i, 1, 't'));
    ASSERT_TRUE(lab.write(s, 5, 1, 'B'));
    ASSERT_TRUE(lab.drain()) << frames;
    lab.crash();
    EXPECT_EQ(lab.track(s, 0), "A*5 B*1 A*122");
    for (std::size_t i = 0; i < 12; ++i) {
      const std::string own = "A*" + std::to_string(i) + " t*1 A*" + std::to_string(127 - i);
      EXPECT_EQ(lab.track(odd(i), 0), i == 0 ? "t*1 A*127" : i % 2 == 0 ? own : "A*128") << i;
      EXPECT_EQ(lab.track(odd(i), 1), ".*128") << i;
    }
  }
}

/// One track number of more volumes than a batch has frames for: it goes out in parts.
TEST(En, EN54_MoreVolumesThanFrames) {
  LabOptions options;
  options.batch_frames = 8;
  Lab lab(1, options);
  for (std::size_t i = 0; i < 14; ++i) {
    lab.make(odd(i).value, 2);
    ASSERT_TRUE(lab.fill(odd(i), 1, static_cast<char>('a' + i)));
  }
  ASSERT_TRUE(lab.drain());
  lab.crash();
  for (std::size_t i = 0; i < 14; ++i) {
    EXPECT_EQ(lab.track(odd(i), 1), std::string(1, static_cast<char>('a' + i)) + "*128");
  }
}

/// One old track far from where the destager works leaves the journal first.
TEST(En, EN56_ElevatorStarvesTail) {
  LabOptions options;
  options.batch_frames = 32;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Lab lab(seed, options);
    const VolumeId v = lab.make(kEven, 256);
    ASSERT_TRUE(lab.fill(v, 100, 'v'));
    ASSERT_TRUE(lab.drain());  // the hand is at 101
    ASSERT_TRUE(lab.fill(v, 3, 'o'));
    const journal::SlotSeq straggler = lab.shard(0).ring().newest();
    for (std::uint64_t track = 101; track < 180; ++track) ASSERT_TRUE(lab.fill(v, track, 'v'));
    lab.destaging(true);
    // A second batch may end before the first.
    ASSERT_TRUE(lab.run_until([&] { return straggler < lab.shard(0).ring().oldest_pinned(); })) << seed;
    EXPECT_GT(lab.shard(0).index().entry_count(), 30U) << seed;
  }
}

/// Data of a rank that takes no writes is copied forward in the journal; newer blocks stay over older ones.
TEST(En, EN79_LatePlacedRecord) {
  Lab lab;
  const VolumeId dead = lab.make(kOdd, 4);
  const VolumeId v = lab.make(kEven, kScratch);
  ASSERT_TRUE(lab.write(dead, 0, 60, 'a'));
  ASSERT_TRUE(lab.write(dead, 40, 60, 'b'));
  ASSERT_TRUE(lab.write(dead, 50, 4, 'c'));
  ASSERT_TRUE(lab.zero(dead, 90, 20, false));
  const journal::SlotSeq first = lab.shard(0).ring().newest();
  lab.fail("rank.1", sim::kWrites, true);
  lab.destaging(true);
  ASSERT_TRUE(lab.run_until([&] { return lab.control().config().ranks.at(1).failed; }));
  for (std::uint64_t n = 0; lab.durable_tail(0) <= first; ++n) {
    ASSERT_TRUE(lab.fill(v, n % kScratch, 'v'));
    ASSERT_LT(n, 2000U);
  }
  lab.destaging(false);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(lab.track(dead, 0), "a*40 b*10 c*4 b*36 .*38") << round;
    lab.crash();
  }
}

/// What was copied forward is durable in its new place before the journal lets go of the old one (seed failing_media
/// 610).
TEST(En, EN79_TheTailWaitsForWhatIsCopiedForward) {
  int copied = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Lab lab(seed);
    const VolumeId dead = lab.make(kOdd, 1);
    const VolumeId v = lab.make(kEven, kScratch);
    for (char letter = 'a'; letter <= 'z'; ++letter) ASSERT_TRUE(lab.fill(dead, 0, letter));
    lab.fail("rank.1", sim::kWrites, true);
    lab.destaging(true);
    ASSERT_TRUE(lab.run_until([&] { return lab.control().config().ranks.at(1).failed; }));
    const cache::Entry& oldest = *lab.shard(0).find(dead)->dirty.first->first;
    const journal::SlotSeq before = oldest.slot;
    for (std::uint64_t n = 0; oldest.slot == before; ++n) {
      const auto write = lab.start_write(v, n % kScratch * kTrackBlocks, kTrackBlocks, 'v');
      ASSERT_TRUE(lab.run_until([&] { return write->has_value() || oldest.slot != before; }));
      ASSERT_LT(n, 2000U);
    }
    copied += oldest.slot > lab.shard(0).ring().durable() ? 1 : 0;
    lab.slow_once("journal", sim::kWrites, 500);
    lab.run_for(40 * rt::kMillisecond);
    lab.crash();
    EXPECT_EQ(lab.track(dead, 0), "z*128") << seed;
  }
  EXPECT_GT(copied, 0);
}

/// Power fails while some of a track's records are there twice: a replay goes by Lsn, not by place.
TEST(En, EN79_CopiedForwardInPart) {
  for (int delay = 0; delay < 8; ++delay) {
    Lab lab(static_cast<std::uint64_t>(delay) + 1);
    const VolumeId dead = lab.make(kOdd, 1);
    const VolumeId v = lab.make(kEven, kScratch);
    for (char letter = 'a'; letter <= 'z'; ++letter) ASSERT_TRUE(lab.fill(dead, 0, letter));  // more than one slot
    lab.fail("rank.1", sim::kWrites, true);
    lab.destaging(true);
    ASSERT_TRUE(lab.run_until([&] { return lab.control().config().ranks.at(1).failed; }));
    const cache::Entry& oldest = *lab.shard(0).find(dead)->dirty.first->first;
    const journal::SlotSeq before = oldest.slot;
    for (std::uint64_t n = 0; oldest.slot == before; ++n) {
      const auto write = lab.start_write(v, n % kScratch * kTrackBlocks, kTrackBlocks, 'v');
      ASSERT_TRUE(lab.run_until([&] { return write->has_value() || oldest.slot != before; }));
      ASSERT_LT(n, 2000U);
    }
    lab.run_for(delay * 40 * rt::kMicrosecond);
    lab.crash();
    EXPECT_EQ(lab.track(dead, 0), "z*128") << delay;
  }
}

}  // namespace
}  // namespace tt::simulation
