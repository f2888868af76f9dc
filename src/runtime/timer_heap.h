// SPDX-License-Identifier: Apache-2.0
// Binary heap of armed timers, ordered by (deadline, order of arming). Timers know their place, so cancelling one is
// O(log n) and needs no search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/reactor.h"

namespace tt::rt {

class TimerHeap {
 public:
  void arm(Timer& timer);
  /// A timer that is not armed is left alone.
  void cancel(Timer& timer) noexcept;

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// Of the earliest timer; the heap is not empty.
  [[nodiscard]] TimeNs next_deadline() const noexcept { return heap_.front()->deadline; }
  /// Takes out and returns the earliest timer due at `now`, or null.
  Timer* take_due(TimeNs now) noexcept;

 private:
  static bool before(const Timer& a, const Timer& b) noexcept {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.order < b.order;
  }
  void place(std::size_t index, Timer* timer) noexcept;
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;

  std::vector<Timer*> heap_;
  std::uint64_t next_order_ = 0;
};

}  // namespace tt::rt
