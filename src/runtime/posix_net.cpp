// SPDX-License-Identifier: Apache-2.0
#include "runtime/posix_net.h"

#include <sys/epoll.h>

#include <cerrno>

namespace tt::rt {
namespace {

/// The operation waits in one of two places until it no longer answers "try again": receive and accept for input, send
/// and connect for output. Edges cannot be missed: an operation is always tried before it starts to wait.
class PosixSocket final : public AsyncSocket, private PosixWatch {
 public:
  PosixSocket(PosixReactor& reactor, UniqueFd fd) noexcept : AsyncSocket(std::move(fd)), reactor_(reactor) {}
  [[nodiscard]] bool begin_watch() noexcept { return reactor_.watch(fd(), *this); }

  /// Does not rely on an event: a listening Unix socket goes on answering "try again" after shutdown(2).
  void shut_down() noexcept override {
    AsyncSocket::shut_down();
    if (input_ != nullptr) attempt(input_, input_->kind == SocketOp::Kind::accept ? -EINVAL : 0);
    if (output_ != nullptr) attempt(output_, output_->kind == SocketOp::Kind::connect ? -ECONNABORTED : -EPIPE);
  }

 private:
  void start(SocketOp& op) noexcept override {
    const bool input = op.kind == SocketOp::Kind::receive || op.kind == SocketOp::Kind::accept;
    SocketOp*& place = input ? input_ : output_;
    TT_ASSERT(place == nullptr);
    place = &op;
    attempt(place, op.kind == SocketOp::Kind::connect ? start_connect(op) : call(op));
  }

  void ready(std::uint32_t events) noexcept override {
    constexpr std::uint32_t kBroken = EPOLLERR | EPOLLHUP;
    if (input_ != nullptr && (events & (EPOLLIN | EPOLLRDHUP | kBroken)) != 0) attempt(input_, call(*input_));
    if (output_ != nullptr && (events & (EPOLLOUT | kBroken)) != 0) attempt(output_, call(*output_));
  }

  /// Ends the operation at `place` unless `result` says that it has to wait.
  void attempt(SocketOp*& place, int result) noexcept {
    if (result == -EAGAIN) return;
    SocketOp& op = *place;
    place = nullptr;
    complete(op, result);
    reactor_.post(op.waiter);
  }

  [[nodiscard]] int start_connect(const SocketOp& op) const noexcept {
    if (::connect(fd(), op.address, op.address_bytes) == 0) return 0;
    return errno == EINPROGRESS ? -EAGAIN : -errno;
  }

  /// The non-blocking call; for connect the outcome of the one that was started.
  [[nodiscard]] int call(SocketOp& op) const noexcept {
    ssize_t result = -1;
    switch (op.kind) {
      case SocketOp::Kind::receive:
        result = ::recv(fd(), op.buffer.data(), op.buffer.size(), 0);
        break;
      case SocketOp::Kind::send:
        result = ::sendmsg(fd(), op.message, MSG_NOSIGNAL);
        break;
      case SocketOp::Kind::accept:
        result = ::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        break;
      case SocketOp::Kind::connect: {
        int error = 0;
        socklen_t bytes = sizeof error;
        ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &bytes);
        if (error != 0) return -error;
        sockaddr_storage peer{};  // no error may also mean: not decided yet
        bytes = sizeof peer;
        return ::getpeername(fd(), reinterpret_cast<sockaddr*>(&peer), &bytes) == 0 ? 0 : -EAGAIN;
      }
    }
    return result >= 0 ? static_cast<int>(result) : -errno;
  }

  PosixReactor& reactor_;
  SocketOp* input_ = nullptr;
  SocketOp* output_ = nullptr;
};

}  // namespace

std::unique_ptr<AsyncSocket> PosixNet::adopt(UniqueFd fd) {
  auto socket = std::make_unique<PosixSocket>(reactor_, std::move(fd));
  if (!socket->begin_watch()) return nullptr;
  return socket;
}

}  // namespace tt::rt
