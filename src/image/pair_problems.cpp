// SPDX-License-Identifier: Apache-2.0
#include "image/pair_problems.h"

#include <algorithm>
#include <set>
#include <string>

#include "image/rows_paths.h"

namespace tt::image {

using mirror::SuspendReason;
using volume::PairConfig;
using volume::Problem;
using volume::ProblemKind;

namespace {

/// Open at a time: other problems must stay in the log.
constexpr std::size_t kMostOpen = 64;

bool was_told_here(const PairConfig& pair) noexcept {
  return pair.phase.reason == SuspendReason::host_source || pair.phase.reason == SuspendReason::freeze;
}

std::set<std::string> suspended_sources(const volume::ImageConfig& config) {
  std::set<std::string> objects;
  for (const auto& [generation, pair] : config.mirror_pairs) {
    if (!pair.is_source() || pair.is_active() || was_told_here(pair)) continue;
    objects.insert(lss_pair_name(path_key(pair)) + " " + pair.partner);
  }
  return objects;
}

}  // namespace

std::optional<volume::Mutation> next_pair_record(const volume::ImageConfig& config, std::int64_t at_s) {
  std::set<std::string> unsaid = suspended_sources(config);
  std::size_t open = 0;
  for (const auto& [id, problem] : config.problems) {
    if (problem.closed_s != 0 || problem.kind != ProblemKind::pairs_suspended) continue;
    if (unsaid.erase(problem.object) == 0) return volume::CloseProblem{problem.id, at_s};
    ++open;
  }
  if (unsaid.empty() || open >= kMostOpen) return std::nullopt;
  return volume::RecordProblem{ProblemKind::pairs_suspended, at_s, *unsaid.begin()};
}

}  // namespace tt::image
