// SPDX-License-Identifier: Apache-2.0
// What may be changed of things that exist (validation; nothing changes). Companion of the plan_ functions of config.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "volume/mutation.h"

namespace tt::volume {

struct ChangeVolumeRequest {
  VolumeId id;
  std::optional<std::string> name;
  std::optional<std::uint64_t> block_count;
  CapacityType capacity_type = CapacityType::ds;  ///< Regarded with block_count.
  std::optional<model::Os400Model> os400 = std::nullopt;
  bool t10dif = false;  ///< True sets it; nothing takes it away.
  std::optional<std::uint16_t> resource_group = std::nullopt;
};
/// The one place that decides it: not while a copy needs both ends to have the size they had. Closing relationships
/// count; who asks lets them end first.
bool can_expand(const ImageConfig& config, VolumeId id) noexcept;
/// volume_not_found; object_not_found (resource group); other_relationships when it cannot expand; out_of_range for a
/// size that is no larger than the present one or too large; no_space; repository_too_small; limit_reached (extents of
/// the whole image). A change of format wants no relationship either; not_combinable when it would change the size of
/// blocks, or when a model of IBM i fixes a size that the volume has not.
Result<ChangeVolume> plan_change_volume(const ImageConfig& config, const ChangeVolumeRequest& request);

/// volume_not_found; not_combinable for a volume that is not thin; other_relationships while any relationship, closing
/// ones included, names it.
Result<ReleaseSpace> plan_release_space(const ImageConfig& config, VolumeId id, Lsn at, Generation maps);

struct ChangeLssRequest {
  std::uint8_t id = 0;
  std::optional<bool> consistency_group;
  std::optional<std::uint32_t> long_busy_timeout_s;
  std::optional<std::uint16_t> resource_group = std::nullopt;
};
/// limit_reached for an LSS that the personality has not; out_of_range for a time above 65535 s; object_not_found
/// (resource group). An LSS without volumes comes into being by it.
Result<ChangeLss> plan_change_lss(const ImageConfig& config, const ChangeLssRequest& request);

struct ChangePoolRequest {
  std::uint16_t id = 0;
  std::optional<std::string> name;
  std::optional<std::uint8_t> threshold_percent;
  std::optional<std::uint8_t> limit_percent;
  std::optional<bool> limited;
  std::optional<bool> virtual_limited = std::nullopt;
};
/// object_not_found; out_of_range for a percentage above 100; not_combinable for a limit of thin volumes on 1750.
/// Limits take nothing away from what there is.
Result<ChangePool> plan_change_pool(const ImageConfig& config, const ChangePoolRequest& request);
/// object_not_found; invalid_argument for a pool with itself; parity_differs; not_combinable for different sizes of
/// extents; still_in_use when `from` has a repository; repository_too_small when that of `into` cannot serve the
/// volumes of both.
Result<MergePools> plan_merge_pools(const ImageConfig& config, std::uint16_t into, std::uint16_t from);

struct RepositoryRequest {
  std::uint16_t pool = 0;
  std::optional<std::uint64_t> real_blocks;  ///< Rounded up to extents, as all of them.
  std::optional<std::uint64_t> virtual_blocks;
  std::optional<std::uint8_t> real_percent = std::nullopt;  ///< Instead of real_blocks: of the virtual capacity.
  std::optional<std::uint8_t> threshold_percent = std::nullopt;
};
/// object_not_found (pool); not_combinable on 1750, or for more real than virtual capacity; id_taken when there is one;
/// invalid_argument when a capacity is missing; out_of_range for no capacity or a percentage above 100; limit_reached;
/// repository_too_small for the volumes of the method tse that the pool has: they draw on it from now on; no_space when
/// the pool has not so many free extents, or may not promise them. On any of it nothing changes.
Result<ChangePool> plan_make_repository(const ImageConfig& config, const RepositoryRequest& request);
/// Likewise, and object_not_found also when there is none.
Result<ChangePool> plan_change_repository(const ImageConfig& config, const RepositoryRequest& request);
/// object_not_found (pool or repository); still_in_use while a volume of the method tse is in the pool.
Result<ChangePool> plan_remove_repository(const ImageConfig& config, std::uint16_t pool);

/// object_not_found; closing what is closed changes nothing.
Result<CloseProblem> plan_close_problem(const ImageConfig& config, std::uint32_t problem, std::int64_t now_s);

/// object_not_found; not_combinable for a rank that is in no pool; still_in_use when the repository of its pool needs
/// its space.
Result<ReserveRank> plan_reserve_rank(const ImageConfig& config, std::uint16_t rank, bool reserved);
/// object_not_found; still_in_use while it is in a pool.
Result<RemoveRank> plan_remove_rank(const ImageConfig& config, std::uint16_t rank);
/// object_not_found (array, pool); still_in_use when the array has a rank; limit_reached. The smallest free number.
Result<AddRank> plan_add_rank(const ImageConfig& config, std::uint16_t array, std::optional<std::uint16_t> pool);

/// id_taken when the device is a site already; out_of_range for a size that is no multiple of a track; limit_reached.
Result<AddSite> plan_add_site(const ImageConfig& config, std::string device, std::uint64_t data_bytes);
/// object_not_found; still_in_use when the site has an array; limit_reached. The smallest free number.
Result<MakeArray> plan_make_array(const ImageConfig& config, std::uint16_t site, std::uint8_t raid_type);
/// object_not_found; still_in_use while a rank is on it.
Result<RemoveArray> plan_remove_array(const ImageConfig& config, std::uint16_t array);

}  // namespace tt::volume
