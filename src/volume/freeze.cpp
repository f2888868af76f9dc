// SPDX-License-Identifier: Apache-2.0
#include "volume/freeze.h"

#include <algorithm>

#include "volume/derived.h"

namespace tt::volume {

namespace {

template <class T>
void insert_sorted(std::vector<T>& list, T value) {
  const auto place = std::lower_bound(list.begin(), list.end(), value);
  if (place == list.end() || *place != value) list.insert(place, value);
}

}  // namespace

bool is_frozen(const ImageConfig& config, VolumeId source) noexcept {
  return std::binary_search(config.frozen_sources.begin(), config.frozen_sources.end(), source);
}

bool freeze_holds(const ImageConfig& config, VolumeId source) {
  return config.lsses.at(lss_of(source)).long_busy_timeout_s != 0;
}

bool freeze_expired(const ImageConfig& config, std::uint8_t lss) noexcept {
  return std::binary_search(config.expired_freezes.begin(), config.expired_freezes.end(), lss);
}

void begin_freeze(ImageConfig& config, VolumeId source) {
  const std::uint8_t lss = lss_of(source);
  if (is_frozen(config, source)) return;
  if (!freeze_holds(config, source)) return expire_freeze(config, lss);
  const bool first = std::none_of(config.frozen_sources.begin(), config.frozen_sources.end(),
                                  [lss](VolumeId other) { return lss_of(other) == lss; });
  if (first) std::erase(config.expired_freezes, lss);
  insert_sorted(config.frozen_sources, source);
}

void end_freeze(ImageConfig& config, VolumeId source) {
  std::erase(config.frozen_sources, source);
  for (auto& [generation, relationship] : config.relationships) {
    if (relationship.source == source) relationship.frozen = false;
  }
}

void expire_freeze(ImageConfig& config, std::uint8_t lss) {
  insert_sorted(config.expired_freezes, lss);
}

void leave_freeze(ImageConfig& config, Relationship& relationship) {
  if (!relationship.frozen) return;
  relationship.frozen = false;
  const VolumeId source = relationship.source;
  const bool held = std::any_of(config.relationships.begin(), config.relationships.end(), [source](const auto& item) {
    return item.second.frozen && item.second.source == source;
  });
  if (!held) std::erase(config.frozen_sources, source);
}

}  // namespace tt::volume
