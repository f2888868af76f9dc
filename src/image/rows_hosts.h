// SPDX-License-Identifier: Apache-2.0
// Rows of host access, and the worldwide names of an image. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "image/host_desk.h"
#include "image/io_ports.h"
#include "volume/config.h"

namespace tt::image {

/// 16 hex digits, derived from machine type and serial.
std::string wwnn_of(const volume::ImageConfig& config);
std::string port_wwpn(const volume::ImageConfig& config, std::uint16_t port);

std::string volume_group_id(std::uint16_t id);                ///< "V11"
std::string host_connection_id(std::uint16_t id);             ///< "0002"
std::string io_port_id(std::uint16_t id);                     ///< "I0001"
std::string volume_group_type(volume::VolumeGroupType type);  ///< "SCSI Mask"
/// "scsimask"; nothing for a word that is none.
std::optional<volume::VolumeGroupType> volume_group_type_of(std::string_view word);

/// Kinds of hosts; with a type only those that fit volume groups of it.
std::vector<nlohmann::json> host_type_rows(std::optional<volume::VolumeGroupType> fitting);
/// Predefined groups too; with `volume` only those that have it. Without the volumes of the groups.
std::vector<nlohmann::json> volume_group_rows(const volume::ImageConfig& config, std::optional<VolumeId> volume);
/// One group, with its volumes.
nlohmann::json volume_group_row(const volume::ImageConfig& config, const volume::VolumeGroupConfig& group);
std::vector<nlohmann::json> lun_rows(const volume::ImageConfig& config, const volume::VolumeGroupConfig& group);
std::vector<nlohmann::json> host_connection_rows(const volume::ImageConfig& config);
nlohmann::json login_row(const volume::ImageConfig& config, const LoginInfo& login);
std::vector<nlohmann::json> io_port_rows(const volume::ImageConfig& config, const std::vector<IoPortStatus>& ports);

/// Ids of the groups that hold each volume; without the predefined ones.
std::map<VolumeId, std::vector<std::string>> groups_by_volume(const volume::ImageConfig& config);

}  // namespace tt::image
