// SPDX-License-Identifier: Apache-2.0
#include "image/path_problems.h"

#include <algorithm>

#include "image/rows_paths.h"

namespace tt::image {

using mirror::PathReport;
using mirror::PathStatus;
using volume::Problem;
using volume::ProblemKind;

namespace {

bool is_about_paths(ProblemKind kind) {
  return kind == ProblemKind::paths_degraded || kind == ProblemKind::paths_down || kind == ProblemKind::paths_restored;
}

ProblemKind kind_of(PathsState state) {
  if (state == PathsState::up) return ProblemKind::paths_restored;
  return state == PathsState::degraded ? ProblemKind::paths_degraded : ProblemKind::paths_down;
}

bool is_open(const volume::ImageConfig& config, ProblemKind kind, const std::string& object) {
  return std::ranges::any_of(config.problems, [&](const auto& entry) {
    const Problem& problem = entry.second;
    return problem.closed_s == 0 && problem.kind == kind && problem.object == object;
  });
}

/// Open at a time, whatever fails: other problems must stay in the log.
constexpr std::size_t kMostOpen = 64;

/// Whether another one can be recorded without an open one going.
bool has_room(const volume::ImageConfig& config) {
  const auto closed = [](const auto& entry) { return entry.second.closed_s != 0; };
  return config.problems.size() < volume::kMaxProblems || std::ranges::any_of(config.problems, closed);
}

std::size_t open_about_paths(const volume::ImageConfig& config) {
  return static_cast<std::size_t>(std::ranges::count_if(config.problems, [](const auto& entry) {
    return entry.second.closed_s == 0 && is_about_paths(entry.second.kind);
  }));
}

/// Good news is recorded before what was bad is closed, and is itself closed last.
std::optional<volume::Mutation> settle(const volume::ImageConfig& config, const Problem& problem,
                                       const PathsStates& states, std::int64_t at_s) {
  const volume::CloseProblem close{problem.id, at_s};
  if (problem.kind == ProblemKind::paths_restored) {
    const bool waits = is_open(config, ProblemKind::paths_degraded, problem.object) ||
                       is_open(config, ProblemKind::paths_down, problem.object);
    return waits ? std::nullopt : std::optional<volume::Mutation>(close);
  }
  const auto found = states.find(problem.object);
  if (found == states.end()) return close;
  if (!found->second || kind_of(*found->second) == problem.kind) return std::nullopt;
  const bool is_said = is_open(config, ProblemKind::paths_restored, problem.object);
  if (*found->second == PathsState::up && !is_said && has_room(config)) {
    return volume::RecordProblem{ProblemKind::paths_restored, at_s, problem.object};
  }
  return close;
}

}  // namespace

std::optional<PathsState> paths_state(std::span<const PathReport> paths) noexcept {
  const auto with = [&](PathStatus status) { return std::ranges::count(paths, status, &PathReport::status); };
  if (with(PathStatus::none) != 0) return std::nullopt;
  const auto usable = with(PathStatus::established);
  if (usable == 0) return PathsState::down;
  return static_cast<std::size_t>(usable) == paths.size() ? PathsState::up : PathsState::degraded;
}

std::string paths_object(const volume::PathSetConfig& set) {
  return lss_pair_name(set.key) + " " + set.partner;
}

std::optional<volume::Mutation> next_path_record(const volume::ImageConfig& config, const PathsStates& states,
                                                 std::int64_t at_s) {
  for (const auto& [id, problem] : config.problems) {
    if (problem.closed_s != 0 || !is_about_paths(problem.kind)) continue;
    if (auto next = settle(config, problem, states, at_s)) return next;
  }
  if (!has_room(config) || open_about_paths(config) >= kMostOpen) return std::nullopt;
  for (const auto& [object, state] : states) {
    if (!state || *state == PathsState::up || is_open(config, kind_of(*state), object)) continue;
    return volume::RecordProblem{kind_of(*state), at_s, object};
  }
  return std::nullopt;
}

}  // namespace tt::image
