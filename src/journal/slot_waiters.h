// SPDX-License-Identifier: Apache-2.0
// Coroutines waiting for a slot number to be reached, kept in the order of those numbers (equal ones in order of
// arrival). Callers mostly wait for the newest slot, so insertion looks at one or two entries. One reactor.
#pragma once

#include <coroutine>

#include "base/assert.h"
#include "journal/record.h"
#include "runtime/reactor.h"

namespace tt::journal {

class SlotWaiters {
 public:
  class Awaiter {
   public:
    Awaiter(SlotWaiters& queue, SlotSeq slot) noexcept : queue_(queue), slot_(slot) {}
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
    friend class SlotWaiters;
    SlotWaiters& queue_;
    SlotSeq slot_;
    std::coroutine_handle<> waiter_;
    Awaiter* next_ = nullptr;
    Awaiter* previous_ = nullptr;
    bool linked_ = false;
  };

  explicit SlotWaiters(rt::Reactor& reactor) noexcept : reactor_(reactor) {}
  SlotWaiters(const SlotWaiters&) = delete;
  SlotWaiters& operator=(const SlotWaiters&) = delete;
  ~SlotWaiters() { TT_ASSERT(head_ == nullptr); }

  Awaiter wait(SlotSeq slot) noexcept { return {*this, slot}; }
  void wake_until(SlotSeq slot) noexcept {
    while (head_ != nullptr && head_->slot_ <= slot) wake_first();
  }
  void wake_all() noexcept {
    while (head_ != nullptr) wake_first();
  }

 private:
  void wake_first() noexcept {
    Awaiter& first = *head_;
    unlink(first);
    reactor_.post(first.waiter_);
  }
  void link(Awaiter& a) noexcept {
    Awaiter* before = tail_;
    while (before != nullptr && before->slot_ > a.slot_) before = before->previous_;
    a.previous_ = before;
    a.next_ = before != nullptr ? before->next_ : head_;
    (a.previous_ != nullptr ? a.previous_->next_ : head_) = &a;
    (a.next_ != nullptr ? a.next_->previous_ : tail_) = &a;
    a.linked_ = true;
  }
  void unlink(Awaiter& a) noexcept {
    (a.previous_ != nullptr ? a.previous_->next_ : head_) = a.next_;
    (a.next_ != nullptr ? a.next_->previous_ : tail_) = a.previous_;
    a.linked_ = false;
  }

  rt::Reactor& reactor_;
  Awaiter* head_ = nullptr;
  Awaiter* tail_ = nullptr;
};

}  // namespace tt::journal
