// SPDX-License-Identifier: Apache-2.0
// What lies between images: ports here, and where ports of others are. On the home reactor.
#pragma once

#include <cstdint>
#include <memory>
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

/// Takes the calls that come in.
class CallDesk {
 public:
  virtual ~CallDesk() = default;
  /// Somebody at one of our ports, who showed itself to be one of `proven`, or need not say; until the link is down.
  virtual rt::Task<void> attend(std::unique_ptr<rt::ByteStream> stream, std::uint16_t port,
                                std::vector<std::uint64_t> proven) = 0;
  /// Links over it end; paths come back when it is open again.
  virtual void port_closed(std::uint16_t port) = 0;
};

}  // namespace tt::image
