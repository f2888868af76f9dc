// SPDX-License-Identifier: Apache-2.0
// Ports over which this image and others reach each other: TCP listeners with mutual TLS, and the way to the ports of
// others. What is said over a connection is the mirror desk's business. Everything on the home reactor.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "host/peers/partner_file.h"
#include "host/tls/peer_context.h"
#include "host/tls/tls_stream.h"
#include "image/fabric.h"
#include "image/io_ports.h"
#include "runtime/nap.h"
#include "runtime/net.h"
#include "runtime/scope.h"

namespace tt::peers {

struct PeerPortsOptions {
  /// Null: connections are not protected, for a network that nobody else is on.
  const tls::PeerContext* tls = nullptr;
  /// Where the ports of others are, as it is at this moment.
  /// An error: nobody can say just now.
  std::function<Result<PartnerTable>()> partners;
  rt::TimeNs handshake_limit = 3 * rt::kSecond;
  /// That came in. When there are more, the one that has been longest in its handshake makes room.
  std::size_t most_connections = 128;
};

class PeerPorts final : public image::IoPorts, public image::Fabric {
 public:
  PeerPorts(rt::Reactor& reactor, rt::Net& net, PeerPortsOptions options);
  ~PeerPorts() override;

  /// A port of this id, closed; TCP port 0 takes any free one, the same ever after.
  void add(std::uint16_t id, TcpAddress address);
  /// Before a port is opened. It outlives what runs here.
  void use_desk(image::CallDesk& desk) noexcept { desk_ = &desk; }
  /// Where it listens, or last did.
  [[nodiscard]] std::string address(std::uint16_t id) const;
  /// Nobody comes in any more. The desk has ended its links before.
  rt::Task<void> stop();
  /// After a simulated crash.
  void kill() noexcept { scope_.kill(); }

  // --- IoPorts ---
  [[nodiscard]] std::vector<image::IoPortStatus> status() const override;
  /// A port whose address is missing or taken is tried again until it listens, or is closed: the network of the mirrors
  /// is not that of hosts, and they are served meanwhile.
  Result<void> open(std::uint16_t port) override;
  void close(std::uint16_t port) override;

  // --- Fabric ---
  [[nodiscard]] std::vector<std::uint16_t> ports() const override;
  [[nodiscard]] std::vector<std::uint16_t> ports_of(std::uint64_t wwnn) const override;
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> dial(std::uint64_t wwnn, mirror::PathPorts ports) override;

 private:
  struct Port {
    std::uint16_t id = 0;
    TcpAddress address;
    std::string bound;
    std::shared_ptr<rt::Listener> listener;  ///< Null while it is closed.
    bool wanted = false;                     ///< It is to be open, though its address may be missing.
    std::uint32_t connections = 0;
  };
  using Secured = Result<std::unique_ptr<rt::ByteStream>>;

  [[nodiscard]] Port* find(std::uint16_t id) noexcept;
  Result<void> try_to_open(Port& port);
  rt::Task<void> keep_trying();
  rt::Task<void> accept_all(Port& port, std::shared_ptr<rt::Listener> listener);
  rt::Task<void> attend(Port& port, std::unique_ptr<rt::ByteStream> stream);
  rt::Task<Secured> secure(std::unique_ptr<rt::ByteStream> stream, bool accepting, std::vector<std::uint64_t>& proven);

  rt::Reactor& reactor_;
  rt::Net& net_;
  PeerPortsOptions options_;
  image::CallDesk* desk_ = nullptr;
  std::list<Port> ports_;  ///< Ascending by id; tasks refer to them.
  std::size_t connections_ = 0;
  std::list<rt::ByteStream*> in_handshake_;  ///< That came in and have not proved anything, the oldest first.
  rt::Nap nap_;                              ///< Of ports that wait for their addresses: one task for all.
  bool waiting_ = false;
  bool stopping_ = false;
  rt::Scope scope_;
};

}  // namespace tt::peers
