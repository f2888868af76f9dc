// SPDX-License-Identifier: Apache-2.0
#include "image/rows_hosts.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "image/executor_support.h"
#include "model/host_identity.h"
#include "model/host_types.h"
#include "model/ids.h"

namespace tt::image {

using nlohmann::json;
using volume::VolumeGroupType;

namespace {

/// Of a WWNN: where the ones stand, a WWPN has the address of its port.
constexpr std::uint32_t kPortMask = 0x3FF;
constexpr unsigned kPortShift = 14;

std::uint32_t low_half(const volume::ImageConfig& config, std::uint32_t port_bits) {
  const std::uint32_t hash = crc32c(0, std::as_bytes(std::span(config.storage_image_id)));
  return (hash & 0xFFU) << 24U | (port_bits & kPortMask) << kPortShift | ((hash >> 8U) & 0x3FFFU);
}

struct GroupTypeName {
  VolumeGroupType type;
  std::string_view word;  ///< Of arguments.
  const char* shown;
};
constexpr GroupTypeName kGroupTypes[] = {
    {VolumeGroupType::scsi_mask, "scsimask", "SCSI Mask"},
    {VolumeGroupType::scsi_map256, "scsimap256", "SCSI Map 256"},
    {VolumeGroupType::os400_mask, "os400mask", "OS400 Mask"},
    {VolumeGroupType::scsi_all, "scsiall", "SCSI All"},
    {VolumeGroupType::os400_all, "os400all", "OS400 All"},
    {VolumeGroupType::ficon_all, "ficonall", "FICON/ESCON All"},
};

/// All volumes for the predefined group that has them; LUNs where they are stored.
volume::Members visible(const volume::ImageConfig& config, const volume::VolumeGroupConfig& group) {
  if (group.type != VolumeGroupType::scsi_all && group.type != VolumeGroupType::os400_all) {
    return volume::members_of(group.members);
  }
  volume::Members all;
  for (const auto& [id, v] : config.volumes) {
    if (volume::group_sees(group, id, v.is_os400())) all.emplace_hint(all.end(), id, std::uint8_t{0});
  }
  return all;
}

json io_port_words(const volume::HostConnectionConfig& connection) {
  json words = json::array();
  if (connection.port_rule == volume::PortRule::all) words.push_back("all");
  if (connection.port_rule == volume::PortRule::none) words.push_back("none");
  for (const std::uint16_t port : connection.io_ports) words.push_back(io_port_id(port));
  return words;
}

}  // namespace

std::string wwnn_of(const volume::ImageConfig& config) {
  return fmt::format("50050763{:08X}", low_half(config, kPortMask));
}

/// Of the enclosure only the low two bits fit.
std::string port_wwpn(const volume::ImageConfig& config, std::uint16_t port) {
  return fmt::format("50050763{:08X}", low_half(config, (port >> 8U & 3U) << 8U | (port & 0xFFU)));
}

std::string volume_group_id(std::uint16_t id) {
  return *model::id_of_number(model::IdKind::volume_group, id);
}
std::string host_connection_id(std::uint16_t id) {
  return *model::id_of_number(model::IdKind::host_connection, id);
}
std::string io_port_id(std::uint16_t id) {
  return *model::id_of_number(model::IdKind::io_port, id);
}

std::string volume_group_type(VolumeGroupType type) {
  for (const GroupTypeName& name : kGroupTypes) {
    if (name.type == type) return name.shown;
  }
  return {};
}

std::optional<VolumeGroupType> volume_group_type_of(std::string_view word) {
  for (const GroupTypeName& name : kGroupTypes) {
    if (name.word == word) return name.type;
  }
  return std::nullopt;
}

std::vector<json> host_type_rows(std::optional<VolumeGroupType> fitting) {
  std::vector<json> rows;
  for (const model::HostType& type : model::host_types()) {
    if (fitting && !volume::host_fits(*fitting, type.block_bytes, type.discovery)) continue;
    rows.push_back({{"id", type.name},
                    {"profile", type.profile},
                    {"discovery", model::discovery_text(type.discovery)},
                    {"block_bytes", type.block_bytes}});
  }
  return rows;
}

std::vector<json> volume_group_rows(const volume::ImageConfig& config, std::optional<VolumeId> volume) {
  std::vector<json> rows;
  const volume::VolumeConfig* found = volume ? config.find_volume(*volume) : nullptr;
  const auto add = [&](const volume::VolumeGroupConfig& group) {
    if (volume && (found == nullptr || !volume::group_sees(group, *volume, found->is_os400()))) return;
    rows.push_back({{"id", volume_group_id(group.id)},
                    {"name", group.name},
                    {"type", volume_group_type(group.type)},
                    {"resource_group", resource_group_text(group.resource_group)}});
  };
  for (const auto& group : volume::predefined_volume_groups()) add(group);
  for (const auto& [id, group] : config.volume_groups) add(group);
  return rows;
}

json volume_group_row(const volume::ImageConfig& config, const volume::VolumeGroupConfig& group) {
  json volumes = json::array();
  for (const auto& [id, lun] : visible(config, group)) volumes.push_back(model::volume_id_text(id));
  return {{"id", volume_group_id(group.id)},
          {"name", group.name},
          {"type", volume_group_type(group.type)},
          {"volumes", std::move(volumes)}};
}

std::vector<json> lun_rows(const volume::ImageConfig& config, const volume::VolumeGroupConfig& group) {
  std::vector<json> rows;
  const bool mapped = group.type == VolumeGroupType::scsi_map256;
  for (const auto& [id, lun] : visible(config, group)) {
    const std::uint32_t number = volume::lun_of(group, id, lun);
    rows.push_back({{"id", model::volume_id_text(id)},
                    {"lun", mapped ? fmt::format("{:02X}", number) : fmt::format("{:08X}", number)}});
  }
  return rows;
}

std::vector<json> host_connection_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  for (const auto& [id, connection] : config.host_connections) {
    const model::HostType* type = model::find_host_type(connection.host_type);
    json row = {{"id", host_connection_id(id)},
                {"name", connection.name},
                {"wwpn", model::wwpn_text(connection.wwpn)},
                {"host_type", connection.host_type},
                {"profile", type != nullptr ? type->profile : ""},
                {"block_bytes", connection.block_bytes},
                {"discovery", model::discovery_text(volume::discovery_of(config, connection))},
                {"port_group", connection.port_group},
                {"volume_group", nullptr},
                {"topology", nullptr},
                {"io_ports", io_port_words(connection)},
                {"speed", nullptr},
                {"description", connection.description},
                {"identity", connection.identity},
                {"resource_group", resource_group_text(connection.resource_group)}};
    if (connection.volume_group) row["volume_group"] = volume_group_id(*connection.volume_group);
    rows.push_back(std::move(row));
  }
  return rows;
}

