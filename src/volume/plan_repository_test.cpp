// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

constexpr auto kTse = AllocationMethod::tse;
constexpr auto kEse = AllocationMethod::ese;
constexpr std::uint64_t kGib = 1_GiB / kBlockBytes;

RepositoryRequest sized(std::uint16_t pool, std::optional<std::uint64_t> real_gib,
                        std::optional<std::uint64_t> virtual_gib) {
  RepositoryRequest request;
  request.pool = pool;
  if (real_gib) request.real_blocks = *real_gib * kGib;
  if (virtual_gib) request.virtual_blocks = *virtual_gib * kGib;
  return request;
}

/// A pool of ten large extents.
struct Sample : SampleImage {
  explicit Sample(Personality personality = Personality::ds8000)
      : SampleImage(personality), pool(add_pool(0, {6, 4})) {}

  Errc make(std::uint64_t real_gib, std::uint64_t virtual_gib) {
    return tried(plan_make_repository(config, sized(pool, real_gib, virtual_gib)));
  }
  Errc resize(std::optional<std::uint64_t> real_gib, std::optional<std::uint64_t> virtual_gib) {
    return tried(plan_change_repository(config, sized(pool, real_gib, virtual_gib)));
  }
  Errc volume(std::uint16_t id, std::uint64_t gibibytes, AllocationMethod method) {
    return tried(plan_make_volume(config, request(id, pool, gibibytes, method), Generation(next_lsn++), 0));
  }
  Errc allocate(std::uint16_t id, std::uint32_t extent) {
    return tried(plan_allocate_extent(config, VolumeId(id), extent));
  }
  Errc grow(std::uint16_t id, std::uint64_t gibibytes) {
    ChangeVolumeRequest wanted;
    wanted.id = VolumeId(id);
    wanted.block_count = gibibytes * kGib;
    return tried(plan_change_volume(config, wanted));
  }
  /// What is refused changes nothing, and what was done reads back as it is.
  template <class Plan>
  Errc tried(Result<Plan> plan) {
    if (!plan) return plan.error().code;
    change(std::move(plan));
    EXPECT_EQ(decode_config(encode_config(config)).value(), config);
    return Errc::ok;
  }

  std::uint16_t pool;
};

TEST(Repository, TakesItsRealCapacityOutOfThePool) {
  Sample image;
  ASSERT_EQ(image.make(4, 20), Errc::ok);
  EXPECT_EQ(image.config.free_extents(image.pool), 6U);
  EXPECT_EQ(image.config.free_extents(image.pool, kTse), 4U);
  EXPECT_EQ(image.config.allocated_extents(image.pool), 4U);
  EXPECT_EQ(image.config.promised_extents(image.pool), 4U);
  EXPECT_EQ(image.volume(0, 7, AllocationMethod::standard), Errc::no_space);
  EXPECT_EQ(image.volume(0, 6, AllocationMethod::standard), Errc::ok);
  EXPECT_EQ(image.volume(1, 3, kEse), Errc::ok);
  EXPECT_EQ(image.allocate(1, 0), Errc::no_space) << "the rest is the repository's";
  EXPECT_EQ(image.volume(2, 20, kTse), Errc::ok);
  for (std::uint32_t extent = 0; extent < 4; ++extent) EXPECT_EQ(image.allocate(2, extent), Errc::ok);
  EXPECT_EQ(image.allocate(2, 4), Errc::no_space);
  EXPECT_EQ(image.config.allocated_extents(image.pool), 10U);
}

TEST(Repository, ItsVolumesTakeNoOtherSpace) {
  Sample image;
  ASSERT_EQ(image.make(2, 8), Errc::ok);
  ASSERT_EQ(image.volume(0, 8, kTse), Errc::ok);
  EXPECT_EQ(image.allocate(0, 7), Errc::ok);
  EXPECT_EQ(image.allocate(0, 0), Errc::ok);
  EXPECT_EQ(image.allocate(0, 1), Errc::no_space);
  EXPECT_EQ(image.config.free_extents(image.pool), 8U);
  image.change(FreeExtent{.volume = VolumeId(0), .extent_number = 7});
  EXPECT_EQ(image.config.free_extents(image.pool), 8U);
  EXPECT_EQ(image.allocate(0, 1), Errc::ok);
  const std::uint64_t at = image.next_lsn++;
  image.change(plan_release_space(image.config, VolumeId(0), Lsn(at), Generation(image.next_lsn++)));
  EXPECT_EQ(image.config.repository_left(image.pool), 2U);
  EXPECT_EQ(image.allocate(0, 1), Errc::ok);
  image.change(plan_remove_volume(image.config, VolumeId(0)));
  EXPECT_EQ(image.config.repository_left(image.pool), 2U);
  EXPECT_TRUE(image.config.tse_extents.empty());
}

