// SPDX-License-Identifier: Apache-2.0
// A sleep that can be ended early. One waiter.
#pragma once

#include "runtime/reactor.h"

namespace tt::rt {

class Alarm {
 public:
  explicit Alarm(Reactor& reactor) noexcept : reactor_(reactor) {}
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm() { reactor_.cancel(timer_); }

  struct Awaiter {
    Alarm& alarm;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      alarm.timer_.waiter = waiter;
      alarm.reactor_.arm(alarm.timer_);
    }
    void await_resume() const noexcept {}
  };
  /// `co_await alarm.wait_until(t)`
  Awaiter wait_until(TimeNs deadline) noexcept {
    timer_.deadline = deadline;
    return {*this};
  }
  /// Ends the wait now. A timer that has fired already has queued its waiter.
  void ring() noexcept {
    if (!timer_.armed) return;
    reactor_.cancel(timer_);
    reactor_.post(timer_.waiter);
  }

 private:
  Reactor& reactor_;
  Timer timer_;
};

}  // namespace tt::rt
