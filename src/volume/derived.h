// SPDX-License-Identifier: Apache-2.0
// Numbers and tables that follow from the configuration; shared by apply(), the plan_ functions and the decoder.
#pragma once

#include <cstdint>

#include "volume/config.h"

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

/// An LSS as it comes into being with its first volume.
LssConfig default_lss(Personality personality, std::uint8_t id) noexcept;

/// Any relationship, closing ones included, has the volume as source or target.
bool in_relationship(const ImageConfig& config, VolumeId id) noexcept;

/// Makes taken_extents from ranks and volumes. `corrupt` if the configuration contradicts itself in anything that
/// apply() and the plan_ functions rely on.
Result<void> derive(ImageConfig& config);

}  // namespace tt::volume
