// SPDX-License-Identifier: Apache-2.0
// Bytes on a rank's disk: where data lies, whatever volume shows it just now.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace tt::cache {

struct Place {
  std::uint16_t rank = 0;
  std::uint64_t offset = 0;  ///< Tracks begin at multiples of kTrackBytes.

  friend bool operator==(const Place&, const Place&) = default;
};

/// Of the track a place lies in.
constexpr std::uint64_t track_key(Place place) noexcept {
  return (std::uint64_t{place.rank} << 48U) | (place.offset / kTrackBytes);
}

constexpr std::uint64_t spread(std::uint64_t key) noexcept {
  return key * 0x9E37'79B9'7F4A'7C15U;  // the high bits are good ones
}

/// The part of a range of bytes that lies in one track.
struct TrackPart {
  std::uint64_t key = 0;
  std::uint32_t begin = 0;  ///< In the track, in bytes.
  std::uint32_t end = 0;

  [[nodiscard]] constexpr std::uint32_t bytes() const noexcept { return end - begin; }
  /// Grains of which it has every byte.
  [[nodiscard]] constexpr GrainMask whole_grains() const noexcept {
    return mask((begin + kGrainBytes - 1) / kGrainBytes, end / kGrainBytes);
  }
  /// Grains of which it has any.
  [[nodiscard]] constexpr GrainMask touched_grains() const noexcept {
    return mask(begin / kGrainBytes, (end + kGrainBytes - 1) / kGrainBytes);
  }

 private:
  static constexpr GrainMask mask(std::uint32_t from, std::uint32_t to) noexcept {
    return from < to ? static_cast<GrainMask>(((1U << (to - from)) - 1U) << from) : GrainMask{0};
  }
};

/// Its first part; the rest begins `bytes()` later.
constexpr TrackPart first_part(Place place, std::uint64_t bytes) noexcept {
  const auto begin = static_cast<std::uint32_t>(place.offset % kTrackBytes);
  const std::uint64_t rest = kTrackBytes - begin;
  return {track_key(place), begin, begin + static_cast<std::uint32_t>(bytes < rest ? bytes : rest)};
}

}  // namespace tt::cache
