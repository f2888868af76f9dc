// SPDX-License-Identifier: Apache-2.0
#include "runtime/loop_reactor.h"

#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"

namespace tt::rt {
namespace {

constexpr std::size_t kReadyCapacity = 1024;

TimeNs read_clock() noexcept {
  timespec ts{};
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return static_cast<TimeNs>(ts.tv_sec) * kSecond + ts.tv_nsec;
}

void pause_processor() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

LoopReactor::LoopReactor(const LoopOptions& options)
    : ready_(kReadyCapacity),
      now_(read_clock()),
      random_(options.seed),
      idle_policy_(options.spin_limit),
      wake_fd_(::eventfd(0, EFD_CLOEXEC)) {
  TT_ASSERT(wake_fd_);
}

std::int64_t LoopReactor::wall_seconds() const noexcept {
  timespec ts{};
  ::clock_gettime(CLOCK_REALTIME, &ts);
  return ts.tv_sec;
}

void LoopReactor::run() {
  begin_run();
  while (!stop_.load()) turn();
  stop_.store(false);
  end_run();
}

void LoopReactor::stop() noexcept {
  stop_.store(true);
  write_wake_fd();
}

void LoopReactor::turn() noexcept {
  now_ = read_clock();
  collect();
  for (std::size_t n = ready_.size(); n > 0; --n) ready_.pop().resume();
  if (ready_.empty() && !messages_waiting()) {
    wait_for_work();
  } else {
    poll();
  }
}

void LoopReactor::collect() noexcept {
  while (Timer* due = timers_.take_due(now_)) ready_.push(due->waiter);
  for (Message* m = inbox_.take_all(); m != nullptr;) {
    // The message dies with the awaiter of the coroutine it resumes: read it before that.
    Message* next = m->next;
    ready_.push(m->target);
    m = next;
  }
  for (Job* job = finished_jobs_.take_all(); job != nullptr;) {
    Job* next = job->next;
    job->finish();
    job = next;
  }
}

void LoopReactor::wait_for_work() noexcept {
  const TimeNs idle_since = read_clock();
  if (!nap_or_spin(idle_since)) sleep(until_next_timer());
  idle_policy_.paused(read_clock() - idle_since);
}

bool LoopReactor::nap_or_spin(TimeNs idle_since) noexcept {
  const IdlePlan plan = idle_policy_.plan(reads_in_flight());
  if (plan.spin == 0) return false;
  if (plan.nap > 0) {
    const TimeNs timer = until_next_timer();
    sleep(timer < 0 ? plan.nap : std::min(timer, plan.nap));
    // Work, or a reason to look for a due timer: the policy learns nothing from it.
    if (!ready_.empty() || messages_waiting()) return true;
  }
  const bool found = spin(idle_since + plan.spin);
  idle_policy_.spun(found);
  return found;
}

bool LoopReactor::spin(TimeNs until) noexcept {
  poll();
  const TimeNs deadline = timers_.empty() ? INT64_MAX : timers_.next_deadline();
  TimeNs time = 0;
  do {
    if (!ready_.empty() || messages_waiting() || completions_waiting() || time >= deadline) {
      poll();
      return true;
    }
    for (int i = 0; i < 8; ++i) pause_processor();
    time = read_clock();
  } while (time < until);
  return false;
}

void LoopReactor::sleep(TimeNs timeout) noexcept {
  sleeping_.store(true);
  if (messages_waiting()) {
    sleeping_.store(false);
    poll();
    return;
  }
  block(timeout);
  sleeping_.store(false);
}

TimeNs LoopReactor::until_next_timer() const noexcept {
  return timers_.empty() ? -1 : std::max<TimeNs>(0, timers_.next_deadline() - read_clock());
}

void LoopReactor::write_wake_fd() const noexcept {
  const int saved_errno = errno;  // may run in a signal handler
  const std::uint64_t one = 1;
  while (::write(wake_fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = saved_errno;
}

}  // namespace tt::rt
