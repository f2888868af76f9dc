// SPDX-License-Identifier: Apache-2.0
// Ranks and what they lie on: a site is a file or device, an array a site that was taken, a rank an array that was
// formatted.
#include <algorithm>
#include <limits>
#include <utility>

#include "volume/derived.h"
#include "volume/mutation.h"
#include "volume/plan_change.h"

namespace tt::volume {

namespace {

constexpr std::uint32_t kLargestId = std::numeric_limits<std::uint16_t>::max();

bool has_rank(const ImageConfig& config, std::uint16_t array) {
  return std::any_of(config.ranks.begin(), config.ranks.end(),
                     [array](const auto& rank) { return rank.second.array == array; });
}

}  // namespace

Result<ReserveRank> plan_reserve_rank(const ImageConfig& config, std::uint16_t rank, bool reserved) {
  const auto found = config.ranks.find(rank);
  if (found == config.ranks.end()) return {Errc::object_not_found, rank};
  if (!found->second.pool) return {Errc::not_combinable, rank};
  if (reserved && repository_needs(config, found->second)) return {Errc::still_in_use, rank};
  return ReserveRank{.rank = rank, .reserved = reserved};
}

Result<RemoveRank> plan_remove_rank(const ImageConfig& config, std::uint16_t rank) {
  const auto found = config.ranks.find(rank);
  if (found == config.ranks.end()) return {Errc::object_not_found, rank};
  if (found->second.pool) return {Errc::still_in_use, rank};
  return RemoveRank{.rank = rank};
}

Result<AddRank> plan_add_rank(const ImageConfig& config, std::uint16_t array, std::optional<std::uint16_t> pool) {
  const auto found = config.arrays.find(array);
  if (found == config.arrays.end()) return {Errc::object_not_found, array};
  if (has_rank(config, array)) return {Errc::still_in_use, array};
  const std::uint32_t id = next_free_id(config.ranks, 0);
  if (id > kLargestId) return {Errc::limit_reached, id};
  const SiteConfig& site = config.sites.at(found->second.site);
  AddRank plan;
  plan.rank.id = static_cast<std::uint16_t>(id);
  plan.rank.device = site.device;
  plan.rank.data_bytes = site.data_bytes;
  plan.rank.array = array;
  plan.rank.pool = pool;
  if (!pool) return plan;

  const auto into = config.pools.find(*pool);
  if (into == config.pools.end()) return {Errc::object_not_found, *pool};
  std::uint64_t total = extents_on(plan.rank, into->second);
  for (const auto& [rank, taken] : config.taken_extents) total += taken.size();
  if (total > kMaxImageExtents) return {Errc::limit_reached, id};
  return plan;
}

Result<AddSite> plan_add_site(const ImageConfig& config, std::string device, std::uint64_t data_bytes) {
  if (data_bytes == 0 || data_bytes % kTrackBytes != 0) return {Errc::out_of_range, data_bytes};
  const bool known = std::any_of(config.sites.begin(), config.sites.end(),
                                 [&](const auto& site) { return site.second.device == device; });
  if (known) return Errc::id_taken;
  const std::uint32_t id = next_free_id(config.sites, 1);
  if (id > kLargestId) return {Errc::limit_reached, id};
  return AddSite{.site = {.id = static_cast<std::uint16_t>(id), .device = std::move(device), .data_bytes = data_bytes}};
}

Result<MakeArray> plan_make_array(const ImageConfig& config, std::uint16_t site, std::uint8_t raid_type) {
  if (!config.sites.contains(site)) return {Errc::object_not_found, site};
  const bool used = std::any_of(config.arrays.begin(), config.arrays.end(),
                                [site](const auto& array) { return array.second.site == site; });
  if (used) return {Errc::still_in_use, site};
  const std::uint32_t id = next_free_id(config.arrays, 0);
  if (id > kLargestId) return {Errc::limit_reached, id};
  return MakeArray{.array = {.id = static_cast<std::uint16_t>(id), .site = site, .raid_type = raid_type}};
}

Result<RemoveArray> plan_remove_array(const ImageConfig& config, std::uint16_t array) {
  if (!config.arrays.contains(array)) return {Errc::object_not_found, array};
  if (has_rank(config, array)) return {Errc::still_in_use, array};
  return RemoveArray{.array = array};
}

}  // namespace tt::volume
