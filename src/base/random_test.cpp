// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace tt {
namespace {

// Computed by an independent implementation of SplitMix64 and xoshiro256**: a seed that failed in the simulator must
// mean the same run on every machine and in every later version.
TEST(Random, SequenceIsFixed) {
  Random zero(0);
  EXPECT_EQ(zero.next(), 0x99EC5F36CB75F2B4U);
  EXPECT_EQ(zero.next(), 0xBF6E1F784956452AU);
  EXPECT_EQ(zero.next(), 0x1A5F849D4933E6E0U);
  Random other(42);
  EXPECT_EQ(other.next(), 0x15780B2E0C2EC716U);
  EXPECT_EQ(other.next(), 0x6104D9866D113A7EU);
  EXPECT_EQ(other.next(), 0xAE17533239E499A1U);
}

TEST(Random, BelowIsUniformAndInRange) {
  Random random(3);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70'000; ++i) {
    const std::uint64_t value = random.below(7);
    ASSERT_LT(value, 7U);
    ++seen[value];
  }
  for (int count : seen) EXPECT_NEAR(count, 10'000, 500);  // five standard deviations
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, ChanceFollowsItsFraction) {
  Random random(4);
  int hits = 0;
  for (int i = 0; i < 30'000; ++i) hits += random.chance(1, 3) ? 1 : 0;
  EXPECT_NEAR(hits, 10'000, 500);
  EXPECT_FALSE(random.chance(0, 5));
  EXPECT_TRUE(random.chance(5, 5));
}

TEST(Random, BelowZeroIsAProgrammerError) {
  Random random(5);
  EXPECT_DEATH(random.below(0), "invariant broken");
}

}  // namespace
}  // namespace tt
