// SPDX-License-Identifier: Apache-2.0
// Remembers which grains were read once, without their data: the door of the read cache. One line of memory is looked
// at for each track; when it is full one of its tracks is forgotten. Two tracks that look the same (one pair in
// thousands) let a grain in too early, which costs a copy and nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "cache/place.h"

namespace tt::cache {

class OnceSeen {
 public:
  /// Remembers about `tracks` tracks; a power of two.
  explicit OnceSeen(std::size_t tracks) : lines_(tracks < kWays ? 1 : tracks / kWays) {}

  /// The grains that were seen before; these are forgotten, the others are known from now on.
  GrainMask see(std::uint64_t track_key, GrainMask grains) noexcept {
    const std::uint64_t mixed = spread(track_key ^ 0x5851'F42D'4C95'7F2DU);
    Line& line = lines_[(mixed >> 40U) & (lines_.size() - 1)];
    const auto print = static_cast<std::uint16_t>(mixed >> 16U);
    for (std::size_t way = 0; way < kWays; ++way) {
      if (line.print[way] != print || line.grains[way] == 0) continue;
      const auto seen = static_cast<GrainMask>(line.grains[way] & grains);
      line.grains[way] ^= grains;
      return seen;
    }
    const std::size_t way = turn_++ % kWays;
    line.print[way] = print;
    line.grains[way] = grains;
    return 0;
  }

 private:
  static constexpr std::size_t kWays = 8;
  struct Line {
    std::array<std::uint16_t, kWays> print{};
    std::array<GrainMask, kWays> grains{};
  };
  std::vector<Line> lines_;
  std::size_t turn_ = 0;
};

}  // namespace tt::cache
