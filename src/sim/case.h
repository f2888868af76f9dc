// SPDX-License-Identifier: Apache-2.0
// One run of one scenario: a name, a seed, perhaps one or two planned faults. Its line of text is enough to run it
// again: TWINTRACK_SIM_REPLAY='name index kind seed [index2 kind2]' (index 0, kind none = no planned fault).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/disk.h"
#include "sim/world.h"

namespace tt::sim {

/// A kind of planned fault: which operations it counts and what happens to the n-th.
struct SweepKind {
  const char* name;
  FaultKind fault;
  IoMask operations;
  bool sticky;
};
std::span<const SweepKind> crash_kinds();  ///< crash_before, crash_after, torn_crash
std::span<const SweepKind>
error_kinds();  ///< io_error_once, io_error_sticky, late_error, no_space_once, no_space_sticky
/// nullptr if unknown.
const SweepKind* find_sweep_kind(std::string_view name);

struct PlannedFault {
  std::uint64_t index = 0;  ///< Counted from 1; for a second fault from the first one on.
  const SweepKind* kind = nullptr;
};

struct CaseId {
  std::string scenario;
  std::uint64_t seed = 0;
  PlannedFault first;
  PlannedFault second;

  [[nodiscard]] std::string text() const;
  static std::optional<CaseId> parse(const std::string& text);
};

class Case {
 public:
  explicit Case(CaseId id);

  [[nodiscard]] const CaseId& id() const noexcept { return id_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return id_.seed; }
  /// For the workload; not the world's generator, so that the engine's draws do not change it.
  [[nodiscard]] Random& random() noexcept { return random_; }

  /// Swarm options: drawn from the seed, remembered, printed when the case fails. Uniform in [low, high].
  std::uint64_t draw(const std::string& name, std::uint64_t low, std::uint64_t high);
  bool draw_chance(const std::string& name, std::uint64_t numerator, std::uint64_t denominator);
  /// Options with everything drawn that a correct engine must bear.
  WorldOptions draw_world_options();
  StorageOptions draw_storage_options();

  /// The world with the planned faults in its plan; the first call makes it.
  World& world(WorldOptions options);
  World& world();

  /// The first message counts; a scenario returns as soon as it can.
  void fail(std::string message);
  /// Fails with `what` unless `ok`; returns ok.
  bool check(bool ok, std::string_view what);
  [[nodiscard]] bool failed() const noexcept;
  [[nodiscard]] std::string message() const;
  [[nodiscard]] std::string table() const;
  [[nodiscard]] bool has_world() const noexcept { return world_.has_value(); }

 private:
  CaseId id_;
  Random random_;
  Random swarm_;
  std::vector<std::pair<std::string, std::uint64_t>> drawn_;
  std::string message_;
  std::optional<World> world_;
};

using Scenario = std::function<void(Case&)>;

struct Outcome {
  bool failed = false;
  std::string report;  ///< Of a failed case: message, drawn options, last events, the line to run it again.
  std::uint64_t trace_hash = 0;
  std::uint64_t unseed = 0;
  std::uint64_t events = 0;
  std::uint64_t faults_fired = 0;
  FaultPlan faults;  ///< As the run left it, with its counts.
};

/// Runs one case. An assertion that aborts the process prints the case's line first.
Outcome run_case(const CaseId& id, const Scenario& scenario);

/// The case named in TWINTRACK_SIM_REPLAY, if any.
std::optional<CaseId> requested_replay();

}  // namespace tt::sim
