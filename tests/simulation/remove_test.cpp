// SPDX-License-Identifier: Apache-2.0
// Relationships that go after everything was copied (rmflash -cp), or with the space of their target.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
constexpr std::uint64_t kTracks = 40;

using Pairs = std::vector<std::pair<VolumeId, VolumeId>>;

LabOptions sharded(std::uint64_t count) {
  LabOptions options;
  options.shards = static_cast<std::uint32_t>(count);
  return options;
}

Result<void> copy_and_remove(Lab& lab, VolumeId s, VolumeId t) {
  return lab.run(lab.control().copy_and_remove(Pairs{{s, t}}, std::nullopt)).front();
}

Result<void> withdraw_and_release(Lab& lab, VolumeId s, VolumeId t) {
  return lab.run(lab.control().withdraw_and_release(Pairs{{s, t}}, std::nullopt)).front();
}

Errc code_of(const Result<void>& result) {
  return result ? Errc::ok : result.error().code;
}

bool ends(Lab& lab) {
  return lab.run_until([&] { return lab.relationship_count() == 0; });
}

TEST(CopyAndRemove, IsListedUntilEverythingIsCopied) {
  for (const std::uint64_t shards : {1U, 2U, 3U}) {
    for (const bool persistent : {false, true}) {
      Lab lab(shards, sharded(shards));
      const VolumeId s = lab.make(kEven, 600);
      const VolumeId t = lab.make(kOdd, 600);
      for (const std::uint64_t track : {0U, 300U, 599U}) ASSERT_TRUE(lab.fill(s, track, 'a'));
      ASSERT_TRUE(lab.drain());
      lab.hold_copies(true);
      ASSERT_TRUE(lab.establish(s, t, false, persistent));
      ASSERT_TRUE(lab.fill(s, 300, 'b'));
      ASSERT_TRUE(copy_and_remove(lab, s, t));
      const auto status = lab.status(s, t);
      ASSERT_TRUE(status.has_value());
      EXPECT_TRUE(status->relationship.removing);
      EXPECT_TRUE(status->relationship.options.background_copy);
      EXPECT_EQ(code_of(copy_and_remove(lab, s, t)), Errc::ok);  // once more changes nothing
      lab.hold_copies(false);
      ASSERT_TRUE(ends(lab));
      ASSERT_TRUE(lab.fill(s, 0, 'c'));
      ASSERT_TRUE(lab.drain());
      EXPECT_EQ(lab.track(t, 0), "a*128");
      EXPECT_EQ(lab.track(t, 300), "a*128");
      EXPECT_EQ(lab.track(t, 599), "a*128");
      EXPECT_EQ(lab.track(t, 1), ".*128");
    }
  }
}

TEST(CopyAndRemove, WhatIsCopiedAlreadyGoesAtOnce) {
  Lab lab(1, sharded(2));
  const VolumeId s = lab.make(kEven, 600);
  const VolumeId t = lab.make(kOdd, 600);
  ASSERT_TRUE(lab.fill(s, 0, 'a'));
  ASSERT_TRUE(lab.establish(s, t, true, true));
  ASSERT_TRUE(lab.run_until([&] { return !lab.copying(); }));
  EXPECT_EQ(lab.relationship_count(), 1U);
  ASSERT_TRUE(copy_and_remove(lab, s, t));
  EXPECT_EQ(lab.relationship_count(), 0U);
}

