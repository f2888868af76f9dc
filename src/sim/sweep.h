// SPDX-License-Identifier: Apache-2.0
// The two harnesses that run a scenario many times.
//  sweep:    one run without a fault counts the I/Os; then the scenario runs again with the fault at the 1st, 2nd, ...
//            last of them, for each kind of fault; and, if wanted, with a second fault while it recovers from the
//            first.
//  campaign: one run for each seed of a range; every so often a seed runs twice and both traces must be equal.
// Both stop at the first failure and print its report. TWINTRACK_SIM_REPLAY runs just the case it names (a harness for
// another scenario then does nothing); TWINTRACK_SIM_SEEDS='first:end' replaces the seeds of a campaign.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/case.h"

namespace tt::sim {

struct RunSummary {
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  std::uint64_t faults_fired = 0;
  bool replayed = false;  ///< Only the requested case was run.
  std::string report;     ///< Of the failed case; empty = all went well.

  [[nodiscard]] bool ok() const noexcept { return report.empty(); }
};

struct SweepOptions {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;           ///< The whole sweep, once for each of them.
  std::uint64_t max_per_kind = 0;    ///< 0 = every I/O; else evenly spread.
  std::uint64_t second_samples = 0;  ///< Runs with a second fault, for each first one.
  bool part = false;                 ///< Only I/Os of the part that the scenario names: FaultPlan::begin_part().
  bool silent = false;               ///< For sweeps that are meant to fail.
};

/// `kinds` are also the kinds of the second fault.
RunSummary sweep(const std::string& name, const Scenario& scenario, std::span<const SweepKind> kinds,
                 const SweepOptions& options = {});

struct CampaignOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t end_seed = 201;
  std::uint64_t repeat_every = 16;  ///< 0 = never
  bool silent = false;
};

RunSummary campaign(const std::string& name, const Scenario& scenario, const CampaignOptions& options = {});

struct NamedScenario {
  const char* name;
  Scenario scenario;
};

/// A command line for programs made of scenarios:
///   --list | [--scenario NAME] [--seeds FIRST:END] [--sweep [--faults crash|error] [--per-kind N]
///   [--part yes]]
///   [--replay 'name index kind seed']
int simulator_main(int argc, char** argv, std::span<const NamedScenario> scenarios);

}  // namespace tt::sim
