// SPDX-License-Identifier: Apache-2.0
#include "flashcopy/copy_rate.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/units.h"

namespace tt::flashcopy {
namespace {

constexpr rt::TimeNs kStart = 1000 * rt::kSecond;

/// Timers are a little late each time; the schedule is not.
TEST(CopyRate, OnePayerKeepsTheRate) {
  CopyRate rate(1_MiB);
  rt::TimeNs begin = rate.pay(512_KiB, kStart);
  const rt::TimeNs first = begin;
  EXPECT_NEAR(static_cast<double>(first - kStart), 0.5 * rt::kSecond, 1e7);
  for (int piece = 1; piece < 20; ++piece) begin = rate.pay(512_KiB, begin + piece % 3 * rt::kMillisecond);
  EXPECT_EQ(begin - first, 19 * rt::kSecond / 2);
}

/// Each begins a piece when it may; all together keep the rate, and none gets less than the others.
TEST(CopyRate, SeveralPayersShareIt) {
  auto rate = std::make_shared<CopyRate>(4_MiB);
  std::array<RateTurns, 3> payers;
  std::array<int, 3> pieces{};
  for (RateTurns& payer : payers) payer.follow(rate);
  for (rt::TimeNs now = kStart; now < kStart + 10 * rt::kSecond; now += rt::kMillisecond) {
    for (std::size_t i = 0; i < payers.size(); ++i) {
      if (payers[i].next() > now) continue;
      payers[i].pay(64_KiB, now);
      ++pieces[i];
    }
  }
  EXPECT_NEAR(pieces[0] + pieces[1] + pieces[2], 640, 4);
  for (const int own : pieces) EXPECT_NEAR(own, 640 / 3, 2);
}

TEST(CopyRate, APieceThatTookLongerThanTheRateWantsIsFollowedAtOnce) {
  CopyRate rate(1_MiB);
  EXPECT_EQ(rate.pay(1_MiB, kStart), kStart + rt::kSecond - 10 * rt::kMillisecond);
  EXPECT_LT(rate.pay(1_MiB, kStart + 60 * rt::kSecond), kStart + 61 * rt::kSecond);
}

TEST(CopyRate, AChangeEndsEveryWait) {
  auto rate = std::make_shared<CopyRate>(1);
  RateTurns payer;
  payer.follow(rate);
  payer.pay(64_KiB, kStart);
  EXPECT_GT(payer.next(), kStart + 65'000 * rt::kSecond);
  rate->set(64_KiB);
  EXPECT_EQ(payer.next(), 0);
  payer.pay(64_KiB, kStart);
  EXPECT_NEAR(static_cast<double>(payer.next()), static_cast<double>(kStart + rt::kSecond), 1e7);
  rate->set(0);
  EXPECT_EQ(payer.next(), 0);
  payer.pay(64_KiB, kStart);
  EXPECT_LE(payer.next(), kStart);
}

TEST(CopyRate, AFloorIsNotHeldAgainstThoseWhoWereFaster) {
  CopyRate floor(1_MiB);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(floor.pay(1_MiB, kStart, 2), kStart + 2 * rt::kSecond);
}

TEST(CopyMeter, ShowsTheRateOfTheLastSeconds) {
  CopyMeter meter;
  rt::TimeNs now = kStart;
  EXPECT_EQ(meter.bytes_per_second(now), 0U);
  for (int i = 0; i < 100; ++i, now += 100 * rt::kMillisecond) meter.note(1_MiB, now);
  EXPECT_EQ(meter.bytes_per_second(now), 10_MiB);
  for (int i = 0; i < 100; ++i, now += 500 * rt::kMillisecond) meter.note(1_MiB, now);
  EXPECT_EQ(meter.bytes_per_second(now), 2_MiB);
  EXPECT_EQ(meter.bytes_per_second(now + 10 * rt::kSecond), 0U) << "nothing comes any more";
}

TEST(CopyMeter, KnowsASlowCopyFromOneThatStands) {
  CopyMeter meter;
  rt::TimeNs now = kStart;
  for (int i = 0; i < 10; ++i, now += 8 * rt::kSecond) meter.note(64_KiB, now);
  EXPECT_EQ(meter.bytes_per_second(now), 8_KiB);
  EXPECT_EQ(meter.bytes_per_second(now + 100 * rt::kSecond), 0U);
  meter.note(64_KiB, now + 1000 * rt::kSecond);
  EXPECT_EQ(meter.bytes_per_second(now + 1000 * rt::kSecond), 0U) << "one piece has no rate";
}

}  // namespace
}  // namespace tt::flashcopy
