// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync.h"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/scope.h"
#include "runtime/test_reactor.h"

namespace tt::rt {
namespace {

class SyncTest : public testing::Test {
 protected:
  TestReactor reactor_;
  std::vector<int> order_;
};

Task<void> wait_and_note(WaitQueue& queue, int name, std::vector<int>* order) {
  co_await queue.wait();
  order->push_back(name);
}

TEST_F(SyncTest, WaitQueueWakesInOrderThroughTheReadyRing) {
  WaitQueue queue(reactor_);
  Scope scope(reactor_);
  for (int i = 0; i < 4; ++i) scope.spawn(wait_and_note(queue, i, &order_));
  reactor_.run_ready();
  queue.wake_one();
  EXPECT_TRUE(order_.empty()) << "waking never resumes inline";
  reactor_.run_ready();
  EXPECT_EQ(order_, (std::vector<int>{0}));
  queue.wake_all();
  queue.wake_one();  // nobody left
  reactor_.run_ready();
  EXPECT_EQ(order_, (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(SyncTest, DestroyedWaitersLeaveTheQueueWhereverTheyStand) {
  for (int victim = 0; victim < 3; ++victim) {
    order_.clear();
    WaitQueue queue(reactor_);
    Scope doomed(reactor_);
    Scope scope(reactor_);
    for (int i = 0; i < 3; ++i) (i == victim ? doomed : scope).spawn(wait_and_note(queue, i, &order_));
    reactor_.run_ready();
    doomed.kill();
    queue.wake_all();
    reactor_.run_ready();
    std::vector<int> expected{0, 1, 2};
    expected.erase(expected.begin() + victim);
    EXPECT_EQ(order_, expected);
  }
}

Task<void> acquire_and_note(Semaphore& semaphore, std::uint64_t n, int name, std::vector<int>* order) {
  co_await semaphore.acquire(n);
  order->push_back(name);
}

TEST_F(SyncTest, SemaphoreIsFairAlsoToLargeRequests) {
  Semaphore semaphore(reactor_, 3);
  Scope scope(reactor_);
  scope.spawn(acquire_and_note(semaphore, 2, 0, &order_));
  scope.spawn(acquire_and_note(semaphore, 4, 1, &order_));
  scope.spawn(acquire_and_note(semaphore, 1, 2, &order_));
  reactor_.run_ready();
  EXPECT_EQ(order_, (std::vector<int>{0})) << "the small request does not overtake the large one";
  EXPECT_FALSE(semaphore.try_acquire());
  EXPECT_EQ(semaphore.available(), 1U);
  semaphore.release(2);
  reactor_.run_ready();
  EXPECT_EQ(order_, (std::vector<int>{0}));
  semaphore.release(1);
  reactor_.run_ready();
  EXPECT_EQ(order_, (std::vector<int>{0, 1}));
  semaphore.release(4);
  EXPECT_EQ(semaphore.available(), 3U) << "credits are taken for the waiter when it is woken";
  reactor_.run_ready();
  EXPECT_EQ(order_, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(semaphore.try_acquire(3));
  EXPECT_FALSE(semaphore.try_acquire(1));
}

TEST_F(SyncTest, NobodyStealsCreditsBetweenGrantAndResumption) {
  Semaphore semaphore(reactor_, 0);
  Scope scope(reactor_);
  scope.spawn(acquire_and_note(semaphore, 1, 0, &order_));
  reactor_.run_ready();
  semaphore.release(1);
  EXPECT_FALSE(semaphore.try_acquire(1));
  reactor_.run_ready();
  EXPECT_EQ(order_, (std::vector<int>{0}));
}

// The rule of sync.h: a frame that is killed after the grant takes its credits along; one that still waited does not.
TEST_F(SyncTest, KilledWaitersTakeOnlyGrantedCreditsAlong) {
  Semaphore semaphore(reactor_, 0);
  Scope granted(reactor_);
  Scope waiting(reactor_);
  granted.spawn(acquire_and_note(semaphore, 2, 0, &order_));
  waiting.spawn(acquire_and_note(semaphore, 5, 1, &order_));
  reactor_.run_ready();
  semaphore.release(3);
  reactor_.forget_ready();
  granted.kill();
  EXPECT_EQ(semaphore.available(), 1U);
  waiting.kill();
  EXPECT_EQ(semaphore.available(), 1U);
  EXPECT_TRUE(semaphore.try_acquire(1)) << "the queue is empty again";
  EXPECT_TRUE(order_.empty());
}

Task<void> work_locked(Reactor& reactor, Mutex& mutex, int name, bool* busy, std::vector<int>* order) {
  co_await mutex.lock();
  EXPECT_FALSE(*busy);
  *busy = true;
  co_await sleep_for(reactor, kMillisecond);
  *busy = false;
  order->push_back(name);
  mutex.unlock();
}

TEST_F(SyncTest, MutexAdmitsOneAtATimeInOrder) {
  Mutex mutex(reactor_);
  Scope scope(reactor_);
  bool busy = false;
  for (int i = 0; i < 5; ++i) scope.spawn(work_locked(reactor_, mutex, i, &busy, &order_));
  reactor_.run_until(10 * kMillisecond);
  EXPECT_EQ(order_, (std::vector<int>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace tt::rt
