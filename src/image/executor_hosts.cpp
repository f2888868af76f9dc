// SPDX-License-Identifier: Apache-2.0
#include "image/executor_hosts.h"

#include <algorithm>
#include <span>

#include "image/executor_support.h"
#include "image/metrics.h"
#include "image/rows_hosts.h"
#include "model/host_identity.h"

namespace tt::image {

using model::IdKind;
using model::Response;
using nlohmann::json;
using Planner = ControlPlane::HostPlanner;

namespace {

/// Names the volume that was in the way, or else the group.
Response group_result(std::string name, const Result<void>& done) {
  const bool about_volume =
      !done && (done.error().code == Errc::volume_not_found || done.error().code == Errc::id_taken);
  if (about_volume) name = model::volume_id_text(VolumeId(static_cast<std::uint16_t>(done.error().detail)));
  return one_result(std::move(name), done);
}

std::vector<VolumeId> volumes_of(const json& arguments) {
  std::vector<VolumeId> volumes;
  for (const json& id : arguments.value("volumes", json::array())) {
    if (const auto volume = model::parse_volume_id(id.get<std::string>())) volumes.push_back(*volume);
  }
  return volumes;
}

std::vector<std::uint8_t> luns_of(const json& arguments) {
  std::vector<std::uint8_t> luns;
  for (const json& id : arguments.value("luns", json::array())) {
    luns.push_back(static_cast<std::uint8_t>(number_of(IdKind::lun, id.get<std::string>()).value_or(0)));
  }
  return luns;
}

// ---- volume groups --------------------------------------------------------------------------------------------------

rt::Task<Response> list_host_types(Image&, IoPorts*, json arguments) {
  co_return rows_of(host_type_rows(volume_group_type_of(text_of(arguments, "type"))));
}

rt::Task<Response> make_group(Image& image, IoPorts*, json arguments) {
  const volume::MakeVolumeGroupRequest request{
      text_of(arguments, "name"),
      volume_group_type_of(text_of(arguments, "type")).value_or(volume::VolumeGroupType::scsi_mask),
      volumes_of(arguments), luns_of(arguments), resource_group_of(arguments).value_or(volume::kPublicGroup)};
  std::string id = request.name;
  const Planner plan = [&](const volume::ImageConfig& config) -> Planned {
    TT_TRY(auto made, volume::plan_make_volume_group(config, request));
    id = volume_group_id(made.group.id);
    return volume::Mutation(std::move(made));
  };
  auto done = co_await image.control().change_hosts(plan);
  co_return group_result(id, done);
}

rt::Task<Response> change_group(Image& image, IoPorts*, json arguments) {
  using Action = volume::ChangeVolumeGroupRequest::Action;
  const std::string text = text_of(arguments, "id");
  const auto id = number_of(IdKind::volume_group, text);
  if (!id) co_return one_result(text, Errc::object_not_found);
  const std::string action = text_of(arguments, "action");
  volume::ChangeVolumeGroupRequest request;
  request.id = *id;
  request.name = given<std::string>(arguments, "name");
  request.volumes = volumes_of(arguments);
  request.luns = luns_of(arguments);
  request.resource_group = resource_group_of(arguments);
  if (!action.empty()) {
    request.action = action == "add" ? Action::add : action == "remove" ? Action::remove : Action::replace;
  }
  const Planner plan = [&](const volume::ImageConfig& config) {
    return as_mutation(volume::plan_change_volume_group(config, request));
  };
  auto done = co_await image.control().change_hosts(plan);
  co_return group_result(text, done);
}

rt::Task<Response> list_groups(Image& image, IoPorts*, json arguments) {
  std::optional<VolumeId> volume;
  if (const std::string id = text_of(arguments, "volume"); !id.empty()) volume = model::parse_volume_id(id);
  co_return rows_of(volume_group_rows(image.control().config(), volume));
}

rt::Task<Response> show_group(Image& image, IoPorts*, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  const auto id = number_of(IdKind::volume_group, text_of(arguments, "id"));
  const volume::VolumeGroupConfig* group = id ? volume::find_volume_group(config, *id) : nullptr;
  if (group == nullptr) co_return failed(Errc::object_not_found);
  Response response = rows_of({volume_group_row(config, *group)});
  if (arguments.value("lun_map", false)) {
    const std::vector<json> table = lun_rows(config, *group);
    response.rows.insert(response.rows.end(), table.begin(), table.end());
  }
  co_return response;
}

template <class Plan>
rt::Task<Response> remove_each(Image& image, json arguments, IdKind kind, Plan* plan_removal) {
  auto objects = objects_named(arguments, kind);
  for (auto& object : objects) {
    if (!object.id) continue;
    const Planner plan = [plan_removal, id = *object.id](const volume::ImageConfig& config) {
      return as_mutation(plan_removal(config, id));
    };
    object.done = co_await image.control().change_hosts(plan);
  }
  co_return results_of(objects);
}

rt::Task<Response> remove_groups(Image& image, IoPorts*, json arguments) {
  auto response =
      co_await remove_each(image, std::move(arguments), IdKind::volume_group, volume::plan_remove_volume_group);
  co_return response;
}

// ---- host connections -----------------------------------------------------------------------------------------------

volume::HostConnectionRequest connection_request(const json& arguments) {
  volume::HostConnectionRequest request;
  request.name = given<std::string>(arguments, "name");
  if (const auto wwpn = given<std::string>(arguments, "wwpn")) request.wwpn = model::parse_wwpn(*wwpn);
  request.identity = given<std::string>(arguments, "identity");
  request.host_type = given<std::string>(arguments, "host_type");
  request.profile = given<std::string>(arguments, "profile");
  if (const auto how = given<std::string>(arguments, "discovery")) {
    request.discovery =
        *how == "reportlun" ? model::AddressDiscovery::report_luns : model::AddressDiscovery::lun_polling;
  }
  if (const auto bytes = given<std::string>(arguments, "block_bytes")) {
    request.block_bytes = static_cast<std::uint16_t>(*bytes == "520" ? 520 : 512);
  }
  request.port_group = given<std::uint16_t>(arguments, "port_group");
  if (const auto group = given<std::string>(arguments, "volume_group")) {
    request.volume_group = number_of(IdKind::volume_group, *group);
  }
  if (const auto rule = given<std::string>(arguments, "port_rule")) {
    request.port_rule = *rule == "all"    ? volume::PortRule::all
                        : *rule == "none" ? volume::PortRule::none
                                          : volume::PortRule::listed;
  }
  for (const json& port : arguments.value("io_ports", json::array())) {
    if (const auto id = number_of(IdKind::io_port, port.get<std::string>())) request.io_ports.push_back(*id);
  }
  request.description = given<std::string>(arguments, "description");
  request.resource_group = resource_group_of(arguments);
  return request;
}

/// The volume group that -volgrp names and that does not exist; empty if all is well.
std::string missing_group(const volume::ImageConfig& config, const json& arguments) {
  const auto group = given<std::string>(arguments, "volume_group");
  if (!group) return {};
  const auto id = number_of(IdKind::volume_group, *group);
  return id && volume::find_volume_group(config, *id) != nullptr ? std::string() : *group;
}

rt::Task<Response> make_connection(Image& image, IoPorts*, json arguments) {
  const volume::HostConnectionRequest request = connection_request(arguments);
  std::string id = text_of(arguments, "name");
  const std::string missing = missing_group(image.control().config(), arguments);
  if (!missing.empty()) co_return one_result(missing, Errc::object_not_found);
  const Planner plan = [&](const volume::ImageConfig& config) -> Planned {
    TT_TRY(auto made, volume::plan_make_host_connection(config, request));
    id = host_connection_id(made.connection.id);
    return volume::Mutation(std::move(made));
  };
  auto done = co_await image.control().change_hosts(plan);
  co_return one_result(id, done);
}

rt::Task<Response> change_connection(Image& image, IoPorts*, json arguments) {
  const std::string text = text_of(arguments, "id");
  const auto id = number_of(IdKind::host_connection, text);
  if (!id) co_return one_result(text, Errc::object_not_found);
  const std::string missing = missing_group(image.control().config(), arguments);
  if (!missing.empty()) co_return one_result(missing, Errc::object_not_found);
  const volume::HostConnectionRequest request = connection_request(arguments);
  const Planner plan = [&](const volume::ImageConfig& config) {
    return as_mutation(volume::plan_change_host_connection(config, *id, request));
  };
  auto done = co_await image.control().change_hosts(plan);
  co_return one_result(text, done);
}

rt::Task<Response> remove_connections(Image& image, IoPorts*, json arguments) {
  auto response =
      co_await remove_each(image, std::move(arguments), IdKind::host_connection, volume::plan_remove_host_connection);
  co_return response;
}

/// From the desks of all reactors.
rt::Task<Response> list_logins(Image& image, bool unknown) {
  std::vector<LoginInfo> logins;
  for (std::size_t i = 0; i < image.port_count(); ++i) {
    co_await rt::hop(image.reactor(0), image.reactor(i));
    HostDesk& desk = image.desk(i);
    const std::vector<LoginInfo> here = unknown ? desk.unknown_hosts() : desk.logins();
    co_await rt::hop(image.reactor(i), image.reactor(0));
    logins.insert(logins.end(), here.begin(), here.end());
  }
  std::vector<json> rows;
  for (const LoginInfo& login : logins) rows.push_back(login_row(image.control().config(), login));
  co_return rows_of(std::move(rows));
}

rt::Task<Response> list_connections(Image& image, IoPorts*, json arguments) {
  const bool unknown = arguments.value("unknown", false);
  if (!unknown && !arguments.value("login", false)) {
    co_return rows_of(host_connection_rows(image.control().config()));
  }
  auto response = co_await list_logins(image, unknown);
  co_return response;
}

rt::Task<Response> show_connection(Image& image, IoPorts*, json arguments) {
  co_return one_row(host_connection_rows(image.control().config()), arguments);
}

// ---- I/O ports ------------------------------------------------------------------------------------------------------

std::vector<IoPortStatus> status_of(const IoPorts* ports) {
  return ports != nullptr ? ports->status() : std::vector<IoPortStatus>();
}

std::optional<IoPortStatus> find_port(std::span<const IoPortStatus> ports, std::uint16_t id) {
  const auto found = std::find_if(ports.begin(), ports.end(), [id](const IoPortStatus& port) { return port.id == id; });
  if (found == ports.end()) return std::nullopt;
  return *found;
}

rt::Task<Response> list_ports(Image& image, IoPorts* ports, json) {
  co_return rows_of(io_port_rows(image.control().config(), status_of(ports)));
}

rt::Task<Response> show_port(Image& image, IoPorts* ports, json arguments) {
  const std::vector<IoPortStatus> all = status_of(ports);
  Response response = one_row(io_port_rows(image.control().config(), all), arguments);
  if (response.status != Errc::ok || !arguments.value("metrics", false)) co_return response;
  const std::string id = text_of(arguments, "id");
  const auto port = find_port(all, *number_of(IdKind::io_port, id));
  json row = port_metrics(port->traffic, image.shards().front()->reactor().wall_seconds());
  row["id"] = id;
  co_return rows_of({std::move(row)});
}

struct PortChange {
  std::uint16_t id = 0;
  std::optional<volume::Topology> topology;
  std::optional<std::uint16_t> port_group;
  bool force = false;
};

/// Recorded first: a port that is said to be closed stays closed after a crash.
rt::Task<Result<void>> set_port(Image& image, IoPorts* ports, PortChange change) {
  if (!find_port(status_of(ports), change.id)) co_return Error{Errc::object_not_found, change.id};
  const Planner plan = [ports, change](const volume::ImageConfig& config) -> Planned {
    // When its turn comes: hosts may have come in while it waited for other commands.
    const bool closes = change.topology == volume::Topology::off;
    if (closes && !change.force && find_port(ports->status(), change.id)->sessions > 0) {
      return Error{Errc::still_in_use, change.id};
    }
    volume::IoPortConfig port = volume::io_port_of(config, change.id);
    if (change.topology) port.topology = *change.topology;
    if (change.port_group) port.port_group = *change.port_group;
    return volume::Mutation(volume::SetIoPort{port});
  };
  auto done = co_await image.control().change_hosts(plan);
  if (!done || !change.topology) co_return done;
  // What is recorded now, should two commands have crossed.
  const bool closed = volume::io_port_of(image.control().config(), change.id).topology == volume::Topology::off;
  if (!closed) co_return ports->open(change.id);
  ports->close(change.id);
  co_return Result<void>{};
}

rt::Task<Response> set_ports(Image& image, IoPorts* ports, json arguments) {
  const std::string topology = text_of(arguments, "topology");
  if (topology == "fc-al" || topology == "ficon") co_return failed(Errc::not_in_this_release);
  PortChange change;
  if (!topology.empty()) change.topology = topology == "off" ? volume::Topology::off : volume::Topology::scsi_fcp;
  change.port_group = given<std::uint16_t>(arguments, "port_group");
  change.force = arguments.value("force", false);
  auto named = objects_named(arguments, IdKind::io_port);
  for (auto& port : named) {
    if (!port.id) continue;
    change.id = *port.id;
    port.done = co_await set_port(image, ports, change);
  }
  co_return results_of(named);
}

struct Entry {
  std::string_view name;
  HostOperation run;
};
constexpr Entry kOperations[] = {
    {"lshosttype", list_host_types},
    {"mkvolgrp", make_group},
    {"chvolgrp", change_group},
    {"lsvolgrp", list_groups},
    {"showvolgrp", show_group},
    {"rmvolgrp", remove_groups},
    {"mkhostconnect", make_connection},
    {"chhostconnect", change_connection},
    {"lshostconnect", list_connections},
    {"showhostconnect", show_connection},
    {"rmhostconnect", remove_connections},
    {"lsioport", list_ports},
    {"showioport", show_port},
    {"setioport", set_ports},
};

}  // namespace

HostOperation find_host_operation(std::string_view operation) {
  for (const Entry& entry : kOperations) {
    if (entry.name == operation) return entry.run;
  }
  return nullptr;
}

}  // namespace tt::image
