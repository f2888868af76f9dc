// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

constexpr auto kThin = AllocationMethod::ese;

Errc make_code(const SampleImage& image, const MakeVolumeRequest& request) {
  return code_of(plan_make_volume(image.config, request, Generation(900), 0));
}

std::vector<std::uint16_t> ranks_of(const SampleImage& image, std::uint16_t id) {
  std::vector<std::uint16_t> ranks;
  for (const auto& extent : image.config.find_volume(VolumeId(id))->extents) ranks.push_back(extent.value().rank);
  return ranks;
}

TEST(MakeVolume, TakesWholeExtentsAndKeepsTheRequest) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  auto request = image.request(0x0200, pool, 0);
  request.block_count = 1_GiB / kBlockBytes + 1;
  request.capacity_type = CapacityType::blocks;
  const auto plan = plan_make_volume(image.config, request, Generation(77), 1234);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->volume.extents.size(), 2U);
  EXPECT_EQ(plan->volume.generation, Generation(77));
  EXPECT_EQ(plan->volume.created_s, 1234);
  EXPECT_EQ(plan->volume.capacity_type, CapacityType::blocks);
  EXPECT_EQ(plan->volume.track_count(), 16385U);
  EXPECT_EQ(plan->volume.name, request.name);
  EXPECT_EQ(image.config.free_extents(pool), 10U) << "a plan changes nothing";
}

TEST(MakeVolume, RejectsAPoolThatDoesNotExist) {
  SampleImage image;
  EXPECT_EQ(make_code(image, image.request(0x0100, 3, 1)), Errc::object_not_found);
}

TEST(MakeVolume, RejectsAnIdThatIsTaken) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  image.add_volume(0x0000, pool, 1);
  EXPECT_EQ(make_code(image, image.request(0x0000, pool, 1)), Errc::id_taken);
}

TEST(MakeVolume, RejectsAnLssOfTheOtherRankGroup) {
  SampleImage image;
  const auto even = image.add_pool(0, {10});
  const auto odd = image.add_pool(1, {10});
  EXPECT_EQ(make_code(image, image.request(0x0100, even, 1)), Errc::parity_differs);
  EXPECT_EQ(make_code(image, image.request(0x0000, odd, 1)), Errc::parity_differs);
  EXPECT_EQ(make_code(image, image.request(0x0100, odd, 1)), Errc::ok);
  EXPECT_EQ(make_code(image, image.request(0x0000, even, 1)), Errc::ok);
}

