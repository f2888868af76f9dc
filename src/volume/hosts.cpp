// SPDX-License-Identifier: Apache-2.0
#include "volume/hosts.h"

#include <algorithm>
#include <set>

#include "base/assert.h"
#include "model/host_identity.h"
#include "volume/config.h"

namespace tt::volume {

namespace {

/// Everything that is a number in the group: ids, counts and LUNs inside their bounds, runs ascending and joined.
bool members_are_sound(const ImageConfig& config, const VolumeGroupConfig& group) {
  std::uint32_t before = 0;
  std::set<unsigned> luns;
  for (const MemberRun& run : group.members) {
    if (run.count == 0 || run.count > 0x10000U - run.first.value || run.first.value < before) return false;
    before = std::uint32_t{run.first.value} + run.count;
    const bool mapped = group.type == VolumeGroupType::scsi_map256;
    if (!mapped && run.lun != 0) return false;
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const VolumeConfig* volume = config.find_volume(VolumeId(static_cast<std::uint16_t>(run.first.value + i)));
      if (volume == nullptr || volume->is_os400() != takes_os400(group.type)) return false;
      if (mapped && (run.lun + i >= kMap256Luns || !luns.insert(run.lun + i).second)) return false;
    }
  }
  return runs_of(members_of(group.members), group.type) == group.members;
}

bool group_is_sound(const ImageConfig& config, const VolumeGroupConfig& group) {
  const bool made = group.type == VolumeGroupType::scsi_mask || group.type == VolumeGroupType::scsi_map256 ||
                    group.type == VolumeGroupType::os400_mask;
  return made && !is_predefined(group.id) && members_are_sound(config, group);
}

}  // namespace

Members members_of(std::span<const MemberRun> runs) {
  Members members;
  for (const MemberRun& run : runs) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const VolumeId volume(static_cast<std::uint16_t>(run.first.value + i));
      members.emplace_hint(members.end(), volume, static_cast<std::uint8_t>(run.lun + i));
    }
  }
  return members;
}

std::vector<MemberRun> runs_of(const Members& members, VolumeGroupType type) {
  const bool mapped = type == VolumeGroupType::scsi_map256;
  std::vector<MemberRun> runs;
  for (const auto& [volume, number] : members) {
    const std::uint8_t lun = mapped ? number : std::uint8_t{0};
    const bool follows = !runs.empty() && runs.back().first.value + runs.back().count == volume.value &&
                         (!mapped || runs.back().lun + runs.back().count == lun);
    if (follows) {
      ++runs.back().count;
    } else {
      runs.push_back({volume, 1, lun});
    }
  }
  return runs;
}

bool holds(std::span<const MemberRun> runs, VolumeId volume) noexcept {
  const auto behind = std::upper_bound(runs.begin(), runs.end(), volume,
                                       [](VolumeId id, const MemberRun& run) { return id < run.first; });
  return behind != runs.begin() && std::prev(behind)->first.value + std::prev(behind)->count > volume.value;
}

std::span<const VolumeGroupConfig> predefined_volume_groups() {
  static const VolumeGroupConfig groups[] = {
      {kAllCkd, "All CKD", VolumeGroupType::ficon_all, {}},
      {kAllFixedBlock512, "All Fixed Block-512", VolumeGroupType::scsi_all, {}},
      {kAllFixedBlock520, "All Fixed Block-520", VolumeGroupType::os400_all, {}},
  };
  return groups;
}

bool is_predefined(std::uint16_t volume_group) noexcept {
  return volume_group == kAllCkd || volume_group == kAllFixedBlock512 || volume_group == kAllFixedBlock520;
}

const VolumeGroupConfig* find_volume_group(const ImageConfig& config, std::uint16_t id) noexcept {
  for (const VolumeGroupConfig& group : predefined_volume_groups()) {
    if (group.id == id) return &group;
  }
  const auto found = config.volume_groups.find(id);
  return found == config.volume_groups.end() ? nullptr : &found->second;
}

bool group_sees(const VolumeGroupConfig& group, VolumeId volume, bool os400) noexcept {
  const bool holds_all = group.type == VolumeGroupType::scsi_all || group.type == VolumeGroupType::os400_all;
  return holds_all ? takes_os400(group.type) == os400 : holds(group.members, volume);
}

std::uint32_t lun_of(const VolumeGroupConfig& group, VolumeId volume, std::uint8_t lun) noexcept {
  if (group.type == VolumeGroupType::scsi_map256) return lun;
  return 0x40004000U | (std::uint32_t{volume.value} >> 8U) << 16U | (volume.value & 0xFFU);
}

IoPortConfig io_port_of(const ImageConfig& config, std::uint16_t id) {
  const auto found = config.io_ports.find(id);
  if (found != config.io_ports.end()) return found->second;
  IoPortConfig port;
  port.id = id;
  return port;
}

