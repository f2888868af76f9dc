// SPDX-License-Identifier: Apache-2.0
#include "volume/plan_change.h"

#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

constexpr std::uint64_t kGib = 1_GiB / kBlockBytes;

ChangeVolumeRequest to_size(std::uint16_t id, std::uint64_t blocks) {
  ChangeVolumeRequest request;
  request.id = VolumeId(id);
  request.block_count = blocks;
  return request;
}

ChangePoolRequest limit(std::uint16_t pool, std::uint8_t percent) {
  ChangePoolRequest request;
  request.id = pool;
  request.limit_percent = percent;
  request.limited = true;
  return request;
}

TEST(ChangeVolume, TakesTheExtentsOfTheNewEnd) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10, 10});
  image.add_volume(0x0000, pool, 3);
  const auto before = image.config.find_volume(VolumeId(0))->extents;
  image.change(plan_change_volume(image.config, to_size(0, 5 * kGib + 1)));
  const VolumeConfig& volume = *image.config.find_volume(VolumeId(0));
  EXPECT_EQ(volume.block_count, 5 * kGib + 1);
  ASSERT_EQ(volume.extents.size(), 6U);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), volume.extents.begin()));
  EXPECT_NE(volume.extents[3]->rank, volume.extents[2]->rank) << "goes on where the old end stopped";
  EXPECT_EQ(image.config.free_extents(pool), 14U);
}

TEST(ChangeVolume, InsideItsLastExtentItTakesNone) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  auto request = image.request(0x0000, pool, 0);
  request.block_count = kGib / 2;
  image.change(plan_make_volume(image.config, request, Generation(1), 0));
  image.change(plan_change_volume(image.config, to_size(0, kGib)));
  EXPECT_EQ(image.config.find_volume(VolumeId(0))->extents.size(), 1U);
  EXPECT_EQ(image.config.free_extents(pool), 9U);
}

TEST(ChangeVolume, AThinOneTakesNoneAtAll) {
  SampleImage image;
  const auto pool = image.add_pool(0, {2});
  image.add_volume(0x0000, pool, 1, AllocationMethod::ese);
  image.change(plan_change_volume(image.config, to_size(0, 100 * kGib)));
  EXPECT_EQ(image.config.find_volume(VolumeId(0))->extents.size(), 100U);
  EXPECT_EQ(image.config.free_extents(pool), 2U);
}

TEST(ChangeVolume, Rejections) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  image.add_volume(0x0000, pool, 2);
  image.add_volume(0x0001, pool, 2);
  const auto code = [&](std::uint16_t id, std::uint64_t blocks) {
    return code_of(plan_change_volume(image.config, to_size(id, blocks)));
  };
  EXPECT_EQ(code(0x0005, 3 * kGib), Errc::volume_not_found);
  EXPECT_EQ(code(0, 2 * kGib), Errc::out_of_range);
  EXPECT_EQ(code(0, kGib), Errc::out_of_range);
  EXPECT_EQ(code(0, 16_TiB / kBlockBytes + 1), Errc::out_of_range);
  EXPECT_EQ(code(0, 9 * kGib), Errc::no_space);
  EXPECT_EQ(code(0, 8 * kGib), Errc::ok);
  const Generation copy = image.establish(0x0000, 0x0001);
  EXPECT_EQ(code(0, 3 * kGib), Errc::other_relationships);
  EXPECT_EQ(code(1, 3 * kGib), Errc::other_relationships);
  image.withdraw(copy);
  EXPECT_EQ(code(1, 3 * kGib), Errc::other_relationships) << "closing";
  image.change(EndRelationship{.relationship = copy});
  EXPECT_EQ(code(1, 3 * kGib), Errc::ok);
}

TEST(ChangeVolume, ARenameIsPossibleInARelationship) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  image.add_volume(0x0000, pool, 2);
  image.add_volume(0x0001, pool, 2);
  image.establish(0x0000, 0x0001);
  ChangeVolumeRequest request;
  request.id = VolumeId(0);
  request.name = "";
  image.change(plan_change_volume(image.config, request));
  EXPECT_EQ(image.config.find_volume(VolumeId(0))->name, "");
}

TEST(ChangeVolume, FollowsItsOwnWayOfAllocation) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10, 10});
  auto request = image.request(0x0000, pool, 2);
  request.rotation = ExtentRotation::volumes;
  image.change(plan_make_volume(image.config, request, Generation(1), 0));
  image.change(plan_change_volume(image.config, to_size(0, 6 * kGib)));
  const auto& extents = image.config.find_volume(VolumeId(0))->extents;
  for (const auto& extent : extents) EXPECT_EQ(extent->rank, extents[0]->rank);
}

