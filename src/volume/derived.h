// SPDX-License-Identifier: Apache-2.0
// Numbers and tables that follow from the configuration; shared by apply(), the plan_ functions and the decoder.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "volume/mutation.h"

namespace tt::volume {

/// Whole extents on the rank; the rest of its space is not used.
constexpr std::uint64_t extents_on(const RankConfig& rank, const PoolConfig& pool) noexcept {
  return rank.data_bytes / pool.extent_bytes;
}

/// Extents of a volume; the rest of the last one is wasted.
constexpr std::uint64_t extents_for(std::uint64_t block_count, std::uint64_t extent_bytes) noexcept {
  return divide_up(block_count, extent_bytes / kBlockBytes);
}

constexpr std::uint8_t lss_of(VolumeId id) noexcept {
  return static_cast<std::uint8_t>(id.value >> 8U);
}

/// Whether the volume's format is one that there is: the size of its model of IBM i, and no T10 DIF with one.
bool is_format(const VolumeConfig& volume) noexcept;
/// Whether one may be a copy of the other: their blocks are alike, and to IBM i they are one model.
inline bool same_format(const VolumeConfig& a, const VolumeConfig& b) noexcept {
  return a.os400 == b.os400 && a.t10dif == b.t10dif;
}

/// An LSS as it comes into being with its first volume.
LssConfig default_lss(Personality personality, std::uint8_t id) noexcept;

/// Any relationship, closing ones included, range copy or mirror has the volume as source or target.
bool in_relationship(const ImageConfig& config, VolumeId id) noexcept;

/// Whole tracks of the volume, at least one.
bool has_tracks(const VolumeConfig& volume, std::uint64_t first, std::uint64_t count) noexcept;

/// The entry, which must be there: what apply() asserts of a mutation.
template <class Map>
auto& existing(Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  TT_ASSERT(found != map.end());
  return found->second;
}

/// Extents of all volumes together, as kMaxImageExtents bounds them.
std::uint64_t configured_extents(const ImageConfig& config) noexcept;

/// Whether a volume of this method may get so many more extents, now or later: no_space beyond what thin volumes of the
/// pool may be promised, repository_too_small beyond what the repository may.
Result<void> check_promise(const ImageConfig& config, const PoolConfig& pool, AllocationMethod method,
                           std::uint64_t extents);

/// Free ones on ranks of the pool that are used, whoever may have them.
std::uint64_t usable_extents(const ImageConfig& config, std::uint16_t pool) noexcept;
/// What the pool's volumes of the method tse have, and what they may want together.
std::uint64_t tse_extents_of(const ImageConfig& config, std::uint16_t pool) noexcept;
std::uint64_t tse_capacity_of(const ImageConfig& config, std::uint16_t pool) noexcept;
/// Whether its repository, if it has one, is as large as its volumes need.
bool fits_its_volumes(const ImageConfig& config, const PoolConfig& pool) noexcept;
/// Whether without the free extents of this rank the repository of its pool could not keep what it promises.
bool repository_needs(const ImageConfig& config, const RankConfig& rank) noexcept;
/// Gives the extent to the volume, or takes it back: in the map of its rank and in the sums.
void take_extent(ImageConfig& config, const VolumeConfig& volume, const ExtentRef& extent);
void release_extent(ImageConfig& config, const VolumeConfig& volume, const ExtentRef& extent);

/// Keeps the list short: a kill that is no newer and no larger than another says nothing.
void add_kill(std::vector<Kill>& kills, const Kill& kill);

/// The smallest number from `first` on that is not in the table.
template <class T>
std::uint32_t next_free_id(const std::map<std::uint16_t, T>& table, std::uint32_t first) {
  for (const auto& [id, entry] : table) {
    if (id < first) continue;
    if (id != first) break;
    ++first;
  }
  return first;
}

void add_problem(ImageConfig& config, ProblemKind kind, std::int64_t at_s, std::string object);

/// A rank that names no array gets a site and an array of its own, numbered like the rank if that is free.
void adopt(ImageConfig& config, RankConfig& rank);
/// No rank with space of the volume has failed. Copies write to the target; the source only has to be readable.
bool is_writable(const ImageConfig& config, const VolumeConfig& volume);

/// Makes taken_extents from ranks and volumes. `corrupt` if the configuration contradicts itself in anything that
/// apply() and the plan_ functions rely on.
Result<void> derive(ImageConfig& config);

}  // namespace tt::volume
