// SPDX-License-Identifier: Apache-2.0
// A world in one thread: virtual time, machines made of reactors, and one seed that decides everything. Everything
// random that the simulator does comes from the world's generator, everything that the engine does from its reactors'
// generators, which are derived from the seed too.
//
// A crash in the pattern every scenario follows (crash_pattern_test.cpp is a complete example):
//   1. `run_*` returns RunEnd::crash_requested, or the scenario decides by itself;
//   2. `world.crash(kind)` forgets events, timers, messages, ready coroutines and disk operations, and decides what
//      the disks keep; no coroutine frame is touched;
//   3. the owner kills its scopes (rt::Scope::kill) and destroys the engine's objects;
//   4. a new machine is booted and a new engine is built on the same SimStorage.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "sim/event_queue.h"
#include "sim/fault.h"
#include "sim/reactor.h"
#include "sim/trace.h"

namespace tt::sim {

struct WorldOptions {
  rt::TimeNs message_delay_max = 20 * rt::kMicrosecond;
  rt::TimeNs turn_cost_max = 2 * rt::kMicrosecond;  ///< Time between two turns of a reactor: 1 ns up to this.
  rt::TimeNs timer_slack_max = 10 * rt::kMicrosecond;
  bool fifo_messages = false;
  std::uint64_t max_steps = 20'000'000;  ///< Events of one run_* call; more is a livelock and fails the run.
  std::size_t trace_depth = 256;
  std::int64_t wall_start = 1'700'000'000;
};

enum class CrashKind : std::uint8_t {
  power,    ///< Un-flushed and in-flight units are kept, dropped or torn.
  process,  ///< kill -9: completed writes stay in the device's cache (still volatile), those in flight may tear.
};

enum class RunEnd : std::uint8_t {
  reached,          ///< The predicate came true.
  idle,             ///< Nothing is left to happen (run_until_settled: nothing but timers).
  time,             ///< The given instant was reached.
  crash_requested,  ///< A fault rule or request_crash() asks the owner to crash the world.
  failed,           ///< See failure(): a livelock, a changed buffer, a broken check.
};
const char* name_of(RunEnd end) noexcept;

/// What loses its operations in a crash: storages and networks.
class CrashParticipant {
 public:
  virtual ~CrashParticipant() = default;
  /// `machine` may be kAllMachines.
  virtual void on_crash(MachineId machine, CrashKind kind) = 0;
};

/// One submit or completion of one disk operation, or the crash of a file.
struct DiskEvent {
  enum class Phase : std::uint8_t { submit, complete, crash };
  Phase phase = Phase::submit;
  std::uint32_t file = 0;
  const std::string* file_name = nullptr;
  std::uint64_t operation = 0;  ///< The same number at submit and completion.
  rt::DiskOp::Kind kind = rt::DiskOp::Kind::flush;
  rt::Durability durability = rt::Durability::cached;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::span<const std::byte> data;  ///< Of a write at submit and completion, of a read at completion.
  int result = 0;                   ///< At completion: 0 or errno.
  rt::TimeNs time = 0;
};

/// A group of reactors that lives and dies together: one boot of one storage server. Never reused after a crash.
class Machine {
 public:
  [[nodiscard]] MachineId id() const noexcept { return id_; }
  [[nodiscard]] bool alive() const noexcept { return alive_; }
  [[nodiscard]] std::size_t size() const noexcept { return reactors_.size(); }
  [[nodiscard]] SimReactor& reactor(std::size_t i = 0) const noexcept { return *reactors_[i]; }

