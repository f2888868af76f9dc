// SPDX-License-Identifier: Apache-2.0
#include "volume/extent_map.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace tt::volume {
namespace {

TEST(ExtentMap, BehavesLikeAVectorOfBoolUnderRandomOperations) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    const auto size = static_cast<std::uint32_t>(random.below(300));
    ExtentMap map(size);
    std::vector<bool> plain(size);
    for (int step = 0; step < 500 && size > 0; ++step) {
      const auto index = static_cast<std::uint32_t>(random.below(size));
      if (plain[index])
        map.release(index);
      else
        map.take(index);
      plain[index] = !plain[index];
      ASSERT_EQ(map[index], plain[index]);
      ASSERT_EQ(map.taken(), std::count(plain.begin(), plain.end(), true));
      ASSERT_EQ(map.free(), size - map.taken());
      const auto from = static_cast<std::uint32_t>(random.below(size + 1));
      const auto hit = static_cast<std::uint32_t>(std::find(plain.begin() + from, plain.end(), false) - plain.begin());
      ASSERT_EQ(map.find_free(from).value_or(size), hit) << "from " << from;
    }
  }
}

TEST(ExtentMap, FindsNothingInAFullOrEmptyMap) {
  EXPECT_EQ(ExtentMap().find_free(0), std::nullopt);
  EXPECT_EQ(ExtentMap(0).find_free(0), std::nullopt);
  for (const std::uint32_t size : {1U, 63U, 64U, 65U, 128U}) {
    ExtentMap map(size);
    for (std::uint32_t index = 0; index < size; ++index) {
      EXPECT_EQ(map.find_free(0), index);
      map.take(index);
    }
    EXPECT_EQ(map.find_free(0), std::nullopt) << size;
    map.release(size - 1);
    EXPECT_EQ(map.find_free(0), size - 1);
  }
}

TEST(ExtentMap, TakingTwiceOrReleasingAFreeExtentAborts) {
  ExtentMap map(3);
  map.take(1);
  EXPECT_DEATH(map.take(1), "invariant broken");
  EXPECT_DEATH(map.release(0), "invariant broken");
  EXPECT_DEATH(map.take(3), "invariant broken");
}

TEST(ExtentMap, EqualityIsAboutTheExtentsNotHowTheyCameToBe) {
  ExtentMap a(100);
  ExtentMap b(100);
  a.take(0);
  a.take(1);
  a.release(0);
  b.take(1);
  EXPECT_EQ(a, b);
  b.take(99);
  EXPECT_FALSE(a == b);
  EXPECT_FALSE(ExtentMap(63) == ExtentMap(64));
}

}  // namespace
}  // namespace tt::volume
