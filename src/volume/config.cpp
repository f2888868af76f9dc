// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

const VolumeConfig* ImageConfig::find_volume(VolumeId id) const noexcept {
  const auto found = volumes.find(id);
  return found == volumes.end() ? nullptr : &found->second;
}

const Relationship* ImageConfig::target_of(VolumeId id) const noexcept {
  for (const Relationship& relationship : relationships.onto(id)) {
    if (!relationship.closing()) return &relationship;
  }
  return nullptr;
}

std::uint64_t ImageConfig::free_extents(std::uint16_t pool, AllocationMethod method) const noexcept {
  std::uint64_t count = usable_extents(*this, pool);
  const auto found = pools.find(pool);
  if (found == pools.end()) return count;
  const std::uint64_t kept = repository_left(pool);
  // Counted against the pool's limit when the repository was made.
  if (method == AllocationMethod::tse && found->second.repository) return std::min(count, kept);
  count -= std::min(count, kept);  // less is there than it keeps when a rank has failed
  if (!found->second.limited) return count;
  const std::uint64_t allowed = total_extents(pool) * found->second.limit_percent / 100;
  const std::uint64_t allocated = allocated_extents(pool);
  return std::min(count, allowed > allocated ? allowed - allocated : 0);
}

std::uint64_t ImageConfig::allocated_extents(std::uint16_t pool) const noexcept {
  std::uint64_t count = 0;
  for (const auto& [id, rank] : ranks) {
    if (rank.pool == pool) count += taken_extents.at(id).taken();
  }
  return count + repository_left(pool);
}

std::uint64_t ImageConfig::repository_left(std::uint16_t pool) const noexcept {
  const auto found = pools.find(pool);
  if (found == pools.end() || !found->second.repository) return 0;
  return found->second.repository->real_extents - tse_extents_of(*this, pool);
}

std::uint64_t ImageConfig::promised_extents(std::uint16_t pool) const noexcept {
  const PoolConfig& config = pools.at(pool);
  std::uint64_t count = config.repository ? config.repository->real_extents : 0;
  for (const auto& [id, volume] : volumes) {
    const bool draws = config.repository && volume.method == AllocationMethod::tse;
    if (volume.pool == pool && volume.is_thin() && !draws) count += volume.extents.size();
  }
  return count;
}

std::uint64_t ImageConfig::reserved_extents(std::uint16_t pool) const noexcept {
  std::uint64_t count = 0;
  for (const auto& [id, rank] : ranks) {
    if (rank.pool == pool && !rank.failed && rank.reserved) count += taken_extents.at(id).free();
  }
  return count;
}

std::uint64_t ImageConfig::total_extents(std::uint16_t pool) const noexcept {
  std::uint64_t count = 0;
  for (const auto& [id, rank] : ranks) {
    if (rank.pool == pool) count += taken_extents.at(id).size();
  }
  return count;
}

std::uint64_t usable_extents(const ImageConfig& config, std::uint16_t pool) noexcept {
  std::uint64_t count = 0;
  for (const auto& [id, rank] : config.ranks) {
    if (rank.pool == pool && !rank.failed && !rank.reserved) count += config.taken_extents.at(id).free();
  }
  return count;
}

std::uint64_t tse_extents_of(const ImageConfig& config, std::uint16_t pool) noexcept {
  const auto found = config.tse_extents.find(pool);
  return found == config.tse_extents.end() ? 0 : found->second;
}

std::uint64_t tse_capacity_of(const ImageConfig& config, std::uint16_t pool) noexcept {
  std::uint64_t count = 0;
  for (const auto& [id, volume] : config.volumes) {
    if (volume.pool == pool && volume.method == AllocationMethod::tse) count += volume.extents.size();
  }
  return count;
}

bool fits_its_volumes(const ImageConfig& config, const PoolConfig& pool) noexcept {
  return !pool.repository || (tse_extents_of(config, pool.id) <= pool.repository->real_extents &&
                              tse_capacity_of(config, pool.id) <= pool.repository->virtual_extents);
}

LssConfig default_lss(Personality personality, std::uint8_t id) noexcept {
  return {.id = id, .long_busy_timeout_s = limits_of(personality).fb_long_busy_timeout_s, .consistency_group = false};
}

std::uint64_t configured_extents(const ImageConfig& config) noexcept {
  std::uint64_t count = 0;
  for (const auto& [id, volume] : config.volumes) count += volume.extents.size();
  return count;
}

void add_kill(std::vector<Kill>& kills, const Kill& kill) {
  const auto covers = [](const Kill& a, const Kill& b) { return a.lsn >= b.lsn && a.track_count >= b.track_count; };
  if (std::any_of(kills.begin(), kills.end(), [&](const Kill& old) { return covers(old, kill); })) return;
  std::erase_if(kills, [&](const Kill& old) { return covers(kill, old); });
  const auto place =
      std::upper_bound(kills.begin(), kills.end(), kill, [](const Kill& a, const Kill& b) { return a.lsn < b.lsn; });
  kills.insert(place, kill);
}

void adopt(ImageConfig& config, RankConfig& rank) {
  if (rank.array) return;
  const auto site = static_cast<std::uint16_t>(next_free_id(config.sites, std::uint32_t{rank.id} + 1));
  const auto array = static_cast<std::uint16_t>(next_free_id(config.arrays, rank.id));
  config.sites.emplace(site, SiteConfig{.id = site, .device = rank.device, .data_bytes = rank.data_bytes});
  config.arrays.emplace(array, ArrayConfig{.id = array, .site = site, .raid_type = 0});
  rank.array = array;
}

bool is_writable(const ImageConfig& config, const VolumeConfig& volume) {
  std::set<std::uint16_t> failed;
  for (const auto& [id, rank] : config.ranks) {
    if (rank.failed) failed.insert(id);
  }
  if (failed.empty()) return true;
  return std::none_of(volume.extents.begin(), volume.extents.end(),
                      [&failed](const auto& extent) { return extent && failed.contains(extent->rank); });
}

bool in_relationship(const ImageConfig& config, VolumeId id) noexcept {
  return in_range_copy(config, id) || in_mirror_pair(config, id) || !config.relationships.from(id).empty() ||
         !config.relationships.onto(id).empty();
}

Result<Generation> find_relationship(const ImageConfig& config, VolumeId source, VolumeId target) {
  const Relationship* found = config.target_of(target);
  if (found == nullptr || found->source != source) return {Errc::no_such_relationship, target.value};
  return found->generation;
}

}  // namespace tt::volume