 private:
  friend class World;
  MachineId id_ = 0;
  bool alive_ = true;
  std::vector<std::unique_ptr<SimReactor>> reactors_;
};

class World {
 public:
  explicit World(std::uint64_t seed, WorldOptions options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  [[nodiscard]] rt::TimeNs now() const noexcept { return now_; }
  /// Seconds since 1970: runs with virtual time unless it is held.
  [[nodiscard]] std::int64_t wall_seconds() const noexcept {
    return held_wall_ ? *held_wall_ : options_.wall_start + now_ / rt::kSecond;
  }
  /// The wall clock stands there from now on: dates do not depend on how long anything takes.
  void hold_wall_clock(std::int64_t seconds) noexcept { held_wall_ = seconds; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] const WorldOptions& options() const noexcept { return options_; }
  [[nodiscard]] Random& random() noexcept { return random_; }
  [[nodiscard]] FaultPlan& faults() noexcept { return faults_; }

  /// A new machine; valid until the world ends, also after its crash.
  Machine& boot(std::size_t reactors);

  RunEnd run_until(const std::function<bool()>& predicate, rt::TimeNs at_most = 3600 * rt::kSecond);
  RunEnd run_for(rt::TimeNs duration);
  RunEnd run_until_idle();
  /// Until nothing but timers is pending.
  RunEnd run_until_settled();

  /// Runs `callback` at an instant, outside any reactor. Forgotten in a crash of the whole world.
  void at(rt::TimeNs time, std::function<void()> callback);
  /// Called after every event (a turn of a reactor counts as one): the place for checks of invariants.
  void set_after_event(std::function<void()> check) { after_event_ = std::move(check); }

  /// Ends the current run_* call after the coroutine that runs now; the owner then calls crash().
  void request_crash(MachineId victim = kAllMachines) noexcept {
    crash_requested_ = true;
    victim_ = victim;
  }
  /// Whose power the fault takes that ended the last run_* call.
  [[nodiscard]] MachineId victim() const noexcept { return victim_; }
  void crash(CrashKind kind = CrashKind::power);
  /// Only this machine, with its storage and connections; the others go on.
  void crash(Machine& machine, CrashKind kind = CrashKind::power);

  /// Ends the run with RunEnd::failed; the first message counts.
  void fail(std::string message);
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  [[nodiscard]] Trace& trace() noexcept { return trace_; }
  [[nodiscard]] std::uint64_t trace_hash() const noexcept { return trace_.hash(); }
  /// The next number the generator would give: equal for two runs only if both drew equally often.
  [[nodiscard]] std::uint64_t unseed() const noexcept {
    Random copy = random_;
    return copy.next();
  }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

  void observe_disks(std::function<void(const DiskEvent&)> observer) { observers_.push_back(std::move(observer)); }

  // For the simulator's own parts.
  void schedule(rt::TimeNs time, EventSink& sink, std::uint64_t argument, bool background = false) {
    queue_.push(time, random_.next(), sink, argument, background);
  }
  /// 1 ns to `max`.
  rt::TimeNs draw_delay(rt::TimeNs max) noexcept {
    return max <= 1 ? 1 : 1 + static_cast<rt::TimeNs>(random_.below(static_cast<std::uint64_t>(max)));
  }
  void note(TraceKind kind, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0) {
    trace_.note({now_, kind, a, b, c, d});
  }
  [[nodiscard]] bool stopping() const noexcept { return crash_requested_ || !failure_.empty(); }
  void add_participant(CrashParticipant& participant) { participants_.push_back(&participant); }
  /// Also drops the pending events that `is_gone` names.
  void remove_participant(CrashParticipant& participant, const std::function<bool(EventSink*)>& is_gone);
  [[nodiscard]] bool observed() const noexcept { return !observers_.empty(); }
  void notify(const DiskEvent& event) {
    for (const auto& observer : observers_) observer(event);
  }
  std::uint32_t next_file_id() noexcept { return next_file_id_++; }

 private:
  class Callbacks;
  enum class Until : std::uint8_t { idle, settled };
  RunEnd run(Until until, rt::TimeNs deadline, const std::function<bool()>* predicate);
  void step();

  std::uint64_t seed_;
  WorldOptions options_;
  Random random_;
  Trace trace_;
  FaultPlan faults_;
  EventQueue queue_;
  rt::TimeNs now_ = 0;
  std::uint64_t events_ = 0;
  std::optional<std::int64_t> held_wall_;
  bool running_ = false;
  bool crash_requested_ = false;
  MachineId victim_ = kAllMachines;
  std::string failure_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::uint32_t next_reactor_id_ = 0;
  std::uint32_t next_file_id_ = 0;
  std::unique_ptr<Callbacks> callbacks_;
  std::function<void()> after_event_;
  std::vector<std::function<void(const DiskEvent&)>> observers_;
  std::vector<CrashParticipant*> participants_;
};

}  // namespace tt::sim
