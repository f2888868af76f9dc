// SPDX-License-Identifier: Apache-2.0
#include "runtime/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/random.h"

namespace tt::rt {
namespace {

TEST(TimerHeap, AgreesWithASortedSet) {
  Random random(7);
  std::vector<Timer> timers(300);
  TimerHeap heap;
  std::set<std::pair<TimeNs, std::uint64_t>> model;  // (deadline, order of arming)
  for (int step = 0; step < 20'000; ++step) {
    Timer& timer = timers[random.below(timers.size())];
    switch (random.below(3)) {
      case 0:
        if (!timer.armed) {
          timer.deadline = static_cast<TimeNs>(random.below(50));
          heap.arm(timer);
          model.insert({timer.deadline, timer.order});
        }
        break;
      case 1:
        if (timer.armed) model.erase({timer.deadline, timer.order});
        heap.cancel(timer);
        EXPECT_FALSE(timer.armed);
        break;
      default: {
        const auto now = static_cast<TimeNs>(random.below(50));
        Timer* due = heap.take_due(now);
        const bool expected = !model.empty() && model.begin()->first <= now;
        ASSERT_EQ(due != nullptr, expected);
        if (due != nullptr) {
          ASSERT_EQ(std::make_pair(due->deadline, due->order), *model.begin());
          model.erase(model.begin());
        }
      }
    }
    ASSERT_EQ(heap.empty(), model.empty());
    if (!model.empty()) {
      ASSERT_EQ(heap.next_deadline(), model.begin()->first);
    }
  }
}

TEST(TimerHeap, EqualDeadlinesComeInTheOrderOfArming) {
  std::vector<Timer> timers(100);
  TimerHeap heap;
  for (Timer& timer : timers) {
    timer.deadline = 5;
    heap.arm(timer);
  }
  for (std::size_t i = 0; i < timers.size(); i += 3) heap.cancel(timers[i]);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    if (i % 3 != 0) {
      EXPECT_EQ(heap.take_due(5), &timers[i]);
    }
  }
  EXPECT_TRUE(heap.empty());
}

}  // namespace
}  // namespace tt::rt
