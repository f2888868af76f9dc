// SPDX-License-Identifier: Apache-2.0
// Which runs of tracks may be copied to another place (section 2.7 of the FlashCopy specification; decision 0012).
#include <algorithm>
#include <iterator>
#include <map>

#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

/// What fits into one record of the journal.
constexpr std::size_t kMostRunsOfCommand = 4096;
constexpr std::size_t kMostCopiesOfVolume = 65534;

struct Span {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  [[nodiscard]] std::uint64_t end() const noexcept { return first + count; }
  [[nodiscard]] bool meets(const Span& other) const noexcept { return first < other.end() && other.first < end(); }
};
using Spans = std::vector<Span>;

bool meet(const Spans& spans, const Span& one) {
  return std::any_of(spans.begin(), spans.end(), [&](const Span& span) { return span.meets(one); });
}

/// How many of the spans lie over one another at the most.
std::size_t deepest(const Spans& spans) {
  std::map<std::uint64_t, std::int64_t> steps;
  for (const Span& span : spans) {
    ++steps[span.first];
    --steps[span.end()];
  }
  std::int64_t depth = 0;
  std::int64_t most = 0;
  for (const auto& [track, step] : steps) most = std::max(most, depth += step);
  return static_cast<std::size_t>(most);
}

class RangeRules {
 public:
  explicit RangeRules(const ImageConfig& config) : config_(config) {
    for (const auto& [generation, copy] : config.range_copies) {
      ++copies_of_[copy.source];
      if (copy.target != copy.source) ++copies_of_[copy.target];
      for (const TrackRun& run : copy.runs) {
        older_sources_[copy.source].push_back({run.source, run.count});
        older_targets_[copy.target].push_back({run.target, run.count});
      }
    }
  }

  [[nodiscard]] Result<void> check(const RangeRequest& request) const {
    const VolumeConfig* source = config_.find_volume(request.source);
    if (source == nullptr) return {Errc::volume_not_found, request.source.value};
    const VolumeConfig* target = config_.find_volume(request.target);
    if (target == nullptr) return {Errc::volume_not_found, request.target.value};
    TT_CHECK(check_volumes(*source, *target));
    if (request.runs.empty()) return {Errc::out_of_range, request.source.value};
    if (run_count_ + request.runs.size() > kMostRunsOfCommand) return {Errc::limit_reached, request.source.value};
    for (const VolumeId id : {request.source, request.target}) {
      const auto copies = copies_of_.find(id);
      if (copies != copies_of_.end() && copies->second >= kMostCopiesOfVolume) return {Errc::limit_reached, id.value};
    }
    for (const TrackRun& run : request.runs) {
      if (!has_tracks(*source, run.source, run.count)) return {Errc::out_of_range, request.source.value};
      if (!has_tracks(*target, run.target, run.count)) return {Errc::out_of_range, request.target.value};
    }
    TT_CHECK(check_tracks(request));
    return check_depth(request);
  }

  void add(const RangeRequest& request) {
    run_count_ += request.runs.size();
    ++copies_of_[request.source];
    if (request.target != request.source) ++copies_of_[request.target];
    for (const TrackRun& run : request.runs) {
      new_sources_[request.source].push_back({run.source, run.count});
      new_targets_[request.target].push_back({run.target, run.count});
    }
  }

 private:
  using SpansOfVolume = std::map<VolumeId, Spans>;
  static const Spans& of(const SpansOfVolume& all, VolumeId id) {
    static const Spans kNone;
    const auto found = all.find(id);
    return found != all.end() ? found->second : kNone;
  }

  /// A target shows the image of another volume: its tracks are not written apart from that.
  [[nodiscard]] Result<void> check_volumes(const VolumeConfig& source, const VolumeConfig& target) const {
    if (!same_format(source, target)) return {Errc::types_differ, target.id.value};
    if (source.method == AllocationMethod::tse) return {Errc::space_efficient_target, source.id.value};
    if (target.method == AllocationMethod::tse) return {Errc::space_efficient_target, target.id.value};
    if (config_.target_of(target.id) != nullptr) return {Errc::already_a_target, target.id.value};
    TT_CHECK(check_flash_onto(config_, target.id));
    const auto revertible = [](const Relationship& r) { return !r.closing() && r.revertible(); };
    for (const Relationship& r : config_.relationships.onto(source.id)) {
      if (revertible(r)) return {Errc::revertible, r.source.value};
    }
    for (const Relationship& r : config_.relationships.from(source.id)) {
      if (revertible(r)) return {Errc::revertible, r.source.value};
    }
    for (const Relationship& r : config_.relationships.from(target.id)) {
      if (revertible(r)) return {Errc::revertible, r.source.value};
      if (!r.closing() && r.options.out_of_space == OutOfSpace::inhibit_source)
        return {Errc::other_relationships, target.id.value};
    }
    if (!is_writable(config_, target)) return {Errc::volume_offline, target.id.value};
    return {};
  }

