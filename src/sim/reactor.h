// SPDX-License-Identifier: Apache-2.0
// A reactor of a simulated machine. One turn resumes what was ready when it began; what becomes ready meanwhile waits
// for the next turn, a little later. Timers fire at or after their deadline, equal deadlines in the order of arming.
// Messages between reactors take a random time each, so two messages of one sender may overtake one another: the
// interface promises no order (WorldOptions::fifo_messages makes each pair of reactors keep it).
//
// A reactor of a crashed machine is deaf: post, arm and send do nothing, so destructors may call them.
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "runtime/reactor.h"
#include "runtime/timer_heap.h"
#include "sim/event_queue.h"

namespace tt::sim {

class World;

class SimReactor final : public rt::Reactor, private EventSink {
 public:
  SimReactor(World& world, MachineId machine, std::uint32_t id, std::uint64_t seed);
  SimReactor(const SimReactor&) = delete;
  SimReactor& operator=(const SimReactor&) = delete;

  [[nodiscard]] rt::TimeNs now() const noexcept override;
  [[nodiscard]] std::int64_t wall_seconds() const noexcept override;
  [[nodiscard]] Random& random() noexcept override { return random_; }
  void post(std::coroutine_handle<> handle) noexcept override;
  void arm(rt::Timer& timer) noexcept override;
  void cancel(rt::Timer& timer) noexcept override;
  void send(Reactor& to, rt::Message& message) noexcept override;

  [[nodiscard]] World& world() const noexcept { return world_; }
  /// Number of this reactor in the world, never used again.
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] MachineId machine() const noexcept override { return machine_; }
  [[nodiscard]] bool alive() const noexcept { return alive_; }

 private:
  friend class World;

  void on_event(std::uint64_t argument) override;
  void run_turn();
  void fire_timers();
  void schedule_turn();
  void schedule_timers();
  /// The crash: forgets everything, leaves every coroutine frame where it is.
  void die() noexcept;

  World& world_;
  MachineId machine_;
  std::uint32_t id_;
  Random random_;
  bool alive_ = true;

  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> turn_;
  std::size_t turn_next_ = 0;  ///< turn_[turn_next_..] is still to be resumed in this turn
  bool turn_scheduled_ = false;
  rt::TimeNs turn_not_before_ = 0;

  rt::TimerHeap timers_;
  rt::TimeNs timer_event_at_ = -1;  ///< -1: none scheduled

  std::vector<rt::TimeNs> last_arrival_;  ///< by sender id, only for fifo_messages
};

}  // namespace tt::sim
