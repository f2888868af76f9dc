// SPDX-License-Identifier: Apache-2.0
// Partial tracks (decision 0015): of a track that is written in part, only what will be overwritten is copied.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 4;

struct Grains : ::testing::Test {
  explicit Grains(const LabOptions& options = {})
      : lab(1, options), s(lab.make(0x0000, kTracks)), t(lab.make(0x0100, kTracks)) {
    fill(s, 'A');
    fill(t, 'x');
  }
  void fill(VolumeId volume, char letter) {
    for (std::uint64_t track = 0; track < kTracks; ++track) EXPECT_TRUE(lab.fill(volume, track, letter));
    EXPECT_TRUE(lab.drain());
  }
  /// To the medium.
  void put(VolumeId volume, std::uint64_t block, std::uint64_t blocks, char letter) {
    ASSERT_TRUE(lab.write(volume, block, blocks, letter));
    ASSERT_TRUE(lab.drain());
  }
  std::uint64_t written(VolumeId volume) { return lab.shard(0).find(volume)->counters.media_write_bytes; }
  std::uint64_t partial(VolumeId target) {
    const auto* parent = lab.shard(0).find(target)->parent;
    return parent != nullptr ? parent->partial_tracks : 0;
  }
  std::string all(VolumeId volume) { return lab.content(volume, 0, kTracks * kTrackBlocks); }
  void expect_through_crashes(VolumeId volume, const std::string& content) {
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(all(volume), content) << "round " << round;
      if (round < 2) lab.crash();
    }
  }
  bool gone() {
    return lab.run_until([this] { return lab.relationship_count() == 0; });
  }
  static volume::RelationshipOptions nocopy() {
    volume::RelationshipOptions options;
    options.background_copy = false;
    return options;
  }

  Lab lab;
  VolumeId s;
  VolumeId t;
};

TEST_F(Grains, OnlyWhatIsOverwrittenIsCopied) {
  ASSERT_TRUE(lab.establish(s, t));
  const std::uint64_t before = written(t);
  put(s, 9, 2, 'b');
  EXPECT_EQ(written(t) - before, kGrainBytes);
  EXPECT_EQ(partial(t), 1U);
  EXPECT_EQ(all(s), "A*9 b*2 A*501");
  expect_through_crashes(t, "A*512");
  EXPECT_EQ(partial(t), 1U);
}

TEST_F(Grains, AGrainIsCopiedOnce) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  const std::uint64_t before = written(t);
  put(s, 8, 8, 'c');
  EXPECT_EQ(written(t), before);
  put(s, 14, 4, 'd');  // this one and the next
  EXPECT_EQ(written(t) - before, kGrainBytes);
  EXPECT_EQ(all(s), "A*8 c*6 d*4 A*494");
  expect_through_crashes(t, "A*512");
}

/// Hosts do not see that a track is partial: it counts as copied.
TEST_F(Grains, APartialTrackCountsAsCopied) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  put(s, 5 * kTrackBlocks / 2, 1, 'b');
  ASSERT_TRUE(lab.write(s, 10, 1, 'c'));  // owed in both ways
  const auto status = lab.status(s, t);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->counts.uncopied, kTracks);
  EXPECT_EQ(status->counts.owed, 2U);
}

TEST_F(Grains, TheLastGrainMakesTheTrackWhole) {
  ASSERT_TRUE(lab.establish(s, t));
  for (std::uint64_t grain = 0; grain < kTrackGrains; ++grain) put(s, grain * kGrainBlocks, 1, 'b');
  EXPECT_EQ(partial(t), 0U);
  EXPECT_EQ(lab.uncopied(s, t), kTracks - 1);
  expect_through_crashes(t, "A*512");
}

/// A relationship without background copy ends when hosts have changed every track.
TEST_F(Grains, ARelationshipOfWhichEveryTrackWasChangedEnds) {
  ASSERT_TRUE(lab.establish(s, t));
  for (std::uint64_t track = 0; track < kTracks; ++track) put(s, track * kTrackBlocks, 1, 'b');
  ASSERT_TRUE(gone());
  expect_through_crashes(t, "A*512");
  put(s, 40, 1, 'c');
  EXPECT_EQ(all(t), "A*512");
}

TEST_F(Grains, WhatTheTargetIsGivenLiesOverBoth) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  ASSERT_TRUE(lab.write(t, 7, 2, 't'));  // of a grain that is preserved and of one that is not
  EXPECT_EQ(lab.track(t, 0), "A*7 t*2 A*119");
  put(s, 0, 1, 'c');
  EXPECT_EQ(lab.uncopied(s, t), kTracks - 1);
  expect_through_crashes(t, "A*7 t*2 A*503");
}

