// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>

#include "model/host_identity.h"
#include "volume/config.h"

namespace tt::volume {

namespace {

bool derives_luns(VolumeGroupType type) {
  return type != VolumeGroupType::scsi_map256;
}

/// Wants what find_volume_group() finds, for something that changes it.
Result<VolumeGroupConfig> changeable_group(const ImageConfig& config, std::uint16_t id) {
  const VolumeGroupConfig* group = find_volume_group(config, id);
  if (group == nullptr) return {Errc::object_not_found, id};
  if (is_predefined(id)) return {Errc::not_combinable, id};
  return *group;
}

class FreeLuns {
 public:
  explicit FreeLuns(const Members& members) {
    for (const auto& [volume, lun] : members) taken_[lun] = true;
  }
  Result<std::uint8_t> take(std::optional<std::uint8_t> wanted) {
    const auto place = wanted ? taken_.begin() + *wanted : std::find(taken_.begin(), taken_.end(), false);
    if (place == taken_.end()) return Errc::limit_reached;
    if (*place) return Errc::id_taken;
    *place = true;
    return static_cast<std::uint8_t>(place - taken_.begin());
  }

 private:
  std::array<bool, kMap256Luns> taken_{};
};

Result<void> check_volumes(const ImageConfig& config, VolumeGroupType type, std::span<const VolumeId> volumes,
                           std::span<const std::uint8_t> luns) {
  if (!luns.empty() && (derives_luns(type) || luns.size() != volumes.size())) return Errc::not_combinable;
  std::set<VolumeId> seen;
  for (const VolumeId volume : volumes) {
    const VolumeConfig* found = config.find_volume(volume);
    if (found == nullptr) return {Errc::volume_not_found, volume.value};
    if (found->is_os400() != takes_os400(type)) return {Errc::not_combinable, volume.value};
    if (!seen.insert(volume).second) return {Errc::not_combinable, volume.value};
  }
  return {};
}

/// Volumes that are members already keep their LUN.
Result<void> add_members(VolumeGroupType type, Members& members, std::span<const VolumeId> volumes,
                         std::span<const std::uint8_t> luns) {
  if (derives_luns(type)) {
    for (const VolumeId volume : volumes) members.emplace(volume, 0);
    return {};
  }
  FreeLuns free(members);
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const std::optional<std::uint8_t> wanted = luns.empty() ? std::nullopt : std::optional(luns[i]);
    if (const auto found = members.find(volumes[i]); found != members.end()) {
      if (wanted && *wanted != found->second) return {Errc::id_taken, volumes[i].value};
      continue;
    }
    const auto lun = free.take(wanted);
    if (!lun) return {lun.error().code, volumes[i].value};
    members.emplace(volumes[i], *lun);
  }
  return {};
}

Result<void> check_host_type(HostConnectionConfig& connection, const HostConnectionRequest& request) {
  const bool by_type = request.host_type || request.profile;
  const bool by_parts = request.discovery || request.block_bytes;
  if ((request.host_type && request.profile) || (by_type && by_parts)) return Errc::not_combinable;
  if (by_type) {
    const model::HostType* type = request.host_type ? model::find_host_type(*request.host_type)
                                                    : model::find_host_type_by_profile(*request.profile);
    if (type == nullptr) return Errc::invalid_argument;
    connection.host_type = type->name;
    connection.block_bytes = type->block_bytes;
    connection.discovery.reset();
  }
  if (by_parts) {
    connection.host_type.clear();
    if (request.discovery) connection.discovery = request.discovery;
    if (request.block_bytes) connection.block_bytes = *request.block_bytes;
    if (connection.block_bytes != 512 && connection.block_bytes != 520) return Errc::invalid_argument;
  }
  return {};
}

Result<void> check_identity(const ImageConfig& config, HostConnectionConfig& connection,
                            const HostConnectionRequest& request) {
  if (request.identity) {
    const auto canonical = model::canonical_host_identity(*request.identity);
    if (!canonical) return Errc::invalid_argument;
    // A WWPN that was derived speaks of the old identity.
    const bool derived = connection.wwpn == 0 || connection.wwpn == derived_wwpn(connection.identity);
    if (derived && *canonical != "wwpn") connection.wwpn = derived_wwpn(*canonical);
    connection.identity = *canonical;
  }
  if (request.wwpn) connection.wwpn = *request.wwpn;
  if (connection.wwpn == 0) return Errc::invalid_argument;
  for (const auto& [id, other] : config.host_connections) {
    if (id == connection.id) continue;
    if (other.wwpn == connection.wwpn) return {Errc::id_taken, id};
    if (connection.identity != "wwpn" && other.identity == connection.identity) return {Errc::id_taken, id};
  }
  return {};
}

Result<void> take_over(const ImageConfig& config, HostConnectionConfig& connection,
                       const HostConnectionRequest& request) {
  TT_CHECK(check_host_type(connection, request));
  TT_CHECK(check_identity(config, connection, request));
  if (request.name) connection.name = *request.name;
  if (request.port_group) connection.port_group = *request.port_group;
  if (request.description) connection.description = *request.description;
  if (request.port_rule) {
    connection.port_rule = *request.port_rule;
    connection.io_ports = request.io_ports;
    std::sort(connection.io_ports.begin(), connection.io_ports.end());
    const auto behind = std::unique(connection.io_ports.begin(), connection.io_ports.end());
    connection.io_ports.erase(behind, connection.io_ports.end());
    if (connection.io_ports.empty() == (connection.port_rule == PortRule::listed)) return Errc::invalid_argument;
  }
  TT_CHECK(check_group_given(config, request.resource_group));
  if (request.resource_group) connection.resource_group = *request.resource_group;
  if (request.volume_group) connection.volume_group = request.volume_group;
  if (!connection.volume_group) return {};
  const VolumeGroupConfig* group = find_volume_group(config, *connection.volume_group);
  if (group == nullptr) return {Errc::object_not_found, *connection.volume_group};
  if (!host_fits(group->type, connection.block_bytes, discovery_of(config, connection))) return Errc::not_combinable;
  return {};
}

/// The smallest number that neither `table` nor `taken` has.
template <class Table, class Taken>
std::uint16_t lowest_free(const Table& table, Taken taken) {
  std::uint16_t id = 0;
  while (table.contains(id) || taken(id)) ++id;
  return id;
}

}  // namespace