TEST(Repository, ItsVolumesHaveNoMoreThanTheVirtualCapacity) {
  Sample image;
  ASSERT_EQ(image.make(2, 8), Errc::ok);
  EXPECT_EQ(image.volume(0, 9, kTse), Errc::repository_too_small);
  EXPECT_EQ(image.volume(0, 5, kTse), Errc::ok);
  EXPECT_EQ(image.volume(1, 4, kTse), Errc::repository_too_small);
  EXPECT_EQ(image.volume(1, 2, kTse), Errc::ok);
  EXPECT_EQ(image.volume(2, 100, kEse), Errc::ok);
  EXPECT_EQ(image.grow(0, 7), Errc::repository_too_small);
  EXPECT_EQ(image.grow(0, 6), Errc::ok);
  EXPECT_EQ(image.grow(2, 101), Errc::ok);
}

TEST(Repository, WhatCannotBeMade) {
  Sample image;
  const ImageConfig before = image.config;
  EXPECT_EQ(code_of(plan_make_repository(image.config, sized(8, 1, 1))), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_make_repository(image.config, sized(image.pool, {}, 1))), Errc::invalid_argument);
  EXPECT_EQ(code_of(plan_make_repository(image.config, sized(image.pool, 1, {}))), Errc::invalid_argument);
  RepositoryRequest both = sized(image.pool, 1, 1);
  both.real_percent = 10;
  EXPECT_EQ(code_of(plan_make_repository(image.config, both)), Errc::invalid_argument);
  EXPECT_EQ(image.make(0, 1), Errc::out_of_range);
  EXPECT_EQ(image.make(0, 0), Errc::out_of_range);
  EXPECT_EQ(image.make(3, 2), Errc::not_combinable);
  EXPECT_EQ(image.make(11, 20), Errc::no_space);
  EXPECT_EQ(image.make(1, kMaxImageExtents + 1), Errc::limit_reached);
  EXPECT_EQ(image.make(1, kMaxImageExtents), Errc::ok);
  image.change(plan_remove_repository(image.config, image.pool));
  both.real_blocks.reset();
  both.real_percent = 101;
  EXPECT_EQ(code_of(plan_make_repository(image.config, both)), Errc::out_of_range);
  both.real_percent = 100;
  both.threshold_percent = 101;
  EXPECT_EQ(code_of(plan_make_repository(image.config, both)), Errc::out_of_range);
  EXPECT_EQ(image.config, before);
  ASSERT_EQ(image.make(1, 1), Errc::ok);
  EXPECT_EQ(image.make(1, 1), Errc::id_taken);
  Sample ds6000(Personality::ds6000);
  EXPECT_EQ(ds6000.make(1, 1), Errc::not_combinable);
}

TEST(Repository, CapacitiesAreRoundedUpToExtents) {
  Sample image;
  RepositoryRequest request = sized(image.pool, {}, {});
  request.virtual_blocks = 6 * kGib + 1;
  request.real_percent = 20;
  request.threshold_percent = 33;
  image.change(plan_make_repository(image.config, request));
  EXPECT_EQ(*image.config.pools.at(image.pool).repository, (Repository{2, 7, 33}));
  request = {.pool = image.pool, .real_blocks = 2 * kGib + 1, .virtual_blocks = {}};
  image.change(plan_change_repository(image.config, request));
  EXPECT_EQ(*image.config.pools.at(image.pool).repository, (Repository{3, 7, 33}));
}

TEST(Repository, OlderVolumesDrawOnItAndCount) {
  Sample image;
  ASSERT_EQ(image.volume(0, 6, kTse), Errc::ok);
  for (std::uint32_t extent = 0; extent < 3; ++extent) ASSERT_EQ(image.allocate(0, extent), Errc::ok);
  EXPECT_EQ(image.make(2, 6), Errc::repository_too_small);
  EXPECT_EQ(image.make(3, 5), Errc::repository_too_small);
  EXPECT_EQ(image.make(11, 11), Errc::no_space);
  EXPECT_EQ(image.make(10, 10), Errc::ok) << "what they have is not wanted twice";
  EXPECT_EQ(image.config.free_extents(image.pool), 0U);
  EXPECT_EQ(image.config.free_extents(image.pool, kTse), 7U);
}

TEST(Repository, GrowsAndShrinksAsFarAsItsVolumesAllow) {
  Sample image;
  EXPECT_EQ(image.resize(3, {}), Errc::object_not_found);
  ASSERT_EQ(image.make(4, 8), Errc::ok);
  ASSERT_EQ(image.volume(0, 6, kTse), Errc::ok);
  ASSERT_EQ(image.allocate(0, 0), Errc::ok);
  ASSERT_EQ(image.allocate(0, 1), Errc::ok);
  ASSERT_EQ(image.volume(1, 5, AllocationMethod::standard), Errc::ok);
  EXPECT_EQ(image.resize(6, {}), Errc::no_space);
  EXPECT_EQ(image.resize(5, {}), Errc::ok);
  EXPECT_EQ(image.resize(1, {}), Errc::repository_too_small);
  EXPECT_EQ(image.resize({}, 5), Errc::repository_too_small);
  EXPECT_EQ(image.resize(9, {}), Errc::not_combinable);
  EXPECT_EQ(image.resize(0, {}), Errc::out_of_range);
  EXPECT_EQ(image.resize(2, 6), Errc::ok);
  EXPECT_EQ(image.config.free_extents(image.pool), 3U);
  EXPECT_EQ(image.allocate(0, 2), Errc::no_space);
  EXPECT_EQ(code_of(plan_remove_repository(image.config, image.pool)), Errc::still_in_use);
  image.change(plan_remove_volume(image.config, VolumeId(0)));
  image.change(plan_remove_repository(image.config, image.pool));
  EXPECT_EQ(image.config.free_extents(image.pool), 5U);
  EXPECT_EQ(code_of(plan_remove_repository(image.config, image.pool)), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_remove_repository(image.config, 8)), Errc::object_not_found);
}

