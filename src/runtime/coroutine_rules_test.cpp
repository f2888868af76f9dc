// SPDX-License-Identifier: Apache-2.0
// What the compilers do with coroutines: the forms our rules R1 to R7 allow must be right on each of them, and the
// forms the rules forbid are watched, so that a new compiler tells us when a rule may go (or that another one is
// needed).
//
// Each probe counts how often a tracked object was constructed and destroyed; the numbers must agree. Expectation:
//
//   form                                                            clang 19   g++ 12
//   named lambda or named aggregate moved into the call             right      right
//   task made in a statement of its own, awaited in the next        right      right
//   temporary of a class with constructors as an argument           right      right
//   trivially destructible option struct as a temporary             right      right
//   ternary, &&, switch, loops, +=, structured binding              right      right
//   await after a catch block (never inside)                        right      right
//   over-aligned local variables                                    not aligned beyond 16 bytes with our frame pool
//   R1: lambda temporary with captures in a co_await expression     right      destroyed twice
//   R1: aggregate temporary with non-trivial members there          right      destroyed twice
//
// Another compiler than these two has to be right in the forms that the rules allow; the forbidden ones are only
// reported.
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "runtime/scope.h"
#include "runtime/test_reactor.h"

namespace tt::rt {
namespace {

struct Count {
  int constructed = 0;
  int destroyed = 0;
};
Count count;

/// Counts its constructions and destructions. It owns nothing, so that even a compiler that destroys it twice does no
/// further harm.
class Probe {
 public:
  explicit Probe(int value) noexcept : value_(value) { ++count.constructed; }
  Probe(const Probe& other) noexcept : value_(other.value_) { ++count.constructed; }
  Probe(Probe&& other) noexcept : value_(other.value_) { ++count.constructed; }
  Probe& operator=(const Probe&) = default;
  ~Probe() { ++count.destroyed; }
  [[nodiscard]] int value() const noexcept { return value_; }

 private:
  int value_;
};

struct Aggregate {
  Probe first;
  Probe second;
};

struct Options {
  int first = 0;
  std::string_view name;
  bool flag = false;
};

TestReactor* current = nullptr;

template <class Function>
Task<int> call_later(Function function) {
  co_await yield(*current);
  co_return function();
}

Task<int> sum_of(Aggregate aggregate) {
  co_await yield(*current);
  co_return aggregate.first.value() + aggregate.second.value();
}

Task<int> value_of(Probe probe) {
  co_await yield(*current);
  co_return probe.value();
}

Task<int> with_options(Options options) {
  co_await yield(*current);
  co_return options.first + static_cast<int>(options.name.size()) + (options.flag ? 100 : 0);
}

Task<bool> is_positive(int value) {
  co_await yield(*current);
  co_return value > 0;
}

Task<std::pair<int, Probe>> make_pair_later(int value) {
  co_await yield(*current);
  co_return std::pair<int, Probe>(value, Probe(value + 1));
}

/// Runs the task to its end and returns its value; `count` has then seen every construction and destruction.
int run_probe(Task<int> (*probe)()) {
  count = {};
  TestReactor reactor;
  current = &reactor;
  int value = -1;
  {
    Scope scope(reactor);
    auto keep = [](Task<int> task, int* into) -> Task<void> { *into = co_await task; };
    scope.spawn(keep(probe(), &value));
    reactor.run_ready();
  }
  return value;
}

void expect_right(Task<int> (*probe)(), int expected) {
  EXPECT_EQ(run_probe(probe), expected);
  EXPECT_EQ(count.constructed, count.destroyed);
}

Task<int> named_lambda() {
  const Probe probe(7);
  auto function = [probe] { return probe.value(); };
  auto result = co_await call_later(std::move(function));
  co_return result;
}

Task<int> named_aggregate() {
  Aggregate aggregate{Probe(3), Probe(4)};
  auto result = co_await sum_of(std::move(aggregate));
  co_return result;
}

Task<int> task_in_its_own_statement() {
  const Probe probe(5);
  auto task = call_later([probe] { return probe.value(); });
  auto result = co_await task;
  co_return result;
}

Task<int> class_temporary() {
  auto result = co_await value_of(Probe(9));
  co_return result;
}

Task<int> option_temporary() {
  auto result = co_await with_options({.first = 20, .name = "abc", .flag = true});
  co_return result;
}

Task<int> control_flow() {
  int total = 0;
  for (int i = -1; i < 3; ++i) {
    auto positive = co_await is_positive(i);
    auto also = positive && (co_await is_positive(i - 1));
    switch (positive ? co_await value_of(Probe(1)) : co_await value_of(Probe(2))) {
      case 1:
        total += co_await value_of(Probe(10));
        break;
      default:
        total += also ? 1000 : 1;
    }
  }
  auto [number, probe] = co_await make_pair_later(100);
  co_return total + number + probe.value();
}

Task<int> await_after_catch() {
  bool failed = false;
  const Probe outside(1);
  try {
    const Probe inside(2);
    auto value = co_await value_of(inside);
    if (value == 2) throw std::runtime_error("expected");
  } catch (const std::runtime_error&) {
    failed = true;
  }
  if (failed) {
    auto value = co_await value_of(Probe(50));
    co_return value;
  }
  co_return 0;
}

TEST(CoroutineRules, AllowedFormsAreRight) {
  expect_right(named_lambda, 7);
  expect_right(named_aggregate, 7);
  expect_right(task_in_its_own_statement, 5);
  expect_right(class_temporary, 9);
  expect_right(option_temporary, 123);
  expect_right(control_flow, 2 + 20 + 100 + 101);
  expect_right(await_after_catch, 50);
}

Task<int> lambda_temporary() {
  const Probe probe(7);
  auto result = co_await call_later([probe] { return probe.value(); });
  co_return result;
}

Task<int> aggregate_temporary() {
  auto result = co_await sum_of(Aggregate{Probe(3), Probe(4)});
  co_return result;
}

Task<int> designated_temporary() {
  auto result = co_await sum_of({.first = Probe(3), .second = Probe(4)});
  co_return result;
}

void watch_forbidden(const char* form, Task<int> (*probe)()) {
  run_probe(probe);
  const bool right = count.constructed == count.destroyed;
#if defined(__clang__)
  EXPECT_TRUE(right) << form << ": clang used to get this right";
#elif __GNUC__ == 12
  EXPECT_FALSE(right) << form << ": this compiler no longer destroys it twice; rule R1 may be looked at again";
#else
  if (!right) std::printf("%s: destroyed %d times, constructed %d\n", form, count.destroyed, count.constructed);
#endif
}

TEST(CoroutineRules, ForbiddenFormsAreWatched) {
  watch_forbidden("lambda temporary with captures", lambda_temporary);
  watch_forbidden("aggregate temporary", aggregate_temporary);
  watch_forbidden("designated-initialiser temporary", designated_temporary);
}

}  // namespace
}  // namespace tt::rt
