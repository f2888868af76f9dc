// SPDX-License-Identifier: Apache-2.0
#include "runtime/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "runtime/frame_pool.h"
#include "runtime/scope.h"
#include "runtime/test_reactor.h"

namespace tt::rt {
namespace {

Task<int> answer(bool* started) {
  *started = true;
  co_return 42;
}

Task<void> await_it(Task<int> task, int* result) {
  *result = co_await task;
}

TEST(Task, IsLazyAndDeliversItsValue) {
  TestReactor reactor;
  Scope scope(reactor);
  bool started = false;
  int result = 0;
  Task<int> task = answer(&started);
  EXPECT_FALSE(started);
  scope.spawn(await_it(std::move(task), &result));
  EXPECT_FALSE(started) << "spawn queues, it does not run";
  reactor.run_ready();
  EXPECT_TRUE(started);
  EXPECT_EQ(result, 42);
  EXPECT_EQ(scope.count(), 0U);
}

TEST(Task, DroppedBeforeItRanLeavesNothing) {
  int living = 0;
  auto make = [](Tracked tracked) -> Task<int> {
    const Tracked copy = tracked;
    co_return 1;
  };
  {
    const Tracked original(&living);
    Task<int> task = make(original);
    EXPECT_EQ(living, 2);
    task = Task<int>();
    EXPECT_EQ(living, 1);
  }
  EXPECT_EQ(living, 0);
}

Task<std::unique_ptr<std::string>> make_string(Reactor& reactor) {
  co_await yield(reactor);
  co_return std::make_unique<std::string>("moved");
}

Task<void> take_string(Reactor& reactor, std::string* into) {
  auto made = co_await make_string(reactor);
  *into = *made;
}

TEST(Task, CarriesMoveOnlyValues) {
  TestReactor reactor;
  Scope scope(reactor);
  std::string result;
  scope.spawn(take_string(reactor, &result));
  reactor.run_ready();
  EXPECT_EQ(result, "moved");
}

Task<Result<int>> fail_or(bool fail) {
  if (fail) co_return Errc::busy;
  co_return 5;
}

Task<Result<int>> twice(bool fail) {
  TT_CO_TRY(const int first, co_await fail_or(false));
  TT_CO_CHECK(co_await fail_or(fail));
  TT_CO_TRY(const int second, co_await fail_or(fail));
  co_return first + second;
}

Task<void> check_results() {
  auto good = co_await twice(false);
  EXPECT_TRUE(good);
  if (good) {
    EXPECT_EQ(*good, 10);
  }
  auto bad = co_await twice(true);
  EXPECT_FALSE(bad);
  if (!bad) {
    EXPECT_EQ(bad.error().code, Errc::busy);
  }
}

TEST(Task, ResultMacrosPassErrorsOn) {
  TestReactor reactor;
  Scope scope(reactor);
  scope.spawn(check_results());
  reactor.run_ready();
}

Task<int> count_down(unsigned depth) {
  if (depth == 0) co_return 1;
  auto below = co_await count_down(depth - 1);
  co_return below;
}

Task<int> one() {
  co_return 1;
}

Task<void> nest_and_loop(unsigned depth, long* sum) {
  auto nested = co_await count_down(depth);
  *sum += nested;
  for (unsigned i = 0; i < depth; ++i) {
    auto step = co_await one();
    *sum += step;
  }
}

// Needs real tail calls; without them this overflows the stack within some tens of thousands of levels.
TEST(Task, AMillionNestedAndAMillionSuccessiveAwaits) {
  constexpr unsigned kDepth = 1'000'000;
  TestReactor reactor;
  Scope scope(reactor);
  long sum = 0;
  scope.spawn(nest_and_loop(kDepth, &sum));
  reactor.run_ready();
  EXPECT_EQ(sum, 1 + static_cast<long>(kDepth));
}

Task<int> work(Reactor& reactor) {
  co_await yield(reactor);
  auto value = co_await count_down(3);
  co_return value;
}

Task<void> work_in_a_loop(Reactor& reactor, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    auto value = co_await work(reactor);
    EXPECT_EQ(value, 1);
  }
}

TEST(FramePool, SteadyStateHasNoMisses) {
  TestReactor reactor;
  Scope scope(reactor);
  for (int i = 0; i < 50; ++i) scope.spawn(work_in_a_loop(reactor, 3));
  reactor.run_ready();
  const std::size_t before = frame_pool_misses();
  for (int i = 0; i < 50; ++i) scope.spawn(work_in_a_loop(reactor, 100));
  reactor.run_ready();
  EXPECT_EQ(frame_pool_misses(), before);
}

TEST(FramePool, LargeFramesAndEverySizeWork) {
  for (std::size_t bytes = 1; bytes < 9000; bytes += 61) {
    auto* frame = static_cast<char*>(allocate_frame(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame) % 16, 0U);
    frame[0] = 1;
    frame[bytes - 1] = 1;
    free_frame(frame, bytes);
  }
}

}  // namespace
}  // namespace tt::rt