TEST(Repository, ThePoolsLimitsCountAllOfIt) {
  Sample image;
  ChangePoolRequest limits;
  limits.id = image.pool;
  limits.limited = true;
  limits.limit_percent = 70;
  image.change(plan_change_pool(image.config, limits));
  EXPECT_EQ(image.make(8, 20), Errc::no_space);
  ASSERT_EQ(image.make(5, 20), Errc::ok);
  EXPECT_EQ(image.config.free_extents(image.pool), 2U);
  limits.limit_percent = 10;
  image.change(plan_change_pool(image.config, limits));
  EXPECT_EQ(image.config.free_extents(image.pool), 0U);
  EXPECT_EQ(image.config.free_extents(image.pool, kTse), 5U) << "a limit takes nothing away";
}

TEST(Repository, TheVirtualLimitCountsItsRealCapacity) {
  Sample image;
  ChangePoolRequest limits;
  limits.id = image.pool;
  limits.virtual_limited = true;
  image.change(plan_change_pool(image.config, limits));
  ASSERT_EQ(image.volume(0, 3, kTse), Errc::ok);
  ASSERT_EQ(image.volume(1, 4, kEse), Errc::ok);
  EXPECT_EQ(image.make(7, 20), Errc::no_space);
  ASSERT_EQ(image.make(5, 20), Errc::ok);
  EXPECT_EQ(image.volume(2, 17, kTse), Errc::ok);
  EXPECT_EQ(image.volume(3, 2, kEse), Errc::no_space);
  EXPECT_EQ(image.volume(3, 1, kEse), Errc::ok);
  EXPECT_EQ(image.resize(6, {}), Errc::no_space);
}

TEST(Repository, RanksThatItNeedsStay) {
  Sample image;
  ASSERT_EQ(image.make(5, 5), Errc::ok);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 0, std::nullopt)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_reserve_rank(image.config, 0, true)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_remove_pool(image.config, image.pool)), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 1, std::nullopt)), Errc::ok);
  image.change(plan_reserve_rank(image.config, 1, true));
  EXPECT_EQ(image.config.free_extents(image.pool), 1U);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 1, std::nullopt)), Errc::ok) << "a reserved one gives it nothing";
  image.change(FailRank{.rank = 0});
  EXPECT_EQ(image.config.free_extents(image.pool), 0U);
  EXPECT_EQ(image.config.free_extents(image.pool, kTse), 0U);
  EXPECT_EQ(code_of(plan_assign_rank(image.config, 0, std::nullopt)), Errc::ok) << "nor does a failed one";
  EXPECT_EQ(image.resize(1, {}), Errc::ok);
}

TEST(Repository, PoolsThatAreMerged) {
  Sample image;
  const auto from = image.add_pool(0, {5});
  const auto merged = [&](std::uint16_t into, std::uint16_t gone) {
    return code_of(plan_merge_pools(image.config, into, gone));
  };
  ASSERT_EQ(image.make(2, 6), Errc::ok);
  ASSERT_EQ(image.volume(0, 3, kTse), Errc::ok);
  ASSERT_EQ(image.allocate(0, 0), Errc::ok);
  EXPECT_EQ(merged(from, image.pool), Errc::still_in_use);
  image.add_volume(1, from, 4, kTse);
  EXPECT_EQ(merged(image.pool, from), Errc::repository_too_small) << "virtual capacity";
  ASSERT_EQ(image.resize({}, 7), Errc::ok);
  ASSERT_EQ(image.allocate(1, 0), Errc::ok);
  ASSERT_EQ(image.allocate(1, 1), Errc::ok);
  EXPECT_EQ(merged(image.pool, from), Errc::repository_too_small) << "real capacity";
  ASSERT_EQ(image.resize(3, {}), Errc::ok);
  image.change(plan_merge_pools(image.config, image.pool, from));
  EXPECT_EQ(decode_config(encode_config(image.config)).value(), image.config);
  EXPECT_EQ(image.config.repository_left(image.pool), 0U);
  EXPECT_EQ(image.allocate(1, 2), Errc::no_space);
  EXPECT_EQ(image.config.free_extents(image.pool), 12U);
}

}  // namespace
}  // namespace tt::volume
