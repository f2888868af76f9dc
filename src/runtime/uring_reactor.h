// SPDX-License-Identifier: Apache-2.0
// A reactor on io_uring. Everything its coroutines ask for in one turn goes to the kernel in one system call, which
// also brings back what has completed. Operations that find the submission queue full wait in `backlog_`, in order,
// and none is lost.
//
// The ring is made disabled and enabled by run(), so that the thread that runs it becomes its single issuer.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/loop_reactor.h"
#include "runtime/socket_op.h"

namespace tt::rt {

struct UringOptions {
  LoopOptions loop;
  unsigned submission_entries = 256;
  /// Completions beyond this many are kept by the kernel until there is room.
  unsigned completion_entries = 8192;
  /// How many of the best ring modes to pass over: 1 behaves like a kernel before 6.1, 2 like one before 5.19.
  unsigned skip_modes = 0;
};

/// What a DiskOp or SocketOp points to by its member `backend` while it is with the reactor.
class UringTarget {
 public:
  virtual void prepare(void* op, io_uring_sqe& sqe) noexcept = 0;
  /// `result` as the kernel gave it.
  virtual void complete(void* op, int result) noexcept = 0;

 protected:
  ~UringTarget() = default;
};

class UringReactor final : public LoopReactor {
 public:
  /// Detail of the error: the errno with which the kernel refused.
  static Result<std::unique_ptr<UringReactor>> create(const UringOptions& options);
  /// Whether this process may use io_uring with what this runtime needs: sets up a small ring and completes one
  /// operation. 0 or the errno.
  static int probe() noexcept;
  ~UringReactor() override;

  void start(DiskOp& op) noexcept { start(reinterpret_cast<std::uintptr_t>(&op) | kDiskTag); }
  void start(SocketOp& op) noexcept { start(reinterpret_cast<std::uintptr_t>(&op) | kSocketTag); }

  /// Operations that the kernel has and has not completed.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::size_t reads_in_flight() const noexcept override { return reads_in_flight_; }
  /// "single issuer, deferred task run" or what the kernel accepted instead.
  [[nodiscard]] const char* mode() const noexcept { return mode_; }

 protected:
  void begin_run() noexcept override;
  void end_run() noexcept override;
  void poll() noexcept override;
  [[nodiscard]] bool completions_waiting() const noexcept override;
  void block(TimeNs timeout) noexcept override;

 private:
  // The low bits of user_data tell what the rest points to.
  static constexpr std::uintptr_t kDiskTag = 1;
  static constexpr std::uintptr_t kSocketTag = 2;
  static constexpr std::uintptr_t kWakeTag = 3;
  static constexpr std::uintptr_t kTagMask = 3;

  UringReactor(const UringOptions& options, io_uring ring, const char* mode);
  void start(std::uintptr_t tagged) noexcept;
  void prepare(std::uintptr_t tagged, io_uring_sqe& sqe) noexcept;
  void drain_backlog() noexcept;
  void reap() noexcept;
  void complete(std::uintptr_t tagged, int result) noexcept;
  void check_enter(int result) const noexcept;

  io_uring ring_;
  const char* mode_;
  bool enabled_ = false;
  std::size_t in_flight_ = 0;
  std::size_t reads_in_flight_ = 0;  ///< Of disks; part of in_flight_.
  GrowingRing<std::uintptr_t> backlog_;
  std::uint64_t wake_count_ = 0;  ///< Where the pending read of the wake descriptor lands.
  bool wake_armed_ = false;
};

}  // namespace tt::rt