TEST(MakeVolume, RejectsSizesTheMachineDoesNotHave) {
  for (const auto personality : {Personality::ds6000, Personality::ds8000}) {
    SampleImage image(personality);
    const auto pool = image.add_pool(0, {20'000});
    auto request = image.request(0x0000, pool, 0);
    EXPECT_EQ(make_code(image, request), Errc::out_of_range);
    request.block_count = limits_of(personality).max_fb_blocks;
    EXPECT_EQ(make_code(image, request), Errc::ok);
    request.block_count += 1;
    EXPECT_EQ(make_code(image, request), Errc::out_of_range);
    request.block_count = ~0ULL;
    EXPECT_EQ(make_code(image, request), Errc::out_of_range);
  }
  EXPECT_EQ(limits_of(Personality::ds6000).max_fb_blocks * kBlockBytes, 2_TiB);
  EXPECT_EQ(limits_of(Personality::ds8000).max_fb_blocks * kBlockBytes, 16_TiB);
}

TEST(MakeVolume, ThinVolumesAreForThe2107Only) {
  SampleImage ds8000;
  const auto pool = ds8000.add_pool(0, {1});
  EXPECT_EQ(make_code(ds8000, ds8000.request(0x0000, pool, 16384, kThin)), Errc::ok);
  SampleImage ds6000(Personality::ds6000);
  ds6000.add_pool(0, {1});
  EXPECT_EQ(make_code(ds6000, ds6000.request(0x0000, pool, 1, kThin)), Errc::not_combinable);
}

TEST(MakeVolume, LssNumbersEndWhereThePersonalitySays) {
  SampleImage ds6000(Personality::ds6000);
  const auto pool6000 = ds6000.add_pool(0, {10});
  const auto odd6000 = ds6000.add_pool(1, {10});
  EXPECT_EQ(make_code(ds6000, ds6000.request(0x1F00, odd6000, 1)), Errc::ok);
  EXPECT_EQ(make_code(ds6000, ds6000.request(0x2000, pool6000, 1)), Errc::limit_reached);
  SampleImage ds8000;
  const auto even = ds8000.add_pool(0, {10});
  const auto odd = ds8000.add_pool(1, {10});
  EXPECT_EQ(make_code(ds8000, ds8000.request(0xFEFF, even, 1)), Errc::ok);
  EXPECT_EQ(make_code(ds8000, ds8000.request(0xFF00, odd, 1)), Errc::limit_reached);
}

TEST(MakeVolume, ExtentsOfAllThinVolumesTogetherAreLimited) {
  SampleImage image;
  const auto pool = image.add_pool(0, {1}, kSmallExtentBytes);
  image.add_volume(0x0000, pool, 16384, kThin);
  auto& extents = image.config.volumes.at(VolumeId(0)).extents;
  extents.resize(kMaxImageExtents - 64);  // stands for the many volumes of 256 TiB
  EXPECT_EQ(make_code(image, image.request(0x0200, pool, 1, kThin)), Errc::ok);
  EXPECT_EQ(make_code(image, image.request(0x0200, pool, 2, kThin)), Errc::limit_reached);
}

TEST(MakeVolume, ThickVolumeWithoutEnoughSpaceTakesNothing) {
  SampleImage image;
  const auto pool = image.add_pool(0, {3, 2});
  image.add_volume(0x0000, pool, 2);
  const ImageConfig before = image.config;
  EXPECT_EQ(make_code(image, image.request(0x0001, pool, 4)), Errc::no_space);
  EXPECT_EQ(image.config, before);
  image.add_volume(0x0001, pool, 3);
  EXPECT_EQ(image.config.free_extents(pool), 0U);
  EXPECT_EQ(image.config.total_extents(pool), 5U);
}

TEST(MakeVolume, FailedRanksGiveNoSpace) {
  SampleImage image;
  const auto pool = image.add_pool(0, {3, 3});
  image.change(FailRank{.rank = 0});
  EXPECT_EQ(image.config.free_extents(pool), 3U);
  EXPECT_EQ(make_code(image, image.request(0x0000, pool, 4)), Errc::no_space);
  image.add_volume(0x0000, pool, 3);
  EXPECT_EQ(ranks_of(image, 0x0000), (std::vector<std::uint16_t>{1, 1, 1}));
}

TEST(MakeVolume, The2107RotatesExtentsOverTheRanks) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4, 2, 4});
  image.add_volume(0x0000, pool, 7);
  EXPECT_EQ(ranks_of(image, 0x0000), (std::vector<std::uint16_t>{0, 1, 2, 0, 1, 2, 0}));
  image.add_volume(0x0001, pool, 2);
  EXPECT_EQ(ranks_of(image, 0x0001), (std::vector<std::uint16_t>{2, 0})) << "starts after rank 0; rank 1 is full";
}

TEST(MakeVolume, The1750FillsARankAndStartsTheNextVolumeOnTheNext) {
  SampleImage image(Personality::ds6000);
  const auto pool = image.add_pool(0, {4, 4, 4});
  image.add_volume(0x0000, pool, 2);
  image.add_volume(0x0001, pool, 5);
  image.add_volume(0x0002, pool, 1);
  EXPECT_EQ(ranks_of(image, 0x0000), (std::vector<std::uint16_t>{0, 0}));
  EXPECT_EQ(ranks_of(image, 0x0001), (std::vector<std::uint16_t>{1, 1, 1, 1, 2}));
  EXPECT_EQ(ranks_of(image, 0x0002), (std::vector<std::uint16_t>{2}));
  image.add_volume(0x0003, pool, 4);
  EXPECT_EQ(ranks_of(image, 0x0003), (std::vector<std::uint16_t>{0, 0, 2, 2}));
}