std::uint64_t derived_wwpn(std::string_view identity) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : identity) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  constexpr std::uint64_t kLocallyAssigned = std::uint64_t{3} << 60U;
  return (hash & ~(std::uint64_t{0xF} << 60U)) | kLocallyAssigned;
}

HostConnectionConfig open_host_connection() {
  HostConnectionConfig connection;
  connection.name = "everyone";
  connection.identity = "any";
  connection.wwpn = derived_wwpn(connection.identity);
  connection.volume_group = kAllFixedBlock512;
  connection.description = "made with the image: every host sees every volume";
  return connection;
}

bool in_volume_group(const ImageConfig& config, VolumeId volume) noexcept {
  return std::any_of(config.volume_groups.begin(), config.volume_groups.end(),
                     [&](const auto& entry) { return holds(entry.second.members, volume); });
}

// ---- apply ----------------------------------------------------------------------------------------------------------

void ApplyHosts::operator()(const MakeVolumeGroup& m) const {
  TT_ASSERT(group_is_sound(config, m.group));
  TT_ASSERT(find_resource_group(config, m.group.resource_group) != nullptr);
  const bool inserted = config.volume_groups.emplace(m.group.id, m.group).second;
  TT_ASSERT(inserted);
}

void ApplyHosts::operator()(const ChangeVolumeGroup& m) const {
  const auto found = config.volume_groups.find(m.group.id);
  TT_ASSERT(found != config.volume_groups.end() && found->second.type == m.group.type);
  TT_ASSERT(group_is_sound(config, m.group));
  TT_ASSERT(find_resource_group(config, m.group.resource_group) != nullptr);
  found->second = m.group;
}

void ApplyHosts::operator()(const RemoveVolumeGroup& m) const {
  TT_ASSERT(config.volume_groups.erase(m.group) == 1);
}

void ApplyHosts::operator()(const JoinVolumeGroups& m) const {
  TT_ASSERT(config.find_volume(m.volume) != nullptr);
  for (const GroupPlace& place : m.places) {
    const auto found = config.volume_groups.find(place.group);
    TT_ASSERT(found != config.volume_groups.end());
    Members members = members_of(found->second.members);
    members[m.volume] = place.lun;
    found->second.members = runs_of(members, found->second.type);
  }
}

void ApplyHosts::operator()(const MakeHostConnection& m) const {
  TT_ASSERT(find_resource_group(config, m.connection.resource_group) != nullptr);
  const bool inserted = config.host_connections.emplace(m.connection.id, m.connection).second;
  TT_ASSERT(inserted);
}

void ApplyHosts::operator()(const ChangeHostConnection& m) const {
  const auto found = config.host_connections.find(m.connection.id);
  TT_ASSERT(found != config.host_connections.end());
  TT_ASSERT(find_resource_group(config, m.connection.resource_group) != nullptr);
  found->second = m.connection;
}

void ApplyHosts::operator()(const RemoveHostConnection& m) const {
  TT_ASSERT(config.host_connections.erase(m.connection) == 1);
}

void ApplyHosts::operator()(const SetIoPort& m) const {
  IoPortConfig usual;
  usual.id = m.port.id;
  if (m.port == usual) {
    config.io_ports.erase(m.port.id);
  } else {
    config.io_ports.insert_or_assign(m.port.id, m.port);
  }
}

void ApplyHosts::operator()(const BeginHostAccess& m) const {
  TT_ASSERT(!config.host_access_begun && config.host_connections.empty());
  config.host_access_begun = true;
  config.host_connections.emplace(m.connection.id, m.connection);
}

void leave_volume_groups(ImageConfig& config, VolumeId volume) {
  for (auto& [id, group] : config.volume_groups) {
    if (!holds(group.members, volume)) continue;
    Members members = members_of(group.members);
    members.erase(volume);
    group.members = runs_of(members, group.type);
  }
}

Result<void> check_hosts(const ImageConfig& config) {
  std::set<std::uint64_t> wwpns;
  std::set<std::string> identities;
  if (!config.host_access_begun && !config.host_connections.empty()) return Errc::corrupt;
  for (const auto& [id, group] : config.volume_groups) {
    if (!group_is_sound(config, group)) return Errc::corrupt;
  }
  for (const auto& [id, connection] : config.host_connections) {
    if (connection.volume_group && find_volume_group(config, *connection.volume_group) == nullptr) return Errc::corrupt;
    if (!wwpns.insert(connection.wwpn).second) return Errc::corrupt;
    if (model::canonical_host_identity(connection.identity) != connection.identity) return Errc::corrupt;
    if (connection.identity != "wwpn" && !identities.insert(connection.identity).second) return Errc::corrupt;
  }
  return {};
}

}  // namespace tt::volume
