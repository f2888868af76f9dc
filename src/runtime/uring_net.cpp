// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring_net.h"

namespace tt::rt {
namespace {

class UringSocket final : public AsyncSocket, private UringTarget {
 public:
  UringSocket(UringReactor& reactor, UniqueFd fd) noexcept : AsyncSocket(std::move(fd)), reactor_(reactor) {}

 private:
  void start(SocketOp& op) noexcept override {
    op.backend = static_cast<UringTarget*>(this);
    reactor_.start(op);
  }

  void prepare(void* opaque, io_uring_sqe& sqe) noexcept override {
    auto& op = *static_cast<SocketOp*>(opaque);
    switch (op.kind) {
      case SocketOp::Kind::receive:
        io_uring_prep_recv(&sqe, fd(), op.buffer.data(), op.buffer.size(), 0);
        break;
      case SocketOp::Kind::send:
        // With MSG_WAITALL the kernel goes on after a short send by itself where it can.
        io_uring_prep_sendmsg(&sqe, fd(), op.message, MSG_NOSIGNAL | MSG_WAITALL);
        break;
      case SocketOp::Kind::accept:
        io_uring_prep_accept(&sqe, fd(), nullptr, nullptr, SOCK_CLOEXEC);
        break;
      case SocketOp::Kind::connect:
        io_uring_prep_connect(&sqe, fd(), op.address, op.address_bytes);
        break;
    }
  }

  void complete(void* opaque, int result) noexcept override {
    auto& op = *static_cast<SocketOp*>(opaque);
    AsyncSocket::complete(op, result);
    reactor_.post(op.waiter);
  }

  UringReactor& reactor_;
};

}  // namespace

std::unique_ptr<AsyncSocket> UringNet::adopt(UniqueFd fd) {
  return std::make_unique<UringSocket>(reactor_, std::move(fd));
}

}  // namespace tt::rt