/// Whenever the power fails: an answered removal ends with the whole copy, one that was not answered happened or not.
TEST(CopyAndRemove, ACrashAtAnyTimeLosesNothing) {
  int asked = 0;
  int unasked = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Lab lab(seed, sharded(1 + seed % 3));
    const VolumeId s = lab.make(kEven, kTracks);
    const VolumeId t = lab.make(kOdd, kTracks);
    for (std::uint64_t track = 0; track < kTracks; ++track) ASSERT_TRUE(lab.fill(s, track, 'a'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t, false, true));
    for (std::uint64_t track = 0; track < 3; ++track) ASSERT_TRUE(lab.fill(s, track, 'b'));
    const auto removal = lab.start(lab.control().copy_and_remove(Pairs{{s, t}}, std::nullopt));
    lab.run_for(static_cast<rt::TimeNs>(seed * seed) * 3 * rt::kMicrosecond);
    const bool answered = removal->has_value();
    lab.crash();
    if (lab.relationship_count() == 1) {
      const bool removing = lab.control().config().relationships.begin()->second.removing;
      EXPECT_TRUE(removing || !answered) << "seed " << seed;
      ++(removing ? asked : unasked);
      if (!removing) {
        ASSERT_TRUE(copy_and_remove(lab, s, t));
      }
    }
    ASSERT_TRUE(ends(lab)) << "seed " << seed;
    for (std::uint64_t track = 0; track < kTracks; ++track) {
      EXPECT_EQ(lab.track(t, track), "a*128") << "seed " << seed << " track " << track;
    }
    EXPECT_EQ(lab.track(s, 0), "b*128");
  }
  RecordProperty("asked", asked);
  RecordProperty("unasked", unasked);
  EXPECT_GT(asked, 5);
  EXPECT_GT(unasked, 0);
}

TEST(CopyAndRemove, CanStillBeWithdrawnAtOnce) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  const VolumeId t = lab.make(kOdd, kTracks);
  ASSERT_TRUE(lab.fill(s, 0, 'a'));
  lab.hold_copies(true);
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(copy_and_remove(lab, s, t));
  ASSERT_TRUE(lab.withdraw(s, t));
  EXPECT_EQ(lab.relationship_count(), 0U);
  EXPECT_EQ(lab.track(t, 0), ".*128");
}

TEST(CopyAndRemove, IsRefused) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  const VolumeId t = lab.make(kOdd, kTracks);
  const VolumeId thin = lab.make(kOdd + 1, kTracks, true);
  EXPECT_EQ(code_of(copy_and_remove(lab, s, t)), Errc::no_such_relationship);
  ASSERT_TRUE(lab.fill(s, 0, 'z'));
  ASSERT_TRUE(lab.establish(s, thin));
  EXPECT_EQ(code_of(copy_and_remove(lab, s, thin)), Errc::target_space_efficient);
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.fill(s, 0, 'a'));
  lab.fail("rank.1", sim::kWrites, true);
  ASSERT_TRUE(lab.drain());
  ASSERT_EQ(lab.status(s, t)->relationship.state, volume::RelationshipState::failed);
  EXPECT_EQ(code_of(copy_and_remove(lab, s, t)), Errc::relationship_failed);
  EXPECT_FALSE(lab.status(s, t)->relationship.removing);
}

TEST(CopyInBackground, AConvertedRelationshipEndsByItself) {
  Lab lab(3, sharded(2));
  const VolumeId s = lab.make(kEven, 600);
  const VolumeId t = lab.make(kOdd, 600);
  ASSERT_TRUE(lab.fill(s, 599, 'a'));
  ASSERT_TRUE(lab.establish(s, t));
  lab.run_for(2 * rt::kSecond);
  ASSERT_GT(lab.uncopied(s, t), 0U);
  ASSERT_TRUE(lab.run(lab.control().copy_in_background(Pairs{{s, t}})).front());
  ASSERT_TRUE(ends(lab));
  ASSERT_TRUE(lab.fill(s, 599, 'b'));
  EXPECT_EQ(lab.track(t, 599), "a*128");
}

