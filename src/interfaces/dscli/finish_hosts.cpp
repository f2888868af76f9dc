// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/finish_hosts.h"

#include <set>

#include "model/host_identity.h"
#include "model/host_types.h"

namespace tt::dscli {

namespace {

using nlohmann::json;

std::string unknown_type(const std::string& option, const std::string& text) {
  return option + ": '" + text + "' is no " + (option == "-profile" ? "profile of a host type" : "host type") +
         "; lshosttype lists them.";
}

/// -lun goes with -volume, one for one.
std::string check_members(const Command& command) {
  const json& arguments = command.arguments;
  const std::size_t volumes = arguments.contains("volumes") ? arguments["volumes"].size() : 0;
  if (arguments.contains("luns") && arguments["luns"].size() != volumes) {
    return "-lun must name one number for each volume of -volume.";
  }
  std::set<std::string> seen;
  for (const json& id : arguments.value("volumes", json::array())) {
    if (!seen.insert(id.get<std::string>()).second) return "-volume: '" + id.get<std::string>() + "' is given twice.";
  }
  return {};
}

/// -ioport all, none, or a list of ports.
std::string read_io_ports(Command& command) {
  const auto found = command.locals.find("io_port_words");
  if (found == command.locals.end()) return {};
  json ports = json::array();
  std::string rule = "listed";
  for (const json& item : *found) {
    const auto word = item.get<std::string>();
    const bool all = model::equals_ignoring_case(word, "all");
    const bool none = model::equals_ignoring_case(word, "none");
    if (all || none) {
      if (found->size() > 1) return "-ioport: '" + word + "' stands alone.";
      rule = all ? "all" : "none";
      continue;
    }
    const auto id = model::canonical_id(model::IdKind::io_port, word);
    if (!id) return "-ioport: '" + word + "' is not all, none or an I/O port id (I0000).";
    ports.push_back(*id);
  }
  command.arguments["port_rule"] = rule;
  if (rule == "listed") command.arguments["io_ports"] = std::move(ports);
  return {};
}

std::string finish_connection(Command& command) {
  json& arguments = command.arguments;
  const bool typed = arguments.contains("host_type") || arguments.contains("profile");
  if (typed && (arguments.contains("discovery") || arguments.contains("block_bytes"))) {
    return "-hosttype and -profile say what -addrdiscovery and -lbs would say: give one or the other.";
  }
  if (const auto type = arguments.value("host_type", std::string()); !type.empty()) {
    if (model::find_host_type(type) == nullptr) return unknown_type("-hosttype", type);
  }
  if (const auto profile = arguments.value("profile", std::string()); !profile.empty()) {
    if (model::find_host_type_by_profile(profile) == nullptr) return unknown_type("-profile", profile);
  }
  if (const auto identity = arguments.value("identity", std::string()); !identity.empty()) {
    const auto canonical = model::canonical_host_identity(identity);
    if (!canonical) {
      return "-identity: '" + identity +
             "' is none of any, wwpn, tls:NAME, psk:NAME, addr:ADDRESS, addr:NETWORK/BITS, unix:UID.";
    }
    arguments["identity"] = *canonical;
  }
  return read_io_ports(command);
}

}  // namespace

std::string finish_mkvolgrp(Command& command) {
  if (const auto name = command.locals.value("host_type", std::string()); !name.empty()) {
    const model::HostType* type = model::find_host_type(name);
    if (type == nullptr) return unknown_type("-hosttype", name);
    const bool polls = type->discovery == model::AddressDiscovery::lun_polling;
    command.arguments["type"] = type->block_bytes == 520 ? "os400mask" : polls ? "scsimap256" : "scsimask";
  }
  if (!command.arguments.contains("type")) command.arguments["type"] = "scsimask";
  return check_members(command);
}

std::string finish_chvolgrp(Command& command) {
  const json& arguments = command.arguments;
  if (arguments.contains("action") != arguments.contains("volumes")) return "-action and -volume go together.";
  if (!arguments.contains("action") && !arguments.contains("name") && !arguments.contains("resource_group")) {
    return "nothing to change: give -action with -volume, or -name.";
  }
  return check_members(command);
}

std::string finish_mkhostconnect(Command& command) {
  const bool named = command.arguments.contains("wwpn") ||
                     (command.arguments.contains("identity") && command.arguments["identity"] != "wwpn");
  return named ? finish_connection(command) : "-wwname is missing (or -identity, which says how the host is known).";
}

std::string finish_chhostconnect(Command& command) {
  // The operand is there, and anything besides it is a change.
  if (command.arguments.size() == 1 && command.locals.empty())
    return "nothing to change: give what shall be different.";
  return finish_connection(command);
}

std::string finish_setioport(Command& command) {
  const json& arguments = command.arguments;
  if (!arguments.contains("topology") && !arguments.contains("port_group")) return "-topo is missing.";
  const bool closes = arguments.value("topology", std::string()) == "off";
  return arguments.contains("force") && !closes ? "-force goes with -topo off only." : "";
}

}  // namespace tt::dscli
