// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/assert.h"

namespace tt::sim {

const char* name_of(RunEnd end) noexcept {
  switch (end) {
    case RunEnd::reached:
      return "reached";
    case RunEnd::idle:
      return "idle";
    case RunEnd::time:
      return "time";
    case RunEnd::crash_requested:
      return "crash_requested";
    case RunEnd::failed:
      return "failed";
  }
  return "unknown";
}

/// The callbacks of World::at, by running number.
class World::Callbacks final : public EventSink {
 public:
  explicit Callbacks(World& world) : world_(world) {}

  std::uint64_t add(std::function<void()> callback) {
    pending_.emplace(next_, std::move(callback));
    return next_++;
  }
  void clear() { pending_.clear(); }
  void on_event(std::uint64_t number) override {
    auto found = pending_.extract(number);
    world_.note(TraceKind::callback, number);
    if (!found.empty()) found.mapped()();
  }
  [[nodiscard]] MachineId machine() const noexcept override { return kAllMachines; }

 private:
  World& world_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::function<void()>> pending_;
};

World::World(std::uint64_t seed, WorldOptions options)
    : seed_(seed),
      options_(options),
      random_(mix(seed, 1)),
      trace_(options.trace_depth),
      callbacks_(std::make_unique<Callbacks>(*this)) {}

World::~World() {
  TT_ASSERT(participants_.empty());
}

Machine& World::boot(std::size_t reactors) {
  TT_ASSERT(reactors > 0);
  auto machine = std::make_unique<Machine>();
  machine->id_ = static_cast<MachineId>(machines_.size());
  for (std::size_t i = 0; i < reactors; ++i) {
    const std::uint32_t id = next_reactor_id_++;
    machine->reactors_.push_back(std::make_unique<SimReactor>(*this, machine->id_, id, mix(seed_, 1000 + id)));
  }
  machines_.push_back(std::move(machine));
  return *machines_.back();
}

RunEnd World::run_until(const std::function<bool()>& predicate, rt::TimeNs at_most) {
  return run(Until::idle, now_ + at_most, &predicate);
}

RunEnd World::run_for(rt::TimeNs duration) {
  return run(Until::idle, now_ + duration, nullptr);
}

RunEnd World::run_until_idle() {
  return run(Until::idle, INT64_MAX, nullptr);
}

RunEnd World::run_until_settled() {
  return run(Until::settled, INT64_MAX, nullptr);
}

RunEnd World::run(Until until, rt::TimeNs deadline, const std::function<bool()>* predicate) {
  TT_ASSERT(!running_);
  running_ = true;
  RunEnd end = RunEnd::idle;
  for (std::uint64_t steps = 0;; ++steps) {
    if (!failure_.empty()) {
      end = RunEnd::failed;
    } else if (crash_requested_) {
      end = RunEnd::crash_requested;
    } else if (predicate != nullptr && (*predicate)()) {
      end = RunEnd::reached;
    } else if (until == Until::settled ? queue_.foreground() == 0 : queue_.empty()) {
      end = RunEnd::idle;
    } else if (queue_.top().time > deadline) {
      now_ = deadline;
      end = RunEnd::time;
    } else if (steps == options_.max_steps) {
      fail("livelock: " + std::to_string(steps) + " events in one run without an end, at " + std::to_string(now_) +
           " ns");
      continue;
    } else {
      step();
      continue;
    }
    break;
  }
  running_ = false;
  return end;
}

void World::step() {
  const Event event = queue_.pop();
  TT_ASSERT(event.time >= now_);
  now_ = event.time;
  ++events_;
  event.sink->on_event(event.argument);
  if (after_event_) after_event_();
}

void World::at(rt::TimeNs time, std::function<void()> callback) {
  schedule(std::max(time, now_), *callbacks_, callbacks_->add(std::move(callback)));
}

void World::crash(CrashKind kind) {
  TT_ASSERT(!running_);
  note(TraceKind::crash, kAllMachines, static_cast<std::uint64_t>(kind));
  crash_requested_ = false;
  queue_.clear();
  callbacks_->clear();
  for (const auto& machine : machines_) {
    machine->alive_ = false;
    for (const auto& reactor : machine->reactors_) reactor->die();
  }
  for (CrashParticipant* participant : participants_) participant->on_crash(kAllMachines, kind);
}

void World::crash(Machine& machine, CrashKind kind) {
  TT_ASSERT(!running_);
  note(TraceKind::crash, machine.id_, static_cast<std::uint64_t>(kind));
  crash_requested_ = false;
  machine.alive_ = false;
  queue_.remove_if([&](const Event& event) { return event.sink->machine() == machine.id_; });
  for (const auto& reactor : machine.reactors_) reactor->die();
  for (CrashParticipant* participant : participants_) participant->on_crash(machine.id_, kind);
}

void World::fail(std::string message) {
  if (failure_.empty()) failure_ = std::move(message);
}

void World::remove_participant(CrashParticipant& participant, const std::function<bool(EventSink*)>& is_gone) {
  participants_.erase(std::remove(participants_.begin(), participants_.end(), &participant), participants_.end());
  queue_.remove_if([&](const Event& event) { return is_gone(event.sink); });
}

}  // namespace tt::sim
