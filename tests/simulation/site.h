// SPDX-License-Identifier: Apache-2.0
// One of several storage images in a world: its disks, its hosts and administrator, and the oracle that judges what
// they read. A site loses power by itself while the others go on. It never runs the world once it was made: it says
// when it waits for something, and is told to go on.
#pragma once

#include <memory>
#include <string>

#include "invariants.h"
#include "lives.h"

namespace tt::simulation {

class Site {
 public:
  /// `number` distinguishes it in its world; from 1. Faults that are meant for its disks alone name files
  /// `label_of(number)` begins. With plan.errors_expected they may fail, once it was made: then operations may be
  /// refused, and it may not open until the faults are quiet.
  Site(sim::Case& c, std::uint8_t number, const sim::StorageOptions& disks, LivesPlan plan);
  ~Site();
  static std::string label_of(std::uint8_t number);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// Makes the image and its volumes, while the world runs. The faults should be quiet.
  bool make();
  /// The first life begins.
  void power_on();
  /// What it did has ended, or its time is up: go_on() begins what is next.
  [[nodiscard]] bool is_waiting() const;
  void go_on();
  /// Its machine crashes, the hosts with it, and a new life begins. Nobody else notices.
  void lose_power(sim::CrashKind kind);
  [[nodiscard]] bool owns(sim::MachineId machine) const;
  /// Had its lives, and every byte was read.
  [[nodiscard]] bool is_finished() const noexcept { return phase_ == Phase::finished; }
  [[nodiscard]] int power_losses() const noexcept { return power_losses_; }

  /// The first broken invariant of the image, if it is open.
  [[nodiscard]] std::string broken() const;

 private:
  enum class Phase : std::uint8_t { off, opening, working, stopping, checking, draining, checking_again, finished };

  void opened();
  void not_opened();
  void worked();
  void finish();
  void end_faults();
  void begin(Phase phase);
  void end_life(sim::CrashKind kind);
  void fail(const std::string& what);

  sim::Case& case_;
  std::string name_;
  LivesPlan plan_;
  sim::SimStorage storage_;
  Workload work_;
  std::unique_ptr<Life> life_;
  std::unique_ptr<Witness> witness_;
  Phase phase_ = Phase::off;
  bool done_ = false;  ///< With what it began last.
  rt::TimeNs deadline_ = 0;
  int lives_left_;
  bool faults_ended_ = false;
  int power_losses_ = 0;
};

}  // namespace tt::simulation
