// SPDX-License-Identifier: Apache-2.0
#include "image/access_table.h"

#include <algorithm>
#include <charconv>

namespace tt::image {

namespace {

constexpr std::string_view kUnixPeer = "unix:uid=";

/// The address of "192.0.2.7:40312" or "[2001:db8::7]:40312".
std::string_view without_port(std::string_view peer) {
  std::string_view host = peer.substr(0, peer.rfind(':'));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return host.substr(0, host.find('%'));  // a zone is of this machine only
}

/// Names come from outside and are printed on an administrator's terminal: no control characters, neither those of
/// ASCII nor U+0080 to U+009F. Such a name is no identity, so nothing is lost.
std::string shown(std::string_view name) {
  std::string text(name);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < ' ' || c == 0x7F) text[i] = '?';
    const bool second_half = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (second_half) text.replace(i, 2, "?");
  }
  return text;
}

template <class Table, class Key>
const AccessTable::Connection* lookup(const Table& table, const Key& key) {
  const auto found = table.find(key);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace

Host::Host(HostFacts known) : facts(std::move(known)) {
  for (std::string& name : facts.certificate_names) name = model::lower_case(name);
  const std::string_view peer = facts.peer;
  if (peer.starts_with(kUnixPeer)) {
    std::uint32_t number = 0;
    const char* end = peer.data() + peer.size();
    const auto [stopped, failure] = std::from_chars(peer.data() + kUnixPeer.size(), end, number);
    if (failure == std::errc{} && stopped == end) user = number;
  } else if (const auto parsed = model::parse_ip_address(without_port(peer))) {
    address = *parsed;
  }
}

std::string Host::identity() const {
  if (!facts.psk.empty()) return "psk:" + shown(facts.psk);
  if (!facts.certificate_names.empty()) return "tls:" + shown(facts.certificate_names.front());
  if (user) return "unix:" + std::to_string(*user);
  if (address) return "addr:" + model::ip_address_text(*address);
  return facts.peer;
}

bool AccessTable::Connection::allows_port(std::uint16_t port) const noexcept {
  if (port_rule != volume::PortRule::listed) return port_rule == volume::PortRule::all;
  return std::binary_search(io_ports.begin(), io_ports.end(), port);
}

AccessTable::AccessTable(const volume::ImageConfig& config) {
  for (const auto& [id, config_of] : config.host_connections) {
    Connection& made = connections_[id];
    made.id = id;
    made.name = config_of.name;
    made.wwpn = config_of.wwpn;
    made.port_rule = config_of.port_rule;
    made.io_ports = config_of.io_ports;
    if (config_of.volume_group) {
      const auto* group = volume::find_volume_group(config, *config_of.volume_group);
      TT_ASSERT(group != nullptr);
      made.group = &groups_.emplace(group->id, *group).first->second;
    }
    const auto identity = model::parse_host_identity(config_of.identity);
    TT_ASSERT(identity.has_value());
    name(made, *identity);
  }
  for (const auto& [id, volume] : config.volumes) {
    if (volume.is_os400()) os400_.push_back(id);
  }
}

void AccessTable::name(const Connection& connection, const model::HostIdentity& identity) {
  using Kind = model::HostIdentity::Kind;
  switch (identity.kind) {
    case Kind::any:
      anybody_ = &connection;
      break;
    case Kind::wwpn:
      wwpns_[model::lower_case(model::wwpn_text(connection.wwpn))] = &connection;
      break;
    case Kind::certificate:
      certificates_[identity.name] = &connection;
      break;
    case Kind::psk:
      keys_[identity.name] = &connection;
      break;
    case Kind::address:
      networks_[identity.network.prefix_bits][identity.network.address] = &connection;
      break;
    case Kind::unix_user:
      users_[identity.user] = &connection;
      break;
  }
}

const AccessTable::Connection* AccessTable::find(const Host& host) const {
  if (!host.facts.psk.empty()) {
    if (const auto* found = lookup(keys_, host.facts.psk)) return found;
    if (const auto* found = lookup(wwpns_, model::lower_case(host.facts.psk))) return found;
  }
  for (const std::string& name : host.facts.certificate_names) {
    if (const auto* found = lookup(certificates_, name)) return found;
  }
  for (const std::string& name : host.facts.certificate_names) {
    if (const auto* found = lookup(wwpns_, name)) return found;
  }
  if (host.user) {
    if (const auto* found = lookup(users_, *host.user)) return found;
  }
  if (host.address) {
    for (const auto& [bits, networks] : networks_) {
      if (!model::may_hold(bits, *host.address)) continue;
      if (const auto* found = lookup(networks, model::network_part(*host.address, bits))) return found;
    }
  }
  return anybody_;
}

bool AccessTable::sees(const Connection* connection, std::uint16_t port, VolumeId volume) const noexcept {
  return connection != nullptr && connection->group != nullptr && connection->allows_port(port) &&
         volume::group_sees(*connection->group, volume, std::binary_search(os400_.begin(), os400_.end(), volume));
}

}  // namespace tt::image
