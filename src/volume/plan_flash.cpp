// SPDX-License-Identifier: Apache-2.0
// What may be done with FlashCopy relationships that exist.
#include <algorithm>

#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

Result<void> validate_verify(const ImageConfig& config, Generation relationship) {
  const Relationship& r = config.relationships.at(relationship);
  if (r.state == RelationshipState::failed) return {Errc::relationship_failed, r.target.value};
  return {};
}

Result<void> validate_background_copy(const ImageConfig& config, Generation relationship) {
  TT_CHECK(validate_verify(config, relationship));
  const Relationship& r = config.relationships.at(relationship);
  const bool tse = config.volumes.at(r.target).method == AllocationMethod::tse;
  if (tse || r.options.out_of_space == OutOfSpace::inhibit_source)
    return {Errc::target_space_efficient, r.target.value};
  return {};
}

Result<void> validate_copy_and_remove(const ImageConfig& config, Generation relationship) {
  TT_CHECK(validate_background_copy(config, relationship));
  const Relationship& r = config.relationships.at(relationship);
  if (config.volumes.at(r.target).is_thin()) return {Errc::target_space_efficient, r.target.value};
  return {};
}

Result<void> validate_withdraw_and_release(const ImageConfig& config, Generation relationship) {
  const VolumeId target = config.relationships.at(relationship).target;
  if (!config.volumes.at(target).is_thin()) return {Errc::not_combinable, target.value};
  const auto another = [relationship](const Relationship& r) { return r.generation != relationship && !r.closing(); };
  if (std::ranges::any_of(config.relationships.from(target), another) ||
      std::ranges::any_of(config.relationships.onto(target), another))
    return {Errc::other_relationships, target.value};
  return {};
}

}  // namespace tt::volume
