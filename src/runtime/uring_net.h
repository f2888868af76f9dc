// SPDX-License-Identifier: Apache-2.0
// Sockets on io_uring: each operation is one submission, the kernel waits for readiness.
#pragma once

#include "runtime/socket_net.h"
#include "runtime/uring_reactor.h"

namespace tt::rt {

class UringNet final : public SocketNet {
 public:
  UringNet(UringReactor& reactor, BlockingPool& pool) noexcept : SocketNet(reactor, pool), reactor_(reactor) {}

  std::unique_ptr<AsyncSocket> adopt(UniqueFd fd) override;
  /// A non-blocking socket would make the kernel answer "try again" instead of waiting.
  [[nodiscard]] bool wants_non_blocking() const noexcept override { return false; }

 private:
  UringReactor& reactor_;
};

}  // namespace tt::rt