TEST_F(Grains, AWithdrawLeavesWholeTracks) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  ASSERT_TRUE(lab.withdraw(s, t));
  EXPECT_EQ(lab.track(t, 0), "A*128");
  put(s, 100, 1, 'c');
  lab.crash();
  EXPECT_EQ(lab.track(t, 0), "A*128");
  ASSERT_TRUE(gone());
  EXPECT_EQ(lab.track(t, 0), "A*128");
  EXPECT_EQ(lab.track(t, 1), "x*128") << "nothing was copied there";
}

TEST_F(Grains, AFastReverseGivesBackWhatWasOverwritten) {
  for (const bool crash : {false, true}) {
    fill(s, 'A');
    ASSERT_TRUE(lab.establish(s, t));
    put(s, 9, 2, 'b');
    put(s, 3 * kTrackBlocks + 1, 20, 'b');
    ASSERT_TRUE(lab.write(s, 100, 1, 'c'));
    if (crash) lab.crash();
    ASSERT_TRUE(lab.reverse(s, t, nocopy(), true));
    expect_through_crashes(s, "A*512");
    ASSERT_TRUE(lab.withdraw(t, s));
    ASSERT_TRUE(gone());
  }
}

TEST_F(Grains, AReverseThatIsRefusedCopiesNothing) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  const VolumeId z = lab.make(0x0102, kTracks);
  ASSERT_TRUE(lab.establish(t, z));
  const std::uint64_t before = written(t);
  for (const bool fast : {false, true}) EXPECT_FALSE(lab.reverse(s, t, nocopy(), fast));
  EXPECT_EQ(written(t), before);
  EXPECT_EQ(partial(t), 1U);
}

/// It was right when it began; while its tracks were completed another command made its target a source.
TEST_F(Grains, AFastReverseThatIsOvertakenLeavesTheRelationship) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  const VolumeId z = lab.make(0x0102, kTracks);
  lab.slow_once(lab.control().config().ranks.at(0).device, sim::kReads, 1000);
  const auto reverse = lab.start(lab.control().reverse({{s, t, nocopy()}}, true));
  lab.run_for(rt::kMillisecond);
  ASSERT_TRUE(lab.establish(t, z));
  ASSERT_FALSE(reverse->has_value()) << "the read was not slow enough";
  ASSERT_TRUE(lab.wait(reverse));
  EXPECT_FALSE((*reverse)->front());
  put(s, 200, 2, 'b');
  EXPECT_EQ(partial(t), 1U) << "tracks may be partial again";
  expect_through_crashes(t, "A*512");
}

TEST_F(Grains, AReverseBringsOutWhatHostsChangedInPart) {
  volume::PairRequest pair = Lab::pair(s, t, false, true);
  pair.options.recording = true;
  ASSERT_TRUE(lab.establish({pair}).front());
  for (std::uint64_t track = 0; track < kTracks; ++track) put(s, track * kTrackBlocks + 9, 2, 'b');
  volume::RelationshipOptions options;
  options.recording = options.persistent = true;
  ASSERT_TRUE(lab.reverse(s, t, options, false));
  EXPECT_EQ(all(t), "A*512");
  ASSERT_TRUE(lab.run_until([this] { return !lab.copying(); }));
  EXPECT_EQ(lab.uncopied(t, s), 0U);
  expect_through_crashes(s, "A*512");
}

TEST_F(Grains, ABackgroundCopyCompletesThem) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  const auto started = lab.run(lab.control().copy_in_background({{s, t}}));
  ASSERT_TRUE(started.front());
  ASSERT_TRUE(gone());
  expect_through_crashes(t, "A*512");
}

TEST_F(Grains, WithABackgroundCopyTracksAreCopiedWhole) {
  lab.hold_copies(true);
  ASSERT_TRUE(lab.establish(s, t, true));
  put(s, 9, 2, 'b');
  EXPECT_EQ(partial(t), 0U);
  EXPECT_EQ(lab.uncopied(s, t), kTracks - 1);
}

/// The target of a partial track is a source: its own target finds the grains two ways.
TEST_F(Grains, AYoungerChildSeesBothHalves) {
  const VolumeId z = lab.make(0x0102, kTracks);
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  ASSERT_TRUE(lab.establish(t, z));
  EXPECT_EQ(all(z), "A*512");
  put(s, 30, 2, 'c');
  EXPECT_EQ(all(z), "A*512");
  ASSERT_TRUE(lab.write(t, 60, 2, 't'));
  EXPECT_EQ(all(z), "A*512");
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(all(t), "A*60 t*2 A*450");
  expect_through_crashes(z, "A*512");
}

