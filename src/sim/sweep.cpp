// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep.h"

#include <algorithm>
#include <cstdio>

namespace tt::sim {
namespace {

/// Collects what the runs of one harness call add up to.
class Runner {
 public:
  Runner(const Scenario& scenario, bool silent) : scenario_(scenario), silent_(silent) {}

  Outcome run(const CaseId& id) {
    Outcome outcome = run_case(id, scenario_);
    ++summary.runs;
    summary.events += outcome.events;
    summary.faults_fired += outcome.faults_fired;
    if (outcome.failed) report(outcome.report);
    return outcome;
  }
  void report(const std::string& text) {
    if (!summary.report.empty()) return;
    summary.report = text;
    if (!silent_) std::fprintf(stderr, "%s", text.c_str());
  }

  RunSummary summary;

 private:
  const Scenario& scenario_;
  bool silent_;
};

void sweep_second(Runner& runner, const CaseId& first, const Outcome& outcome, std::span<const SweepKind> kinds,
                  const SweepOptions& options) {
  Random random(mix(mix(first.seed, first.first.index), 4));
  for (std::uint64_t i = 0; i < options.second_samples && runner.summary.ok(); ++i) {
    const SweepKind& kind = kinds[random.below(kinds.size())];
    const std::uint64_t after = outcome.faults.io_count_since_first_fault(kind.operations);
    if (after == 0) continue;
    CaseId id = first;
    id.second = {1 + random.below(after), &kind};
    runner.run(id);
  }
}

void sweep_kind(Runner& runner, const std::string& name, std::uint64_t seed, const SweepKind& kind,
                FaultPlan::IoRange range, std::span<const SweepKind> kinds, const SweepOptions& options) {
  const std::uint64_t step =
      options.max_per_kind == 0 ? 1
                                : std::max<std::uint64_t>(divide_up(range.end - range.before, options.max_per_kind), 1);
  // With few of many, each seed looks at others.
  const std::uint64_t begin = range.before + 1 + mix(seed, 5) % step;
  for (std::uint64_t index = begin; index <= range.end && runner.summary.ok(); index += step) {
    CaseId id;
    id.scenario = name;
    id.seed = seed;
    id.first = {index, &kind};
    const Outcome outcome = runner.run(id);
    // Up to the fault the run is the same as the one that counted.
    if (outcome.faults_fired == 0) {
      runner.report("FAILED " + id.text() + ": the fault never fired, the scenario is not decided by its seed\n");
    }
    if (runner.summary.ok()) sweep_second(runner, id, outcome, kinds, options);
  }
}

/// True if a replay was requested; then `runner` has run it if it is of this scenario.
bool replayed(Runner& runner, const std::string& name) {
  const std::optional<CaseId> id = requested_replay();
  if (!id) return false;
  runner.summary.replayed = true;
  if (id->scenario != name) return true;
  const Outcome outcome = runner.run(*id);
  std::fprintf(stderr, "%s: %s, trace hash %016llx, unseed %016llx, %llu events\n", id->text().c_str(),
               outcome.failed ? "failed" : "passed", static_cast<unsigned long long>(outcome.trace_hash),
               static_cast<unsigned long long>(outcome.unseed), static_cast<unsigned long long>(outcome.events));
  return true;
}

}  // namespace

RunSummary sweep(const std::string& name, const Scenario& scenario, std::span<const SweepKind> kinds,
                 const SweepOptions& options) {
  Runner runner(scenario, options.silent);
  if (replayed(runner, name)) return runner.summary;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds && runner.summary.ok(); ++seed) {
    CaseId id;
    id.scenario = name;
    id.seed = seed;
    const Outcome counted = runner.run(id);
    for (const SweepKind& kind : kinds) {
      if (!runner.summary.ok()) break;
      const FaultPlan::IoRange whole{0, counted.faults.io_count(kind.operations)};
      const FaultPlan::IoRange range = options.part ? counted.faults.part(kind.operations) : whole;
      sweep_kind(runner, name, seed, kind, range, kinds, options);
    }
  }
  return runner.summary;
}

}  // namespace tt::sim
