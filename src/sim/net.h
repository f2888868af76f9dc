// SPDX-License-Identifier: Apache-2.0
// A simulated network: byte streams between reactors with delay, short reads, a bounded window, and cuts. Addresses are
// names of one flat space: who listens on "127.0.0.1:10809" is reached under that text from every machine.
//
// Both directions keep their order, as TCP does. When a connection is cut or one machine crashes, bytes in transit are
// lost and both ends see `disconnected`; when one end shuts down, the other still reads what was sent before.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "runtime/net.h"
#include "runtime/sync.h"
#include "sim/world.h"

namespace tt::sim {

struct NetworkOptions {
  rt::TimeNs delay_max = 200 * rt::kMicrosecond;
  std::size_t chunk_max = 16_KiB;     ///< Largest piece that travels at once.
  std::size_t window_bytes = 64_KiB;  ///< Sent and not yet read; a writer waits beyond it.
  std::uint32_t cut_per_million = 0;  ///< Of the pieces delivered, so many cut their connection instead.
};

struct Connection;
struct Listening;

class SimNetwork final : private CrashParticipant {
 public:
  explicit SimNetwork(World& world, NetworkOptions options = {});
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;
  ~SimNetwork() override;

  /// The rt::Net of one reactor.
  [[nodiscard]] std::unique_ptr<rt::Net> mount(SimReactor& reactor);
  /// Two connected ends, without a listener.
  using Pair = std::pair<std::unique_ptr<rt::ByteStream>, std::unique_ptr<rt::ByteStream>>;
  [[nodiscard]] Pair make_pair(SimReactor& first, SimReactor& second);
  /// rt::Net has no way to call a Unix socket: hosts do that. This is the hosts' side.
  [[nodiscard]] rt::Task<Result<std::unique_ptr<rt::ByteStream>>> connect_unix(SimReactor& reactor, std::string path);

  /// Cuts every connection now.
  void cut_all();
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] World& world() const noexcept { return world_; }

 private:
  friend class MountedNet;
  friend class SimListener;
  friend class SimStream;
  void on_crash(MachineId machine, CrashKind kind) override;
  Result<std::unique_ptr<rt::Listener>> listen(SimReactor& reactor, const std::string& address);
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> connect(SimReactor& reactor, std::string address,
                                                            std::string client_name);
  std::shared_ptr<Connection> make_connection(SimReactor& first, SimReactor& second);
  void deliver(Connection& connection, unsigned direction);
  std::uint16_t next_port() noexcept { return next_port_++; }

  World& world_;
  NetworkOptions options_;
  std::uint64_t next_id_ = 1;
  std::uint16_t next_port_ = 40'000;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::map<std::string, std::shared_ptr<Listening>> listening_;
};

}  // namespace tt::sim
