// SPDX-License-Identifier: Apache-2.0
// A reactor without a kernel for tests of tasks and waiting: time moves when the test says so.
#pragma once

#include <coroutine>

#include "runtime/growing_ring.h"
#include "runtime/reactor.h"
#include "runtime/timer_heap.h"

namespace tt::rt {

class TestReactor final : public Reactor {
 public:
  [[nodiscard]] TimeNs now() const noexcept override { return now_; }
  [[nodiscard]] std::int64_t wall_seconds() const noexcept override { return 0; }
  [[nodiscard]] Random& random() noexcept override { return random_; }
  void post(std::coroutine_handle<> handle) noexcept override { ready_.push(handle); }
  void arm(Timer& timer) noexcept override { timers_.arm(timer); }
  void cancel(Timer& timer) noexcept override { timers_.cancel(timer); }
  void send(Reactor& to, Message& message) noexcept override { to.post(message.target); }

  /// Until nothing is ready; timers do not fire.
  void run_ready() {
    while (!ready_.empty()) ready_.pop().resume();
  }
  void run_until(TimeNs time) {
    run_ready();
    while (!timers_.empty() && timers_.next_deadline() <= time) {
      now_ = timers_.next_deadline();
      while (Timer* due = timers_.take_due(now_)) ready_.push(due->waiter);
      run_ready();
    }
    now_ = time;
  }
  /// What a crash does before frames are destroyed.
  void forget_ready() {
    while (!ready_.empty()) ready_.pop();
  }
  [[nodiscard]] std::size_t ready_count() const noexcept { return ready_.size(); }
  [[nodiscard]] bool has_timers() const noexcept { return !timers_.empty(); }

 private:
  GrowingRing<std::coroutine_handle<>> ready_{64};
  TimerHeap timers_;
  TimeNs now_ = 0;
  Random random_{1};
};

/// Counts its living instances.
class Tracked {
 public:
  explicit Tracked(int* living) noexcept : living_(living) { ++*living_; }
  Tracked(const Tracked& other) noexcept : living_(other.living_) { ++*living_; }
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() { --*living_; }

 private:
  int* living_;
};

}  // namespace tt::rt