TEST(ReleaseSpace, FreesTheExtentsAndVoidsWhatIsOlder) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  image.add_volume(0x0000, pool, 4, AllocationMethod::ese);
  image.change(plan_allocate_extent(image.config, VolumeId(0), 1));
  image.change(plan_release_space(image.config, VolumeId(0), Lsn(50), Generation(51)));
  const VolumeConfig& volume = *image.config.find_volume(VolumeId(0));
  EXPECT_EQ(image.config.free_extents(pool), 10U);
  EXPECT_FALSE(volume.extents[1]);
  EXPECT_EQ(volume.kills, (std::vector<Kill>{{.lsn = Lsn(50), .track_count = volume.track_count()}}));
  EXPECT_EQ(volume.map_generation(), Generation(51));
  EXPECT_NE(volume.generation, Generation(51)) << "hosts keep their volume";
  image.add_volume(0x0001, pool, 1);
  EXPECT_EQ(code_of(plan_release_space(image.config, VolumeId(1), Lsn(52), Generation(53))), Errc::not_combinable);
}

TEST(ChangeLss, AttributesMakeAnLssAndKeepIt) {
  SampleImage image;
  ChangeLssRequest request;
  request.id = 0x12;
  request.long_busy_timeout_s = 90;
  image.change(plan_change_lss(image.config, request));
  ASSERT_TRUE(image.config.lsses.contains(0x12));
  EXPECT_EQ(image.config.lsses[0x12].long_busy_timeout_s, 90U);
  EXPECT_FALSE(image.config.lsses[0x12].consistency_group);
  request.long_busy_timeout_s = 60;  // the default again, and no volumes
  image.change(plan_change_lss(image.config, request));
  EXPECT_FALSE(image.config.lsses.contains(0x12));
  request.long_busy_timeout_s = 65536;
  EXPECT_EQ(code_of(plan_change_lss(image.config, request)), Errc::out_of_range);
  request.id = 0xFF;
  EXPECT_EQ(code_of(plan_change_lss(image.config, request)), Errc::limit_reached);
  SampleImage small(Personality::ds6000);
  request.id = 0x20;
  EXPECT_EQ(code_of(plan_change_lss(small.config, request)), Errc::limit_reached);
}

TEST(ChangePool, TheLimitHoldsAllocation) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  image.add_volume(0x0000, pool, 3);
  image.change(plan_change_pool(image.config, limit(pool, 50)));
  EXPECT_EQ(image.config.free_extents(pool), 2U);
  EXPECT_EQ(code_of(plan_make_volume(image.config, image.request(0x0001, pool, 3), Generation(9), 0)), Errc::no_space);
  EXPECT_EQ(code_of(plan_change_volume(image.config, to_size(0, 6 * kGib))), Errc::no_space);
  image.change(plan_change_pool(image.config, limit(pool, 20)));
  EXPECT_EQ(image.config.free_extents(pool), 0U) << "more is allocated than the limit says";
  ChangePoolRequest request = limit(pool, 20);
  request.limited = false;
  image.change(plan_change_pool(image.config, request));
  EXPECT_EQ(image.config.free_extents(pool), 7U);
  request.threshold_percent = 101;
  EXPECT_EQ(code_of(plan_change_pool(image.config, request)), Errc::out_of_range);
  request.id = 8;
  EXPECT_EQ(code_of(plan_change_pool(image.config, request)), Errc::object_not_found);
}

TEST(MergePools, VolumesAndRanksMove) {
  SampleImage image;
  const auto into = image.add_pool(0, {4});
  const auto from = image.add_pool(0, {4});
  const auto odd = image.add_pool(1, {4});
  const auto small = image.add_pool(0, {4}, kSmallExtentBytes);
  image.add_volume(0x0000, from, 2);
  EXPECT_EQ(code_of(plan_merge_pools(image.config, into, odd)), Errc::parity_differs);
  EXPECT_EQ(code_of(plan_merge_pools(image.config, into, small)), Errc::not_combinable);
  EXPECT_EQ(code_of(plan_merge_pools(image.config, into, into)), Errc::invalid_argument);
  EXPECT_EQ(code_of(plan_merge_pools(image.config, into, 40)), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_merge_pools(image.config, 40, into)), Errc::object_not_found);
  image.change(plan_merge_pools(image.config, into, from));
  EXPECT_FALSE(image.config.pools.contains(from));
  EXPECT_EQ(image.config.find_volume(VolumeId(0))->pool, into);
  EXPECT_EQ(image.config.free_extents(into), 6U);
  EXPECT_EQ(code_of(decode_config(encode_config(image.config))), Errc::ok);
}

