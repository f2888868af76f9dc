// SPDX-License-Identifier: Apache-2.0
// A console's end of a connection to a control server, without sockets and threads.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "host/testing/manual_reactor.h"
#include "host/testing/memory_stream.h"
#include "interfaces/control/server.h"

namespace tt::testing {

/// A network whose only listener is in the hands of the test.
class OneListenerNet final : public rt::Net {
 public:
  explicit OneListenerNet(rt::Reactor& reactor)
      : owned_(std::make_unique<host_testing::MemoryListener>(reactor)), listener_(owned_.get()) {}
  Result<std::unique_ptr<rt::Listener>> listen_tcp(const std::string& host, std::uint16_t port) override;
  Result<std::unique_ptr<rt::Listener>> listen_unix(const std::string& path) override;
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> connect_tcp(std::string host, std::uint16_t port,
                                                                rt::ConnectOptions options) override;
  [[nodiscard]] host_testing::MemoryListener& listener() { return *listener_; }

 private:
  std::unique_ptr<host_testing::MemoryListener> owned_;
  host_testing::MemoryListener* listener_;
};

/// The console's end of one connection.
struct Peer {
  explicit Peer(rt::Reactor& reactor)
      : to_server(std::make_shared<host_testing::Pipe>(reactor)),
        from_server(std::make_shared<host_testing::Pipe>(reactor)) {}
  void send_raw(const std::string& bytes);
  void send(const std::string& payload) { send_raw(control::make_frame(payload)); }
  void send_call(std::uint64_t id, const std::string& operation, const nlohmann::json& arguments);
  /// The next payload, or an empty string.
  std::string receive();

  std::shared_ptr<host_testing::Pipe> to_server;
  std::shared_ptr<host_testing::Pipe> from_server;
  control::FrameReader reader{control::kLargestAnswerBytes};
};

}  // namespace tt::testing
