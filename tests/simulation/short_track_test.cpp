// SPDX-License-Identifier: Apache-2.0
// A source may end inside a track, and its target go on there: what the target holds behind the source's end is no part
// of the image and stays (FC-17), although U knows whole tracks only.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
constexpr std::uint64_t kSourceBlocks = kTrackBlocks + 5;

/// Volumes s and t with content, that of t partly or not at all on the medium.
struct Pair {
  explicit Pair(Lab& lab, bool on_medium)
      : s(lab.make_blocks(kEven, kSourceBlocks)), t(lab.make_blocks(kOdd, 2 * kTrackBlocks)) {
    EXPECT_TRUE(lab.write(s, 0, kSourceBlocks, 'A'));
    EXPECT_TRUE(lab.write(t, 0, 2 * kTrackBlocks - 8, 'o'));
    if (on_medium) EXPECT_TRUE(lab.drain());
    EXPECT_TRUE(lab.write(t, kTrackBlocks + 64, 8, 'p'));
  }
  VolumeId s;
  VolumeId t;
};

constexpr const char* kImageAndOwn = "A*5 o*59 p*8 o*48 .*8";

TEST(ShortTrack, WhatLiesBehindTheSourceStays) {
  for (const bool copy : {false, true}) {
    for (const bool on_medium : {false, true}) {
      Lab lab;
      const Pair pair(lab, on_medium);
      ASSERT_TRUE(lab.establish(pair.s, pair.t, copy, true));
      EXPECT_EQ(lab.track(pair.t, 0), "A*128");
      EXPECT_EQ(lab.track(pair.t, 1), kImageAndOwn);
      ASSERT_TRUE(lab.write(pair.s, 0, kSourceBlocks, 'B'));
      EXPECT_EQ(lab.track(pair.t, 1), kImageAndOwn);
      lab.crash();
      EXPECT_EQ(lab.track(pair.t, 1), kImageAndOwn);
      lab.run_for(rt::kSecond);
      ASSERT_TRUE(lab.drain());
      EXPECT_EQ(lab.track(pair.t, 0), "A*128");
      EXPECT_EQ(lab.track(pair.t, 1), kImageAndOwn);
      lab.restart();
      EXPECT_EQ(lab.track(pair.t, 1), kImageAndOwn);
      EXPECT_EQ(lab.content(pair.s, kTrackBlocks, 5), "B*5");
    }
  }
}

TEST(ShortTrack, AlsoAfterAWithdraw) {
  for (const bool on_medium : {false, true}) {
    Lab lab;
    const Pair pair(lab, on_medium);
    ASSERT_TRUE(lab.establish(pair.s, pair.t));
    ASSERT_TRUE(lab.withdraw(pair.s, pair.t));
    EXPECT_EQ(lab.content(pair.t, kSourceBlocks, kTrackBlocks - 5), "o*59 p*8 o*48 .*8");
    lab.crash();
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.content(pair.t, kSourceBlocks, kTrackBlocks - 5), "o*59 p*8 o*48 .*8");
  }
}

/// Zeros that were still in the cache, over something else on the target's medium (seed failing_media 1239).
TEST(ShortTrack, ZerosStayAfterAWithdraw) {
  for (const bool on_medium : {false, true}) {
    Lab lab;
    const Pair pair(lab, on_medium);
    ASSERT_TRUE(lab.zero(pair.t, kSourceBlocks, kTrackBlocks - 5, false));
    ASSERT_TRUE(lab.establish(pair.s, pair.t));
    EXPECT_EQ(lab.content(pair.t, kSourceBlocks, kTrackBlocks - 5), ".*123");
    ASSERT_TRUE(lab.withdraw(pair.s, pair.t));
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(lab.content(pair.t, kSourceBlocks, kTrackBlocks - 5), ".*123") << round;
      if (round == 0) ASSERT_TRUE(lab.drain());
      if (round == 1) lab.crash();
    }
  }
}

TEST(ShortTrack, AnEstablishThatACrashUndoesChangesNothing) {
  int undone = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Lab lab(seed);
    const Pair pair(lab, true);
    lab.slow_once("journal.0", sim::kWrites, 2000);
    const auto establish = lab.start_establish({Lab::pair(pair.s, pair.t)});
    lab.run_for(15 * rt::kMillisecond);
    ASSERT_FALSE(establish->has_value());
    lab.crash();
    const bool there = lab.relationship_count() == 1;
    undone += there ? 0 : 1;
    EXPECT_EQ(lab.track(pair.t, 1), there ? kImageAndOwn : "o*64 p*8 o*48 .*8") << "seed " << seed;
  }
  EXPECT_GT(undone, 0);
}

/// The target's own end comes through a relationship that is still closing, and its extent is not there yet.
TEST(ShortTrack, TheEndOfAThinTargetThatIsStillClosing) {
  Lab lab;
  const VolumeId former = lab.make(kEven, 2);
  const VolumeId s = lab.make_blocks(kEven + 2, kSourceBlocks);
  const VolumeId t = lab.make(kOdd, 2, true);
  ASSERT_TRUE(lab.fill(former, 1, 'F'));
  ASSERT_TRUE(lab.write(s, 0, kSourceBlocks, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(former, t));
  ASSERT_TRUE(lab.fill(former, 1, 'G'));  // owed
  ASSERT_TRUE(lab.withdraw(former, t));
  ASSERT_EQ(lab.track(t, 1), "F*128");
  ASSERT_TRUE(lab.establish(s, t));
  EXPECT_EQ(lab.track(t, 1), "A*5 F*123");
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(t, 1), "A*5 F*123");
  EXPECT_EQ(lab.track(former, 1), "G*128");
  lab.crash();
  EXPECT_EQ(lab.track(t, 1), "A*5 F*123");
}

}  // namespace
}  // namespace tt::simulation
