// SPDX-License-Identifier: Apache-2.0
// Host connections and volume groups, made ready for the question "who is this, and what does it see". Made anew by
// every change of them, and when a volume of IBM i is made, and never changed; each reactor holds the latest one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "image/host_access.h"
#include "model/host_identity.h"
#include "volume/config.h"

namespace tt::image {

/// HostFacts, taken apart.
struct Host {
  explicit Host(HostFacts facts);
  /// The identity that says most about it: "psk:alice", "tls:host1", "unix:1000", "addr:192.0.2.7".
  [[nodiscard]] std::string identity() const;

  HostFacts facts;  ///< Certificate names in lower case.
  std::optional<model::IpAddress> address;
  std::optional<std::uint32_t> user;
};

class AccessTable {
 public:
  struct Connection {
    std::uint16_t id = 0;
    std::string name;
    std::uint64_t wwpn = 0;
    volume::PortRule port_rule = volume::PortRule::all;
    std::vector<std::uint16_t> io_ports;
    const volume::VolumeGroupConfig* group = nullptr;

    [[nodiscard]] bool allows_port(std::uint16_t port) const noexcept;
  };

  /// Without any host connection: nobody sees anything.
  AccessTable() = default;
  explicit AccessTable(const volume::ImageConfig& config);
  AccessTable(const AccessTable&) = delete;
  AccessTable& operator=(const AccessTable&) = delete;

  /// A host is one host connection at most, the one that names it most closely: what it proved (key, then the names of
  /// its certificate), its WWPN, then the local user, the smallest network, anybody.
  [[nodiscard]] const Connection* find(const Host& host) const;
  /// Null sees nothing.
  [[nodiscard]] bool sees(const Connection* connection, std::uint16_t port, VolumeId volume) const noexcept;

 private:
  using ByText = std::map<std::string, const Connection*, std::less<>>;
  using Networks = std::map<model::IpAddress, const Connection*>;
  void name(const Connection& connection, const model::HostIdentity& identity);

  std::map<std::uint16_t, volume::VolumeGroupConfig> groups_;
  std::map<std::uint16_t, Connection> connections_;
  ByText keys_;
  ByText certificates_;
  ByText wwpns_;
  std::map<std::uint32_t, const Connection*> users_;
  std::map<unsigned, Networks, std::greater<>> networks_;  ///< By the length of the prefix, the smallest first.
  const Connection* anybody_ = nullptr;
  std::vector<VolumeId> os400_;  ///< Volumes of IBM i; ascending.
};

}  // namespace tt::image
