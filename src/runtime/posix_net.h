// SPDX-License-Identifier: Apache-2.0
// Sockets on epoll: an operation is tried at once and again whenever the descriptor becomes ready.
#pragma once

#include "runtime/posix_reactor.h"
#include "runtime/socket_net.h"

namespace tt::rt {

class PosixNet final : public SocketNet {
 public:
  PosixNet(PosixReactor& reactor, BlockingPool& pool) noexcept : SocketNet(reactor, pool), reactor_(reactor) {}

  std::unique_ptr<AsyncSocket> adopt(UniqueFd fd) override;
  [[nodiscard]] bool wants_non_blocking() const noexcept override { return true; }

 private:
  PosixReactor& reactor_;
};

}  // namespace tt::rt
