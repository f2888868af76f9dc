// SPDX-License-Identifier: Apache-2.0
#include "runtime/blocking_pool.h"

#include <pthread.h>

#include "runtime/signals.h"

namespace tt::rt {

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_queued_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void BlockingPool::submit(Job& job) {
  job.next = nullptr;
  const std::lock_guard lock(mutex_);
  (last_ != nullptr ? last_->next : first_) = &job;
  last_ = &job;
  ++queued_;
  if (queued_ > idle_ && threads_.size() < max_threads_) {
    const SignalsBlocked block;  // signals are for the main thread
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), "tt-blocking");
  } else {
    work_queued_.notify_one();
  }
}

void BlockingPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    work_queued_.wait(lock, [this] { return first_ != nullptr || stopping_; });
    --idle_;
    if (first_ == nullptr) return;
    Job& job = *first_;
    first_ = job.next;
    if (first_ == nullptr) last_ = nullptr;
    --queued_;
    lock.unlock();
    job.run();
    job.home.deliver_finished(job);
    lock.lock();
  }
}

}  // namespace tt::rt
