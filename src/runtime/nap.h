// SPDX-License-Identifier: Apache-2.0
// A sleep that somebody else may end. One sleeper at a time; both on one reactor.
#pragma once

#include <coroutine>

#include "runtime/reactor.h"

namespace tt::rt {

class Nap {
 public:
  explicit Nap(Reactor& reactor) noexcept : reactor_(reactor) {}
  Nap(const Nap&) = delete;
  Nap& operator=(const Nap&) = delete;

  class Awaiter {
   public:
    Awaiter(Nap& nap, TimeNs deadline) noexcept : nap_(nap) { nap_.timer_.deadline = deadline; }
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { nap_.reactor_.cancel(nap_.timer_); }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      nap_.timer_.waiter = waiter;
      nap_.reactor_.arm(nap_.timer_);
    }
    void await_resume() const noexcept {}

   private:
    Nap& nap_;
  };
  Awaiter until(TimeNs deadline) noexcept { return {*this, deadline}; }
  /// Nothing if nobody sleeps.
  void end() noexcept {
    if (!timer_.armed) return;
    reactor_.cancel(timer_);
    reactor_.post(timer_.waiter);
  }

 private:
  Reactor& reactor_;
  Timer timer_;
};

}  // namespace tt::rt
