// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring_reactor.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <span>

#include "base/assert.h"

namespace tt::rt {
namespace {

constexpr std::size_t kBacklogCapacity = 256;

struct Mode {
  unsigned flags;
  const char* name;
};
// From the best to the oldest; the first that the kernel accepts is taken. The task-run flag lets a busy loop see
// without a system call that completions are waiting.
constexpr Mode kModes[] = {
    {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
     "single issuer, deferred task run"},
    {IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, "cooperative task run"},
    {0, "plain"},
};
constexpr unsigned kNeededFeatures = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_FAST_POLL;

/// 0 or a positive errno.
int set_up(io_uring& ring, const UringOptions& options, const char*& mode) noexcept {
  int error = EINVAL;
  for (const Mode& candidate : std::span(kModes).subspan(options.skip_modes)) {
    io_uring_params params{};
    params.flags = candidate.flags | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    params.cq_entries = options.completion_entries;
    error = -io_uring_queue_init_params(options.submission_entries, &ring, &params);
    if (error == EINVAL) continue;
    if (error != 0) return error;
    mode = candidate.name;
    if ((params.features & kNeededFeatures) == kNeededFeatures) return 0;
    io_uring_queue_exit(&ring);
    return ENOSYS;
  }
  return error;
}

/// io_uring_enable_rings() of liburing 2.3 is declared but not exported by the shared library. 0 or a positive errno.
int enable(const io_uring& ring) noexcept {
  return ::syscall(__NR_io_uring_register, ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) == 0 ? 0 : errno;
}

bool supports_operations(io_uring& ring) noexcept {
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr) return false;
  bool all = true;
  for (int operation : {IORING_OP_READ, IORING_OP_WRITE, IORING_OP_FSYNC, IORING_OP_FALLOCATE, IORING_OP_ACCEPT,
                        IORING_OP_RECV, IORING_OP_SENDMSG, IORING_OP_CONNECT}) {
    all = all && io_uring_opcode_supported(probe, operation) != 0;
  }
  io_uring_free_probe(probe);
  return all;
}

}  // namespace

int UringReactor::probe() noexcept {
  UringOptions small;
  small.submission_entries = 2;
  small.completion_entries = 4;
  io_uring ring{};
  const char* mode = nullptr;
  if (const int error = set_up(ring, small, mode); error != 0) return error;
  int error = enable(ring);
  if (error == 0 && !supports_operations(ring)) error = ENOSYS;
  if (error == 0) {
    io_uring_prep_nop(io_uring_get_sqe(&ring));
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted < 0) error = -submitted;
  }
  io_uring_queue_exit(&ring);
  return error;
}

Result<std::unique_ptr<UringReactor>> UringReactor::create(const UringOptions& options) {
  io_uring ring{};
  const char* mode = nullptr;
  if (const int error = set_up(ring, options, mode); error != 0) {
    return {Errc::io_error, static_cast<std::uint64_t>(error)};
  }
  return std::unique_ptr<UringReactor>(new UringReactor(options, ring, mode));
}

UringReactor::UringReactor(const UringOptions& options, io_uring ring, const char* mode)
    : LoopReactor(options.loop), ring_(ring), mode_(mode), backlog_(kBacklogCapacity) {}

UringReactor::~UringReactor() {
  io_uring_queue_exit(&ring_);
}

void UringReactor::begin_run() noexcept {
  if (!enabled_) {
    const int error = enable(ring_);
    TT_ASSERT(error == 0);
    enabled_ = true;
  }
  io_uring_register_ring_fd(&ring_);  // saves a descriptor look-up per call; works without
}

void UringReactor::end_run() noexcept {
  io_uring_unregister_ring_fd(&ring_);
}

void UringReactor::start(std::uintptr_t tagged) noexcept {
  // Before run() nothing may be submitted, and an operation never overtakes those that wait for room.
  if (!enabled_ || !backlog_.empty()) {
    backlog_.push(tagged);
    return;
  }
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    check_enter(io_uring_submit(&ring_));
    sqe = io_uring_get_sqe(&ring_);
  }
  if (sqe == nullptr) {
    backlog_.push(tagged);
  } else {
    prepare(tagged, *sqe);
  }
}

