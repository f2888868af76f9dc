// SPDX-License-Identifier: Apache-2.0
// Which relationships may get a new T0 (resync), another direction (reverse), or be made revertible: sections 3.2 to
// 3.6 of the FlashCopy specification.
#include <algorithm>

#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

/// Another recording relationship of `source` beside `own`, unless all of them allow several.
bool other_incremental(const ImageConfig& config, VolumeId source, Generation own, const RelationshipOptions& options) {
  if (!options.recording) return false;
  for (const Relationship& r : config.relationships.from(source)) {
    if (r.generation == own || r.closing() || !r.options.recording) continue;
    if (!options.multiple_incremental || !r.options.multiple_incremental) return true;
  }
  return false;
}

bool takes_no_copy(const ImageConfig& config, VolumeId target, const RelationshipOptions& options) {
  return config.volumes.at(target).method == AllocationMethod::tse ||
         options.out_of_space == OutOfSpace::inhibit_source;
}

/// What their volumes show must stay what it is while parts of it are copied.
Result<void> check_usable(const ImageConfig& config, const Relationship& r) {
  if (in_range_copy(config, r.target)) return {Errc::other_relationships, r.target.value};
  if (is_range_target(config, r.source)) return {Errc::other_relationships, r.source.value};
  if (r.state == RelationshipState::failed) return {Errc::relationship_failed, r.target.value};
  if (r.removing) return {Errc::being_removed, r.target.value};
  if (r.revertible()) return {Errc::revertible, r.target.value};
  return {};
}

}  // namespace

Result<void> validate_resync(const ImageConfig& config, Generation relationship, const RelationshipOptions& options) {
  const Relationship& r = config.relationships.at(relationship);
  TT_CHECK(check_usable(config, r));
  if (!r.options.recording) return {Errc::not_recording, r.source.value};
  if (options.background_copy && takes_no_copy(config, r.target, options))
    return {Errc::space_efficient_target, r.target.value};
  if (other_incremental(config, r.source, relationship, options)) return {Errc::incremental_exists, r.source.value};
  if (!is_writable(config, *config.find_volume(r.target))) return {Errc::volume_offline, r.target.value};
  return {};
}

Result<void> validate_revertible(const ImageConfig& config, Generation relationship,
                                 const RelationshipOptions& options) {
  TT_CHECK(validate_resync(config, relationship, options));
  const Relationship& r = config.relationships.at(relationship);
  const std::uint64_t source_blocks = config.find_volume(r.source)->block_count;
  // What the target holds behind the source's end becomes a write of its own, and that track's image would have to be
  // copied below it: what was there could not come back.
  if (source_blocks % kTrackBlocks != 0 && config.find_volume(r.target)->block_count > source_blocks)
    return {Errc::sizes_differ, r.target.value};
  return {};
}

Result<void> validate_reverse(const ImageConfig& config, Generation relationship, const RelationshipOptions& options,
                              bool fast) {
  const Relationship& r = config.relationships.at(relationship);
  TT_CHECK(check_usable(config, r));
  if (in_range_copy(config, r.source)) return {Errc::other_relationships, r.source.value};
  TT_CHECK(check_flash_onto(config, r.source));
  if (!fast && !r.options.recording) return {Errc::not_recording, r.source.value};
  const VolumeConfig& source = *config.find_volume(r.source);
  const VolumeConfig& target = *config.find_volume(r.target);
  if (source.block_count != target.block_count) return {Errc::sizes_differ, r.target.value};
  const auto another = [relationship](const Relationship& other) {
    return other.generation != relationship && !other.closing();
  };
  const bool at_source = std::ranges::any_of(config.relationships.from(r.source), another) ||
                         std::ranges::any_of(config.relationships.onto(r.source), another);
  if (at_source) return {Errc::other_relationships, r.source.value};
  if (std::ranges::any_of(config.relationships.from(r.target), another))
    return {Errc::other_relationships, r.target.value};
  // What is reversed is always copied.
  if (takes_no_copy(config, r.source, options)) return {Errc::space_efficient_target, r.source.value};
  if (other_incremental(config, r.target, relationship, options)) return {Errc::incremental_exists, r.target.value};
  if (!is_writable(config, source)) return {Errc::volume_offline, r.source.value};
  return {};
}

Result<std::vector<Generation>> find_revertible(const ImageConfig& config, VolumeId source,
                                                std::optional<std::uint32_t> sequence) {
  std::vector<Generation> found;
  if (config.find_volume(source) == nullptr) return {Errc::volume_not_found, source.value};
  bool recording = false;
  for (const Relationship& r : config.relationships.from(source)) {
    if (r.closing() || !r.options.recording) continue;
    if (sequence && r.options.sequence_number != *sequence) continue;
    recording = true;
    if (r.revertible()) found.push_back(r.generation);
  }
  if (!found.empty()) return found;
  return {recording ? Errc::not_revertible : Errc::no_such_relationship, source.value};
}

}  // namespace tt::volume
