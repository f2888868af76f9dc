// SPDX-License-Identifier: Apache-2.0
// Ids and capacities as users write them.
#include <gtest/gtest.h>

#include "model/capacity.h"
#include "model/ids.h"

namespace tt::model {
namespace {

TEST(Ids, VolumesAndLsss) {
  EXPECT_EQ(parse_volume_id("01aB"), VolumeId{0x01AB});
  EXPECT_EQ(volume_id_text(VolumeId{0x01AB}), "01AB");
  for (const char* wrong : {"", "100", "01000", "01G0", "-100", "+100", "0x10", "FF00", " 100"}) {
    EXPECT_FALSE(parse_volume_id(wrong)) << wrong;
  }
  EXPECT_EQ(parse_lss_id("fe"), 0xFE);
  EXPECT_FALSE(parse_lss_id("FF"));
  EXPECT_EQ(lss_id_text(0x0A), "0A");
}

TEST(Ids, PoolsAndRanks) {
  EXPECT_EQ(canonical_id(IdKind::extent_pool, "p12"), "P12");
  EXPECT_EQ(canonical_id(IdKind::rank, "r0"), "R0");
  for (const char* wrong : {"P", "P01", "R1", "P-1", "P1234567", "12"}) {
    EXPECT_FALSE(canonical_id(IdKind::extent_pool, wrong)) << wrong;
  }
}

TEST(Ids, Images) {
  EXPECT_EQ(parse_image_id("ibm.2107-75abcd1"), "IBM.2107-75ABCD1");
  for (const char* wrong : {"IBM.2107-75ABCD", "IBM.2107-75ABCD12", "IBM.9999-75ABCD1", "HAL.2107-75ABCD1", ""}) {
    EXPECT_FALSE(parse_image_id(wrong)) << wrong;
  }
  EXPECT_EQ(personality_of("IBM.1750-68FA120"), Personality::ds6000);
  EXPECT_EQ(personality_of("IBM.2107-75ABCD1"), Personality::ds8000);
  const auto split = split_qualified("ibm.2107-75abcd1/0100");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->image, "IBM.2107-75ABCD1");
  EXPECT_EQ(split->id, "0100");
  EXPECT_FALSE(split_qualified("nonsense/0100"));
  EXPECT_TRUE(split_qualified("0100")->image.empty());
}

TEST(Ids, NamePatterns) {
  EXPECT_EQ(expand_name_pattern("gm_#h", VolumeId{0x10AB}), "gm_10AB");
  EXPECT_EQ(expand_name_pattern("#d#", VolumeId{0x0010}), "16#");
  EXPECT_EQ(expand_name_pattern("plain", VolumeId{1}), "plain");
}

constexpr auto kNew = Personality::ds8000;

TEST(Capacity, BinaryUnitsAreExact) {
  EXPECT_EQ(*capacity_blocks("100", "ds", kNew), 209'715'200U);
  EXPECT_EQ(*capacity_blocks("1", "MiB", kNew), 2048U);
  EXPECT_EQ(*capacity_blocks("16", "TiB", kNew), 34'359'738'368U);
  EXPECT_EQ(*capacity_blocks("7", "blocks", kNew), 7U);
}

TEST(Capacity, EssIsDecimalAndRoundedUpTo32KiB) {
  const auto blocks = capacity_blocks("10.0", "ess", kNew);
  ASSERT_TRUE(blocks);
  EXPECT_EQ(*blocks % 64, 0U);
  EXPECT_GE(*blocks * 512, 10'000'000'000U);
  EXPECT_LT(*blocks * 512, 10'000'000'000U + 32768);
  EXPECT_EQ(capacity_blocks("982.3", "ess", kNew).error().code, Errc::out_of_range);
  EXPECT_EQ(capacity_blocks("1.25", "ess", kNew).error().code, Errc::invalid_argument);
}

TEST(Capacity, RefusesWhatThePersonalityDoesNotHave) {
  EXPECT_TRUE(capacity_blocks("2048", "ds", Personality::ds6000));
  EXPECT_EQ(capacity_blocks("2049", "ds", Personality::ds6000).error().code, Errc::out_of_range);
  EXPECT_EQ(capacity_blocks("16385", "ds", kNew).error().code, Errc::out_of_range);
  EXPECT_EQ(capacity_blocks("0", "ds", kNew).error().code, Errc::out_of_range);
  for (const char* wrong : {"", "-1", "1.5", "ten", "99999999999999999999"}) {
    EXPECT_EQ(capacity_blocks(wrong, "ds", kNew).error().code, Errc::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace tt::model
