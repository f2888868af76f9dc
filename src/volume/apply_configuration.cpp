// SPDX-License-Identifier: Apache-2.0
#include "volume/apply_configuration.h"

#include <algorithm>
#include <utility>

#include "volume/derived.h"
#include "volume/loans.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

std::string volume_name(VolumeId id) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string name;
  for (int shift = 12; shift >= 0; shift -= 4) name += kDigits[(static_cast<unsigned>(id.value) >> shift) & 0xFU];
  return name;
}

}  // namespace

std::string pair_name(VolumeId source, VolumeId target) {
  return volume_name(source) + ":" + volume_name(target);
}

std::string pair_name(const Relationship& relationship) {
  return pair_name(relationship.source, relationship.target);
}

void take_extent(ImageConfig& config, const VolumeConfig& volume, const ExtentRef& extent) {
  TT_ASSERT(existing(config.ranks, extent.rank).pool == volume.pool);
  existing(config.taken_extents, extent.rank).take(extent.index);
  if (volume.method != AllocationMethod::tse) return;
  const std::uint64_t has = ++config.tse_extents[volume.pool];
  const auto& repository = existing(config.pools, volume.pool).repository;
  TT_ASSERT(!repository || has <= repository->real_extents);
}

void release_extent(ImageConfig& config, const VolumeConfig& volume, const ExtentRef& extent) {
  existing(config.taken_extents, extent.rank).release(extent.index);
  if (volume.method != AllocationMethod::tse) return;
  if (--existing(config.tse_extents, volume.pool) == 0) config.tse_extents.erase(volume.pool);
}

void ApplyConfiguration::operator()(const ChangeVolume& m) const {
  VolumeConfig& volume = existing(config.volumes, m.volume);
  if (m.name) volume.name = *m.name;
  if (m.capacity_type) volume.capacity_type = *m.capacity_type;
  if (m.resource_group) {
    TT_ASSERT(find_resource_group(config, *m.resource_group) != nullptr);
    volume.resource_group = *m.resource_group;
  }
  if (m.os400 || m.t10dif) TT_ASSERT(!in_relationship(config, m.volume));
  if (m.os400) {
    TT_ASSERT(volume.is_os400() && *m.os400 != model::Os400Model::none);
    volume.os400 = *m.os400;
  }
  if (m.t10dif) {
    TT_ASSERT(!volume.is_os400());
    volume.t10dif = *m.t10dif;
  }
  if (!m.block_count) return;
  TT_ASSERT(*m.block_count > volume.block_count && !in_relationship(config, m.volume));
  for (const auto& extent : m.extents) {
    TT_ASSERT(extent.has_value() || volume.is_thin());
    if (extent) take_extent(config, volume, *extent);
    volume.extents.push_back(extent);
  }
  volume.block_count = *m.block_count;
  TT_ASSERT(volume.extents.size() == extents_for(volume.block_count, existing(config.pools, volume.pool).extent_bytes));
}

void give_back_space(ImageConfig& config, VolumeConfig& volume, Generation maps) {
  TT_ASSERT(volume.is_thin());
  for (auto& extent : volume.extents) {
    if (extent) release_extent(config, volume, *extent);
    extent.reset();
  }
  volume.maps = maps;
}

void ApplyConfiguration::operator()(const ReleaseSpace& m) const {
  VolumeConfig& volume = existing(config.volumes, m.volume);
  TT_ASSERT(!in_relationship(config, m.volume) && !lends(config, m.volume));
  end_loans_onto(config, m.volume);
  add_kill(volume.kills, Kill{.lsn = m.at, .track_count = volume.track_count()});
  give_back_space(config, volume, m.maps);
}

void ApplyConfiguration::operator()(const ChangeLss& m) const {
  TT_ASSERT(find_resource_group(config, m.lss.resource_group) != nullptr);
  config.lsses[m.lss.id] = m.lss;
  forget_unused_lss(config, m.lss.id);
}

void forget_unused_lss(ImageConfig& config, std::uint8_t lss) {
  const auto next = config.volumes.lower_bound(VolumeId(static_cast<std::uint16_t>(lss << 8U)));
  if (next != config.volumes.end() && lss_of(next->first) == lss) return;
  if (existing(config.lsses, lss) != default_lss(config.personality, lss)) return;
  if (!has_paths(config, lss)) config.lsses.erase(lss);
}

void ApplyConfiguration::operator()(const ChangePool& m) const {
  PoolConfig& pool = existing(config.pools, m.pool.id);
  TT_ASSERT(pool.extent_bytes == m.pool.extent_bytes);
  pool = m.pool;
  TT_ASSERT(fits_its_volumes(config, pool));
}

void ApplyConfiguration::operator()(const MergePools& m) const {
  TT_ASSERT(m.into != m.from && m.into % 2 == m.from % 2);
  TT_ASSERT(existing(config.pools, m.into).extent_bytes == existing(config.pools, m.from).extent_bytes);
  TT_ASSERT(!existing(config.pools, m.from).repository);
  for (auto& [id, rank] : config.ranks) {
    if (rank.pool == m.from) rank.pool = m.into;
  }
  for (auto& [id, volume] : config.volumes) {
    if (volume.pool == m.from) volume.pool = m.into;
  }
  if (const auto moved = config.tse_extents.extract(m.from)) config.tse_extents[m.into] += moved.mapped();
  TT_ASSERT(fits_its_volumes(config, existing(config.pools, m.into)));
  config.pools.erase(m.from);
}

void ApplyConfiguration::operator()(const ReserveRank& m) const {
  existing(config.ranks, m.rank).reserved = m.reserved;
}

void ApplyConfiguration::operator()(const RemoveRank& m) const {
  TT_ASSERT(!existing(config.ranks, m.rank).pool);
  config.ranks.erase(m.rank);
}

void ApplyConfiguration::operator()(const AddSite& m) const {
  const bool inserted = config.sites.emplace(m.site.id, m.site).second;
  TT_ASSERT(inserted);
}

void ApplyConfiguration::operator()(const MakeArray& m) const {
  TT_ASSERT(config.sites.contains(m.array.site));
  const bool inserted = config.arrays.emplace(m.array.id, m.array).second;
  TT_ASSERT(inserted);
}

void ApplyConfiguration::operator()(const RemoveArray& m) const {
  const bool used =
      std::any_of(config.ranks.begin(), config.ranks.end(), [&](const auto& r) { return r.second.array == m.array; });
  TT_ASSERT(!used && config.arrays.erase(m.array) == 1);
}

void add_problem(ImageConfig& config, ProblemKind kind, std::int64_t at_s, std::string object) {
  auto& problems = config.problems;
  if (problems.size() >= kMaxProblems) {
    const auto closed =
        std::find_if(problems.begin(), problems.end(), [](const auto& p) { return p.second.closed_s != 0; });
    problems.erase(closed != problems.end() ? closed : problems.begin());
  }
  const std::uint32_t id = ++config.last_problem;
  problems.emplace(id, Problem{.id = id, .kind = kind, .at_s = at_s, .closed_s = 0, .object = std::move(object)});
}

void ApplyConfiguration::operator()(const ChangeScrub& m) const {
  config.scrub = m.settings;
}

void ApplyConfiguration::operator()(const ChangeNames& m) const {
  config.name = m.image_name;
  config.names = m.names;
}

void ApplyConfiguration::operator()(const RecordProblem& m) const {
  add_problem(config, m.kind, m.at_s, m.object);
}

void ApplyConfiguration::operator()(const CloseProblem& m) const {
  existing(config.problems, m.problem).closed_s = std::max<std::int64_t>(m.at_s, 1);
}

}  // namespace tt::volume
