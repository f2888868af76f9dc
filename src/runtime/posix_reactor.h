// SPDX-License-Identifier: Apache-2.0
// A reactor for systems that forbid io_uring: epoll tells which sockets are ready, disk operations run on the threads
// of a BlockingPool.
#pragma once

#include <memory>

#include "base/result.h"
#include "runtime/loop_reactor.h"

namespace tt::rt {

/// A descriptor that epoll watches, edge-triggered.
class PosixWatch {
 public:
  /// Inside the loop; queues coroutines, never resumes one. `events` as epoll reports them.
  virtual void ready(std::uint32_t events) noexcept = 0;

 protected:
  ~PosixWatch() = default;
};

class PosixReactor final : public LoopReactor {
 public:
  static Result<std::unique_ptr<PosixReactor>> create(const LoopOptions& options);

  /// Watches for input, output and hang-up until the descriptor is closed. False if the kernel refused (errno).
  bool watch(int fd, PosixWatch& watch) noexcept;

 protected:
  void begin_run() noexcept override {}
  void end_run() noexcept override {}
  void poll() noexcept override { wait(0); }
  [[nodiscard]] bool completions_waiting() const noexcept override { return false; }
  void block(TimeNs timeout) noexcept override { wait(timeout); }

 private:
  PosixReactor(const LoopOptions& options, UniqueFd epoll_fd) noexcept
      : LoopReactor(options), epoll_fd_(std::move(epoll_fd)) {}
  void wait(TimeNs timeout) noexcept;

  UniqueFd epoll_fd_;
  bool fine_timeouts_ = true;  ///< Until epoll_pwait2 turns out to be missing.
};

}  // namespace tt::rt
