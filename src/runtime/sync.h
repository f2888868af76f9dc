// SPDX-License-Identifier: Apache-2.0
// Waiting within one reactor. None of these is for use across threads. Waiters are resumed through the ready ring in
// FIFO order. Destroying a frame that waits takes it out of the queue.
#pragma once

#include <coroutine>
#include <cstdint>

#include "base/assert.h"
#include "runtime/reactor.h"

namespace tt::rt {

/// Intrusive FIFO of suspended coroutines; the building block of the others.
class WaitQueue {
 public:
  class Awaiter {
   public:
    explicit Awaiter(WaitQueue& queue, std::uint64_t weight = 1) noexcept : queue_(queue), weight_(weight) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (linked_) queue_.unlink(*this);
    }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      waiter_ = waiter;
      queue_.link(*this);
    }
    void await_resume() const noexcept {}

   private:
    friend class WaitQueue;
    WaitQueue& queue_;
    std::uint64_t weight_;
    std::coroutine_handle<> waiter_;
    Awaiter* next_ = nullptr;
    Awaiter* previous_ = nullptr;
    bool linked_ = false;
  };

  explicit WaitQueue(Reactor& reactor) noexcept : reactor_(reactor) {}
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue() { TT_ASSERT(head_ == nullptr); }

  Awaiter wait(std::uint64_t weight = 1) noexcept { return Awaiter(*this, weight); }
  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] std::uint64_t front_weight() const noexcept { return head_->weight_; }
  void wake_one() noexcept {
    if (head_ == nullptr) return;
    Awaiter& first = *head_;
    unlink(first);
    reactor_.post(first.waiter_);
  }
  void wake_all() noexcept {
    while (head_ != nullptr) wake_one();
  }

 private:
  void link(Awaiter& a) noexcept {
    a.previous_ = tail_;
    a.next_ = nullptr;
    (tail_ != nullptr ? tail_->next_ : head_) = &a;
    tail_ = &a;
    a.linked_ = true;
  }
  void unlink(Awaiter& a) noexcept {
    (a.previous_ != nullptr ? a.previous_->next_ : head_) = a.next_;
    (a.next_ != nullptr ? a.next_->previous_ : tail_) = a.previous_;
    a.linked_ = false;
  }
  Reactor& reactor_;
  Awaiter* head_ = nullptr;
  Awaiter* tail_ = nullptr;
};

/// Credits. acquire() waits in FIFO order until `n` are there and takes them; a later small request never overtakes.
///
/// A frame that is destroyed while it waits leaves the queue and no credit is lost, but those behind it are not looked
/// at before the next release(). A frame that is destroyed after release() granted its credits and before the loop
/// resumed it takes them along: giving them back would queue waiters that are about to be destroyed too, and would
/// touch a semaphore that may be gone. Outside of Scope::kill() no frame can be destroyed there, because the ready ring
/// holds it; so the rule is: a semaphore (or mutex) is not used again after a kill of tasks that used it.
class Semaphore {
 public:
  Semaphore(Reactor& reactor, std::uint64_t credits) noexcept : queue_(reactor), available_(credits) {}

  class Acquire {
   public:
    Acquire(Semaphore& semaphore, std::uint64_t n) noexcept
        : semaphore_(semaphore), n_(n), waiter_(semaphore.queue_, n) {}
    [[nodiscard]] bool await_ready() noexcept { return semaphore_.queue_.empty() && semaphore_.take(n_); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_.await_suspend(waiter); }
    void await_resume() const noexcept {}

   private:
    Semaphore& semaphore_;
    std::uint64_t n_;
    WaitQueue::Awaiter waiter_;
  };
  /// Credits are taken for the waiter before it is resumed.
  Acquire acquire(std::uint64_t n = 1) noexcept { return {*this, n}; }
  [[nodiscard]] bool try_acquire(std::uint64_t n = 1) noexcept { return queue_.empty() && take(n); }
  void release(std::uint64_t n = 1) noexcept {
    available_ += n;
    while (!queue_.empty() && available_ >= queue_.front_weight()) {
      available_ -= queue_.front_weight();
      queue_.wake_one();
    }
  }
  [[nodiscard]] std::uint64_t available() const noexcept { return available_; }

 private:
  bool take(std::uint64_t n) noexcept {
    if (available_ < n) return false;
    available_ -= n;
    return true;
  }
  WaitQueue queue_;
  std::uint64_t available_;
};

/// One holder at a time, FIFO: `co_await mutex.lock(); ... mutex.unlock();`
class Mutex {
 public:
  explicit Mutex(Reactor& reactor) noexcept : semaphore_(reactor, 1) {}
  Semaphore::Acquire lock() noexcept { return semaphore_.acquire(); }
  void unlock() noexcept { semaphore_.release(); }

 private:
  Semaphore semaphore_;
};

}  // namespace tt::rt
