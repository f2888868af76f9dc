// SPDX-License-Identifier: Apache-2.0
#include "image/pacer.h"

#include <gtest/gtest.h>

#include <vector>

namespace tt::image {
namespace {

constexpr rt::TimeNs kBegan = 1000 * rt::kSecond;
constexpr rt::TimeNs kTook = 10 * rt::kMillisecond;
constexpr rt::TimeNs kEnded = kBegan + kTook;
constexpr rt::TimeNs kQuick = rt::kMillisecond;
constexpr rt::TimeNs kSlow = 50 * rt::kMillisecond;

TEST(Pacer, DoesNotPauseWhenNoHostIsThere) {
  CommonPace common({}, 1);
  Pacer pacer(common);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pacer.next_begin(4_MiB, kBegan, kEnded, false, kSlow), kEnded);
}

TEST(Pacer, LeavesHostsMoreWhileTheyAreSlow) {
  CommonPace common({}, 1);
  common.set({.limit_bytes_per_second = 0, .floor_bytes_per_second = 0});
  Pacer pacer(common);
  EXPECT_EQ(pacer.next_begin(4_MiB, kBegan, kEnded, true, kQuick), kEnded + kTook);
  for (const int share : {2, 4, 8, 16, 16}) {
    EXPECT_EQ(pacer.next_begin(4_MiB, kBegan, kEnded, true, kSlow), kEnded + share * kTook);
  }
  EXPECT_EQ(pacer.next_begin(4_MiB, kBegan, kEnded, true, kQuick), kEnded + 15 * kTook);
  EXPECT_EQ(pacer.next_begin(4_MiB, kBegan, kEnded, false, kQuick), kEnded);
}

/// Ten seconds of shards that copy one unit after the other, each in no time; bytes per second of all.
double rate_of(CommonPace& common, std::uint32_t shards, bool hosts_active, rt::TimeNs took) {
  constexpr std::uint64_t kUnit = 256_KiB;
  std::vector<Pacer> pacers(shards, Pacer(common));
  std::vector<rt::TimeNs> next(shards, kBegan);
  std::uint64_t units = 0;
  for (rt::TimeNs now = kBegan; now < kBegan + 10 * rt::kSecond; now += rt::kMillisecond) {
    for (std::uint32_t i = 0; i < shards; ++i) {
      if (next[i] > now) continue;
      next[i] = pacers[i].next_begin(kUnit, now, now + took, hosts_active, kSlow);
      ++units;
    }
  }
  return static_cast<double>(units * kUnit) / 10;
}

TEST(Pacer, KeepsTheFloorOfTheImageWithAnyNumberOfShards) {
  for (const std::uint32_t shards : {1U, 2U, 5U}) {
    CommonPace common({}, 5);
    EXPECT_NEAR(rate_of(common, shards, true, 20 * rt::kMillisecond), 8_MiB, 1_MiB) << shards;
  }
}

TEST(Pacer, KeepsTheLimitOfTheImageWithAnyNumberOfShards) {
  for (const bool hosts_active : {false, true}) {
    for (const std::uint32_t shards : {1U, 2U, 5U}) {
      CommonPace common({}, 5);
      common.set({.limit_bytes_per_second = 3_MiB});
      EXPECT_NEAR(rate_of(common, shards, hosts_active, kTook), 3_MiB, 256_KiB) << shards << hosts_active;
    }
  }
}

TEST(Pacer, TheLowerLimitOfImageAndProcessCounts) {
  CommonPace common({.limit_bytes_per_second = 5_MiB}, 1);
  EXPECT_EQ(common.limit().bytes_per_second(), 5_MiB);
  common.set({.limit_bytes_per_second = 3_MiB});
  EXPECT_EQ(common.limit().bytes_per_second(), 3_MiB);
  common.set({.limit_bytes_per_second = 7_MiB});
  EXPECT_EQ(common.limit().bytes_per_second(), 5_MiB);
}

TEST(Pacer, UnitsAreSmallWhenTheRateIs) {
  CommonPace common({}, 1);
  const flashcopy::CopyRate none;
  EXPECT_EQ(Pacer(common).unit_tracks(none), 64U);
  EXPECT_EQ(Pacer(common).unit_tracks(flashcopy::CopyRate(1_MiB)), 8U);
  EXPECT_EQ(Pacer(common).unit_tracks(flashcopy::CopyRate(1)), 1U);
  common.set({.limit_bytes_per_second = 2_MiB});
  EXPECT_EQ(Pacer(common).unit_tracks(none), 16U);
}

}  // namespace
}  // namespace tt::image
