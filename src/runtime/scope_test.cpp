// SPDX-License-Identifier: Apache-2.0
#include "runtime/scope.h"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/sync.h"
#include "runtime/test_reactor.h"

namespace tt::rt {
namespace {

Task<void> sleep_and_count(Reactor& reactor, TimeNs duration, int* ended) {
  co_await sleep_for(reactor, duration);
  ++*ended;
}

Task<void> join_and_note(Scope& scope, const int* ended, int* seen) {
  co_await scope.join();
  *seen = *ended;
}

TEST(Scope, JoinWaitsForEveryTask) {
  TestReactor reactor;
  Scope scope(reactor);
  Scope observer(reactor);
  int ended = 0;
  int seen = -1;
  for (int i = 1; i <= 3; ++i) scope.spawn(sleep_and_count(reactor, i * kMillisecond, &ended));
  observer.spawn(join_and_note(scope, &ended, &seen));
  reactor.run_until(2 * kMillisecond);
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(seen, -1);
  reactor.run_until(3 * kMillisecond);
  EXPECT_EQ(seen, 3);
}

TEST(Scope, JoinOfAnEmptyScopeDoesNotWait) {
  TestReactor reactor;
  Scope scope(reactor);
  Scope observer(reactor);
  int ended = 7;
  int seen = -1;
  observer.spawn(join_and_note(scope, &ended, &seen));
  reactor.run_ready();
  EXPECT_EQ(seen, 7);
}

Task<void> spawn_more(Scope& scope, int levels, int* ran) {
  ++*ran;
  if (levels > 0) {
    scope.spawn(spawn_more(scope, levels - 1, ran));
    scope.spawn(spawn_more(scope, levels - 1, ran));
  }
  co_return;
}

TEST(Scope, TasksMaySpawnIntoTheirOwnScope) {
  TestReactor reactor;
  Scope scope(reactor);
  int ran = 0;
  scope.spawn(spawn_more(scope, 5, &ran));
  reactor.run_ready();
  EXPECT_EQ(ran, 63);
}

TEST(Scope, DyingWithATaskIsAProgrammerError) {
  TestReactor reactor;
  int ended = 0;
  EXPECT_DEATH(
      {
        Scope scope(reactor);
        scope.spawn(sleep_and_count(reactor, 1, &ended));
      },
      "invariant broken");
}

Task<void> hold(Reactor& reactor, Tracked tracked) {
  const Tracked local = tracked;
  co_await sleep_for(reactor, kSecond);
}

Task<void> hold_nested(Reactor& reactor, Tracked tracked) {
  const Tracked local = tracked;
  co_await hold(reactor, tracked);
}

Task<void> wait_forever(WaitQueue& queue, Tracked tracked) {
  const Tracked local = tracked;
  co_await queue.wait();
}

TEST(Scope, KillDestroysWaitingFramesAndTheirChildren) {
  TestReactor reactor;
  WaitQueue queue(reactor);
  Scope scope(reactor);
  int living = 0;
  const Tracked tracked(&living);
  scope.spawn(hold_nested(reactor, tracked));
  scope.spawn(wait_forever(queue, tracked));
  reactor.run_ready();
  scope.spawn(hold(reactor, tracked));  // killed before it started
  EXPECT_GT(living, 6);
  EXPECT_TRUE(reactor.has_timers());
  EXPECT_FALSE(queue.empty());
  reactor.forget_ready();
  scope.kill();
  EXPECT_EQ(living, 1);
  EXPECT_EQ(scope.count(), 0U);
  EXPECT_FALSE(reactor.has_timers()) << "the sleeping frame took its timer along";
  EXPECT_TRUE(queue.empty()) << "the waiting frame left the queue";
}

}  // namespace
}  // namespace tt::rt