TEST(AllocateExtent, SpreadsAThinVolumeOverTheRanks) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4, 4});
  image.add_volume(0x0000, pool, 8, kThin);
  for (const std::uint32_t number : {5U, 0U, 3U, 2U}) {
    image.change(plan_allocate_extent(image.config, VolumeId(0), number));
  }
  const auto& extents = image.config.find_volume(VolumeId(0))->extents;
  EXPECT_EQ(extents[5], (ExtentRef{.rank = 1, .index = 0}));
  EXPECT_EQ(extents[0], (ExtentRef{.rank = 0, .index = 0}));
  EXPECT_EQ(extents[3], (ExtentRef{.rank = 1, .index = 1}));
  EXPECT_EQ(extents[2], (ExtentRef{.rank = 0, .index = 1}));
  EXPECT_EQ(extents[1], std::nullopt);
  EXPECT_EQ(image.config.free_extents(pool), 4U);
}

TEST(AllocateExtent, UsesEveryRankBeforeItRefuses) {
  SampleImage image;
  const auto pool = image.add_pool(0, {1, 2});
  image.add_volume(0x0000, pool, 8, kThin);
  for (const std::uint32_t number : {0U, 2U, 4U}) {
    image.change(plan_allocate_extent(image.config, VolumeId(0), number));
  }
  EXPECT_EQ(code_of(plan_allocate_extent(image.config, VolumeId(0), 6)), Errc::no_space);
  image.change(FreeExtent{.volume = VolumeId(0), .extent_number = 2});
  EXPECT_EQ(code_of(plan_allocate_extent(image.config, VolumeId(0), 6)), Errc::ok);
  image.change(FailRank{.rank = 1});
  EXPECT_EQ(code_of(plan_allocate_extent(image.config, VolumeId(0), 6)), Errc::no_space);
}

TEST(AllocateExtent, RejectsWhatCannotBeAllocated) {
  SampleImage image;
  const auto pool = image.add_pool(0, {4});
  image.add_volume(0x0000, pool, 2, kThin);
  image.change(plan_allocate_extent(image.config, VolumeId(0), 1));
  EXPECT_EQ(code_of(plan_allocate_extent(image.config, VolumeId(7), 0)), Errc::volume_not_found);
  EXPECT_EQ(code_of(plan_allocate_extent(image.config, VolumeId(0), 2)), Errc::out_of_range);
  EXPECT_EQ(code_of(plan_allocate_extent(image.config, VolumeId(0), 1)), Errc::invalid_argument);
}

TEST(RemoveVolume, RejectsVolumesThatARelationshipNames) {
  SampleImage image;
  const auto pool = image.add_pool(0, {10});
  for (std::uint16_t id = 0; id < 3; ++id) image.add_volume(id, pool, 1);
  const Generation generation = image.establish(0, 1);
  const auto codes = [&image] {
    std::vector<Errc> result;
    for (std::uint16_t id = 0; id < 4; ++id) result.push_back(code_of(plan_remove_volume(image.config, VolumeId(id))));
    return result;
  };
  const std::vector<Errc> pinned{Errc::still_in_use, Errc::still_in_use, Errc::ok, Errc::volume_not_found};
  EXPECT_EQ(codes(), pinned);
  image.withdraw(generation);
  EXPECT_EQ(codes(), pinned) << "closing relationships pin their volumes too";
  image.change(EndRelationship{.relationship = generation});
  EXPECT_EQ(codes(), (std::vector<Errc>{Errc::ok, Errc::ok, Errc::ok, Errc::volume_not_found}));
}

}  // namespace
}  // namespace tt::volume
