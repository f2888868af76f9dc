// SPDX-License-Identifier: Apache-2.0
#include "media/fault_layer.h"

#include <utility>

#include "base/assert.h"

namespace tt::media {

namespace {

/// Awaits a copy of an operation on the next disk. The original stays with its waiter, whose frame holds it.
class NextOp {
 public:
  NextOp(rt::Disk& disk, const rt::DiskOp& op) noexcept : disk_(disk), op_(op) {
    op_.next = nullptr;
    op_.backend = nullptr;
  }
  NextOp(const NextOp&) = delete;
  NextOp& operator=(const NextOp&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    op_.waiter = waiter;
    disk_.submit(op_);
  }
  [[nodiscard]] int await_resume() const noexcept { return op_.result; }

 private:
  rt::Disk& disk_;
  rt::DiskOp op_;
};

void complete(rt::Reactor& reactor, rt::DiskOp& op, int result) noexcept {
  op.result = result;
  reactor.post(op.waiter);
}

}  // namespace

bool Operations::contain(rt::DiskOp::Kind kind) const noexcept {
  switch (kind) {
    case rt::DiskOp::Kind::read:
      return read;
    case rt::DiskOp::Kind::write:
      return write;
    case rt::DiskOp::Kind::flush:
      return flush;
    case rt::DiskOp::Kind::allocate:
      return allocate;
    case rt::DiskOp::Kind::discard:
      return discard;
  }
  return false;
}

DelayDisk::DelayDisk(rt::Reactor& reactor, std::unique_ptr<rt::Disk> next, DelayRule rule) noexcept
    : PassingDisk(std::move(next)), reactor_(reactor), rule_(rule), scope_(reactor) {
  TT_ASSERT(0 <= rule.least && rule.least <= rule.most);
}

/// Operations are left only after a simulated crash, in which nothing resumes them any more.
DelayDisk::~DelayDisk() {
  scope_.kill();
}

void DelayDisk::submit(rt::DiskOp& op) noexcept {
  if (rule_.operations.contain(op.kind))
    scope_.spawn(carry(op));
  else
    next().submit(op);
}

rt::Task<void> DelayDisk::carry(rt::DiskOp& op) {
  const auto spread = static_cast<std::uint64_t>(rule_.most - rule_.least);
  const auto extra = static_cast<rt::TimeNs>(reactor_.random().below(spread + 1));
  co_await rt::sleep_for(reactor_, rule_.least + extra);
  const int result = co_await NextOp(next(), op);
  complete(reactor_, op, result);
}

void ErrorDisk::submit(rt::DiskOp& op) noexcept {
  const bool concerned = rule_.operations.contain(op.kind) && matched_++ >= rule_.good_before;
  if (concerned && failed_ < rule_.at_most && reactor_.random().chance(rule_.per_million, 1'000'000)) {
    ++failed_;
    complete(reactor_, op, rule_.error);
  } else {
    next().submit(op);
  }
}

TraceDisk::TraceDisk(rt::Reactor& reactor, std::unique_ptr<rt::Disk> next, Observer observer) noexcept
    : PassingDisk(std::move(next)), reactor_(reactor), observer_(std::move(observer)), scope_(reactor) {}

TraceDisk::~TraceDisk() {
  scope_.kill();
}

void TraceDisk::submit(rt::DiskOp& op) noexcept {
  scope_.spawn(carry(op));
}

rt::Task<void> TraceDisk::carry(rt::DiskOp& op) {
  DiskTrace trace{.kind = op.kind,
                  .durability = op.durability,
                  .offset = op.offset,
                  .length = op.length,
                  .result = 0,
                  .submitted_at = reactor_.now(),
                  .completed_at = 0};
  trace.result = co_await NextOp(next(), op);
  trace.completed_at = reactor_.now();
  observer_(trace);
  complete(reactor_, op, trace.result);
}

Result<std::unique_ptr<rt::Disk>> LayeredStorage::open(const std::string& name, rt::OpenMode mode,
                                                       std::uint64_t size_bytes) {
  TT_TRY(auto disk, next_.open(name, mode, size_bytes));
  return layers_(name, std::move(disk));
}

}  // namespace tt::media
