// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/ports.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"

namespace tt::nbd {

namespace {

const char* security_of(TlsMode mode) {
  switch (mode) {
    case TlsMode::off:
      return "Disabled";
    case TlsMode::allowed:
      return "Allowed";
    case TlsMode::required:
      return "Required";
  }
  return "Disabled";
}

/// The port number at the end of "127.0.0.1:10809".
std::uint16_t port_number(const std::string& address) {
  std::uint16_t number = 0;
  const std::size_t colon = address.rfind(':');
  if (colon != std::string::npos) std::from_chars(address.data() + colon + 1, address.data() + address.size(), number);
  return number;
}

}  // namespace

void Ports::add(std::uint16_t id, PortAddress address) {
  TT_ASSERT(ports_.empty() || ports_.back().id < id);
  ports_.push_back({id, std::move(address), {}, false});
}

Ports::Port* Ports::find(std::uint16_t id) noexcept {
  const auto found = std::find_if(ports_.begin(), ports_.end(), [id](const Port& port) { return port.id == id; });
  return found == ports_.end() ? nullptr : &*found;
}

std::string Ports::address(std::uint16_t id) const {
  for (const Port& port : ports_) {
    if (port.id == id) return port.bound;
  }
  return {};
}

std::vector<image::IoPortStatus> Ports::status() const {
  std::vector<image::IoPortStatus> all;
  const std::vector<SessionInfo> sessions = server_.sessions();
  for (const Port& port : ports_) {
    image::IoPortStatus status;
    status.id = port.id;
    status.type = port.address.unix_path.empty() ? "NBD TCP" : "NBD Unix";
    status.address = port.bound;
    status.security = security_of(port.address.tls);
    status.listening = port.listening;
    status.sessions = static_cast<std::uint32_t>(std::count_if(sessions.begin(), sessions.end(), [&](const auto& one) {
      return one.port == port.id && !one.export_name.empty();
    }));
    status.traffic = server_.traffic(port.id);
    all.push_back(std::move(status));
  }
  return all;
}

Result<void> Ports::open(std::uint16_t id) {
  Port* port = find(id);
  if (port == nullptr) return {Errc::object_not_found, id};
  if (port->listening) return {};
  PortAddress& address = port->address;
  TT_TRY(auto listener, address.unix_path.empty() ? net_.listen_tcp(address.host, address.tcp_port)
                                                  : net_.listen_unix(address.unix_path));
  port->bound = listener->address();
  if (address.unix_path.empty()) address.tcp_port = port_number(port->bound);
  port->listening = true;
  server_.listen(std::move(listener), Entrance{id, address.tls});
  return {};
}

void Ports::close(std::uint16_t id) {
  Port* port = find(id);
  if (port == nullptr) return;
  if (port->listening) server_.close_port(id);
  port->listening = false;
}

}  // namespace tt::nbd
