// SPDX-License-Identifier: Apache-2.0
// The part of a production reactor that does not depend on how the kernel reports completions: ready ring, timers,
// messages of other threads, sleeping and waking, start and stop. UringReactor and PosixReactor fill in the rest.
//
// One turn: read the clock; queue what is due (timers, messages, finished jobs); resume every coroutine that was queued
// when the turn began; submit what they asked for and collect completions. A coroutine that queues another one makes it
// run in the next turn, so no chain of wake-ups starves I/O.
//
// Sleeping: the loop sets `sleeping_`, then looks at its inboxes once more, then blocks. A sender pushes, then looks at
// `sleeping_`. Both orders are sequentially consistent, so at least one of them sees the other, and a loop that runs is
// never woken by a system call.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>

#include "base/random.h"
#include "runtime/growing_ring.h"
#include "runtime/idle_policy.h"
#include "runtime/mpsc_list.h"
#include "runtime/reactor.h"
#include "runtime/timer_heap.h"
#include "runtime/unique_fd.h"

namespace tt::rt {

class LoopReactor;

/// Work for a thread that may block (see blocking_pool.h). Owned by the one who submits it until finish() is called.
struct Job {
  explicit Job(LoopReactor& reactor) noexcept : home(reactor) {}
  virtual ~Job() = default;
  /// On a pool thread.
  virtual void run() noexcept = 0;
  /// On the home reactor's thread, inside its loop; queues coroutines, never resumes one.
  virtual void finish() noexcept = 0;

  LoopReactor& home;
  Job* next = nullptr;
};

struct LoopOptions {
  std::uint64_t seed = 0;
  /// The longest short spin of a loop without work (idle_policy.h). 0 = it always sleeps.
  TimeNs spin_limit = 5 * kMicrosecond;
};

class LoopReactor : public Reactor {
 public:
  LoopReactor(const LoopReactor&) = delete;
  LoopReactor& operator=(const LoopReactor&) = delete;

  [[nodiscard]] TimeNs now() const noexcept final { return now_; }
  [[nodiscard]] std::int64_t wall_seconds() const noexcept final;
  [[nodiscard]] Random& random() noexcept final { return random_; }
  void post(std::coroutine_handle<> handle) noexcept final { ready_.push(handle); }
  void arm(Timer& timer) noexcept final { timers_.arm(timer); }
  void cancel(Timer& timer) noexcept final { timers_.cancel(timer); }
  void send(Reactor& to, Message& message) noexcept final { static_cast<LoopReactor&>(to).deliver(message); }

  /// The receiving half of send(). Any thread, also a signal handler.
  void deliver(Message& message) noexcept {
    inbox_.push(message);
    wake_if_sleeping();
  }
  /// Hands a job that ran back to its home. Any thread.
  void deliver_finished(Job& job) noexcept {
    finished_jobs_.push(job);
    wake_if_sleeping();
  }

  /// Loops until stop(). Always call it on the same thread; it may be called again after it returned.
  void run();
  /// run() returns after its current turn; a stop() before run() makes the next run() return at once. Any thread, also
  /// a signal handler.
  void stop() noexcept;

 protected:
  explicit LoopReactor(const LoopOptions& options);

  /// First thing in run().
  virtual void begin_run() noexcept = 0;
  virtual void end_run() noexcept = 0;
  /// Submits, and queues what has completed, without waiting.
  virtual void poll() noexcept = 0;
  /// Cheap look whether poll() would find something.
  [[nodiscard]] virtual bool completions_waiting() const noexcept = 0;
  /// Reads that a disk has and has not completed.
  [[nodiscard]] virtual std::size_t reads_in_flight() const noexcept { return 0; }
  /// Submits and waits until something completed, the wake descriptor was written, or the time is over (negative: no
  /// limit); queues what has completed. May return early.
  virtual void block(TimeNs timeout) noexcept = 0;

  [[nodiscard]] int wake_fd() const noexcept { return wake_fd_.get(); }

 private:
  void turn() noexcept;
  void collect() noexcept;
  [[nodiscard]] bool messages_waiting() const noexcept {
    return !inbox_.empty() || !finished_jobs_.empty() || stop_.load();
  }
  void wait_for_work() noexcept;
  /// Both true if work showed up.
  bool nap_or_spin(TimeNs idle_since) noexcept;
  bool spin(TimeNs until) noexcept;
  /// Submits and blocks; negative: without a limit.
  void sleep(TimeNs timeout) noexcept;
  [[nodiscard]] TimeNs until_next_timer() const noexcept;
  void wake_if_sleeping() noexcept {
    if (sleeping_.load() && sleeping_.exchange(false)) write_wake_fd();
  }
  void write_wake_fd() const noexcept;

  GrowingRing<std::coroutine_handle<>> ready_;
  TimerHeap timers_;
  TimeNs now_;
  Random random_;
  IdlePolicy idle_policy_;
  UniqueFd wake_fd_;
  // What other threads write stands apart from what the loop writes all the time.
  alignas(64) MpscList<Message> inbox_;
  MpscList<Job> finished_jobs_;
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stop_{false};
};

}  // namespace tt::rt