/// Its image lies on the medium that is about to hold preserved grains.
TEST_F(Grains, AnOlderChildIsServedFirst) {
  const VolumeId z = lab.make(0x0102, kTracks);
  ASSERT_TRUE(lab.establish(t, z));
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  EXPECT_EQ(all(t), "A*512");
  expect_through_crashes(z, "x*512");
}

TEST_F(Grains, SeveralTargetsShareAWholeCopy) {
  const VolumeId u = lab.make(0x0102, kTracks);
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  ASSERT_TRUE(lab.establish(s, u));
  put(s, 40, 2, 'c');
  EXPECT_EQ(partial(t) + partial(u), 0U);
  EXPECT_EQ(all(t), "A*512");
  expect_through_crashes(u, "A*9 b*2 A*501");
  EXPECT_EQ(all(t), "A*512");
}

/// One that was made void speaks of no later copy, and old bytes of the medium do not come to light.
TEST_F(Grains, ANewCopyKnowsNothingOfTheOldOne) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  lab.hold_copies(true);
  ASSERT_TRUE(lab.withdraw(s, t));
  put(s, 9, 2, 'c');
  fill(s, 'C');
  ASSERT_TRUE(lab.establish(s, t));
  EXPECT_EQ(partial(t), 0U);
  put(s, 3, 1, 'd');
  expect_through_crashes(t, "C*512");
}

TEST_F(Grains, TheyAreInTheCheckpoint) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  put(s, 3 * kTrackBlocks, 2, 'b');
  lab.pass_checkpoint(0, s, 1);
  lab.crash();
  EXPECT_EQ(partial(t), 2U);
  EXPECT_EQ(lab.track(t, 0), "A*128");
  EXPECT_EQ(lab.track(t, 3), "A*128");
  put(s, 20, 1, 'c');
  lab.crash();
  EXPECT_EQ(lab.track(t, 0), "A*128");
}

TEST_F(Grains, ATargetThatHadNoTrackHasOnlyWhatIsPreserved) {
  const VolumeId u = lab.make(0x0102, kTracks);
  ASSERT_TRUE(lab.establish(s, u));
  put(s, 9, 2, 'b');
  EXPECT_EQ(partial(u), 1U);
  expect_through_crashes(u, "A*512");
  ASSERT_TRUE(lab.withdraw(s, u));
  ASSERT_TRUE(gone());
  expect_through_crashes(u, "A*128 .*384");
}

TEST_F(Grains, AnUnreadableGrainLosesTheTarget) {
  ASSERT_TRUE(lab.establish(s, t));
  put(s, 9, 2, 'b');
  lab.make_unreadable(s, 0);
  put(s, 40, 2, 'c');
  const auto status = lab.status(s, t);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->relationship.state, volume::RelationshipState::failed);
  ASSERT_TRUE(lab.withdraw(s, t));
  ASSERT_TRUE(gone());
}

LabOptions no_memory() {
  LabOptions options;
  options.most_preserved_pages = 1;
  return options;
}
struct FewGrains : Grains {
  FewGrains() : Grains(no_memory()) {}
};

TEST_F(FewGrains, WithoutMemoryTracksAreCopiedWhole) {
  const VolumeId s2 = lab.make(0x0002, kTracks);
  const VolumeId t2 = lab.make(0x0102, kTracks);
  fill(s2, 'B');
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.establish(s2, t2));
  put(s, 9, 2, 'b');
  put(s2, 9, 2, 'b');
  EXPECT_EQ(partial(t), 1U);
  EXPECT_EQ(partial(t2), 0U);
  put(s, 40, 2, 'b');
  EXPECT_EQ(partial(t), 1U) << "what is partial already may get more grains";
  put(s, 2 * kTrackBlocks, 2, 'b');
  EXPECT_EQ(partial(t), 1U);
  expect_through_crashes(t2, "B*512");
  EXPECT_EQ(all(t), "A*512");
}

/// A track that only the source holds must not be looked for at the target, however many runs the map has.
TEST(Renew, AFastReverseOfAFragmentedMapIsExact) {
  constexpr std::uint64_t kMany = 64;
  LabOptions options;
  options.map_share = 1U << 30;
  Lab lab(1, options);
  const VolumeId s = lab.make(0x0000, kMany);
  const VolumeId t = lab.make(0x0100, kMany);
  for (std::uint64_t track = 0; track < kMany; ++track) ASSERT_TRUE(lab.fill(s, track, 'A'));
  for (std::uint64_t track = 0; track < kMany; ++track) ASSERT_TRUE(lab.fill(t, track, 'x'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, t));
  for (std::uint64_t track = 0; track < kMany; track += 2) ASSERT_TRUE(lab.fill(s, track, 'b'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.reverse(s, t, {}, true));
  EXPECT_EQ(lab.content(s, 0, kMany * kTrackBlocks), "A*8192");
}

}  // namespace
}  // namespace tt::simulation
