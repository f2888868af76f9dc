// SPDX-License-Identifier: Apache-2.0
// A reactor is one thread's loop: a ready ring, timers, and a source of completions. Engine code knows only this
// interface; production binds it to io_uring (uring_reactor.h) or a thread pool (posix_reactor.h), tests to the
// simulator (sim/). Completions are only queued by their source and resumed by the loop, never inline from a submit,
// so stack depth and order are ours.
//
// Thread rules: every member but send() is called on the reactor's own thread. send() may be called from any reactor.
#pragma once

#include <coroutine>
#include <cstdint>

#include "base/random.h"
#include "base/units.h"

namespace tt::rt {

/// Nanoseconds of a monotonic clock whose zero means nothing.
using TimeNs = std::int64_t;
inline constexpr TimeNs kMicrosecond = 1'000;
inline constexpr TimeNs kMillisecond = 1'000'000;
inline constexpr TimeNs kSecond = 1'000'000'000;

/// Lives in the frame of the coroutine that waits; owned by it.
struct Timer {
  TimeNs deadline = 0;
  std::coroutine_handle<> waiter;
  std::uint64_t order = 0;  ///< Set by the reactor: equal deadlines fire in the order they were armed.
  std::size_t heap_index = 0;
  bool armed = false;
};

/// "Resume this coroutine on another reactor"; lives in the frame of that coroutine.
struct Message {
  std::coroutine_handle<> target;
  Message* next = nullptr;
};

class Reactor {
 public:
  virtual ~Reactor() = default;

  /// Constant within one turn of the loop.
  [[nodiscard]] virtual TimeNs now() const noexcept = 0;
  /// Seconds since 1970, for dates shown to people; never for decisions.
  [[nodiscard]] virtual std::int64_t wall_seconds() const noexcept = 0;
  [[nodiscard]] virtual Random& random() noexcept = 0;

  /// Queues a coroutine of this reactor; it is resumed in FIFO order by the loop.
  virtual void post(std::coroutine_handle<> handle) noexcept = 0;
  virtual void arm(Timer& timer) noexcept = 0;
  /// A timer that is not armed is left alone.
  virtual void cancel(Timer& timer) noexcept = 0;
  /// Resumes message.target on `to`. The message must stay alive until then.
  virtual void send(Reactor& to, Message& message) noexcept = 0;
};

/// `co_await sleep_until(reactor, t)`; destroying the waiting frame cancels the timer.
class SleepAwaiter {
 public:
  SleepAwaiter(Reactor& reactor, TimeNs deadline) noexcept : reactor_(reactor) { timer_.deadline = deadline; }
  SleepAwaiter(const SleepAwaiter&) = delete;
  SleepAwaiter& operator=(const SleepAwaiter&) = delete;
  ~SleepAwaiter() { reactor_.cancel(timer_); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    timer_.waiter = waiter;
    reactor_.arm(timer_);
  }
  void await_resume() const noexcept {}

 private:
  Reactor& reactor_;
  Timer timer_;
};
inline SleepAwaiter sleep_until(Reactor& reactor, TimeNs deadline) noexcept {
  return {reactor, deadline};
}
inline SleepAwaiter sleep_for(Reactor& reactor, TimeNs duration) noexcept {
  return {reactor, reactor.now() + duration};
}

/// `co_await yield(reactor)`: goes to the end of the ready ring.
struct YieldAwaiter {
  Reactor& reactor;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { reactor.post(waiter); }
  void await_resume() const noexcept {}
};
inline YieldAwaiter yield(Reactor& reactor) noexcept {
  return {reactor};
}

/// `co_await hop(from, to)`: the coroutine goes on in `to`'s loop. This is the only way state of another shard is
/// reached: go there, do it, come back. A hop to the same reactor does not suspend.
class HopAwaiter {
 public:
  HopAwaiter(Reactor& from, Reactor& to) noexcept : from_(from), to_(to) {}
  [[nodiscard]] bool await_ready() const noexcept { return &from_ == &to_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    message_.target = waiter;
    from_.send(to_, message_);
  }
  void await_resume() const noexcept {}

 private:
  Reactor& from_;
  Reactor& to_;
  Message message_;
};
inline HopAwaiter hop(Reactor& from, Reactor& to) noexcept {
  return {from, to};
}

}  // namespace tt::rt
