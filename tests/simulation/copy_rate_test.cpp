// SPDX-License-Identifier: Apache-2.0
// Limits of the background copy, of an image and of a relationship: kept by all shards together, also after a restart,
// and changed while copies run.
#include <gtest/gtest.h>

#include "lab_test.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
constexpr std::uint64_t kTracks = 512;  // two stripes
constexpr double kBytes = kTracks * kTrackBytes;

class CopyRateTest : public LabTest {
 protected:
  VolumeId filled(std::uint16_t id, std::uint64_t tracks = kTracks) { return LabTest::filled(id, tracks); }
  bool copy(VolumeId s, VolumeId t, std::uint64_t limit, bool recording = false) {
    volume::PairRequest pair = Lab::pair(s, t, true, true);
    pair.options.copy_limit = limit;
    pair.options.recording = recording;
    return lab_->establish(std::vector{pair}).front().has_value();
  }
  Result<void> limit_image(std::optional<std::uint64_t> limit, std::optional<std::uint64_t> floor = {}) {
    return lab_->run(lab_->control().change_copy_rates(limit, floor));
  }
  Result<void> limit(VolumeId s, VolumeId t, std::uint64_t rate) {
    std::vector<std::pair<VolumeId, VolumeId>> pairs{{s, t}};
    return lab_->run(lab_->control().limit_copies(std::move(pairs), rate)).front();
  }
  /// Seconds until so many tracks or fewer are left.
  double seconds_until(VolumeId s, VolumeId t, std::uint64_t left) {
    const rt::TimeNs began = lab_->world.now();
    for (int polls = 0; lab_->uncopied(s, t) > left; ++polls) {
      lab_->run_for(20 * rt::kMillisecond);
      if (polls > 50'000) {
        ADD_FAILURE() << "no progress";
        return 0;
      }
    }
    return static_cast<double>(lab_->world.now() - began) / static_cast<double>(rt::kSecond);
  }
  double copied_in(VolumeId s, VolumeId t, rt::TimeNs duration) {
    const std::uint64_t before = lab_->uncopied(s, t);
    lab_->run_for(duration);
    return static_cast<double>((before - lab_->uncopied(s, t)) * kTrackBytes);
  }
};

/// The first unit is not waited for, hence the tolerance of one unit per shard.
TEST_F(CopyRateTest, AllShardsTogetherKeepTheLimitOfTheImage) {
  for (const std::uint32_t shards : {1U, 2U, 3U}) {
    open(shards);
    const VolumeId s = filled(kEven);
    const VolumeId t = lab_->make(kOdd, kTracks);
    ASSERT_TRUE(limit_image(4_MiB));
    ASSERT_TRUE(copy(s, t, 0));
    const double seconds = seconds_until(s, t, 0);
    EXPECT_NEAR(seconds, kBytes / 4_MiB, 0.5 * shards + 0.3) << shards;
    EXPECT_GT(seconds, 6.5) << shards;
    EXPECT_EQ(lab_->content(t, 0, kTracks * kTrackBlocks), lab_->content(s, 0, kTracks * kTrackBlocks));
  }
}

TEST_F(CopyRateTest, AllShardsTogetherKeepTheLimitOfARelationship) {
  for (const std::uint32_t shards : {1U, 2U, 3U}) {
    open(shards);
    const VolumeId s = filled(kEven);
    const VolumeId t = lab_->make(kOdd, kTracks);
    const VolumeId other = lab_->make(kOdd + 1, kTracks);
    ASSERT_TRUE(copy(s, t, 4_MiB));
    ASSERT_TRUE(copy(s, other, 0));
    EXPECT_LT(seconds_until(s, other, 0), 2) << "no limit of its own, " << shards;
    EXPECT_GT(lab_->uncopied(s, t), kTracks / 2) << shards;
    EXPECT_NEAR(seconds_until(s, t, 0), kBytes / 4_MiB, 0.5 * shards + 1.5) << shards;
  }
}

TEST_F(CopyRateTest, AShardThatAloneHasWorkHasTheWholeLimit) {
  open(2);
  const VolumeId s = filled(kEven, 256);
  const VolumeId t = lab_->make(kOdd, 256);
  ASSERT_TRUE(limit_image(4_MiB));
  ASSERT_TRUE(copy(s, t, 0));
  EXPECT_NEAR(seconds_until(s, t, 0), 4, 0.6);
}

