// SPDX-License-Identifier: Apache-2.0
#include "image/write_throttle.h"

#include <gtest/gtest.h>

#include <vector>

namespace tt::image {
namespace {

constexpr rt::TimeNs kStart = 1000 * rt::kSecond;

TEST(WriteThrottle, LetsABurstThrough) {
  WriteThrottle throttle;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(throttle.begin_at(kStart, 1_MiB, WriteThrottle::kFreePermille), kStart);
  }
}

TEST(WriteThrottle, AByteCostsMoreTheFullerTheJournalIs) {
  rt::TimeNs before = kStart;
  for (const std::uint64_t fill : {600U, 700U, 800U, 900U}) {
    WriteThrottle throttle;
    const rt::TimeNs at = throttle.begin_at(kStart, 1_MiB, fill);
    EXPECT_GT(at, before) << fill;
    before = at;
  }
  WriteThrottle middle;
  EXPECT_EQ(middle.begin_at(kStart, 1_MiB, 700), kStart + WriteThrottle::kMiddle);
}

TEST(WriteThrottle, AddsUpWhatIsTooShortToSleep) {
  WriteThrottle throttle;
  EXPECT_EQ(throttle.begin_at(kStart, 64_KiB, 700), kStart);
  EXPECT_EQ(throttle.begin_at(kStart, 64_KiB, 700), kStart + 2 * WriteThrottle::kMiddle / 16);
}

TEST(WriteThrottle, NeverWaitsLongerThanItsLimit) {
  WriteThrottle throttle;
  for (const std::uint64_t fill : {999U, 1000U, 2000U}) {
    for (int i = 0; i < 100; ++i) {
      EXPECT_LE(throttle.begin_at(kStart, 1_MiB, fill), kStart + WriteThrottle::kLongest) << fill;
    }
  }
}

/// Hosts at full speed against a destager that gives back 16 MiB at once, at several speeds: nobody waits much longer
/// than on average, and the journal never runs full.
TEST(WriteThrottle, SettlesWhateverTheDestagerManages) {
  constexpr std::uint64_t kLimit = 200_MiB;
  constexpr std::uint64_t kBatch = 16_MiB;
  for (const std::uint64_t drain_bytes_per_second : {40_MiB, 150_MiB, 600_MiB}) {
    WriteThrottle throttle;
    rt::TimeNs now = kStart;
    std::uint64_t used = 0;
    const auto batch_ns = static_cast<rt::TimeNs>(kBatch * rt::kSecond / drain_bytes_per_second);
    rt::TimeNs batch_ends = now + batch_ns;
    rt::TimeNs longest = 0;
    std::uint64_t settled_bytes = 0;
    while (now < kStart + 20 * rt::kSecond) {
      const rt::TimeNs begins = throttle.begin_at(now, 1_MiB, used * 1000 / kLimit);
      if (now > kStart + 10 * rt::kSecond) {
        longest = std::max(longest, begins - now);
        settled_bytes += 1_MiB;
      }
      now = begins;
      for (; batch_ends <= now; batch_ends += batch_ns) used -= std::min(used, kBatch);
      used += 1_MiB;
      ASSERT_LE(used, kLimit) << drain_bytes_per_second;
    }
    EXPECT_NEAR(static_cast<double>(settled_bytes) / 10, static_cast<double>(drain_bytes_per_second),
                static_cast<double>(drain_bytes_per_second) / 10);
    const auto mean = static_cast<rt::TimeNs>(1_MiB * rt::kSecond / drain_bytes_per_second);
    EXPECT_LT(longest, 4 * mean) << drain_bytes_per_second;
  }
}

}  // namespace
}  // namespace tt::image
