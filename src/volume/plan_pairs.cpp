// SPDX-License-Identifier: Apache-2.0
// Which FlashCopy pairs may be established (rules FC-15 to FC-23 of the FlashCopy specification). Each pair
// costs as much as its two volumes have relationships, however many others there are.
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

/// The relationships that there are, and over them the pairs of the command that were found good.
class PairRules {
 public:
  explicit PairRules(const ImageConfig& config) : config_(config) {}

  void establish(const PairRequest& pair) {
    made_.emplace(pair.target, &pair);
    made_from_[pair.source].push_back(&pair);
  }

  [[nodiscard]] Result<void> check(const PairRequest& pair) const {
    const VolumeId source_id = pair.source;
    const VolumeId target_id = pair.target;
    const VolumeConfig* source = config_.find_volume(source_id);
    if (source == nullptr) return {Errc::volume_not_found, source_id.value};
    const VolumeConfig* target = config_.find_volume(target_id);
    if (target == nullptr) return {Errc::volume_not_found, target_id.value};
    if (source == target) return {Errc::source_is_target, source_id.value};
    if (!same_format(*source, *target)) return {Errc::types_differ, target_id.value};
    if (target->block_count < source->block_count) return {Errc::target_too_small, target_id.value};
    if (is_target(target_id)) return {Errc::already_a_target, target_id.value};
    TT_CHECK(check_flash_onto(config_, target_id));
    if (in_range_copy(config_, target_id)) return {Errc::other_relationships, target_id.value};
    if (is_range_target(config_, source_id)) return {Errc::other_relationships, source_id.value};
    TT_CHECK(check_cascade(source_id, target_id));
    if (targets_of(source_id) >= limits_of(config_.personality).targets_per_source)
      return {Errc::too_many_targets, source_id.value};
    TT_CHECK(check_space(*source, *target, pair));
    if (!may_record(source_id, pair.options)) return {Errc::incremental_exists, source_id.value};
    if (!is_writable(config_, *target)) return {Errc::volume_offline, target_id.value};
    return {};
  }

 private:
  static bool is_open(const Relationship& r) noexcept { return !r.closing(); }

  /// A track space-efficient volume is a target and nothing else, and never gets everything. A source that is to be
  /// inhibited asks for the target's space before a write of its own, which nobody does for a background copy.
  [[nodiscard]] static Result<void> check_space(const VolumeConfig& source, const VolumeConfig& target,
                                                const PairRequest& pair) {
    if (source.method == AllocationMethod::tse) return {Errc::space_efficient_target, source.id.value};
    const bool copies = pair.options.background_copy;
    const bool needs_permission = target.method == AllocationMethod::tse && !pair.allows_space_efficient;
    const bool takes_no_copy =
        target.method == AllocationMethod::tse || pair.options.out_of_space == OutOfSpace::inhibit_source;
    if (needs_permission || (copies && takes_no_copy)) return {Errc::space_efficient_target, target.id.value};
    return {};
  }

  [[nodiscard]] bool is_target(VolumeId id) const { return made_.contains(id) || config_.target_of(id) != nullptr; }

  [[nodiscard]] const std::vector<const PairRequest*>& made_from(VolumeId source) const {
    static const std::vector<const PairRequest*> kNone;
    const auto found = made_from_.find(source);
    return found != made_from_.end() ? found->second : kNone;
  }

  [[nodiscard]] std::size_t targets_of(VolumeId source) const {
    const auto old = std::ranges::count_if(config_.relationships.from(source), is_open);
    return static_cast<std::size_t>(old) + made_from(source).size();
  }

  /// FC-25: one incremental relationship of a source, or any number if all of them say so.
  [[nodiscard]] bool may_record(VolumeId source, const RelationshipOptions& options) const {
    if (!options.recording) return true;
    const auto agrees = [&options](const RelationshipOptions& other) {
      return !other.recording || (options.multiple_incremental && other.multiple_incremental);
    };
    return std::ranges::all_of(config_.relationships.from(source),
                               [&](const Relationship& r) { return r.closing() || agrees(r.options); }) &&
           std::ranges::all_of(made_from(source), [&](const PairRequest* pair) { return agrees(pair->options); });
  }

  [[nodiscard]] bool is_revertible(VolumeId id) const {
    const auto revertible = [](const Relationship& r) { return is_open(r) && r.revertible(); };
    return std::ranges::any_of(config_.relationships.from(id), revertible) ||
           std::ranges::any_of(config_.relationships.onto(id), revertible);
  }

  /// Chains, without loops and of a bounded length. Withdrawn relationships that still owe tracks count for both.
  [[nodiscard]] Result<void> check_cascade(VolumeId source, VolumeId target) const {
    const bool target_is_source = targets_of(target) != 0;
    const bool source_is_target = is_target(source);
    if (!limits_of(config_.personality).cascades) {
      if (target_is_source) return {Errc::cascade_not_available, target.value};
      if (source_is_target) return {Errc::cascade_not_available, source.value};
      return {};
    }
    if (target_is_source && is_revertible(target)) return {Errc::revertible, target.value};
    if (source_is_target && is_revertible(source)) return {Errc::revertible, source.value};
    std::size_t above = 0;
    for (auto up = source_of(source); up && above <= kMaxCascade; up = source_of(*up)) {
      if (*up == target) return {Errc::other_relationships, target.value};
      ++above;
    }
    if (above + 1 + depth_below(target, kMaxCascade) > kMaxCascade) return {Errc::other_relationships, target.value};
    return {};
  }

  [[nodiscard]] std::optional<VolumeId> source_of(VolumeId target) const {
    if (const auto made = made_.find(target); made != made_.end()) return made->second->source;
    const auto onto = config_.relationships.onto(target);
    return onto.empty() ? std::nullopt : std::optional(onto.back().source);
  }

  [[nodiscard]] std::size_t depth_below(VolumeId volume, std::size_t at_most) const {
    if (at_most == 0) return 0;
    std::size_t depth = 0;
    for (const PairRequest* pair : made_from(volume)) {
      depth = std::max(depth, 1 + depth_below(pair->target, at_most - 1));
    }
    for (const Relationship& r : config_.relationships.from(volume)) {
      if (made_.contains(r.target)) continue;  // closing, and replaced
      depth = std::max(depth, 1 + depth_below(r.target, at_most - 1));
    }
    return depth;
  }

  const ImageConfig& config_;
  std::map<VolumeId, const PairRequest*> made_;  ///< By target.
  std::map<VolumeId, std::vector<const PairRequest*>> made_from_;
};

}  // namespace

bool empties_target(const ImageConfig& config, VolumeId source, VolumeId target) {
  const VolumeConfig& volume = config.volumes.at(target);
  if (!volume.is_thin() || volume.block_count != config.volumes.at(source).block_count) return false;
  if (std::none_of(volume.extents.begin(), volume.extents.end(), [](const auto& e) { return e.has_value(); }))
    return false;
  if (lends(config, target)) return false;
  return config.relationships.from(target).empty();
}

std::vector<Result<void>> validate_pairs(const ImageConfig& config, std::span<const PairRequest> pairs) {
  PairRules rules(config);
  std::vector<Result<void>> verdicts;
  verdicts.reserve(pairs.size());
  for (const PairRequest& pair : pairs) {
    const auto verdict = rules.check(pair);
    if (verdict) rules.establish(pair);
    verdicts.push_back(verdict);
  }
  return verdicts;
}

}  // namespace tt::volume