bool host_fits(VolumeGroupType group, std::uint16_t block_bytes, model::AddressDiscovery discovery) noexcept {
  switch (group) {
    case VolumeGroupType::scsi_all:
      return block_bytes == 512;
    case VolumeGroupType::scsi_mask:
      return block_bytes == 512 && discovery == model::AddressDiscovery::report_luns;
    case VolumeGroupType::scsi_map256:
      return block_bytes == 512 && discovery == model::AddressDiscovery::lun_polling;
    case VolumeGroupType::os400_mask:
    case VolumeGroupType::os400_all:
      return block_bytes == 520;
    case VolumeGroupType::ficon_all:
      return false;  // no FICON attachment
  }
  return false;
}

model::AddressDiscovery discovery_of(const ImageConfig& config, const HostConnectionConfig& connection) {
  if (const model::HostType* type = model::find_host_type(connection.host_type)) return type->discovery;
  if (connection.discovery) return *connection.discovery;
  const VolumeGroupConfig* group =
      connection.volume_group ? find_volume_group(config, *connection.volume_group) : nullptr;
  const bool polls = group != nullptr && group->type == VolumeGroupType::scsi_map256;
  return polls ? model::AddressDiscovery::lun_polling : model::AddressDiscovery::report_luns;
}

// ---- volume groups --------------------------------------------------------------------------------------------------

Result<MakeVolumeGroup> plan_make_volume_group(const ImageConfig& config, const MakeVolumeGroupRequest& request) {
  const std::size_t count = config.volume_groups.size() + predefined_volume_groups().size();
  if (count >= limits_of(config.personality).volume_groups) return Errc::limit_reached;
  TT_CHECK(check_group_given(config, request.resource_group));
  TT_CHECK(check_volumes(config, request.type, request.volumes, request.luns));
  Members members;
  TT_CHECK(add_members(request.type, members, request.volumes, request.luns));
  return MakeVolumeGroup{{.id = lowest_free(config.volume_groups, is_predefined),
                          .name = request.name,
                          .type = request.type,
                          .members = runs_of(members, request.type),
                          .resource_group = request.resource_group}};
}

