// SPDX-License-Identifier: Apache-2.0
// How the tracks of every volume are dealt to shards: stripes of 256 tracks (16 MiB) round robin. A track number
// belongs to the same shard in every volume, so a track of a source and the same track of its target are always
// together. Within its shard a track has a dense *local* number; maps and the dirty index use local numbers only.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "base/units.h"

namespace tt::flashcopy {

inline constexpr std::uint64_t kStripeTracks = 256;

struct Stripes {
  std::uint32_t shard_count = 1;

  [[nodiscard]] constexpr std::uint32_t shard_of(std::uint64_t track) const {
    return static_cast<std::uint32_t>(track / kStripeTracks % shard_count);
  }
  [[nodiscard]] constexpr std::uint64_t to_local(std::uint64_t track) const {
    return track / kStripeTracks / shard_count * kStripeTracks + track % kStripeTracks;
  }
  [[nodiscard]] constexpr std::uint64_t to_global(std::uint32_t shard, std::uint64_t local) const {
    return (local / kStripeTracks * shard_count + shard) * kStripeTracks + local % kStripeTracks;
  }
  /// How many of the first `track_count` tracks belong to `shard`; they are its local tracks 0 ... n-1.
  [[nodiscard]] constexpr std::uint64_t local_count(std::uint32_t shard, std::uint64_t track_count) const {
    const std::uint64_t row = kStripeTracks * shard_count;
    const std::uint64_t rest = track_count % row;
    const std::uint64_t before = std::uint64_t{shard} * kStripeTracks;
    const std::uint64_t own = rest <= before ? 0 : (rest - before < kStripeTracks ? rest - before : kStripeTracks);
    return track_count / row * kStripeTracks + own;
  }
};

}  // namespace tt::flashcopy
