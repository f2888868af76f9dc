// SPDX-License-Identifier: Apache-2.0
// Which FlashCopy pairs may be established (rules FC-15 to FC-23 of the FlashCopy specification). The relationships are
// read once, so that a command of many pairs costs no more than one pass over them.
#include <algorithm>
#include <map>
#include <set>

#include "volume/derived.h"

namespace tt::volume {

namespace {

class PairRules {
 public:
  explicit PairRules(const ImageConfig& config) : config_(config) {
    for (const auto& [generation, relationship] : config.relationships) {
      source_of_[relationship.target] = relationship.source;
      children_[relationship.source].insert(relationship.target);
      if (relationship.closing()) continue;
      establish(relationship.source, relationship.target, relationship.options);
      if (!relationship.revertible()) continue;
      revertible_.insert(relationship.source);
      revertible_.insert(relationship.target);
    }
  }

  void establish(VolumeId source, VolumeId target, const RelationshipOptions& options) {
    ++targets_of_[source];
    targets_.insert(target);
    if (const auto old = source_of_.find(target); old != source_of_.end()) children_[old->second].erase(target);
    source_of_[target] = source;
    children_[source].insert(target);
    if (!options.recording) return;
    ++recording_[source];
    if (!options.multiple_incremental) exclusive_.insert(source);
  }

  /// FC-25: one incremental relationship of a source, or any number if all of them say so.
  [[nodiscard]] bool may_record(VolumeId source, const RelationshipOptions& options) const {
    if (!options.recording || !recording_.contains(source)) return true;
    return options.multiple_incremental && !exclusive_.contains(source);
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
    if (targets_.contains(target_id)) return {Errc::already_a_target, target_id.value};
    if (in_range_copy(config_, target_id)) return {Errc::other_relationships, target_id.value};
    if (is_range_target(config_, source_id)) return {Errc::other_relationships, source_id.value};
    TT_CHECK(check_cascade(source_id, target_id));
    const auto others = targets_of_.find(source_id);
    if (others != targets_of_.end() && others->second >= limits_of(config_.personality).targets_per_source)
      return {Errc::too_many_targets, source_id.value};
    TT_CHECK(check_space(*source, *target, pair));
    if (!may_record(source_id, pair.options)) return {Errc::incremental_exists, source_id.value};
    if (!is_writable(config_, *target)) return {Errc::volume_offline, target_id.value};
    return {};
  }

 private:
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

  /// Chains, without loops and of a bounded length. Withdrawn relationships that still owe tracks count for both.
  [[nodiscard]] Result<void> check_cascade(VolumeId source, VolumeId target) const {
    const bool target_is_source = targets_of_.contains(target);
    const bool source_is_target = targets_.contains(source);
    if (!limits_of(config_.personality).cascades) {
      if (target_is_source) return {Errc::cascade_not_available, target.value};
      if (source_is_target) return {Errc::cascade_not_available, source.value};
      return {};
    }
    if (target_is_source && revertible_.contains(target)) return {Errc::revertible, target.value};
    if (source_is_target && revertible_.contains(source)) return {Errc::revertible, source.value};
    std::size_t above = 0;
    VolumeId at = source;
    for (auto up = source_of_.find(at); up != source_of_.end() && above <= kMaxCascade; up = source_of_.find(at)) {
      at = up->second;
      if (at == target) return {Errc::other_relationships, target.value};
      ++above;
    }
    if (above + 1 + depth_below(target, kMaxCascade) > kMaxCascade) return {Errc::other_relationships, target.value};
    return {};
  }

  [[nodiscard]] std::size_t depth_below(VolumeId volume, std::size_t at_most) const {
    const auto found = children_.find(volume);
    if (found == children_.end() || at_most == 0) return 0;
    std::size_t depth = 0;
    for (const VolumeId child : found->second) depth = std::max(depth, 1 + depth_below(child, at_most - 1));
    return depth;
  }

  const ImageConfig& config_;
  std::map<VolumeId, VolumeId> source_of_;
  std::map<VolumeId, std::set<VolumeId>> children_;
  std::set<VolumeId> revertible_;
  std::map<VolumeId, std::uint32_t> targets_of_;
  std::set<VolumeId> targets_;
  std::map<VolumeId, std::uint32_t> recording_;
  std::set<VolumeId> exclusive_;  ///< Sources with a recording relationship that is to be the only one.
};

}  // namespace

bool empties_target(const ImageConfig& config, VolumeId source, VolumeId target) {
  const VolumeConfig& volume = config.volumes.at(target);
  if (!volume.is_thin() || volume.block_count != config.volumes.at(source).block_count) return false;
  if (std::none_of(volume.extents.begin(), volume.extents.end(), [](const auto& e) { return e.has_value(); }))
    return false;
  if (lends(config, target)) return false;
  return std::none_of(config.relationships.begin(), config.relationships.end(),
                      [target](const auto& item) { return item.second.source == target; });
}

std::vector<Result<void>> validate_pairs(const ImageConfig& config, std::span<const PairRequest> pairs) {
  PairRules rules(config);
  std::vector<Result<void>> verdicts;
  verdicts.reserve(pairs.size());
  for (const PairRequest& pair : pairs) {
    const auto verdict = rules.check(pair);
    if (verdict) rules.establish(pair.source, pair.target, pair.options);
    verdicts.push_back(verdict);
  }
  return verdicts;
}

}  // namespace tt::volume
