// SPDX-License-Identifier: Apache-2.0
// The storage image's side of the control conversation. It lives on one reactor, reads calls from consoles, has the
// executor carry them out, many at a time, and writes the answers. A connection that talks nonsense is closed; others
// do not notice.
//
// Limits: connections (further ones are refused in words) and calls under way per connection (further ones wait
// unread, so a flood is stopped by the socket).
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/result.h"
#include "interfaces/control/frames.h"
#include "interfaces/control/messages.h"
#include "model/executor.h"
#include "runtime/net.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/sync.h"

namespace tt::control {

struct ControlOptions {
  std::string image_id;
  std::string program;  ///< Name and version, shown to the other side.
  std::size_t max_connections = 16;
  std::size_t max_calls = 64;  ///< Per connection.
};

class ControlServer {
 public:
  /// Reactor and executor outlive the server.
  ControlServer(rt::Reactor& reactor, model::Executor& executor, ControlOptions options);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  /// After stop() has ended, or never started.
  ~ControlServer() = default;

  /// Begins to listen on a Unix socket (mode 0600).
  Result<void> start(rt::Net& net, const std::string& path);
  /// Ends the connections and waits until the calls under way are done.
  rt::Task<void> stop();
  /// Only for a simulated crash: destroys every task where it stands.
  void kill() noexcept;

 private:
  struct Connection {
    Connection(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> s, std::size_t max_calls)
        : stream(std::move(s)),
          frames(kLargestCallBytes),
          write_lock(reactor),
          credits(reactor, max_calls),
          calls(reactor) {}
    std::unique_ptr<rt::ByteStream> stream;
    FrameReader frames;
    rt::Mutex write_lock;
    rt::Semaphore credits;
    rt::Scope calls;
  };
  using Connections = std::list<Connection>;

  rt::Task<void> accept_loop();
  rt::Task<void> serve(Connections::iterator connection);
  rt::Task<bool> greet(Connections::iterator connection);
  rt::Task<void> read_calls(Connections::iterator connection);
  rt::Task<Result<std::string>> read_frame(Connections::iterator connection);
  rt::Task<void> run_call(Connections::iterator connection, Call call);
  rt::Task<void> write_frame(Connections::iterator connection, std::string payload);

  rt::Reactor& reactor_;
  model::Executor& executor_;
  ControlOptions options_;
  std::unique_ptr<rt::Listener> listener_;
  Connections connections_;
  bool stopping_ = false;
  rt::Scope scope_;
};

}  // namespace tt::control
