// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "runtime/scope.h"
#include "runtime/sync.h"
#include "sim/disk.h"

namespace tt::sim {
namespace {

using Log = std::vector<int>;

rt::Task<void> sleeper(rt::Reactor& reactor, rt::TimeNs duration, int name, Log& log) {
  co_await rt::sleep_for(reactor, duration);
  log.push_back(name);
}

rt::Task<void> visitor(rt::Reactor& home, rt::Reactor& other, int name, Log& log) {
  co_await rt::hop(home, other);
  log.push_back(name);
  co_await rt::hop(other, home);
}

rt::Task<void> spinner(rt::Reactor& reactor) {
  for (;;) co_await rt::yield(reactor);
}

rt::Task<void> requester(World& world, Log& log) {
  world.request_crash();
  log.push_back(1);
  co_return;
}

TEST(World, timers_fire_in_order_and_never_early) {
  World world(1);
  SimReactor& reactor = world.boot(1).reactor();
  rt::Scope scope(reactor);
  Log log;
  scope.spawn(sleeper(reactor, 3 * rt::kMillisecond, 3, log));
  scope.spawn(sleeper(reactor, 1 * rt::kMillisecond, 1, log));
  scope.spawn(sleeper(reactor, 2 * rt::kMillisecond, 2, log));
  EXPECT_EQ(world.run_for(rt::kMillisecond / 2), RunEnd::time);
  EXPECT_EQ(world.now(), rt::kMillisecond / 2);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(log, (Log{1, 2, 3}));
  EXPECT_GE(world.now(), 3 * rt::kMillisecond);
  EXPECT_LT(world.now(), 4 * rt::kMillisecond);
}

TEST(World, a_cancelled_timer_does_not_fire) {
  World world(1);
  SimReactor& reactor = world.boot(1).reactor();
  rt::Scope scope(reactor);
  Log log;
  rt::Timer timer;
  timer.deadline = rt::kSecond;
  reactor.arm(timer);
  EXPECT_TRUE(timer.armed);
  reactor.cancel(timer);
  EXPECT_FALSE(timer.armed);
  reactor.cancel(timer);
  scope.spawn(sleeper(reactor, rt::kMillisecond, 1, log));
  EXPECT_EQ(world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(log, (Log{1}));
}

TEST(World, settled_means_that_only_timers_are_left) {
  World world(1);
  SimReactor& reactor = world.boot(1).reactor();
  rt::Scope scope(reactor);
  Log log;
  scope.spawn(sleeper(reactor, rt::kSecond, 1, log));
  EXPECT_EQ(world.run_until_settled(), RunEnd::idle);
  EXPECT_TRUE(log.empty());
  EXPECT_LT(world.now(), rt::kMillisecond);
  world.crash();
  scope.kill();
}

TEST(World, run_until_stops_at_the_predicate_or_at_the_time) {
  World world(1);
  SimReactor& reactor = world.boot(1).reactor();
  rt::Scope scope(reactor);
  Log log;
  scope.spawn(sleeper(reactor, rt::kMillisecond, 1, log));
  scope.spawn(sleeper(reactor, rt::kSecond, 2, log));
  EXPECT_EQ(world.run_until([&] { return log.size() == 1; }), RunEnd::reached);
  EXPECT_EQ(world.run_until([&] { return log.size() == 2; }, rt::kMillisecond), RunEnd::time);
  EXPECT_EQ(world.run_until([&] { return log.size() == 3; }), RunEnd::idle);
}

TEST(World, a_spinning_task_is_reported_as_a_livelock) {
  WorldOptions options;
  options.max_steps = 10'000;
  World world(1, options);
  SimReactor& reactor = world.boot(1).reactor();
  rt::Scope scope(reactor);
  scope.spawn(spinner(reactor));
  EXPECT_EQ(world.run_until_idle(), RunEnd::failed);
  EXPECT_NE(world.failure().find("livelock"), std::string::npos);
  EXPECT_FALSE(world.trace().tail(5).empty());
  world.crash();
  scope.kill();
}

/// The order in which eight tasks of two reactors arrive on a third.
Log arrival_order(std::uint64_t seed, bool fifo, std::uint64_t* hash = nullptr) {
  WorldOptions options;
  options.fifo_messages = fifo;
  World world(seed, options);
  Machine& machine = world.boot(3);
  rt::Scope first(machine.reactor(0));
  rt::Scope second(machine.reactor(1));
  Log log;
  for (int i = 0; i < 4; ++i) {
    first.spawn(visitor(machine.reactor(0), machine.reactor(2), i, log));
    second.spawn(visitor(machine.reactor(1), machine.reactor(2), 10 + i, log));
  }
  EXPECT_EQ(world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(first.count() + second.count(), 0U);
  if (hash != nullptr) *hash = world.trace_hash() ^ world.unseed();
  return log;
}

TEST(World, messages_of_one_sender_may_overtake_unless_told_otherwise) {
  std::set<Log> orders;
  std::set<Log> interleavings;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    orders.insert(arrival_order(seed, false));
    Log fifo = arrival_order(seed, true);
    interleavings.insert(fifo);
    Log from_first;
    std::copy_if(fifo.begin(), fifo.end(), std::back_inserter(from_first), [](int name) { return name < 10; });
    EXPECT_EQ(from_first, (Log{0, 1, 2, 3})) << "seed " << seed;
  }
  EXPECT_GT(orders.size(), 40U);
  EXPECT_GT(interleavings.size(), 20U) << "senders still race one another";
}

TEST(World, one_seed_gives_one_hash_and_another_gives_another) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::uint64_t once = 0;
    std::uint64_t twice = 0;
    arrival_order(seed, false, &once);
    arrival_order(seed, false, &twice);
    EXPECT_EQ(once, twice) << "seed " << seed;
    hashes.insert(once);
  }
  EXPECT_EQ(hashes.size(), 50U);
}

TEST(World, a_crash_forgets_everything_and_leaves_the_frames_alone) {
  World world(3);
  Machine& machine = world.boot(2);
  SimReactor& reactor = machine.reactor(0);
  auto scope = std::make_unique<rt::Scope>(reactor);
  Log log;
  scope->spawn(sleeper(reactor, rt::kMillisecond, 1, log));
  scope->spawn(visitor(reactor, machine.reactor(1), 2, log));
  world.at(rt::kMillisecond, [&] { log.push_back(3); });
  EXPECT_EQ(world.run_for(2), RunEnd::time);
  scope->spawn(sleeper(reactor, 0, 4, log));
  const std::size_t before = log.size();
  world.crash();
  EXPECT_FALSE(machine.alive());
  EXPECT_EQ(world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(scope->count(), 3U);
  scope->kill();
  scope = nullptr;
  EXPECT_EQ(log.size(), before);
  // A dead reactor takes calls of destructors and does nothing.
  rt::Timer timer;
  reactor.arm(timer);
  EXPECT_FALSE(timer.armed);
}

TEST(World, one_machine_can_crash_while_others_go_on) {
  World world(3);
  Machine& dying = world.boot(1);
  Machine& living = world.boot(1);
  rt::Scope first(dying.reactor());
  rt::Scope second(living.reactor());
  Log log;
  first.spawn(sleeper(dying.reactor(), rt::kMillisecond, 1, log));
  second.spawn(sleeper(living.reactor(), rt::kMillisecond, 2, log));
  EXPECT_EQ(world.run_for(rt::kMicrosecond * 100), RunEnd::time);
  world.crash(dying);
  first.kill();
  EXPECT_EQ(world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(log, (Log{2}));
}

TEST(World, a_requested_crash_ends_the_run_after_the_current_coroutine) {
  World world(3);
  SimReactor& reactor = world.boot(1).reactor();
  rt::Scope scope(reactor);
  Log log;
  scope.spawn(requester(world, log));
  scope.spawn(sleeper(reactor, 0, 2, log));
  EXPECT_EQ(world.run_until_idle(), RunEnd::crash_requested);
  EXPECT_EQ(log, (Log{1}));
  world.crash();
  scope.kill();
  EXPECT_EQ(world.run_until_idle(), RunEnd::idle);
}

TEST(World, checks_run_after_every_event) {
  World world(3);
  SimReactor& reactor = world.boot(1).reactor();
  rt::Scope scope(reactor);
  Log log;
  std::uint64_t checks = 0;
  world.set_after_event([&] {
    if (++checks == 2) world.fail("found");
  });
  scope.spawn(sleeper(reactor, rt::kMillisecond, 1, log));
  EXPECT_EQ(world.run_until_idle(), RunEnd::failed);
  EXPECT_EQ(world.failure(), "found");
  EXPECT_EQ(world.events(), checks);
  world.crash();
  scope.kill();
}

TEST(FaultPlan, a_rule_fires_at_its_operation_only) {
  Random random(1);
  FaultPlan plan;
  FaultRule rule;
  rule.kind = FaultKind::io_error;
  rule.operations = kWrites;
  rule.file = "log";
  rule.at = 2;
  plan.add(rule);
  const std::string log = "log0";
  const std::string data = "data";
  using Kind = rt::DiskOp::Kind;
  const auto decide = [&](Kind kind, std::uint32_t file) {
    return plan.decide({kind, file, file == 0 ? &log : &data}, random).kind == FaultKind::io_error;
  };
  EXPECT_FALSE(decide(Kind::write, 0));
  EXPECT_FALSE(decide(Kind::write, 1));
  EXPECT_FALSE(decide(Kind::flush, 0));
  plan.set_quiet(true);
  EXPECT_FALSE(decide(Kind::write, 0));
  plan.set_quiet(false);
  EXPECT_TRUE(decide(Kind::write, 0));
  EXPECT_FALSE(decide(Kind::write, 0));
  EXPECT_EQ(plan.io_count(), 5U);
  EXPECT_EQ(plan.io_count(kWrites), 4U);
  EXPECT_EQ(plan.io_count_since_first_fault(), 1U);
}

TEST(FaultPlan, a_part_is_between_its_first_marks) {
  Random random(1);
  FaultPlan plan;
  const std::string file = "data";
  const auto submit = [&](int writes, int flushes) {
    for (int i = 0; i < writes; ++i) plan.decide({rt::DiskOp::Kind::write, 0, &file}, random);
    for (int i = 0; i < flushes; ++i) plan.decide({rt::DiskOp::Kind::flush, 0, &file}, random);
  };
  submit(3, 1);
  EXPECT_EQ(plan.part().before, 0U);
  EXPECT_EQ(plan.part().end, 4U) << "all, as long as there is no mark";
  plan.end_part();  // of nothing
  plan.begin_part();
  submit(2, 2);
  plan.begin_part();
  plan.end_part();
  submit(5, 0);
  plan.end_part();
  EXPECT_EQ(plan.part(kWrites).before, 3U);
  EXPECT_EQ(plan.part(kWrites).end, 5U);
  EXPECT_EQ(plan.part(kFlushes).before, 1U);
  EXPECT_EQ(plan.part(kFlushes).end, 3U);
}

TEST(FaultPlan, a_sticky_rule_stays_with_the_file_it_hit) {
  Random random(1);
  FaultPlan plan;
  FaultRule rule;
  rule.kind = FaultKind::io_error;
  rule.at = 1;
  rule.sticky = true;
  plan.add(rule);
  const std::string name = "x";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(plan.decide({rt::DiskOp::Kind::read, 5, &name}, random).kind, FaultKind::io_error);
    EXPECT_EQ(plan.decide({rt::DiskOp::Kind::read, 6, &name}, random).kind, FaultKind::none);
  }
}

TEST(FaultPlan, a_second_rule_counts_from_the_first_ones_fault) {
  Random random(1);
  FaultPlan plan;
  FaultRule first;
  first.kind = FaultKind::crash_before;
  first.at = 2;
  FaultRule second = first;
  second.kind = FaultKind::torn_crash;
  second.after_previous = true;
  plan.add(first);
  plan.add(second);
  const std::string name = "x";
  std::vector<FaultKind> seen;
  for (int i = 0; i < 5; ++i) seen.push_back(plan.decide({rt::DiskOp::Kind::write, 0, &name}, random).kind);
  using enum FaultKind;
  EXPECT_EQ(seen, (std::vector<FaultKind>{none, crash_before, none, torn_crash, none}));
}

}  // namespace
}  // namespace tt::sim
