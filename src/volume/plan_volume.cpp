// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "volume/derived.h"
#include "volume/extent_chooser.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

/// Rank of the first extent of the youngest fully allocated volume of the pool: the next one starts at the next rank.
std::optional<std::uint16_t> rank_of_youngest(const ImageConfig& config, std::uint16_t pool) {
  const VolumeConfig* youngest = nullptr;
  for (const auto& [id, volume] : config.volumes) {
    if (volume.pool != pool || volume.is_thin()) continue;
    if (youngest == nullptr || youngest->generation < volume.generation) youngest = &volume;
  }
  if (youngest == nullptr) return std::nullopt;
  return youngest->extents.front()->rank;
}

Result<std::vector<std::optional<ExtentRef>>> allocate_all(const ImageConfig& config, std::uint16_t pool,
                                                           std::uint64_t count, ExtentRotation rotation) {
  ExtentChooser chooser(config, pool, AllocationMethod::standard);
  if (chooser.left() < count) return Errc::no_space;
  if (const auto rank = rank_of_youngest(config, pool)) chooser.start_after(*rank);
  std::vector<std::optional<ExtentRef>> extents;
  extents.reserve(count);
  while (extents.size() < count) {
    extents.emplace_back(chooser.choose());
    if (rotates_extents(config, rotation)) chooser.next_rank();
  }
  return extents;
}

Result<void> check_format(const ImageConfig& config, const MakeVolumeRequest& request) {
  const std::uint64_t id = request.id.value;
  const bool ds6000 = config.personality == Personality::ds6000;
  const model::Os400ModelFacts* model = model::facts_of(request.os400);
  if (request.t10dif && (ds6000 || model != nullptr)) return {Errc::not_combinable, id};
  if (model == nullptr) return {};
  if (ds6000 && model->is_variable()) return {Errc::not_combinable, id};
  VolumeConfig wanted;
  wanted.block_count = request.block_count;
  wanted.os400 = request.os400;
  return is_format(wanted) ? Result<void>{} : Result<void>{Errc::out_of_range, id};
}

Result<void> check_make_volume(const ImageConfig& config, const MakeVolumeRequest& request) {
  const Limits& limits = limits_of(config.personality);
  const std::uint64_t id = request.id.value;
  const auto pool = config.pools.find(request.pool);
  if (pool == config.pools.end()) return {Errc::object_not_found, request.pool};
  if (lss_of(request.id) >= limits.lss_count) return {Errc::limit_reached, id};
  if (config.volumes.contains(request.id)) return {Errc::id_taken, id};
  if (lss_of(request.id) % 2 != request.pool % 2) return {Errc::parity_differs, id};
  if (request.block_count == 0 || request.block_count > limits.max_fb_blocks) return {Errc::out_of_range, id};
  if (request.method != AllocationMethod::standard && !limits.thin_volumes) return {Errc::not_combinable, id};
  TT_CHECK(check_group_given(config, request.resource_group));
  TT_CHECK(check_format(config, request));
  const std::uint64_t extents = extents_for(request.block_count, pool->second.extent_bytes);
  if (extents > kMaxImageExtents - configured_extents(config)) return {Errc::limit_reached, id};
  const auto promised = check_promise(config, pool->second, request.method, extents);
  return promised ? promised : Result<void>{promised.error().code, id};
}

}  // namespace

Result<MakeVolume> plan_make_volume(const ImageConfig& config, const MakeVolumeRequest& request, Generation generation,
                                    std::int64_t now_s) {
  TT_CHECK(check_make_volume(config, request));
  const std::uint64_t count = extents_for(request.block_count, config.pools.at(request.pool).extent_bytes);
  std::vector<std::optional<ExtentRef>> extents(count);
  if (request.method == AllocationMethod::standard) {
    auto chosen = allocate_all(config, request.pool, count, request.rotation);
    if (!chosen) return {chosen.error().code, request.id.value};
    extents = std::move(chosen).value();
  }
  TT_TRY(auto places, plan_join(config, request.id, request.os400 != model::Os400Model::none, request.volume_groups));
  return MakeVolume{.volume = {.id = request.id,
                               .generation = generation,
                               .name = request.name,
                               .block_count = request.block_count,
                               .capacity_type = request.capacity_type,
                               .pool = request.pool,
                               .method = request.method,
                               .created_s = now_s,
                               .extents = std::move(extents),
                               .kills = {},
                               .rotation = request.rotation,
                               .maps = std::nullopt,
                               .os400 = request.os400,
                               .t10dif = request.t10dif,
                               .resource_group = request.resource_group},
                    .places = std::move(places)};
}

Result<RemoveVolume> plan_remove_volume(const ImageConfig& config, VolumeId id) {
  if (config.find_volume(id) == nullptr) return {Errc::volume_not_found, id.value};
  if (in_relationship(config, id) || lends(config, id)) return {Errc::still_in_use, id.value};
  return RemoveVolume{.volume = id};
}

Result<AllocateExtent> plan_allocate_extent(const ImageConfig& config, VolumeId id, std::uint32_t extent_number) {
  const VolumeConfig* volume = config.find_volume(id);
  if (volume == nullptr) return {Errc::volume_not_found, id.value};
  if (extent_number >= volume->extents.size()) return {Errc::out_of_range, id.value};
  if (volume->extents[extent_number]) return {Errc::invalid_argument, id.value};
  ExtentChooser chooser(config, volume->pool, volume->method);
  if (chooser.left() == 0) return {Errc::no_space, id.value};
  // Thin volumes get their extents in any order: the rank follows from the number, shifted by the volume's id so that
  // the first extents of many volumes do not meet on one rank.
  if (rotates_extents(config, volume->rotation)) chooser.start_at(std::uint64_t{id.value} + extent_number);
  return AllocateExtent{.volume = id, .extent_number = extent_number, .extent = chooser.choose()};
}

}  // namespace tt::volume
