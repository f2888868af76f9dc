// SPDX-License-Identifier: Apache-2.0
// Checks a decoded configuration as a whole. Everything here is promised by apply() as asserted there; a file that
// breaks it was damaged in a way its checksums did not see, or was never ours.
#include <algorithm>
#include <set>

#include "volume/derived.h"
#include "volume/mutation.h"

namespace tt::volume {

namespace {

Result<void> derive_ranks(ImageConfig& config) {
  std::uint64_t total = 0;
  for (const auto& [id, pool] : config.pools) {
    if (pool.extent_bytes != kLargeExtentBytes && pool.extent_bytes != kSmallExtentBytes) return Errc::corrupt;
    if (pool.threshold_percent > 100 || pool.limit_percent > 100) return Errc::corrupt;
  }
  for (auto& [id, rank] : config.ranks) {
    adopt(config, rank);
    if (!rank.pool) continue;
    const auto pool = config.pools.find(*rank.pool);
    if (pool == config.pools.end()) return Errc::corrupt;
    const std::uint64_t count = extents_on(rank, pool->second);
    if (count > kMaxImageExtents - total) return Errc::corrupt;
    total += count;
    config.taken_extents.emplace(id, ExtentMap(static_cast<std::uint32_t>(count)));
  }
  return {};
}

Result<void> take_extents(ImageConfig& config, const VolumeConfig& volume) {
  for (const auto& extent : volume.extents) {
    if (!extent) {
      if (!volume.is_thin()) return Errc::corrupt;
      continue;
    }
    const auto rank = config.ranks.find(extent->rank);
    if (rank == config.ranks.end() || rank->second.pool != volume.pool) return Errc::corrupt;
    ExtentMap& taken = config.taken_extents.at(extent->rank);
    if (extent->index >= taken.size() || taken[extent->index]) return Errc::corrupt;
    taken.take(extent->index);
    if (volume.method == AllocationMethod::tse) ++config.tse_extents[volume.pool];
  }
  return {};
}

Result<void> derive_volumes(ImageConfig& config) {
  for (const auto& [id, volume] : config.volumes) {
    const auto pool = config.pools.find(volume.pool);
    if (pool == config.pools.end() || !config.lsses.contains(lss_of(id))) return Errc::corrupt;
    if (volume.block_count == 0 || volume.block_count > kMaxImageExtents * kLargeExtentBytes / kBlockBytes)
      return Errc::corrupt;
    if (!is_format(volume)) return Errc::corrupt;
    if (volume.extents.size() != extents_for(volume.block_count, pool->second.extent_bytes)) return Errc::corrupt;
    TT_CHECK(take_extents(config, volume));
  }
  return {};
}

/// After derive_volumes().
Result<void> check_repositories(const ImageConfig& config) {
  for (const auto& [id, pool] : config.pools) {
    if (!pool.repository) continue;
    if (pool.repository->real_extents == 0 || pool.repository->real_extents > pool.repository->virtual_extents)
      return Errc::corrupt;
    if (pool.repository->virtual_extents > kMaxImageExtents || pool.repository->threshold_percent > 100)
      return Errc::corrupt;
    if (!fits_its_volumes(config, pool)) return Errc::corrupt;
  }
  return {};
}

/// After derive_ranks(): every rank has an array, and no site or array serves two.
Result<void> check_arrays(const ImageConfig& config) {
  std::set<std::uint16_t> sites;
  for (const auto& [id, array] : config.arrays) {
    if (!config.sites.contains(array.site) || !sites.insert(array.site).second) return Errc::corrupt;
  }
  std::set<std::uint16_t> arrays;
  for (const auto& [id, rank] : config.ranks) {
    if (!config.arrays.contains(*rank.array) || !arrays.insert(*rank.array).second) return Errc::corrupt;
  }
  return {};
}

Result<void> check_freezes(const ImageConfig& config) {
  const std::vector<VolumeId>& frozen = config.frozen_sources;
  if (!std::is_sorted(frozen.begin(), frozen.end())) return Errc::corrupt;
  if (!std::is_sorted(config.expired_freezes.begin(), config.expired_freezes.end())) return Errc::corrupt;
  const bool known =
      std::all_of(frozen.begin(), frozen.end(), [&](VolumeId source) { return config.find_volume(source) != nullptr; });
  return known ? Result<void>{} : Result<void>{Errc::corrupt};
}

Result<void> check_relationships(const ImageConfig& config) {
  std::set<VolumeId> targets;
  std::set<Generation> saved;  // each belongs to exactly one relationship
  for (const auto& [generation, relationship] : config.saved) saved.insert(generation);
  for (const auto& [generation, relationship] : config.relationships) {
    const VolumeConfig* source = config.find_volume(relationship.source);
    const VolumeConfig* target = config.find_volume(relationship.target);
    if (source == nullptr || target == nullptr || source == target) return Errc::corrupt;
    if (relationship.track_count > source->track_count() || relationship.track_count > target->track_count())
      return Errc::corrupt;
    if (!relationship.closing() && !targets.insert(relationship.target).second) return Errc::corrupt;
    if (relationship.saved && !saved.erase(*relationship.saved)) return Errc::corrupt;
  }
  if (!saved.empty()) return Errc::corrupt;
  return {};
}

Result<void> check_loans(const ImageConfig& config) {
  for (const auto& [generation, loan] : config.loans) {
    const VolumeConfig* lender = config.find_volume(loan.lender);
    const VolumeConfig* borrower = config.find_volume(loan.borrower);
    if (lender == nullptr || borrower == nullptr || lender == borrower) return Errc::corrupt;
    if (loan.track_count > lender->track_count() || loan.track_count > borrower->track_count()) return Errc::corrupt;
    if (loan.since > loan.t0 || config.relationships.contains(generation)) return Errc::corrupt;
  }
  return {};
}

Result<void> check_ranges(const ImageConfig& config) {
  for (const auto& [generation, copy] : config.range_copies) {
    const VolumeConfig* source = config.find_volume(copy.source);
    const VolumeConfig* target = config.find_volume(copy.target);
    if (source == nullptr || target == nullptr || copy.runs.empty()) return Errc::corrupt;
    std::uint64_t end = 0;
    for (const TrackRun& run : copy.runs) {
      if (run.count == 0 || run.target < end || !has_tracks(*source, run.source, run.count)) return Errc::corrupt;
      if (!has_tracks(*target, run.target, run.count)) return Errc::corrupt;
      end = run.target + run.count;
    }
  }
  return {};
}

}  // namespace

bool is_format(const VolumeConfig& volume) noexcept {
  const model::Os400ModelFacts* facts = model::facts_of(volume.os400);
  if (facts == nullptr) return !volume.is_os400();
  if (volume.t10dif) return false;
  return facts->is_variable() ? model::is_os400_size(volume.block_count) : volume.block_count == facts->blocks;
}

Result<void> derive(ImageConfig& config) {
  if (config.problems.size() > kMaxProblems) return Errc::corrupt;
  if (!config.problems.empty() && config.problems.rbegin()->first > config.last_problem) return Errc::corrupt;
  config.taken_extents.clear();
  config.tse_extents.clear();
  TT_CHECK(derive_ranks(config));
  TT_CHECK(check_arrays(config));
  TT_CHECK(derive_volumes(config));
  TT_CHECK(check_repositories(config));
  TT_CHECK(check_freezes(config));
  TT_CHECK(check_relationships(config));
  TT_CHECK(check_loans(config));
  TT_CHECK(check_ranges(config));
  TT_CHECK(check_resource_groups(config));
  TT_CHECK(check_paths(config));
  TT_CHECK(check_mirror_pairs(config));
  return check_hosts(config);
}

}  // namespace tt::volume
