// SPDX-License-Identifier: Apache-2.0
// Which paths there are: from an LSS here to one of another image, each over a port here and a port there (spec: remote
// mirror, 1.2). Values that configuration, links and commands share.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace tt::mirror {

/// Between two LSSs.
inline constexpr std::size_t kMostPaths = 8;

/// Directed: from an LSS here to one of another image.
struct PathKey {
  std::uint64_t wwnn = 0;
  std::uint8_t source_lss = 0;
  std::uint8_t target_lss = 0;
  friend constexpr auto operator<=>(const PathKey&, const PathKey&) = default;
};

struct PathPorts {
  std::uint16_t local = 0;
  std::uint16_t remote = 0;
  friend constexpr auto operator<=>(const PathPorts&, const PathPorts&) = default;
};

/// Of one path set. bad_combination: none, more than eight, or one twice.
inline Result<void> check_ports(std::span<const PathPorts> ports) noexcept {
  if (ports.empty() || ports.size() > kMostPaths) return {Errc::bad_combination, ports.size()};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (std::ranges::count(ports, ports[i]) > 1) return {Errc::bad_combination, i};
  }
  return {};
}

}  // namespace tt::mirror
