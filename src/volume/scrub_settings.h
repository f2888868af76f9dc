// SPDX-License-Identifier: Apache-2.0
// How the scrub of an image's media goes.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace tt::volume {

struct ScrubSettings {
  std::uint64_t bytes_per_second = 64_MiB;  ///< All shards together at most; hosts go first in any case.
  /// From the beginning of a pass to that of the next; 0: none begins by itself.
  std::uint32_t interval_s = 7 * 24 * 3600;
  friend bool operator==(const ScrubSettings&, const ScrubSettings&) = default;
};

struct ChangeScrub {
  ScrubSettings settings;
};

}  // namespace tt::volume
