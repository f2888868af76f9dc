// SPDX-License-Identifier: Apache-2.0
// Strong types for the numbers that must never be mixed up, and the sizes every part agrees on.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace tt {

template <class Tag, class Rep>
struct Strong {
  Rep value{};

  constexpr Strong() = default;
  constexpr explicit Strong(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

/// Log sequence number: the total order of every write and control change of one image. 0 is never drawn.
using Lsn = Strong<struct LsnTag, std::uint64_t>;
/// Volume id `LLVV`: high byte = logical subsystem, low byte = volume in it.
using VolumeId = Strong<struct VolumeIdTag, std::uint16_t>;
/// Track of a volume, from 0.
using TrackIndex = Strong<struct TrackIndexTag, std::uint64_t>;
/// A shard owns every state of the tracks routed to it.
using ShardId = Strong<struct ShardIdTag, std::uint32_t>;
/// Incarnation of a map or a volume: the Lsn of the operation that made it, so it never repeats.
using Generation = Strong<struct GenerationTag, std::uint64_t>;

inline constexpr std::uint32_t kBlockBytes = 512;
inline constexpr std::uint32_t kTrackBlocks = 128;
inline constexpr std::uint32_t kTrackBytes = kBlockBytes * kTrackBlocks;  // 64 KiB
/// What of a track is preserved at the least before hosts' data overwrites it; no medium writes less in one piece.
inline constexpr std::uint32_t kGrainBytes = 4096;
inline constexpr std::uint32_t kGrainBlocks = kGrainBytes / kBlockBytes;
inline constexpr std::uint32_t kTrackGrains = kTrackBytes / kGrainBytes;
/// Grains of one track, the first in bit 0.
using GrainMask = std::uint16_t;
inline constexpr GrainMask kAllGrains = 0xFFFF;
static_assert(kTrackGrains == 16);

constexpr std::uint64_t operator""_KiB(unsigned long long n) {
  return n << 10U;
}
constexpr std::uint64_t operator""_MiB(unsigned long long n) {
  return n << 20U;
}
constexpr std::uint64_t operator""_GiB(unsigned long long n) {
  return n << 30U;
}
constexpr std::uint64_t operator""_TiB(unsigned long long n) {
  return n << 40U;
}

constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t unit) {
  return (n + unit - 1) / unit * unit;
}
constexpr std::uint64_t divide_up(std::uint64_t n, std::uint64_t unit) {
  return (n + unit - 1) / unit;
}

}  // namespace tt

template <class Tag, class Rep>
struct std::hash<tt::Strong<Tag, Rep>> {
  std::size_t operator()(const tt::Strong<Tag, Rep>& s) const noexcept { return std::hash<Rep>{}(s.value); }
};
