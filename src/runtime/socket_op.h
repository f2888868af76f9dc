// SPDX-License-Identifier: Apache-2.0
// One socket operation and the object that performs it: what a backend has to provide so that socket_net.h can build
// streams and listeners from it. The same idea as DiskOp and Disk.
#pragma once

#include <sys/socket.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/assert.h"
#include "runtime/unique_fd.h"

namespace tt::rt {

/// Lives in the frame of the coroutine that awaits it.
struct SocketOp {
  enum class Kind : std::uint8_t { receive, send, accept, connect };
  Kind kind = Kind::receive;
  std::span<std::byte> buffer;        ///< receive
  msghdr* message = nullptr;          ///< send
  const sockaddr* address = nullptr;  ///< connect
  socklen_t address_bytes = 0;        ///< connect
  /// Bytes moved, the accepted descriptor, or 0; negative errno on failure. May be fewer bytes than asked for.
  int result = 0;
  bool done = false;
  std::coroutine_handle<> waiter;
  void* backend = nullptr;
};

/// A connected, connecting or listening socket bound to one reactor. At most one receive or accept, and one send or
/// connect, at a time.
class AsyncSocket {
 public:
  explicit AsyncSocket(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  AsyncSocket(const AsyncSocket&) = delete;
  AsyncSocket& operator=(const AsyncSocket&) = delete;
  /// No operation may be in flight: its descriptor number would come to mean another file.
  virtual ~AsyncSocket() { TT_ASSERT(in_flight_ == 0); }

  /// Never resumes the waiter inline.
  void submit(SocketOp& op) noexcept {
    ++in_flight_;
    start(op);
  }
  /// Ends pending operations: receive with 0, send with EPIPE, accept with EINVAL, connect with an error.
  virtual void shut_down() noexcept { ::shutdown(fd_.get(), SHUT_RDWR); }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 protected:
  virtual void start(SocketOp& op) noexcept = 0;
  void complete(SocketOp& op, int result) noexcept {
    op.result = result;
    op.done = true;
    --in_flight_;
  }

 private:
  UniqueFd fd_;
  unsigned in_flight_ = 0;
};

class SocketAwaiter {
 public:
  SocketAwaiter(AsyncSocket& socket, SocketOp& op) noexcept : socket_(socket), op_(op) {}
  SocketAwaiter(const SocketAwaiter&) = delete;
  SocketAwaiter& operator=(const SocketAwaiter&) = delete;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    op_.waiter = waiter;
    op_.done = false;
    socket_.submit(op_);
  }
  [[nodiscard]] int await_resume() const noexcept { return op_.result; }

 private:
  AsyncSocket& socket_;
  SocketOp& op_;
};

}  // namespace tt::rt
