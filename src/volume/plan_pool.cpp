// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

Result<MakePool> plan_make_pool(const ImageConfig& config, std::string name, std::uint8_t rank_group,
                                std::uint64_t extent_bytes) {
  if (rank_group > 1) return {Errc::invalid_argument, rank_group};
  if (extent_bytes != kLargeExtentBytes && extent_bytes != kSmallExtentBytes)
    return {Errc::invalid_argument, extent_bytes};
  if (extent_bytes == kSmallExtentBytes && !limits_of(config.personality).small_extents) return Errc::not_combinable;
  std::uint32_t id = rank_group;
  while (id <= std::numeric_limits<std::uint16_t>::max() && config.pools.contains(static_cast<std::uint16_t>(id)))
    id += 2;
  if (id > std::numeric_limits<std::uint16_t>::max()) return Errc::limit_reached;
  return MakePool{
      .pool = {.id = static_cast<std::uint16_t>(id), .name = std::move(name), .extent_bytes = extent_bytes}};
}

Result<RemovePool> plan_remove_pool(const ImageConfig& config, std::uint16_t pool) {
  if (!config.pools.contains(pool)) return {Errc::object_not_found, pool};
  const bool used = std::any_of(config.volumes.begin(), config.volumes.end(),
                                [pool](const auto& entry) { return entry.second.pool == pool; });
  if (used || config.pools.at(pool).repository) return {Errc::still_in_use, pool};
  return RemovePool{.pool = pool};
}

Result<AssignRank> plan_assign_rank(const ImageConfig& config, std::uint16_t rank, std::optional<std::uint16_t> pool) {
  const auto found = config.ranks.find(rank);
  if (found == config.ranks.end()) return {Errc::object_not_found, rank};
  const RankConfig& current = found->second;
  const AssignRank plan{.rank = rank, .pool = pool};
  if (current.pool != pool && current.pool && config.taken_extents.at(rank).taken() != 0)
    return {Errc::still_in_use, rank};
  if (current.pool != pool && repository_needs(config, current)) return {Errc::still_in_use, rank};
  if (!pool || current.pool == pool) return plan;

  const auto next = config.pools.find(*pool);
  if (next == config.pools.end()) return {Errc::object_not_found, *pool};
  if (current.failed) return {Errc::rank_failed, rank};
  std::uint64_t total = extents_on(current, next->second);
  for (const auto& [id, taken] : config.taken_extents) {
    if (id != rank) total += taken.size();
  }
  if (total > kMaxImageExtents) return {Errc::limit_reached, rank};
  return plan;
}

}  // namespace tt::volume