void UringReactor::prepare(std::uintptr_t tagged, io_uring_sqe& sqe) noexcept {
  if ((tagged & kTagMask) == kDiskTag) {
    auto* op = reinterpret_cast<DiskOp*>(tagged & ~kTagMask);
    if (op->kind == DiskOp::Kind::read) ++reads_in_flight_;
    static_cast<UringTarget*>(op->backend)->prepare(op, sqe);
  } else {
    auto* op = reinterpret_cast<SocketOp*>(tagged & ~kTagMask);
    static_cast<UringTarget*>(op->backend)->prepare(op, sqe);
  }
  io_uring_sqe_set_data64(&sqe, tagged);
  ++in_flight_;
}

void UringReactor::drain_backlog() noexcept {
  while (!backlog_.empty()) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
      const int submitted = io_uring_submit(&ring_);
      check_enter(submitted);
      sqe = io_uring_get_sqe(&ring_);
    }
    if (sqe == nullptr) return;
    prepare(backlog_.pop(), *sqe);
  }
}

bool UringReactor::completions_waiting() const noexcept {
  if (io_uring_cq_ready(&ring_) != 0) return true;
  const unsigned flags = __atomic_load_n(ring_.sq.kflags, __ATOMIC_ACQUIRE);
  return (flags & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN)) != 0;
}

void UringReactor::poll() noexcept {
  drain_backlog();
  if (io_uring_sq_ready(&ring_) != 0 || completions_waiting()) check_enter(io_uring_submit_and_get_events(&ring_));
  reap();
}

void UringReactor::block(TimeNs timeout) noexcept {
  drain_backlog();
  if (!wake_armed_) {
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_); sqe != nullptr) {
      io_uring_prep_read(sqe, wake_fd(), &wake_count_, sizeof wake_count_, 0);
      io_uring_sqe_set_data64(sqe, kWakeTag);
      wake_armed_ = true;
    } else {
      poll();  // makes room; the loop comes here again
      return;
    }
  }
  if (timeout < 0) {
    check_enter(io_uring_submit_and_wait(&ring_, 1));
  } else {
    __kernel_timespec limit{};
    limit.tv_sec = timeout / kSecond;
    limit.tv_nsec = timeout % kSecond;
    io_uring_cqe* unused = nullptr;
    check_enter(io_uring_submit_and_wait_timeout(&ring_, &unused, 1, &limit, nullptr));
  }
  reap();
}

void UringReactor::reap() noexcept {
  unsigned head = 0;
  unsigned seen = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    ++seen;
    complete(static_cast<std::uintptr_t>(cqe->user_data), cqe->res);
  }
  io_uring_cq_advance(&ring_, seen);
}

void UringReactor::complete(std::uintptr_t tagged, int result) noexcept {
  switch (tagged & kTagMask) {
    case kDiskTag: {
      --in_flight_;
      auto* op = reinterpret_cast<DiskOp*>(tagged & ~kTagMask);
      if (op->kind == DiskOp::Kind::read) --reads_in_flight_;
      static_cast<UringTarget*>(op->backend)->complete(op, result);
      break;
    }
    case kSocketTag: {
      --in_flight_;
      auto* op = reinterpret_cast<SocketOp*>(tagged & ~kTagMask);
      static_cast<UringTarget*>(op->backend)->complete(op, result);
      break;
    }
    default:
      wake_armed_ = false;
  }
}

void UringReactor::check_enter(int result) const noexcept {
  // What is not submitted now stays in the queue and goes with the next call: interrupted, no memory for the moment,
  // completions to be taken first, or the time is over. Anything else means that the ring itself is broken.
  const bool harmless = result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY || result == -ETIME;
  TT_ASSERT(harmless);
}

}  // namespace tt::rt