json login_row(const volume::ImageConfig& config, const LoginInfo& login) {
  json row = {{"wwnn", nullptr},
              {"wwpn", model::wwpn_text(login.wwpn)},
              {"io_port", io_port_id(login.port)},
              {"login_type", "SCSI"},
              {"name", nullptr},
              {"id", nullptr},
              {"identity", login.identity},
              {"peer", login.peer},
              {"volume", nullptr},
              {"access", nullptr}};
  if (login.connection) {
    row["id"] = host_connection_id(*login.connection);
    row["name"] = login.name;
    const auto found = config.host_connections.find(*login.connection);
    if (found != config.host_connections.end()) {
      row["port_group"] = found->second.port_group;
      if (found->second.volume_group) row["volume_group"] = volume_group_id(*found->second.volume_group);
    }
  }
  if (!login.volume.empty()) {
    row["volume"] = login.volume;
    row["access"] = login.open;
  }
  return row;
}

std::vector<json> io_port_rows(const volume::ImageConfig& config, const std::vector<IoPortStatus>& ports) {
  std::vector<json> rows;
  for (const IoPortStatus& port : ports) {
    const volume::IoPortConfig set = volume::io_port_of(config, port.id);
    const char* state = !port.listening ? "Offline" : port.sessions > 0 ? "Communication established" : "Online";
    json row = {{"id", io_port_id(port.id)},
                {"wwpn", port_wwpn(config, port.id)},
                {"state", state},
                {"type", port.type},
                {"topology", nullptr},
                {"port_group", set.port_group},
                {"speed", nullptr},
                {"security", port.security},
                {"address", port.address},
                {"logins", port.sessions}};
    if (set.topology == volume::Topology::scsi_fcp) row["topology"] = "SCSI-FCP";
    rows.push_back(std::move(row));
  }
  return rows;
}

std::map<VolumeId, std::vector<std::string>> groups_by_volume(const volume::ImageConfig& config) {
  std::map<VolumeId, std::vector<std::string>> groups;
  for (const auto& [id, group] : config.volume_groups) {
    for (const auto& [volume, lun] : volume::members_of(group.members)) groups[volume].push_back(volume_group_id(id));
  }
  return groups;
}

}  // namespace tt::image
