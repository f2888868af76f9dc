// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/units.h"

namespace tt {
namespace {

static_assert(std::is_trivially_destructible_v<Error>);
static_assert(!std::is_convertible_v<Result<int>, bool>, "only explicitly, or a result could pass as a number");

Result<int> half(int n) {
  if (n % 2 != 0) return {Errc::invalid_argument, static_cast<std::uint64_t>(n)};
  return n / 2;
}

Result<std::string> quarter_as_text(int n) {
  TT_TRY(const int first, half(n));
  TT_TRY(const int second, half(first));
  return std::to_string(second);
}

Result<void> must_be_even(int n) {
  TT_CHECK(half(n));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = half(6);
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(*good, 3);
  const Result<int> bad = half(7);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), (Error{Errc::invalid_argument, 7}));
}

TEST(Result, MacrosPassTheErrorOn) {
  EXPECT_EQ(*quarter_as_text(12), "3");
  EXPECT_EQ(quarter_as_text(6).error().detail, 3U);
  EXPECT_EQ(quarter_as_text(5).error().detail, 5U);
  EXPECT_TRUE(must_be_even(4));
  EXPECT_EQ(must_be_even(3).error().code, Errc::invalid_argument);
}

TEST(Result, CarriesMoveOnlyValues) {
  Result<std::unique_ptr<int>> made(std::make_unique<int>(5));
  EXPECT_EQ(**made, 5);
  const std::unique_ptr<int> taken = std::move(*made);
  EXPECT_EQ(*taken, 5);
  Result<std::unique_ptr<int>> again(std::make_unique<int>(6));
  const std::unique_ptr<int> moved = *std::move(again);
  EXPECT_EQ(*moved, 6);
}

TEST(Result, AskingTheWrongSideAborts) {
  Result<int> bad(Errc::busy);
  EXPECT_DEATH((void)bad.value(), "invariant broken");
  Result<int> good(1);
  EXPECT_DEATH((void)good.error(), "invariant broken");
  const Result<void> fine;
  EXPECT_DEATH((void)fine.error(), "invariant broken");
  EXPECT_DEATH((void)Result<int>(Errc::ok), "invariant broken") << "ok is no error";
}

TEST(Errors, EveryCodeHasItsName) {
  EXPECT_STREQ(name_of(Errc::ok), "ok");
  EXPECT_STREQ(name_of(Errc::target_too_small), "target_too_small");
  EXPECT_STREQ(name_of(Errc::version_not_supported), "version_not_supported");
  EXPECT_STREQ(name_of(static_cast<Errc>(9999)), "unknown");
}

TEST(Units, RoundingAndDivision) {
  EXPECT_EQ(round_up(0, 512), 0U);
  EXPECT_EQ(round_up(1, 512), 512U);
  EXPECT_EQ(round_up(512, 512), 512U);
  EXPECT_EQ(divide_up(1025, 512), 3U);
  EXPECT_EQ(kTrackBytes, 64_KiB);
  EXPECT_LT(Lsn(1), Lsn(2));
}

}  // namespace
}  // namespace tt
