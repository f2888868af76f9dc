// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

TEST(MakePool, TakesTheLowestFreeIdOfItsRankGroup) {
  SampleImage image;
  EXPECT_EQ(image.add_pool(0, {}), 0);
  EXPECT_EQ(image.add_pool(0, {}), 2);
  EXPECT_EQ(image.add_pool(1, {}), 1);
  EXPECT_EQ(image.add_pool(0, {}), 4);
  image.change(plan_remove_pool(image.config, 2));
  EXPECT_EQ(image.add_pool(0, {}), 2);
}

TEST(MakePool, RejectsWhatThePersonalityDoesNotHave) {
  SampleImage ds6000(Personality::ds6000);
  SampleImage ds8000;
  EXPECT_EQ(code_of(plan_make_pool(ds6000.config, "p", 0, kSmallExtentBytes)), Errc::not_combinable);
  EXPECT_EQ(code_of(plan_make_pool(ds8000.config, "p", 0, kSmallExtentBytes)), Errc::ok);
  EXPECT_EQ(code_of(plan_make_pool(ds8000.config, "p", 2, kLargeExtentBytes)), Errc::invalid_argument);
  EXPECT_EQ(code_of(plan_make_pool(ds8000.config, "p", 0, 4096)), Errc::invalid_argument);
}

TEST(MakePool, EndsWhenTheIdsDo) {
  SampleImage image;
  for (std::uint32_t id = 1; id < 65536; id += 2) {
    apply(image.config, MakePool{.pool = {.id = static_cast<std::uint16_t>(id), .name = {}}});
  }
  EXPECT_EQ(code_of(plan_make_pool(image.config, "p", 1, kLargeExtentBytes)), Errc::limit_reached);
  EXPECT_EQ(code_of(plan_make_pool(image.config, "p", 0, kLargeExtentBytes)), Errc::ok);
}

TEST(RemovePool, FreesItsRanksAndRefusesWhileAVolumeLivesThere) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4, 4});
  image.add_volume(0x0000, pool, 1, AllocationMethod::ese);
  EXPECT_EQ(code_of(plan_remove_pool(image.config, pool)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_remove_pool(image.config, 8)), Errc::object_not_found);
  image.change(plan_remove_volume(image.config, VolumeId(0)));
  image.change(plan_remove_pool(image.config, pool));
  EXPECT_TRUE(image.config.pools.empty());
  EXPECT_TRUE(image.config.taken_extents.empty());
  EXPECT_EQ(image.config.ranks.at(0).pool, std::nullopt);
  EXPECT_EQ(image.config.ranks.at(1).pool, std::nullopt);
}

TEST(AssignRank, MovesOnlyRanksWithoutExtents) {
  SampleImage image;
  const auto from = image.add_pool(0, {4});
  const auto to = image.add_pool(1, {}, kSmallExtentBytes);
  image.add_volume(0x0000, from, 1);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 0, to)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 0, std::nullopt)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 0, from)), Errc::ok);
  image.change(plan_assign_rank(image.config, 0, from));
  EXPECT_EQ(image.config.free_extents(from), 3U) << "assigning to its own pool forgets nothing";
  image.change(plan_remove_volume(image.config, VolumeId(0)));
  image.change(plan_assign_rank(image.config, 0, to));
  EXPECT_EQ(image.config.total_extents(from), 0U);
  EXPECT_EQ(image.config.total_extents(to), 4 * 64U);
}

TEST(VirtualLimit, HoldsWhatThinVolumesPromise) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4});
  const auto thin = [&](std::uint16_t id, std::uint64_t gibibytes) {
    return plan_make_volume(image.config, image.request(id, pool, gibibytes, AllocationMethod::ese),
                            Generation(image.next_lsn), 0);
  };
  EXPECT_EQ(code_of(thin(0, 5)), Errc::ok);
  image.change(plan_change_pool(
      image.config,
      {.id = pool, .name = {}, .threshold_percent = {}, .limit_percent = {}, .limited = {}, .virtual_limited = true}));
  EXPECT_EQ(code_of(thin(0, 5)), Errc::no_space);
  image.change(thin(0, 3));
  EXPECT_EQ(code_of(thin(1, 2)), Errc::no_space);
  image.add_volume(2, pool, 1);
  EXPECT_EQ(code_of(thin(1, 1)), Errc::ok) << "what is allocated at once is no promise";
  const auto grown = [&](std::uint64_t gibibytes) {
    return code_of(plan_change_volume(image.config,
                                      {.id = VolumeId(0), .name = {}, .block_count = gibibytes * 1_GiB / kBlockBytes}));
  };
  EXPECT_EQ(grown(4), Errc::ok);
  EXPECT_EQ(grown(5), Errc::no_space);
  EXPECT_EQ(decode_config(encode_config(image.config)).value(), image.config);
}

TEST(AssignRank, RejectsUnknownObjectsAndFailedRanks) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4});
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 5, pool)), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 0, 6)), Errc::object_not_found);
  image.change(plan_assign_rank(image.config, 0, std::nullopt));
  image.change(FailRank{.rank = 0});
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 0, pool)), Errc::rank_failed);
}

TEST(AssignRank, ExtentsOfAllRanksTogetherAreLimited) {
  SampleImage image;
  image.add_pool(0, {});
  const auto small = image.add_pool(0, {}, kSmallExtentBytes);
  RankConfig huge{};
  huge.data_bytes = kMaxImageExtents * kSmallExtentBytes;
  RankConfig little{};
  little.id = 1;
  little.data_bytes = kSmallExtentBytes;
  image.change(AddRank{.rank = huge});
  image.change(AddRank{.rank = little});
  image.change(plan_assign_rank(image.config, 0, small));
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 1, small)), Errc::limit_reached);
  image.change(plan_assign_rank(image.config, 0, std::nullopt));
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 1, small)), Errc::ok);
}

}  // namespace
}  // namespace tt::volume
