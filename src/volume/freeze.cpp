// SPDX-License-Identifier: Apache-2.0
#include "volume/freeze.h"

#include <algorithm>
#include <utility>

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
  const std::vector<VolumeId>& frozen = config.frozen_sources;
  const auto of_lss = std::lower_bound(frozen.begin(), frozen.end(), VolumeId(static_cast<std::uint16_t>(lss << 8U)));
  if (of_lss == frozen.end() || lss_of(*of_lss) != lss) std::erase(config.expired_freezes, lss);
  insert_sorted(config.frozen_sources, source);
}

void end_freeze(ImageConfig& config, VolumeId source) {
  std::erase(config.frozen_sources, source);
  for (Relationship& relationship : config.relationships.from(source)) relationship.frozen = false;
}

void expire_freeze(ImageConfig& config, std::uint8_t lss) {
  insert_sorted(config.expired_freezes, lss);
}

void leave_freeze(ImageConfig& config, Relationship& relationship) {
  if (!relationship.frozen) return;
  relationship.frozen = false;
  const VolumeId source = relationship.source;
  const auto others = std::as_const(config.relationships).from(source);
  const bool held = std::ranges::any_of(others, [](const Relationship& other) { return other.frozen; });
  if (!held) std::erase(config.frozen_sources, source);
}

}  // namespace tt::volume
