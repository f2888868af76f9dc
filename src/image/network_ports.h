// SPDX-License-Identifier: Apache-2.0
// The network interfaces of the machine that holds the image, as its operating system has them. The image only shows
// them; they are set where they belong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tt::image {

struct NetworkPortStatus {
  std::string name;                    ///< "eth0"
  std::vector<std::string> addresses;  ///< "192.0.2.10/24"
  std::string hardware_address;        ///< "02:00:5e:10:00:01"; empty if it has none.
  bool up = false;
  std::optional<std::uint64_t> speed_mbit;
  std::optional<std::uint64_t> mtu;
};

class NetworkPorts {
 public:
  virtual ~NetworkPorts() = default;
  [[nodiscard]] virtual std::vector<NetworkPortStatus> status() const = 0;
};

}  // namespace tt::image