Result<ChangeVolumeGroup> plan_change_volume_group(const ImageConfig& config, const ChangeVolumeGroupRequest& request) {
  using Action = ChangeVolumeGroupRequest::Action;
  TT_TRY(VolumeGroupConfig group, changeable_group(config, request.id));
  TT_CHECK(check_group_given(config, request.resource_group));
  if (request.name) group.name = *request.name;
  if (request.resource_group) group.resource_group = *request.resource_group;
  TT_CHECK(check_volumes(config, group.type, request.volumes, request.luns));
  if (request.action == Action::remove && !request.luns.empty()) return Errc::not_combinable;
  Members members;
  if (request.action != Action::replace) members = members_of(group.members);
  if (request.action == Action::remove) {
    for (const VolumeId volume : request.volumes) {
      if (members.erase(volume) == 0) return {Errc::volume_not_found, volume.value};
    }
  } else {
    TT_CHECK(add_members(group.type, members, request.volumes, request.luns));
  }
  group.members = runs_of(members, group.type);
  return ChangeVolumeGroup{std::move(group)};
}

Result<RemoveVolumeGroup> plan_remove_volume_group(const ImageConfig& config, std::uint16_t id) {
  TT_CHECK(changeable_group(config, id));
  for (const auto& [number, connection] : config.host_connections) {
    if (connection.volume_group == id) return {Errc::still_in_use, number};
  }
  return RemoveVolumeGroup{id};
}

Result<std::vector<GroupPlace>> plan_join(const ImageConfig& config, VolumeId volume, bool os400,
                                          std::span<const std::uint16_t> groups) {
  std::vector<GroupPlace> places;
  std::set<std::uint16_t> seen;
  for (const std::uint16_t id : groups) {
    TT_TRY(const VolumeGroupConfig group, changeable_group(config, id));
    if (takes_os400(group.type) != os400 || !seen.insert(id).second) return {Errc::not_combinable, id};
    if (holds(group.members, volume)) continue;
    GroupPlace place{.group = id};
    if (!derives_luns(group.type)) {
      TT_TRY(place.lun, FreeLuns(members_of(group.members)).take(std::nullopt));
    }
    places.push_back(place);
  }
  return places;
}

Result<JoinVolumeGroups> plan_join_volume_groups(const ImageConfig& config, VolumeId volume,
                                                 std::span<const std::uint16_t> groups) {
  const VolumeConfig* found = config.find_volume(volume);
  if (found == nullptr) return {Errc::volume_not_found, volume.value};
  TT_TRY(auto places, plan_join(config, volume, found->is_os400(), groups));
  return JoinVolumeGroups{.volume = volume, .places = std::move(places)};
}

// ---- host connections -----------------------------------------------------------------------------------------------

Result<MakeHostConnection> plan_make_host_connection(const ImageConfig& config, const HostConnectionRequest& request) {
  if (config.host_connections.size() >= limits_of(config.personality).host_connections) return Errc::limit_reached;
  HostConnectionConfig connection;
  connection.id = lowest_free(config.host_connections, [](std::uint16_t) { return false; });
  connection.identity = "wwpn";
  TT_CHECK(take_over(config, connection, request));
  return MakeHostConnection{std::move(connection)};
}

Result<ChangeHostConnection> plan_change_host_connection(const ImageConfig& config, std::uint16_t id,
                                                         const HostConnectionRequest& request) {
  const auto found = config.host_connections.find(id);
  if (found == config.host_connections.end()) return {Errc::object_not_found, id};
  HostConnectionConfig connection = found->second;
  TT_CHECK(take_over(config, connection, request));
  return ChangeHostConnection{std::move(connection)};
}

Result<RemoveHostConnection> plan_remove_host_connection(const ImageConfig& config, std::uint16_t id) {
  if (!config.host_connections.contains(id)) return {Errc::object_not_found, id};
  return RemoveHostConnection{id};
}

}  // namespace tt::volume
