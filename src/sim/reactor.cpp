// SPDX-License-Identifier: Apache-2.0
#include "sim/reactor.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/world.h"

namespace tt::sim {
namespace {

// Arguments of a reactor's events; every other value is the address of a message.
constexpr std::uint64_t kTurn = 0;
constexpr std::uint64_t kTimers = 1;

}  // namespace

SimReactor::SimReactor(World& world, MachineId machine, std::uint32_t id, std::uint64_t seed)
    : world_(world), machine_(machine), id_(id), random_(seed) {}

rt::TimeNs SimReactor::now() const noexcept {
  return world_.now();
}

std::int64_t SimReactor::wall_seconds() const noexcept {
  return world_.wall_seconds();
}

void SimReactor::post(std::coroutine_handle<> handle) noexcept {
  if (!alive_) return;
  ready_.push_back(handle);
  schedule_turn();
}

void SimReactor::schedule_turn() {
  if (turn_scheduled_) return;
  turn_scheduled_ = true;
  const rt::TimeNs soonest = std::max(world_.now(), turn_not_before_);
  world_.schedule(soonest, *this, kTurn);
}

void SimReactor::on_event(std::uint64_t argument) {
  if (argument == kTurn) return run_turn();
  if (argument == kTimers) return fire_timers();
  auto* message = reinterpret_cast<rt::Message*>(argument);
  post(message->target);
}

void SimReactor::run_turn() {
  turn_scheduled_ = false;
  if (turn_next_ == turn_.size()) {
    turn_.clear();
    turn_next_ = 0;
    std::swap(turn_, ready_);
  }
  world_.note(TraceKind::turn, id_, turn_.size() - turn_next_);
  turn_not_before_ = world_.now() + world_.draw_delay(world_.options().turn_cost_max);
  while (turn_next_ < turn_.size()) {
    const std::coroutine_handle<> next = turn_[turn_next_++];
    next.resume();
    if (world_.stopping()) break;
  }
  if (turn_next_ < turn_.size() || !ready_.empty()) schedule_turn();
}

void SimReactor::arm(rt::Timer& timer) noexcept {
  if (!alive_) return;
  timers_.arm(timer);
  schedule_timers();
}

void SimReactor::cancel(rt::Timer& timer) noexcept {
  timers_.cancel(timer);
}

void SimReactor::schedule_timers() {
  if (timers_.empty()) return;
  const rt::TimeNs due = std::max(timers_.next_deadline(), world_.now());
  if (timer_event_at_ >= 0 && timer_event_at_ <= due) return;
  timer_event_at_ = due + world_.draw_delay(world_.options().timer_slack_max);
  world_.schedule(timer_event_at_, *this, kTimers, /*background=*/true);
}

void SimReactor::fire_timers() {
  if (world_.now() != timer_event_at_) return;  // an earlier event took over
  timer_event_at_ = -1;
  while (rt::Timer* timer = timers_.take_due(world_.now())) {
    world_.note(TraceKind::timer, id_, timer->order);
    post(timer->waiter);
  }
  schedule_timers();
}

void SimReactor::send(Reactor& to, rt::Message& message) noexcept {
  if (!alive_) return;
  auto& target = static_cast<SimReactor&>(to);
  TT_ASSERT(target.machine_ == machine_);
  world_.note(TraceKind::message, id_, target.id_);
  rt::TimeNs arrival = world_.now() + world_.draw_delay(world_.options().message_delay_max);
  if (world_.options().fifo_messages) {
    if (target.last_arrival_.size() <= id_) target.last_arrival_.resize(id_ + 1, 0);
    // Strictly later than the one before: events of equal time have no fixed order.
    arrival = std::max(arrival, target.last_arrival_[id_] + 1);
    target.last_arrival_[id_] = arrival;
  }
  world_.schedule(arrival, target, reinterpret_cast<std::uint64_t>(&message));
}

void SimReactor::die() noexcept {
  alive_ = false;
  ready_.clear();
  turn_.clear();
  turn_next_ = 0;
  // The frames still live, so their timers can be told; later destructors then find nothing to cancel.
  while (timers_.take_due(INT64_MAX) != nullptr) {
  }
}

}  // namespace tt::sim
