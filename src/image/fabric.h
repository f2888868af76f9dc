// SPDX-License-Identifier: Apache-2.0
// What lies between images: ports here, and where ports of others are. On the home reactor.
#pragma once

#include <cstdint>
#include <vector>

#include "mirror/path_keeper.h"

namespace tt::image {

class Fabric : public mirror::Dialer {
 public:
  /// Ports of this image over which others can be reached, ascending; closed ones too.
  [[nodiscard]] virtual std::vector<std::uint16_t> ports() const = 0;
  /// Ports of that image of which it is known where they are.
  [[nodiscard]] virtual std::vector<std::uint16_t> ports_of(std::uint64_t wwnn) const = 0;
};

}  // namespace tt::image