  [[nodiscard]] Result<void> check_tracks(const RangeRequest& request) const {
    Spans mine;
    for (const TrackRun& run : request.runs) {
      const Span target{run.target, run.count};
      const Span source{run.source, run.count};
      const bool taken = meet(mine, target) || meet(of(new_targets_, request.target), target) ||
                         meet(of(older_targets_, request.target), target);
      if (taken) return {Errc::already_a_target, request.target.value};
      mine.push_back(target);
      // What others still find there, and what would be copied before or after it changes, nobody could say.
      if (meet(of(older_sources_, request.target), target) || meet(of(new_sources_, request.target), target))
        return {Errc::other_relationships, request.target.value};
      if (meet(of(new_targets_, request.source), source)) return {Errc::other_relationships, request.source.value};
    }
    if (request.source != request.target) return {};
    for (const TrackRun& run : request.runs) {
      if (meet(mine, {run.source, run.count})) return {Errc::source_is_target, request.source.value};
    }
    return {};
  }

  [[nodiscard]] Result<void> check_depth(const RangeRequest& request) const {
    Spans all = of(older_sources_, request.source);
    const Spans& of_command = of(new_sources_, request.source);
    all.insert(all.end(), of_command.begin(), of_command.end());
    for (const TrackRun& run : request.runs) all.push_back({run.source, run.count});
    const auto whole = std::ranges::count_if(config_.relationships.from(request.source),
                                             [](const Relationship& r) { return !r.closing(); });
    if (deepest(all) + static_cast<std::size_t>(whole) > limits_of(config_.personality).targets_per_source)
      return {Errc::too_many_targets, request.source.value};
    return {};
  }

  const ImageConfig& config_;
  SpansOfVolume older_sources_;
  SpansOfVolume older_targets_;
  SpansOfVolume new_sources_;  ///< Of the command.
  SpansOfVolume new_targets_;
  std::map<VolumeId, std::size_t> copies_of_;
  std::size_t run_count_ = 0;
};

}  // namespace

bool has_tracks(const VolumeConfig& volume, std::uint64_t first, std::uint64_t count) noexcept {
  const std::uint64_t whole = volume.block_count / kTrackBlocks;
  return count > 0 && first <= whole && count <= whole - first;
}

std::vector<Result<void>> validate_ranges(const ImageConfig& config, std::span<const RangeRequest> requests) {
  RangeRules rules(config);
  std::vector<Result<void>> verdicts;
  for (const RangeRequest& request : requests) {
    verdicts.push_back(rules.check(request));
    if (verdicts.back()) rules.add(request);
  }
  return verdicts;
}

std::vector<TrackRun> without_targets(std::span<const TrackRun> runs, std::span<const TrackRun> targets) {
  std::vector<TrackRun> left(runs.begin(), runs.end());
  for (const TrackRun& gone : targets) {
    std::vector<TrackRun> next;
    for (const TrackRun& run : left) {
      const std::uint64_t end = run.target + run.count;
      const std::uint64_t cut_begin = std::clamp(gone.target, run.target, end);
      const std::uint64_t cut_end = std::clamp(gone.target + gone.count, cut_begin, end);
      if (cut_begin > run.target) next.push_back({run.source, run.target, cut_begin - run.target});
      if (cut_end < end) next.push_back({run.source + (cut_end - run.target), cut_end, end - cut_end});
    }
    left = std::move(next);
  }
  return targets.empty() ? std::vector<TrackRun>{} : left;
}

bool is_range_target(const ImageConfig& config, VolumeId id) noexcept {
  return !config.range_copies.onto(id).empty();
}

bool is_range_source(const ImageConfig& config, VolumeId id) noexcept {
  return !config.range_copies.from(id).empty();
}

bool in_range_copy(const ImageConfig& config, VolumeId id) noexcept {
  return is_range_source(config, id) || is_range_target(config, id);
}

}  // namespace tt::volume
