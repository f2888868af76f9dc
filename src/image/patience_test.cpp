// SPDX-License-Identifier: Apache-2.0
#include "image/patience.h"

#include <gtest/gtest.h>

namespace tt::image {
namespace {

TEST(Patience, LastsAsLongAsThereIsProgress) {
  rt::TimeNs now = 5 * rt::kSecond;
  Patience patience(now);
  for (std::uint64_t left = 10; left > 0; --left) {
    now += Patience::kLimit - 1;
    EXPECT_FALSE(patience.is_over(now, left));
  }
  EXPECT_FALSE(patience.is_over(now + Patience::kLimit - 1, 1));
  EXPECT_TRUE(patience.is_over(now + Patience::kLimit, 1));
}

TEST(Patience, MoreThanBeforeIsNoProgress) {
  Patience patience(0);
  EXPECT_FALSE(patience.is_over(1, 3));
  EXPECT_FALSE(patience.is_over(Patience::kLimit, 7));
  EXPECT_FALSE(patience.is_over(Patience::kLimit, 4));
  EXPECT_TRUE(patience.is_over(Patience::kLimit + 1, 3));
}

}  // namespace
}  // namespace tt::image
