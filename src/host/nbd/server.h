// SPDX-License-Identifier: Apache-2.0
// The NBD server of one reactor: accepts on any number of listeners, keeps the register of sessions, enforces their
// time limits once a second, and ends them in order.
//
// Life: construct; listen() for each listener; `co_await stop()` once; destroy. stop() returns when no task of the
// server is left. A simulated crash calls kill() instead.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/nbd/session.h"
#include "runtime/nap.h"
#include "runtime/net.h"

namespace tt::nbd {

struct SessionInfo {
  std::string peer;
  std::string identity;  ///< Proved through TLS; see TlsStream::peer_identity().
  std::string export_name;
  std::uint32_t in_flight = 0;
  std::uint16_t port = 0;
};

class Server {
 public:
  /// `tls` may be null if no listener's mode needs it; without `access` every client sees every volume. What is given
  /// outlives the server.
  Server(rt::Reactor& reactor, image::BlockService& service, const ServerSettings& settings,
         const tls::ServerContext* tls, image::HostAccess* access = nullptr);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  void listen(std::unique_ptr<rt::Listener> listener, Entrance entrance);
  void listen(std::unique_ptr<rt::Listener> listener, TlsMode mode) { listen(std::move(listener), Entrance{0, mode}); }
  /// Nobody new comes in at this port, and every connection that came in here is cut.
  void close_port(std::uint16_t port) noexcept;
  /// No new connections; requests in flight are answered; connections that take longer than the drain timeout are cut.
  rt::Task<void> stop();
  /// Destroys every task where it stands; see Scope::kill().
  void kill() noexcept;

  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::vector<SessionInfo> sessions() const;
  [[nodiscard]] const ServerCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] image::PortTraffic traffic(std::uint16_t port) const;

 private:
  struct Listening {
    std::unique_ptr<rt::Listener> listener;
    Entrance entrance;
    bool closed = false;  ///< Whoever accept() still brings comes too late.
  };
  rt::Task<void> accept_loop(std::list<Listening>::iterator at);
  rt::Task<void> accept_all(Listening& at);
  rt::Task<void> attend(std::unique_ptr<rt::ByteStream> stream, Entrance entrance);
  rt::Task<void> watch_loop();
  bool admits(const std::string& peer) noexcept;
  bool make_room(std::string_view address) noexcept;

  rt::Reactor& reactor_;
  const ServerSettings settings_;
  ServerCounters counters_;
  std::map<std::uint16_t, image::PortTraffic> traffic_;  ///< By port; kept while a port is closed.
  BufferPool buffers_;
  SessionContext context_;
  std::list<Listening> listeners_;  ///< Each until its accept_loop() has ended.
  std::list<Session*> sessions_;    ///< Owned by their attend() tasks.
  rt::Nap nap_;
  bool stopping_ = false;
  rt::TimeNs stop_deadline_ = 0;
  rt::Scope scope_;
};

}  // namespace tt::nbd
