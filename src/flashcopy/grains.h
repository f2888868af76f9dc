// SPDX-License-Identifier: Apache-2.0
// Sets of grains of one track, as runs and as the stretch from the first to the last.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace tt::flashcopy {

/// From the first grain of the set to the last.
struct Hull {
  std::uint32_t first_grain = 0;
  std::uint32_t grain_count = 0;
};

constexpr Hull hull_of(GrainMask grains) noexcept {
  if (grains == 0) return {};
  const auto first = static_cast<std::uint32_t>(std::countr_zero(grains));
  const auto end = static_cast<std::uint32_t>(std::bit_width(grains));
  return {first, end - first};
}

constexpr std::size_t hull_bytes(GrainMask grains) noexcept {
  return std::size_t{hull_of(grains).grain_count} * kGrainBytes;
}

/// Grains that these bytes of a track touch.
constexpr GrainMask grains_of_bytes(std::uint64_t offset, std::uint64_t length) noexcept {
  const auto first = static_cast<std::uint32_t>(offset / kGrainBytes);
  const auto end = static_cast<std::uint32_t>((offset + length + kGrainBytes - 1) / kGrainBytes);
  return static_cast<GrainMask>((1U << end) - (1U << first));
}

/// Ascending runs of grains, in bytes of the track: visit(offset, length).
template <class Visit>
void for_each_run(GrainMask grains, Visit visit) {
  for (std::uint32_t rest = grains; rest != 0;) {
    const auto first = static_cast<std::uint32_t>(std::countr_zero(rest));
    const auto count = static_cast<std::uint32_t>(std::countr_one(rest >> first));
    visit(std::size_t{first} * kGrainBytes, std::size_t{count} * kGrainBytes);
    rest &= ~(((1U << count) - 1U) << first);
  }
}

template <class Visit>
void for_each_grain(GrainMask grains, Visit visit) {
  for (std::uint32_t rest = grains; rest != 0; rest &= rest - 1) {
    visit(static_cast<std::uint32_t>(std::countr_zero(rest)));
  }
}

}  // namespace tt::flashcopy