TEST(Ranks, AReservedRankGivesNothing) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4, 4});
  image.change(plan_reserve_rank(image.config, 0, true));
  EXPECT_EQ(image.config.free_extents(pool), 4U);
  EXPECT_EQ(image.config.reserved_extents(pool), 4U);
  image.add_volume(0x0000, pool, 4);
  for (const auto& extent : image.config.find_volume(VolumeId(0))->extents) EXPECT_EQ(extent->rank, 1);
  EXPECT_EQ(code_of(plan_make_volume(image.config, image.request(0x0001, pool, 1), Generation(9), 0)), Errc::no_space);
  image.change(plan_reserve_rank(image.config, 0, false));
  EXPECT_EQ(image.config.free_extents(pool), 4U);
  image.change(plan_assign_rank(image.config, 0, std::nullopt));
  EXPECT_EQ(code_of(plan_reserve_rank(image.config, 0, true)), Errc::not_combinable);
  EXPECT_EQ(code_of(plan_reserve_rank(image.config, 7, true)), Errc::object_not_found);
}

TEST(Ranks, SiteArrayRankAndBack) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4});
  ASSERT_EQ(image.config.sites.size(), 1U) << "of the rank that came without";
  EXPECT_EQ(image.config.arrays.at(0).site, 1);
  image.change(plan_add_site(image.config, "disk", 8_GiB));
  EXPECT_EQ(code_of(plan_add_site(image.config, "disk", 8_GiB)), Errc::id_taken);
  EXPECT_EQ(code_of(plan_add_site(image.config, "odd", 8_GiB + 1)), Errc::out_of_range);
  EXPECT_EQ(code_of(plan_add_rank(image.config, 1, pool)), Errc::object_not_found);
  image.change(plan_make_array(image.config, 2, 6));
  EXPECT_EQ(code_of(plan_make_array(image.config, 2, 6)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_make_array(image.config, 9, 6)), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_add_rank(image.config, 1, 40)), Errc::object_not_found);
  image.change(plan_add_rank(image.config, 1, pool));
  EXPECT_EQ(code_of(plan_add_rank(image.config, 1, pool)), Errc::still_in_use);
  EXPECT_EQ(image.config.ranks.at(1).device, "disk");
  EXPECT_EQ(image.config.free_extents(pool), 12U);
  EXPECT_EQ(code_of(plan_remove_array(image.config, 1)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_remove_rank(image.config, 1)), Errc::still_in_use);
  image.change(plan_assign_rank(image.config, 1, std::nullopt));
  image.change(plan_remove_rank(image.config, 1));
  image.change(plan_remove_array(image.config, 1));
  EXPECT_EQ(code_of(plan_remove_array(image.config, 1)), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_remove_rank(image.config, 1)), Errc::object_not_found);
  EXPECT_EQ(image.config.sites.size(), 2U);
}

/// Written before there were arrays: tags 6 of a rank, 20 and 21 of the image are missing.
TEST(Ranks, AnOldConfigurationGetsItsArrays) {
  SampleImage image;
  image.add_pool(0, {4, 4});
  ImageConfig old = image.config;
  old.sites.clear();
  old.arrays.clear();
  for (auto& [id, rank] : old.ranks) rank.array.reset();
  const auto decoded = decode_config(encode_config(old));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, image.config);
}

TEST(Ranks, TwoRanksOnOneArrayAreRefused) {
  SampleImage image;
  image.add_pool(0, {4, 4});
  ImageConfig broken = image.config;
  broken.ranks.at(1).array = 0;
  EXPECT_EQ(code_of(decode_config(encode_config(broken))), Errc::corrupt);
  broken = image.config;
  broken.arrays.at(1).site = 1;
  EXPECT_EQ(code_of(decode_config(encode_config(broken))), Errc::corrupt);
  broken = image.config;
  broken.arrays.erase(1);
  EXPECT_EQ(code_of(decode_config(encode_config(broken))), Errc::corrupt);
}

}  // namespace
}  // namespace tt::volume
