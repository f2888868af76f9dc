// SPDX-License-Identifier: Apache-2.0
#include "volume/plan_change.h"

#include <utility>

#include "volume/derived.h"
#include "volume/extent_chooser.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

constexpr std::uint32_t kLongestBusyTimeout = 65535;

/// The new end goes on where the old one stopped.
Result<std::vector<std::optional<ExtentRef>>> extents_of_the_end(const ImageConfig& config, const VolumeConfig& volume,
                                                                 std::uint64_t count) {
  std::vector<std::optional<ExtentRef>> extents(volume.is_thin() ? count : 0);
  if (volume.is_thin()) return extents;
  ExtentChooser chooser(config, volume.pool, volume.method);
  if (chooser.left() < count) return {Errc::no_space, volume.id.value};
  const bool rotates = rotates_extents(config, volume.rotation);
  const std::uint16_t last = volume.extents.back()->rank;
  rotates ? chooser.start_after(last) : chooser.start_at_rank(last);
  while (extents.size() < count) {
    extents.emplace_back(chooser.choose());
    if (rotates) chooser.next_rank();
  }
  return extents;
}

/// Data stays as it is, so only what the volume says of itself may change.
Result<void> change_format(const ImageConfig& config, const ChangeVolumeRequest& request, VolumeConfig volume,
                           ChangeVolume& plan) {
  const std::uint64_t id = request.id.value;
  const bool remodels = request.os400 && *request.os400 != volume.os400;
  const bool marks = request.t10dif && !volume.t10dif;
  if (request.os400 && !volume.is_os400()) return {Errc::not_combinable, id};
  if (request.t10dif && volume.is_os400()) return {Errc::not_combinable, id};
  if (request.t10dif && config.personality == Personality::ds6000) return {Errc::not_combinable, id};
  if ((remodels || marks) && in_relationship(config, request.id)) return {Errc::other_relationships, id};
  if (remodels) plan.os400 = request.os400;
  if (marks) plan.t10dif = true;
  volume.os400 = request.os400.value_or(volume.os400);
  const model::Os400ModelFacts* model = model::facts_of(volume.os400);
  if (model == nullptr) return {};
  if (model->is_variable() && config.personality == Personality::ds6000) return {Errc::not_combinable, id};
  if (!model->is_variable() && request.block_count) return {Errc::not_combinable, id};
  if (!request.block_count) return is_format(volume) ? Result<void>{} : Result<void>{Errc::not_combinable, id};
  return model::is_os400_size(*request.block_count) ? Result<void>{} : Result<void>{Errc::out_of_range, id};
}

/// Volumes of the method tse draw on what `into` has afterwards.
Result<void> check_merged_repository(const ImageConfig& config, std::uint16_t into, std::uint16_t from) {
  if (config.pools.at(from).repository) return {Errc::still_in_use, from};
  const auto& repository = config.pools.at(into).repository;
  if (!repository) return {};
  const std::uint64_t extents = tse_extents_of(config, into) + tse_extents_of(config, from);
  const std::uint64_t capacity = tse_capacity_of(config, into) + tse_capacity_of(config, from);
  const bool fits = extents <= repository->real_extents && capacity <= repository->virtual_extents;
  return fits ? Result<void>{} : Result<void>{Errc::repository_too_small, from};
}

}  // namespace

bool can_expand(const ImageConfig& config, VolumeId id) noexcept {
  return !in_relationship(config, id);
}

