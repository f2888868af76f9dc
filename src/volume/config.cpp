// SPDX-License-Identifier: Apache-2.0
#include "volume/config.h"

#include <algorithm>

#include "volume/derived.h"

namespace tt::volume {

const VolumeConfig* ImageConfig::find_volume(VolumeId id) const noexcept {
  const auto found = volumes.find(id);
  return found == volumes.end() ? nullptr : &found->second;
}

const Relationship* ImageConfig::target_of(VolumeId id) const noexcept {
  for (const auto& [generation, relationship] : relationships) {
    if (relationship.target == id && !relationship.closing()) return &relationship;
  }
  return nullptr;
}

std::uint64_t ImageConfig::free_extents(std::uint16_t pool) const noexcept {
  std::uint64_t count = 0;
  for (const auto& [id, rank] : ranks) {
    if (rank.pool == pool && !rank.failed) count += taken_extents.at(id).free();
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

LssConfig default_lss(Personality personality, std::uint8_t id) noexcept {
  return {.id = id, .long_busy_timeout_s = limits_of(personality).fb_long_busy_timeout_s, .consistency_group = false};
}

bool in_relationship(const ImageConfig& config, VolumeId id) noexcept {
  return std::any_of(config.relationships.begin(), config.relationships.end(),
                     [id](const auto& entry) { return entry.second.source == id || entry.second.target == id; });
}

Result<Generation> find_relationship(const ImageConfig& config, VolumeId source, VolumeId target) {
  const Relationship* found = config.target_of(target);
  if (found == nullptr || found->source != source) return {Errc::no_such_relationship, target.value};
  return found->generation;
}

}  // namespace tt::volume
