// SPDX-License-Identifier: Apache-2.0
#include "image/rows_paths.h"

#include "image/rows_hosts.h"
#include "model/host_identity.h"
#include "model/ids.h"
#include "model/path_reasons.h"

namespace tt::image {

using nlohmann::json;

namespace {

/// As lists show it.
const char* state_of(mirror::PathStatus status) {
  if (status == mirror::PathStatus::established) return "Success";
  return status == mirror::PathStatus::degraded ? "Degraded" : "Failed";
}

}  // namespace

std::string port_pair_name(mirror::PathPorts ports) {
  return io_port_id(ports.local) + ":" + io_port_id(ports.remote);
}

std::string lss_pair_name(const mirror::PathKey& key) {
  return model::lss_id_text(key.source_lss) + ":" + model::lss_id_text(key.target_lss);
}

std::vector<json> path_rows(const volume::PathSetConfig& set, std::span<const mirror::PathReport> paths) {
  std::vector<json> rows;
  for (const mirror::PathReport& path : paths) {
    json row = {{"id", model::lss_id_text(set.key.source_lss)},
                {"target", model::lss_id_text(set.key.target_lss)},
                {"state", state_of(path.status)},
                {"target_ssid", set.target_ssid != 0 ? set.target_ssid : volume::ssid_of(set.key.target_lss)},
                {"port", io_port_id(path.ports.local)},
                {"attached_port", io_port_id(path.ports.remote)},
                {"wwnn", model::wwpn_text(set.key.wwnn)},
                {"failed_reason", nullptr},
                {"consistency_group", set.consistency_group},
                {"target_image", set.partner},
                {"attached_port_image", set.partner}};
    const auto reason = model::path_reason(static_cast<std::uint8_t>(path.status));
    if (!reason.empty()) row["failed_reason"] = reason;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<json> available_port_rows(std::span<const mirror::PathPorts> ports, const std::string& partner) {
  std::vector<json> rows;
  for (const mirror::PathPorts pair : ports) {
    json row = {{"id", io_port_id(pair.local)},
                {"attached_port", io_port_id(pair.remote)},
                {"type", "FCP"},
                {"switch_id", nullptr},
                {"switch_port", nullptr}};
    if (!partner.empty()) row["attached_port_image"] = partner;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tt::image