Result<ChangeVolume> plan_change_volume(const ImageConfig& config, const ChangeVolumeRequest& request) {
  const VolumeConfig* volume = config.find_volume(request.id);
  const std::uint64_t id = request.id.value;
  if (volume == nullptr) return {Errc::volume_not_found, id};
  ChangeVolume plan;
  plan.volume = request.id;
  plan.name = request.name;
  plan.resource_group = request.resource_group;
  TT_CHECK(check_group_given(config, request.resource_group));
  TT_CHECK(change_format(config, request, *volume, plan));
  if (!request.block_count) return plan;

  if (!can_expand(config, request.id)) return {Errc::other_relationships, id};
  const std::uint64_t blocks = *request.block_count;
  if (blocks <= volume->block_count || blocks > limits_of(config.personality).max_fb_blocks)
    return {Errc::out_of_range, id};
  const std::uint64_t wanted = extents_for(blocks, config.pools.at(volume->pool).extent_bytes);
  const std::uint64_t more = wanted - volume->extents.size();
  if (more > kMaxImageExtents - configured_extents(config)) return {Errc::limit_reached, id};
  const auto promised = check_promise(config, config.pools.at(volume->pool), volume->method, more);
  if (!promised) return {promised.error().code, id};
  TT_TRY(plan.extents, extents_of_the_end(config, *volume, more));
  plan.block_count = blocks;
  plan.capacity_type = request.capacity_type;
  return plan;
}

Result<ReleaseSpace> plan_release_space(const ImageConfig& config, VolumeId id, Lsn at, Generation maps) {
  const VolumeConfig* volume = config.find_volume(id);
  if (volume == nullptr) return {Errc::volume_not_found, id.value};
  if (!volume->is_thin()) return {Errc::not_combinable, id.value};
  if (in_relationship(config, id) || lends(config, id)) return {Errc::other_relationships, id.value};
  return ReleaseSpace{.volume = id, .at = at, .maps = maps};
}

Result<ChangeLss> plan_change_lss(const ImageConfig& config, const ChangeLssRequest& request) {
  if (request.id >= limits_of(config.personality).lss_count) return {Errc::limit_reached, request.id};
  const auto found = config.lsses.find(request.id);
  ChangeLss plan{.lss = found != config.lsses.end() ? found->second : default_lss(config.personality, request.id)};
  if (request.long_busy_timeout_s.value_or(0) > kLongestBusyTimeout) return {Errc::out_of_range, request.id};
  TT_CHECK(check_group_given(config, request.resource_group));
  if (request.consistency_group) plan.lss.consistency_group = *request.consistency_group;
  if (request.long_busy_timeout_s) plan.lss.long_busy_timeout_s = *request.long_busy_timeout_s;
  if (request.resource_group) plan.lss.resource_group = *request.resource_group;
  return plan;
}

Result<ChangePool> plan_change_pool(const ImageConfig& config, const ChangePoolRequest& request) {
  const auto found = config.pools.find(request.id);
  if (found == config.pools.end()) return {Errc::object_not_found, request.id};
  if (request.virtual_limited && !limits_of(config.personality).thin_volumes) return {Errc::not_combinable, request.id};
  if (request.threshold_percent.value_or(0) > 100 || request.limit_percent.value_or(0) > 100)
    return {Errc::out_of_range, request.id};
  ChangePool plan{.pool = found->second};
  if (request.name) plan.pool.name = *request.name;
  if (request.threshold_percent) plan.pool.threshold_percent = *request.threshold_percent;
  if (request.limit_percent) plan.pool.limit_percent = *request.limit_percent;
  if (request.limited) plan.pool.limited = *request.limited;
  if (request.virtual_limited) plan.pool.virtual_limited = *request.virtual_limited;
  return plan;
}

Result<CloseProblem> plan_close_problem(const ImageConfig& config, std::uint32_t problem, std::int64_t now_s) {
  const auto found = config.problems.find(problem);
  if (found == config.problems.end()) return {Errc::object_not_found, problem};
  const std::int64_t before = found->second.closed_s;
  return CloseProblem{.problem = problem, .at_s = before != 0 ? before : now_s};
}

Result<MergePools> plan_merge_pools(const ImageConfig& config, std::uint16_t into, std::uint16_t from) {
  const auto target = config.pools.find(into);
  const auto source = config.pools.find(from);
  if (target == config.pools.end()) return {Errc::object_not_found, into};
  if (source == config.pools.end()) return {Errc::object_not_found, from};
  if (into == from) return {Errc::invalid_argument, from};
  if (into % 2 != from % 2) return {Errc::parity_differs, from};
  if (target->second.extent_bytes != source->second.extent_bytes) return {Errc::not_combinable, from};
  TT_CHECK(check_merged_repository(config, into, from));
  return MergePools{.into = into, .from = from};
}

}  // namespace tt::volume