TEST_F(CopyRateTest, LimitsHoldAfterARestart) {
  for (const bool of_image : {false, true}) {
    open(2);
    const VolumeId s = filled(kEven);
    const VolumeId t = lab_->make(kOdd, kTracks);
    if (of_image) {
      ASSERT_TRUE(limit_image(4_MiB, 3_MiB));
    }
    ASSERT_TRUE(copy(s, t, of_image ? 0 : 4_MiB));
    seconds_until(s, t, kTracks / 2);
    lab_->crash();
    const auto left = static_cast<double>(lab_->uncopied(s, t) * kTrackBytes);
    ASSERT_GT(left, 0);
    EXPECT_NEAR(seconds_until(s, t, 0), left / 4_MiB, 1.2);
    lab_->restart();  // now from the checkpoint
    EXPECT_EQ(lab_->status(s, t)->relationship.options.copy_limit, of_image ? 0 : 4_MiB);
    EXPECT_EQ(lab_->control().config().copy_rates.limit_bytes_per_second, of_image ? 4_MiB : 0);
    EXPECT_EQ(lab_->control().config().copy_rates.floor_bytes_per_second, of_image ? 3_MiB : 8_MiB);
    EXPECT_EQ(lab_->control().copy_limit_in_force(), of_image ? 4_MiB : 0);
  }
}

TEST_F(CopyRateTest, AChangeIsInForceAtOnce) {
  for (const bool of_image : {false, true}) {
    open(2);
    const VolumeId s = filled(kEven);
    const VolumeId t = lab_->make(kOdd, kTracks);
    const auto change = [&](std::uint64_t rate) { return of_image ? limit_image(rate) : limit(s, t, rate); };
    if (of_image) {
      ASSERT_TRUE(change(16_KiB));
    }
    ASSERT_TRUE(copy(s, t, of_image ? 0 : 16_KiB));
    lab_->run_for(rt::kSecond);
    EXPECT_LE(kTracks - lab_->uncopied(s, t), 2U) << "the first unit of each shard";
    ASSERT_TRUE(change(2_MiB));
    EXPECT_NEAR(copied_in(s, t, 4 * rt::kSecond), 8_MiB, 2.1 * 1_MiB);
    ASSERT_TRUE(change(64_KiB));
    EXPECT_LE(copied_in(s, t, 4 * rt::kSecond), 6.0 * kTrackBytes + 1_MiB);
    ASSERT_TRUE(change(0));
    EXPECT_LT(seconds_until(s, t, 0), 2);
  }
}

TEST_F(CopyRateTest, LessThanATrackInASecondIsProgress) {
  open(2);
  const VolumeId s = filled(kEven);
  const VolumeId t = lab_->make(kOdd, kTracks);
  ASSERT_TRUE(copy(s, t, 16_KiB));
  lab_->run_for(200 * rt::kSecond);
  EXPECT_NEAR(static_cast<double>(kTracks - lab_->uncopied(s, t)), 50, 3);
  const rt::TimeNs began = lab_->world.now();
  lab_->restart();  // a waiting copier does not keep the image from stopping
  EXPECT_LT(lab_->world.now() - began, rt::kSecond);
}

TEST_F(CopyRateTest, AReversedOrRefreshedRelationshipKeepsItsLimit) {
  open(1);
  const VolumeId s = filled(kEven, 64);
  const VolumeId t = lab_->make(kOdd, 64);
  ASSERT_TRUE(copy(s, t, 2_MiB, true));
  ASSERT_TRUE(copied());
  volume::RelationshipOptions options;
  options.background_copy = true;
  options.recording = true;
  for (std::uint64_t track = 0; track < 64; ++track) ASSERT_TRUE(lab_->fill(s, track, 'b'));
  ASSERT_TRUE(lab_->resync(s, t, options));
  EXPECT_EQ(lab_->status(s, t)->relationship.options.copy_limit, 2_MiB);
  EXPECT_NEAR(seconds_until(s, t, 0), 2, 0.6);
  ASSERT_TRUE(lab_->reverse(s, t, options, false));
  EXPECT_EQ(lab_->status(t, s)->relationship.options.copy_limit, 2_MiB);
}

TEST_F(CopyRateTest, AMissingRelationshipCannotBeLimited) {
  open(1);
  const VolumeId s = filled(kEven, 16);
  const VolumeId t = lab_->make(kOdd, 16);
  const auto missing = limit(s, t, 1_MiB);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::no_such_relationship);
}

}  // namespace
}  // namespace tt::simulation
