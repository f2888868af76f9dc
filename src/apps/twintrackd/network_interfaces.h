// SPDX-License-Identifier: Apache-2.0
// What the kernel says of the machine's network interfaces.
#pragma once

#include "image/network_ports.h"

namespace tt::daemon {

class NetworkInterfaces final : public image::NetworkPorts {
 public:
  /// Read anew at each call; by name. Empty if the kernel does not say.
  [[nodiscard]] std::vector<image::NetworkPortStatus> status() const override;
};

}  // namespace tt::daemon
