// SPDX-License-Identifier: Apache-2.0
// The engine's numbered cases of resync, fast reverse and revertible relationships.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 4;

volume::RelationshipOptions recording() {
  volume::RelationshipOptions options;
  options.background_copy = false;
  options.persistent = true;
  options.recording = true;
  return options;
}

/// A recording relationship whose source holds A on its medium, and what was written since, in the cache only.
struct Recorded {
  explicit Recorded(std::uint64_t seed = 1) : lab(seed), s(lab.make(0x0000, kTracks)), t(lab.make(0x0100, kTracks)) {
    for (std::uint64_t track = 0; track < kTracks; ++track) EXPECT_TRUE(lab.fill(s, track, 'A'));
    EXPECT_TRUE(lab.drain());
    volume::PairRequest request = Lab::pair(s, t);
    request.options = recording();
    EXPECT_TRUE(lab.establish({request}).front());
    EXPECT_TRUE(lab.write(s, 4, 2, 'b'));
    EXPECT_TRUE(lab.write(t, 9, 1, 't'));
  }
  /// Tracks 0 and 1.
  std::string source() { return lab.content(s, 0, 2 * kTrackBlocks); }
  std::string target() { return lab.content(t, 0, 2 * kTrackBlocks); }
  bool is_revertible() { return lab.control().config().relationships.begin()->second.revertible(); }

  Lab lab;
  VolumeId s;
  VolumeId t;
};

constexpr const char* kSource = "A*4 b*2 A*250";
constexpr const char* kTarget = "A*9 t*1 A*246";

/// The batch brings the old image to the target and records bits of the old generation.
TEST(En, EN21_ResyncDuringBatch) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Recorded c(seed);
    ASSERT_TRUE(c.lab.write(c.s, 2 * kTrackBlocks + 4, 2, 'b'));  // nothing but the source's recording knows of it
    c.lab.slow_once("rank.1", sim::kWrites, 500);
    c.lab.destaging(true);
    ASSERT_TRUE(c.lab.run_until([&] { return !c.lab.shard(0).background_idle(); }));
    c.lab.run_for(rt::kMillisecond);
    ASSERT_FALSE(c.lab.shard(0).background_idle());
    const auto done = c.lab.start(c.lab.control().resync({{c.s, c.t, recording()}}));
    ASSERT_TRUE(c.lab.wait(done));
    ASSERT_TRUE((*done)->front());
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(c.target(), kSource) << "seed " << seed << ", round " << round;
      EXPECT_EQ(c.lab.track(c.t, 2), "A*4 b*2 A*122") << "seed " << seed << ", round " << round;
      if (round == 0) ASSERT_TRUE(c.lab.fill(c.s, 0, 'C'));
      if (round == 0) ASSERT_TRUE(c.lab.drain());
      if (round == 1) c.lab.crash();
    }
  }
}

/// A resync that is refused before its T0 is drawn leaves the relationship as it was (seed failing_media 14).
TEST(Renew, ARefusedResyncLeavesTheRelationship) {
  Recorded c;
  c.lab.fail("rank.0", sim::kWrites, true);
  c.lab.destaging(true);
  ASSERT_TRUE(c.lab.run_until([&] { return c.lab.control().config().ranks.at(0).failed; }));
  c.lab.destaging(false);
  ASSERT_TRUE(c.lab.write(c.t, 9, 1, 't'));
  const auto refused = c.lab.resync(c.s, c.t, recording());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::timed_out);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(c.target(), kTarget) << round;
    EXPECT_EQ(c.lab.relationship_count(), 1U) << round;
    if (round == 0) c.lab.crash();
  }
}

/// The source becomes what it was at T0, also where its newer data is only in the cache.
TEST(En, EN25_FastReverseOwed) {
  Recorded c;
  ASSERT_TRUE(c.lab.reverse(c.s, c.t, recording(), true));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(c.source(), kTarget) << round;
    EXPECT_EQ(c.lab.track(c.t, 0), "A*9 t*1 A*118") << round;  // the others were never copied
    if (round == 0) ASSERT_TRUE(c.lab.drain());
    if (round == 1) c.lab.crash();
  }
}

/// A revert brings back the first image although newer data of the source was destaged meanwhile.
TEST(En, EN33_RevertWithDirtySource) {
  for (const bool crash : {false, true}) {
    Recorded c;
    ASSERT_TRUE(c.lab.set_revertible(c.s, c.t));
    EXPECT_EQ(c.target(), kSource);
    if (crash) c.lab.crash();
    ASSERT_TRUE(c.lab.drain());
    EXPECT_EQ(c.target(), kSource);
    ASSERT_TRUE(c.lab.revert(c.s));
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(c.source(), kSource) << round;
      EXPECT_EQ(c.target(), kTarget) << round;
      if (round == 0) ASSERT_TRUE(c.lab.drain());
      if (round == 1) c.lab.crash();
    }
  }
}

/// The target's own data is out of sight while the relationship is revertible; a commit loses it, a revert does not.
TEST(En, EN34_DataOfARevertibleTarget) {
  for (const bool commit : {false, true}) {
    Recorded c;
    ASSERT_TRUE(c.lab.write(c.t, kTrackBlocks, kTrackBlocks, 'T'));
    ASSERT_TRUE(c.lab.set_revertible(c.s, c.t));
    EXPECT_EQ(c.target(), kSource);
    ASSERT_TRUE(commit ? c.lab.commit(c.s) : c.lab.revert(c.s));
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(c.target(), commit ? kSource : "A*9 t*1 A*118 T*128") << round;
      if (round == 0) ASSERT_TRUE(c.lab.drain());
      if (round == 1) c.lab.crash();
    }
  }
}

/// Power fails somewhere in each of the three commands; what is there afterwards can be committed or reverted.
TEST(En, EN35_RevertibleAndCrashes) {
  int cut_short = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const bool commit = seed % 2 == 0;
    Recorded c(seed);
    const auto set = c.lab.start(c.lab.control().set_revertible({{c.s, c.t, recording()}}));
    c.lab.run_for(static_cast<rt::TimeNs>(seed) * 200 * rt::kMicrosecond);
    const bool answered = set->has_value();
    c.lab.crash();
    if (!c.is_revertible()) {
      EXPECT_FALSE(answered) << "seed " << seed;
      EXPECT_EQ(c.target(), kTarget) << "seed " << seed;
      ASSERT_TRUE(c.lab.set_revertible(c.s, c.t));
      ++cut_short;
    }
    EXPECT_EQ(c.target(), kSource) << "seed " << seed;
    auto& control = c.lab.control();
    const auto end = c.lab.start(commit ? control.commit_flash({c.s}, {}) : control.revert_flash({c.s}, {}));
    c.lab.run_for(static_cast<rt::TimeNs>(seed) * 40 * rt::kMicrosecond);
    const bool ended = end->has_value();
    c.lab.crash();
    if (c.is_revertible()) {
      EXPECT_FALSE(ended) << "seed " << seed;
      ASSERT_TRUE(commit ? c.lab.commit(c.s) : c.lab.revert(c.s));
    }
    EXPECT_EQ(c.target(), commit ? kSource : kTarget) << "seed " << seed;
    EXPECT_EQ(c.source(), kSource) << "seed " << seed;
  }
  EXPECT_GT(cut_short, 0);
}

}  // namespace
}  // namespace tt::simulation
