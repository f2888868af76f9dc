// SPDX-License-Identifier: Apache-2.0
#include "volume/resource_groups.h"

#include <algorithm>
#include <set>

#include "base/assert.h"
#include "model/resource_scope.h"
#include "volume/config.h"

namespace tt::volume {

namespace {

template <class Map>
std::uint64_t count_in(const Map& objects, std::uint16_t group) noexcept {
  return static_cast<std::uint64_t>(std::count_if(
      objects.begin(), objects.end(), [group](const auto& entry) { return entry.second.resource_group == group; }));
}

template <class Map>
bool names_only_existing(const ImageConfig& config, const Map& objects) {
  return std::all_of(objects.begin(), objects.end(), [&config](const auto& entry) {
    return find_resource_group(config, entry.second.resource_group) != nullptr;
  });
}

/// Detail: the group that has the label.
Result<void> check_label(const ImageConfig& config, std::uint16_t id, const std::string& label) {
  if (!model::is_resource_label(label)) return {Errc::invalid_argument, id};
  if (label == model::kPublicLabel) return {Errc::id_taken, kPublicGroup};
  for (const auto& [other, group] : config.resource_groups) {
    if (other != id && group.label == label) return {Errc::id_taken, other};
  }
  return {};
}

}  // namespace

const ResourceGroupConfig& public_resource_group() {
  static const ResourceGroupConfig group{.id = kPublicGroup,
                                         .name = "Default_Resource_Group",
                                         .label = std::string(model::kPublicLabel),
                                         .description = {}};
  return group;
}

const ResourceGroupConfig* find_resource_group(const ImageConfig& config, std::uint16_t id) noexcept {
  if (id == kPublicGroup) return &public_resource_group();
  const auto found = config.resource_groups.find(id);
  return found == config.resource_groups.end() ? nullptr : &found->second;
}

ResourceGroupUse use_of(const ImageConfig& config, std::uint16_t group) noexcept {
  return {.volumes = count_in(config.volumes, group),
          .lsses = count_in(config.lsses, group),
          .volume_groups = count_in(config.volume_groups, group),
          .host_connections = count_in(config.host_connections, group)};
}

// ---- apply ----------------------------------------------------------------------------------------------------------

void ApplyResourceGroups::operator()(const MakeResourceGroup& m) const {
  TT_ASSERT(m.group.id != kPublicGroup && check_label(config, m.group.id, m.group.label));
  const bool inserted = config.resource_groups.emplace(m.group.id, m.group).second;
  TT_ASSERT(inserted);
}

void ApplyResourceGroups::operator()(const ChangeResourceGroup& m) const {
  const auto found = config.resource_groups.find(m.group.id);
  TT_ASSERT(found != config.resource_groups.end() && check_label(config, m.group.id, m.group.label));
  found->second = m.group;
}

void ApplyResourceGroups::operator()(const RemoveResourceGroup& m) const {
  TT_ASSERT(use_of(config, m.group).empty());
  TT_ASSERT(config.resource_groups.erase(m.group) == 1);
}

Result<void> check_resource_groups(const ImageConfig& config) {
  std::set<std::string> labels = {std::string(model::kPublicLabel)};
  for (const auto& [id, group] : config.resource_groups) {
    if (id == kPublicGroup || id > limits_of(config.personality).last_resource_group) return Errc::corrupt;
    if (!model::is_resource_label(group.label) || !labels.insert(group.label).second) return Errc::corrupt;
  }
  const bool known = names_only_existing(config, config.volumes) && names_only_existing(config, config.lsses) &&
                     names_only_existing(config, config.volume_groups) &&
                     names_only_existing(config, config.host_connections);
  return known ? Result<void>{} : Result<void>{Errc::corrupt};
}

// ---- plans ----------------------------------------------------------------------------------------------------------

Result<MakeResourceGroup> plan_make_resource_group(const ImageConfig& config, const ResourceGroupRequest& request) {
  if (find_resource_group(config, request.id) != nullptr) return {Errc::id_taken, request.id};
  if (request.id > limits_of(config.personality).last_resource_group) return {Errc::limit_reached, request.id};
  const std::string id = "RG" + std::to_string(request.id);
  ResourceGroupConfig group{.id = request.id,
                            .name = request.name.value_or(id),
                            .label = request.label.value_or(id),
                            .description = request.description.value_or("")};
  TT_CHECK(check_label(config, group.id, group.label));
  return MakeResourceGroup{std::move(group)};
}

Result<ChangeResourceGroup> plan_change_resource_group(const ImageConfig& config, const ResourceGroupRequest& request) {
  if (request.id == kPublicGroup) return {Errc::not_combinable, request.id};
  const ResourceGroupConfig* found = find_resource_group(config, request.id);
  if (found == nullptr) return {Errc::object_not_found, request.id};
  ResourceGroupConfig group = *found;
  if (request.name) group.name = *request.name;
  if (request.label) group.label = *request.label;
  if (request.description) group.description = *request.description;
  TT_CHECK(check_label(config, group.id, group.label));
  return ChangeResourceGroup{std::move(group)};
}

Result<RemoveResourceGroup> plan_remove_resource_group(const ImageConfig& config, std::uint16_t id) {
  if (id == kPublicGroup) return {Errc::not_combinable, id};
  if (find_resource_group(config, id) == nullptr) return {Errc::object_not_found, id};
  if (!use_of(config, id).empty()) return {Errc::still_in_use, id};
  return RemoveResourceGroup{id};
}

Result<void> check_group_given(const ImageConfig& config, std::optional<std::uint16_t> group) {
  if (group && find_resource_group(config, *group) == nullptr) return {Errc::object_not_found, *group};
  return {};
}

}  // namespace tt::volume
