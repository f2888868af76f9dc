// SPDX-License-Identifier: Apache-2.0
// A reactor that a test turns by hand: nothing happens but in run_ready() and advance(). Deterministic.
#pragma once

#include <deque>
#include <set>

#include "base/assert.h"
#include "runtime/reactor.h"

namespace tt::host_testing {

class ManualReactor final : public rt::Reactor {
 public:
  explicit ManualReactor(std::uint64_t seed = 1) : random_(seed) {}
  ~ManualReactor() override { TT_ASSERT(timers_.empty()); }

  [[nodiscard]] rt::TimeNs now() const noexcept override { return now_; }
  [[nodiscard]] std::int64_t wall_seconds() const noexcept override { return now_ / rt::kSecond; }
  [[nodiscard]] Random& random() noexcept override { return random_; }
  void post(std::coroutine_handle<> handle) noexcept override { ready_.push_back(handle); }
  void arm(rt::Timer& timer) noexcept override {
    timer.order = ++order_;
    timer.armed = true;
    timers_.insert(&timer);
  }
  void cancel(rt::Timer& timer) noexcept override {
    if (!timer.armed) return;
    timers_.erase(&timer);
    timer.armed = false;
  }
  void send(Reactor& to, rt::Message& message) noexcept override { to.post(message.target); }

  /// Resumes until nothing is ready; time stands still.
  void run_ready() {
    while (!ready_.empty()) {
      const auto handle = ready_.front();
      ready_.pop_front();
      handle.resume();
    }
  }
  /// Lets time pass, firing what falls due on the way.
  void advance(rt::TimeNs duration) {
    const rt::TimeNs end = now_ + duration;
    run_ready();
    while (!timers_.empty() && (*timers_.begin())->deadline <= end) {
      rt::Timer& timer = **timers_.begin();
      now_ = std::max(now_, timer.deadline);
      cancel(timer);
      post(timer.waiter);
      run_ready();
    }
    now_ = end;
  }

 private:
  struct Earlier {
    bool operator()(const rt::Timer* a, const rt::Timer* b) const {
      return a->deadline != b->deadline ? a->deadline < b->deadline : a->order < b->order;
    }
  };
  rt::TimeNs now_ = rt::kSecond;
  std::uint64_t order_ = 0;
  Random random_;
  std::deque<std::coroutine_handle<>> ready_;
  std::set<rt::Timer*, Earlier> timers_;
};

}  // namespace tt::host_testing
