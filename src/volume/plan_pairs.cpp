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
      if (!relationship.closing()) establish(relationship.source, relationship.target, relationship.options);
    }
  }

  void establish(VolumeId source, VolumeId target, const RelationshipOptions& options) {
    ++targets_of_[source];
    targets_.insert(target);
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
    if (target->block_count < source->block_count) return {Errc::target_too_small, target_id.value};
    if (targets_.contains(target_id)) return {Errc::already_a_target, target_id.value};
    if (targets_of_.contains(target_id)) return {Errc::cascade_not_available, target_id.value};
    if (targets_.contains(source_id)) return {Errc::cascade_not_available, source_id.value};
    const auto others = targets_of_.find(source_id);
    if (others != targets_of_.end() && others->second >= limits_of(config_.personality).targets_per_source)
      return {Errc::too_many_targets, source_id.value};
    if (!may_record(source_id, pair.options)) return {Errc::incremental_exists, source_id.value};
    if (!is_writable(config_, *target)) return {Errc::volume_offline, target_id.value};
    return {};
  }

 private:
  const ImageConfig& config_;
  std::map<VolumeId, std::uint32_t> targets_of_;
  std::set<VolumeId> targets_;
  std::map<VolumeId, std::uint32_t> recording_;
  std::set<VolumeId> exclusive_;  ///< Sources with a recording relationship that is to be the only one.
};

}  // namespace

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
