// SPDX-License-Identifier: Apache-2.0
// Resource groups in the configuration: who may work with what. Volumes, LSSs, volume groups and host connections are
// each in one group, and say so themselves; a user's scope is matched against the group's label (image/scope_check.h).
// Values, mutations and plans, like config.h, which includes this.
//
// Invariants, kept by apply() and checked by the decoder: the group that an object names exists; no two labels are
// equal. RG0 exists in every image, is not stored and never changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tt::volume {

struct ImageConfig;

inline constexpr std::uint16_t kPublicGroup = 0;
inline constexpr std::uint16_t kLastResourceGroup = 63;

struct ResourceGroupConfig {
  std::uint16_t id = 0;
  std::string name;
  std::string label;
  std::string description;
  friend bool operator==(const ResourceGroupConfig&, const ResourceGroupConfig&) = default;
};

const ResourceGroupConfig& public_resource_group();
/// RG0 too; null if there is none.
const ResourceGroupConfig* find_resource_group(const ImageConfig& config, std::uint16_t id) noexcept;

/// How many objects are in a group.
struct ResourceGroupUse {
  std::uint64_t volumes = 0;
  std::uint64_t lsses = 0;
  std::uint64_t volume_groups = 0;
  std::uint64_t host_connections = 0;
  [[nodiscard]] bool empty() const noexcept { return volumes + lsses + volume_groups + host_connections == 0; }
};
ResourceGroupUse use_of(const ImageConfig& config, std::uint16_t group) noexcept;

// ---- mutations ----------------------------------------------------------------------------------------------------
struct MakeResourceGroup {
  ResourceGroupConfig group;
};
/// All of it is replaced.
struct ChangeResourceGroup {
  ResourceGroupConfig group;
};
/// Nothing is in it.
struct RemoveResourceGroup {
  std::uint16_t group = 0;
};

/// Applies one of the above, or asserts.
struct ApplyResourceGroups {
  ImageConfig& config;
  void operator()(const MakeResourceGroup& m) const;
  void operator()(const ChangeResourceGroup& m) const;
  void operator()(const RemoveResourceGroup& m) const;
};
/// `corrupt` if an invariant does not hold.
Result<void> check_resource_groups(const ImageConfig& config);

// ---- what may be done ---------------------------------------------------------------------------------------------
/// What is given. In a change, what is not given stays; a new group is called and labelled by its id.
struct ResourceGroupRequest {
  std::uint16_t id = 0;
  std::optional<std::string> name;
  std::optional<std::string> label;
  std::optional<std::string> description;
};
/// limit_reached (an id beyond those of the personality); id_taken (the id, or with the number of the other group as
/// detail its label); invalid_argument (the label).
Result<MakeResourceGroup> plan_make_resource_group(const ImageConfig& config, const ResourceGroupRequest& request);
/// object_not_found; not_combinable for RG0; id_taken and invalid_argument as above.
Result<ChangeResourceGroup> plan_change_resource_group(const ImageConfig& config, const ResourceGroupRequest& request);
/// object_not_found; not_combinable for RG0; still_in_use while something is in it.
Result<RemoveResourceGroup> plan_remove_resource_group(const ImageConfig& config, std::uint16_t id);
/// object_not_found, with the number of the group: what every plan asks that puts something into one.
Result<void> check_group_given(const ImageConfig& config, std::optional<std::uint16_t> group);

}  // namespace tt::volume