TEST(WithdrawAndRelease, TheTargetIsEmptyAndItsSpaceFree) {
  for (const std::uint64_t shards : {1U, 3U}) {
    Lab lab(shards, sharded(shards));
    const VolumeId s = lab.make(kEven, 600);
    const VolumeId t = lab.make(kOdd, 600, true);
    const std::uint64_t free = lab.free_extents(t);
    for (const std::uint64_t track : {0U, 300U, 599U}) ASSERT_TRUE(lab.fill(s, track, 'a'));
    ASSERT_TRUE(lab.establish(s, t));
    ASSERT_TRUE(lab.fill(s, 0, 'b'));
    ASSERT_TRUE(lab.fill(t, 5, 't'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.fill(s, 300, 'b'));  // owed
    EXPECT_LT(lab.free_extents(t), free);
    ASSERT_TRUE(withdraw_and_release(lab, s, t));
    EXPECT_EQ(lab.relationship_count(), 0U);
    EXPECT_EQ(lab.free_extents(t), free);
    for (int life = 0; life < 2; ++life) {
      for (const std::uint64_t track : {0U, 5U, 300U, 599U}) EXPECT_EQ(lab.track(t, track), ".*128");
      EXPECT_EQ(lab.track(s, 300), "b*128");
      EXPECT_EQ(lab.track(s, 599), "a*128");
      lab.crash();
    }
    ASSERT_TRUE(lab.establish(s, t, true, true));
    ASSERT_TRUE(lab.run_until([&] { return !lab.copying(); }));
    EXPECT_EQ(lab.track(t, 300), "b*128");
  }
}

TEST(WithdrawAndRelease, AFailedRelationshipReturnsItsSpace) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  const VolumeId t = lab.make(kOdd, kTracks, true);
  const std::uint64_t free = lab.free_extents(t);
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.fill(t, 0, 't'));
  ASSERT_TRUE(lab.run([](Lab& l) -> rt::Task<Result<void>> {
    const Generation r = l.control().config().relationships.begin()->first;
    auto done = co_await l.control().fail_relationship(l.shard(0), r);
    co_return done;
  }(lab)));
  EXPECT_EQ(lab.track(t, 0), "error io_error");
  ASSERT_TRUE(withdraw_and_release(lab, s, t));
  EXPECT_EQ(lab.free_extents(t), free);
  EXPECT_EQ(lab.track(t, 0), ".*128");
}

TEST(WithdrawAndRelease, IsRefusedBeforeAnythingChanges) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  const VolumeId t = lab.make(kOdd, kTracks);
  EXPECT_EQ(code_of(withdraw_and_release(lab, s, t)), Errc::no_such_relationship);
  ASSERT_TRUE(lab.fill(s, 0, 'a'));
  ASSERT_TRUE(lab.establish(s, t));
  EXPECT_EQ(code_of(withdraw_and_release(lab, s, t)), Errc::not_combinable);
  EXPECT_EQ(lab.relationship_count(), 1U);
  EXPECT_EQ(lab.track(t, 0), "a*128");
}

/// The relationship is there whole, or gone; the target shows its image, or nothing of anybody.
TEST(WithdrawAndRelease, ACrashAtAnyTimeLeavesNothingHalf) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Lab lab(seed, sharded(1 + seed % 3));
    const VolumeId s = lab.make(kEven, kTracks);
    const VolumeId t = lab.make(kOdd, kTracks, true);
    const std::uint64_t free = lab.free_extents(t);
    for (std::uint64_t track = 0; track < 5; ++track) ASSERT_TRUE(lab.fill(s, track, 'a'));
    ASSERT_TRUE(lab.establish(s, t));
    for (std::uint64_t track = 0; track < 3; ++track) ASSERT_TRUE(lab.fill(s, track, 'b'));
    const auto release = lab.start(lab.control().withdraw_and_release(Pairs{{s, t}}, std::nullopt));
    lab.run_for(static_cast<rt::TimeNs>(seed) * 100 * rt::kMicrosecond);
    const bool answered = release->has_value();
    lab.crash();
    if (lab.status(s, t)) {
      EXPECT_FALSE(answered);
      for (std::uint64_t track = 0; track < 5; ++track) EXPECT_EQ(lab.track(t, track), "a*128") << "seed " << seed;
      ASSERT_TRUE(withdraw_and_release(lab, s, t));
    } else if (!answered) {
      ASSERT_TRUE(lab.release(t)) << "seed " << seed;
    }
    EXPECT_EQ(lab.free_extents(t), free) << "seed " << seed;
    for (std::uint64_t track = 0; track < 5; ++track) {
      EXPECT_EQ(lab.track(t, track), ".*128") << "seed " << seed;
      EXPECT_EQ(lab.track(s, track), track < 3 ? "b*128" : "a*128") << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace tt::simulation
