// SPDX-License-Identifier: Apache-2.0
#include "runtime/timer_heap.h"

#include "base/assert.h"

namespace tt::rt {

void TimerHeap::arm(Timer& timer) {
  TT_ASSERT(!timer.armed);
  timer.armed = true;
  timer.order = next_order_++;
  heap_.push_back(&timer);
  timer.heap_index = heap_.size() - 1;
  sift_up(timer.heap_index);
}

void TimerHeap::cancel(Timer& timer) noexcept {
  if (!timer.armed) return;
  const std::size_t index = timer.heap_index;
  TT_ASSERT(index < heap_.size() && heap_[index] == &timer);
  timer.armed = false;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(index, last);
  sift_up(index);
  sift_down(last->heap_index);
}

Timer* TimerHeap::take_due(TimeNs now) noexcept {
  if (heap_.empty() || heap_.front()->deadline > now) return nullptr;
  Timer* due = heap_.front();
  cancel(*due);
  return due;
}

void TimerHeap::place(std::size_t index, Timer* timer) noexcept {
  heap_[index] = timer;
  timer->heap_index = index;
}

void TimerHeap::sift_up(std::size_t index) noexcept {
  Timer* moving = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!before(*moving, *heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, moving);
}

void TimerHeap::sift_down(std::size_t index) noexcept {
  Timer* moving = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *moving)) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, moving);
}

}  // namespace tt::rt
