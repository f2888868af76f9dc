// SPDX-License-Identifier: Apache-2.0
// Streams, listeners and connecting on top of AsyncSocket; the same code for every backend.
//
// Life of a socket: shut_down() and close() only use shutdown(2), which makes pending operations end; the descriptor is
// closed when the stream or listener is destroyed, which its owner does after its reading and writing tasks have ended
// (AsyncSocket asserts that). So the kernel never gives the number of a closed socket to a new one while an operation
// still refers to it.
#pragma once

#include <memory>
#include <string>

#include "runtime/blocking_pool.h"
#include "runtime/net.h"
#include "runtime/socket.h"
#include "runtime/socket_op.h"

namespace tt::rt {

class SocketNet : public Net {
 public:
  /// The pool resolves host names; numeric addresses never need it.
  explicit SocketNet(LoopReactor& reactor, BlockingPool& pool) noexcept : reactor_(reactor), pool_(pool) {}

  /// A host name is looked up in place: listening is a start-up matter and may block.
  Result<std::unique_ptr<Listener>> listen_tcp(const std::string& host, std::uint16_t port) override;
  Result<std::unique_ptr<Listener>> try_listen_tcp(const std::string& host, std::uint16_t port) override;
  Result<std::unique_ptr<Listener>> listen_unix(const std::string& path) override;
  /// Tries the addresses of the host in order.
  Task<Result<std::unique_ptr<ByteStream>>> connect_tcp(std::string host, std::uint16_t port,
                                                        ConnectOptions options) override;

  /// Takes a descriptor into this reactor; null if the kernel refused (errno).
  virtual std::unique_ptr<AsyncSocket> adopt(UniqueFd fd) = 0;
  [[nodiscard]] virtual bool wants_non_blocking() const noexcept = 0;

 private:
  using ListenerMaker = Result<UniqueFd>(const SocketAddress& address, bool non_blocking);
  Result<std::unique_ptr<Listener>> listen_on(const std::string& host, std::uint16_t port, ListenerMaker* make);
  Task<Result<std::unique_ptr<ByteStream>>> connect_to(SocketAddress address, ConnectOptions options);

  LoopReactor& reactor_;
  BlockingPool& pool_;
};

}  // namespace tt::rt
