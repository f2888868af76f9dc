// SPDX-License-Identifier: Apache-2.0
// A host of the simulated world: an NBD client at the Unix socket of an image, as user 1000.
#pragma once

#include <memory>
#include <string>

#include "host/testing/nbd_client.h"
#include "runtime/scope.h"
#include "sim/net.h"

namespace tt::live {

class NbdHost {
 public:
  NbdHost(sim::World& world, sim::SimNetwork& network, sim::SimReactor& reactor)
      : world_(world), network_(network), reactor_(reactor), scope_(reactor) {}

  /// Whether the image lets it have the volume. Leaves a volume it has.
  bool attach(const std::string& address, const std::string& volume);
  /// What a read of the volume's first block is answered: an NBD error, or 0. ESHUTDOWN when nobody answers.
  std::uint32_t read();
  void detach();
  /// Only for a simulated crash.
  void kill() noexcept { scope_.kill(); }

 private:
  /// Outlives a task that the host no longer cares for.
  struct Wire {
    std::unique_ptr<rt::ByteStream> stream;
    host_testing::Bytes received;
  };
  static rt::Task<void> open(NbdHost& host, std::string address, std::shared_ptr<Wire> wire);
  static rt::Task<void> receive(std::shared_ptr<Wire> wire);
  static rt::Task<void> send(std::shared_ptr<Wire> wire, host_testing::Bytes words);
  /// What comes back within a second.
  host_testing::Bytes say(host_testing::Bytes words);

  sim::World& world_;
  sim::SimNetwork& network_;
  sim::SimReactor& reactor_;
  rt::Scope scope_;
  std::shared_ptr<Wire> wire_;
};

}  // namespace tt::live
