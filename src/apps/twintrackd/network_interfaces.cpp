// SPDX-License-Identifier: Apache-2.0
#include "network_interfaces.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <span>

namespace tt::daemon {

namespace {

using image::NetworkPortStatus;

/// A number of /sys/class/net; nothing where the driver knows none (it says -1, or nothing).
std::optional<std::uint64_t> fact(const std::string& interface, const char* name) {
  std::ifstream file("/sys/class/net/" + interface + "/" + name);
  std::int64_t value = 0;
  if (!(file >> value) || value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

/// The bytes of an address or mask of IPv4 or IPv6; empty for others. A mask may come without its family.
std::span<const std::uint8_t> bytes_of(const sockaddr* address, int family) {
  if (address == nullptr) return {};
  const auto* raw = reinterpret_cast<const std::uint8_t*>(address);
  if (family == AF_INET) return {raw + offsetof(sockaddr_in, sin_addr), 4};
  if (family == AF_INET6) return {raw + offsetof(sockaddr_in6, sin6_addr), 16};
  return {};
}

std::string text_of(std::span<const std::uint8_t> bytes, int family) {
  char text[INET6_ADDRSTRLEN] = {};
  const char* done = ::inet_ntop(family, bytes.data(), text, sizeof text);
  return done != nullptr ? std::string(text) : std::string();
}

std::string hardware_text(const sockaddr* address) {
  sockaddr_ll link{};
  std::memcpy(&link, address, sizeof link);
  std::string text;
  bool any = false;
  for (unsigned i = 0; i < link.sll_halen && i < sizeof link.sll_addr; ++i) {
    any = any || link.sll_addr[i] != 0;
    text += fmt::format("{}{:02x}", i == 0 ? "" : ":", link.sll_addr[i]);
  }
  return any ? text : std::string();
}

}  // namespace

std::vector<NetworkPortStatus> NetworkInterfaces::status() const {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::map<std::string, NetworkPortStatus> interfaces;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    NetworkPortStatus& found = interfaces[at->ifa_name];
    found.up = (at->ifa_flags & IFF_UP) != 0 && (at->ifa_flags & IFF_RUNNING) != 0;
    if (at->ifa_addr == nullptr) continue;
    const int family = at->ifa_addr->sa_family;
    if (family == AF_PACKET) found.hardware_address = hardware_text(at->ifa_addr);
    const auto bytes = bytes_of(at->ifa_addr, family);
    if (bytes.empty()) continue;
    int prefix_bits = 0;
    for (const std::uint8_t byte : bytes_of(at->ifa_netmask, family)) prefix_bits += std::popcount(byte);
    found.addresses.push_back(fmt::format("{}/{}", text_of(bytes, family), prefix_bits));
  }
  std::vector<NetworkPortStatus> all;
  for (auto& [name, found] : interfaces) {
    found.name = name;
    found.speed_mbit = fact(name, "speed");
    found.mtu = fact(name, "mtu");
    all.push_back(std::move(found));
  }
  return all;
}

}  // namespace tt::daemon
