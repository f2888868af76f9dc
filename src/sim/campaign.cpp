// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim/sweep.h"

namespace tt::sim {
namespace {

/// "first:end"; leaves both alone if the text is something else.
bool parse_seeds(const char* text, std::uint64_t& first, std::uint64_t& end) {
  char* rest = nullptr;
  const std::uint64_t a = std::strtoull(text, &rest, 10);
  if (rest == text || *rest != ':') return false;
  char* last = nullptr;
  const std::uint64_t b = std::strtoull(rest + 1, &last, 10);
  if (last == rest + 1 || *last != '\0' || b <= a) return false;
  first = a;
  end = b;
  return true;
}

void add(RunSummary& summary, const Outcome& outcome) {
  ++summary.runs;
  summary.events += outcome.events;
  summary.faults_fired += outcome.faults_fired;
  if (outcome.failed && summary.report.empty()) summary.report = outcome.report;
}

/// Runs the case; now and then again, to see whether the seed alone decides it.
void run_seed(const CaseId& id, const Scenario& scenario, bool twice, RunSummary& summary) {
  const Outcome outcome = run_case(id, scenario);
  add(summary, outcome);
  if (!twice || outcome.failed) return;
  const Outcome again = run_case(id, scenario);
  add(summary, again);
  if (again.trace_hash == outcome.trace_hash && again.unseed == outcome.unseed) return;
  if (summary.report.empty()) summary.report = "FAILED " + id.text() + ": two runs of this seed differ\n";
}

void print_summary(const std::string& name, const CampaignOptions& options, const RunSummary& summary, double seconds) {
  std::fprintf(stderr, "%s: seeds %llu:%llu, %llu runs, %llu faults, %.2f M events, %.1f s, %.0f runs/s: %s\n",
               name.c_str(), static_cast<unsigned long long>(options.first_seed),
               static_cast<unsigned long long>(options.end_seed), static_cast<unsigned long long>(summary.runs),
               static_cast<unsigned long long>(summary.faults_fired), static_cast<double>(summary.events) / 1e6,
               seconds, static_cast<double>(summary.runs) / (seconds > 0 ? seconds : 1e-9),
               summary.ok() ? "ok" : "FAILED");
}

struct Arguments {
  bool list = false;
  bool sweep = false;
  const char* scenario = nullptr;
  CampaignOptions campaign;
  std::uint64_t per_kind = 0;  ///< Of a sweep: faults of each kind.
  bool part = false;           ///< Of a sweep: only of the part that the scenario names.
  std::string faults = "all";
  bool valid = true;
};

Arguments parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc && arguments.valid; ++i) {
    const char* name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (std::strcmp(name, "--list") == 0) {
      arguments.list = true;
    } else if (std::strcmp(name, "--sweep") == 0) {
      arguments.sweep = true;
    } else if (value == nullptr) {
      arguments.valid = false;
    } else if (++i; std::strcmp(name, "--scenario") == 0) {
      arguments.scenario = value;
    } else if (std::strcmp(name, "--seeds") == 0) {
      arguments.valid = parse_seeds(value, arguments.campaign.first_seed, arguments.campaign.end_seed);
    } else if (std::strcmp(name, "--per-kind") == 0) {
      arguments.per_kind = std::strtoull(value, nullptr, 10);
      arguments.valid = arguments.per_kind > 0;
    } else if (std::strcmp(name, "--part") == 0) {
      arguments.part = std::strcmp(value, "yes") == 0;
      arguments.valid = arguments.part || std::strcmp(value, "no") == 0;
    } else if (std::strcmp(name, "--faults") == 0) {
      arguments.faults = value;
      arguments.valid = arguments.faults == "all" || arguments.faults == "crash" || arguments.faults == "error";
    } else if (std::strcmp(name, "--replay") == 0) {
      arguments.valid = ::setenv("TWINTRACK_SIM_REPLAY", value, 1) == 0;
    } else {
      arguments.valid = false;
    }
  }
  return arguments;
}

RunSummary run_sweeps(const NamedScenario& named, const Arguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  SweepOptions options;
  options.seed = arguments.campaign.first_seed;
  options.seeds = arguments.campaign.end_seed - arguments.campaign.first_seed;
  options.max_per_kind = arguments.per_kind;
  options.part = arguments.part;
  options.second_samples = 1;
  RunSummary summary;
  const auto add_sweep = [&](const char* which, std::span<const SweepKind> kinds) {
    if (!summary.ok() || summary.replayed || (arguments.faults != "all" && arguments.faults != which)) return;
    const RunSummary one = sweep(named.name, named.scenario, kinds, options);
    summary.runs += one.runs;
    summary.events += one.events;
    summary.faults_fired += one.faults_fired;
    summary.replayed = one.replayed;
    summary.report = one.report;
  };
  add_sweep("crash", crash_kinds());
  add_sweep("error", error_kinds());
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (!summary.replayed) print_summary(named.name, arguments.campaign, summary, elapsed.count());
  return summary;
}

}  // namespace

RunSummary campaign(const std::string& name, const Scenario& scenario, const CampaignOptions& given) {
  CampaignOptions options = given;
  if (const char* seeds = std::getenv("TWINTRACK_SIM_SEEDS"); seeds != nullptr) {
    parse_seeds(seeds, options.first_seed, options.end_seed);
  }
  if (requested_replay()) return sweep(name, scenario, {}, {});
  const auto start = std::chrono::steady_clock::now();
  RunSummary summary;
  for (std::uint64_t seed = options.first_seed; seed < options.end_seed && summary.ok(); ++seed) {
    CaseId id;
    id.scenario = name;
    id.seed = seed;
    const bool twice = options.repeat_every != 0 && seed % options.repeat_every == 0;
    run_seed(id, scenario, twice, summary);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (options.silent) return summary;
  std::fprintf(stderr, "%s", summary.report.c_str());
  print_summary(name, options, summary, elapsed.count());
  return summary;
}

int simulator_main(int argc, char** argv, std::span<const NamedScenario> scenarios) {
  const Arguments arguments = parse_arguments(argc, argv);
  if (!arguments.valid) {
    std::fprintf(
        stderr,
        "usage: %s --list | [--scenario NAME] [--seeds FIRST:END] [--sweep [--faults crash|error] [--per-kind N] "
        "[--part yes]] "
        "[--replay 'name index kind seed [index2 kind2]']\n",
        argv[0]);
    return 2;
  }
  int failures = 0;
  bool found = false;
  for (const NamedScenario& named : scenarios) {
    if (arguments.list) std::printf("%s\n", named.name);
    if (arguments.list || (arguments.scenario != nullptr && std::strcmp(arguments.scenario, named.name) != 0)) continue;
    found = true;
    const RunSummary summary =
        arguments.sweep ? run_sweeps(named, arguments) : campaign(named.name, named.scenario, arguments.campaign);
    failures += summary.ok() ? 0 : 1;
  }
  if (!found && !arguments.list) std::fprintf(stderr, "no such scenario: %s\n", arguments.scenario);
  return failures != 0 || (!found && !arguments.list) ? 1 : 0;
}

}  // namespace tt::sim
