// SPDX-License-Identifier: Apache-2.0
// The I/O ports of an image: what one NBD server listens on. A port keeps its address for life, so that it can be
// closed and opened again. Everything on the server's reactor, which is the image's home reactor.
#pragma once

#include <string>
#include <vector>

#include "host/nbd/server.h"
#include "image/io_ports.h"

namespace tt::nbd {

struct PortAddress {
  std::string unix_path = {};  ///< Empty for TCP.
  std::string host = {};
  std::uint16_t tcp_port = 0;  ///< 0: any free one, the same ever after.
  TlsMode tls = TlsMode::off;
};

class Ports final : public image::IoPorts {
 public:
  /// Both outlive it.
  Ports(rt::Net& net, Server& server) : net_(net), server_(server) {}

  /// A port of this id, closed.
  void add(std::uint16_t id, PortAddress address);
  /// Empty while it has never listened.
  [[nodiscard]] std::string address(std::uint16_t id) const;

  [[nodiscard]] std::vector<image::IoPortStatus> status() const override;
  Result<void> open(std::uint16_t port) override;
  void close(std::uint16_t port) override;

 private:
  struct Port {
    std::uint16_t id = 0;
    PortAddress address;
    std::string bound;  ///< As the listener reported it.
    bool listening = false;
  };
  [[nodiscard]] Port* find(std::uint16_t id) noexcept;

  rt::Net& net_;
  Server& server_;
  std::vector<Port> ports_;  ///< Ascending by id.
};

}  // namespace tt::nbd
