// SPDX-License-Identifier: Apache-2.0
#include "model/host_identity.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace tt::model {

namespace {

constexpr unsigned kIpv4Offset = 12;  // of the four bytes in ::ffff:a.b.c.d
constexpr unsigned kIpv4PrefixBits = kIpv4Offset * 8;

template <class Number>
bool read_number(std::string_view text, Number last, Number& into, int base = 10) {
  const bool digit_first = !text.empty() && text[0] != '-' && text[0] != '+';
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, into, base);
  return digit_first && failure == std::errc{} && stopped == end && into <= last;
}

bool read_ipv4(std::string_view text, std::uint8_t* into) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return false;
    const std::string_view part = text.substr(0, dot);
    unsigned value = 0;
    // A leading zero would be octal to some programs and decimal to others.
    if (part.size() > 3 || (part.size() > 1 && part[0] == '0') || !read_number(part, 255U, value)) return false;
    into[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return true;
}

/// Groups between colons, the last one of an address perhaps an IPv4 address; into at most 16 bytes.
bool read_groups(std::string_view text, bool ends_address, std::vector<std::uint8_t>& into) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (ends_address && colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      std::uint8_t four[4];
      if (!read_ipv4(part, four)) return false;
      into.insert(into.end(), four, four + 4);
    } else {
      unsigned value = 0;
      if (part.size() > 4 || !read_number(part, 0xFFFFU, value, 16)) return false;
      into.push_back(static_cast<std::uint8_t>(value >> 8U));
      into.push_back(static_cast<std::uint8_t>(value & 0xFFU));
    }
    if (into.size() > 16) return false;
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // a colon ends the text
  }
  return true;
}

std::optional<IpAddress> read_ipv6(std::string_view text) {
  IpAddress address;
  std::vector<std::uint8_t> front;
  std::vector<std::uint8_t> back;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!read_groups(text, true, front) || front.size() != 16) return std::nullopt;
  } else {
    const std::string_view behind = text.substr(gap + 2);
    const bool good = read_groups(text.substr(0, gap), false, front) && behind.find("::") == std::string_view::npos &&
                      read_groups(behind, true, back) && front.size() + back.size() <= 14;
    if (!good) return std::nullopt;
  }
  std::copy(front.begin(), front.end(), address.bytes.begin());
  std::copy_backward(back.begin(), back.end(), address.bytes.end());
  return address;
}

bool is_ipv4(const IpAddress& address) {
  return std::all_of(address.bytes.begin(), address.bytes.begin() + 10, [](std::uint8_t b) { return b == 0; }) &&
         address.bytes[10] == 0xFF && address.bytes[11] == 0xFF;
}

std::optional<IpNetwork> read_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork network{*address, 128};
  if (slash != std::string_view::npos) {
    // A network of mapped addresses is written as IPv4; ::ffff:1.2.3.4/8 would be the other's half.
    const bool ipv4 = text.find(':') == std::string_view::npos;
    if (!ipv4 && is_ipv4(*address)) return std::nullopt;
    unsigned bits = 0;
    if (!read_number(text.substr(slash + 1), ipv4 ? 32U : 128U, bits)) return std::nullopt;
    network.prefix_bits = bits + (ipv4 ? kIpv4PrefixBits : 0);
  }
  network.address = network_part(network.address, network.prefix_bits);
  return network;
}

std::string network_text(const IpNetwork& network) {
  const bool ipv4 = is_ipv4(network.address) && network.prefix_bits >= kIpv4PrefixBits;
  const unsigned bits = network.prefix_bits - (ipv4 ? kIpv4PrefixBits : 0);
  const std::string address = ip_address_text(network.address);
  return network.prefix_bits == 128 ? address : address + "/" + std::to_string(bits);
}

bool is_name(std::string_view text) {
  const auto printable = [](unsigned char c) { return c >= ' ' && c != 0x7F && c != ','; };
  return !text.empty() && text.size() <= kLongestIdentityName && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), printable);
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return read_ipv6(text);
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xFF;
  if (!read_ipv4(text, &address.bytes[kIpv4Offset])) return std::nullopt;
  return address;
}

std::string ip_address_text(const IpAddress& address) {
  std::string text;
  if (is_ipv4(address)) {
    for (unsigned i = kIpv4Offset; i < 16; ++i) text += (text.empty() ? "" : ".") + std::to_string(address.bytes[i]);
    return text;
  }
  // RFC 5952: the longest run of zero groups, of two at least, becomes a double colon.
  unsigned groups[8];
  for (unsigned i = 0; i < 8; ++i) groups[i] = address.bytes[2 * i] * 256U + address.bytes[2 * i + 1];
  unsigned best = 8;
  unsigned best_length = 1;
  for (unsigned i = 0; i < 8; ++i) {
    unsigned length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > best_length) {
      best = i;
      best_length = length;
    }
  }
  for (unsigned i = 0; i < 8; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char digits[4];
    const auto end = std::to_chars(digits, digits + sizeof digits, groups[i], 16).ptr;
    text.append(digits, end);
  }
  return text;
}

IpAddress network_part(IpAddress address, unsigned prefix_bits) {
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = std::clamp(prefix_bits, i * 8, i * 8 + 8) - i * 8;
    address.bytes[i] &= static_cast<std::uint8_t>(0xFF00U >> kept);
  }
  return address;
}

bool may_hold(unsigned prefix_bits, const IpAddress& address) {
  return prefix_bits >= kIpv4PrefixBits || !is_ipv4(address);
}

std::optional<HostIdentity> parse_host_identity(std::string_view text) {
  using Kind = HostIdentity::Kind;
  HostIdentity identity{};
  const std::size_t colon = text.find(':');
  const std::string kind = lower_case(text.substr(0, colon));
  if (colon == std::string_view::npos) {
    if (kind != "any" && kind != "wwpn") return std::nullopt;
    identity.kind = kind == "any" ? Kind::any : Kind::wwpn;
    return identity;
  }
  const std::string_view value = text.substr(colon + 1);
  if (kind == "tls" || kind == "psk") {
    if (!is_name(value)) return std::nullopt;
    identity.kind = kind == "tls" ? Kind::certificate : Kind::psk;
    identity.name = kind == "tls" ? lower_case(value) : std::string(value);
  } else if (kind == "addr") {
    const auto network = read_network(value);
    if (!network) return std::nullopt;
    identity.kind = Kind::address;
    identity.network = *network;
  } else if (kind == "unix") {
    identity.kind = Kind::unix_user;
    if (!read_number(value, 0xFFFFFFFEU, identity.user)) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return identity;
}

std::string host_identity_text(const HostIdentity& identity) {
  switch (identity.kind) {
    case HostIdentity::Kind::any:
      return "any";
    case HostIdentity::Kind::wwpn:
      return "wwpn";
    case HostIdentity::Kind::certificate:
      return "tls:" + identity.name;
    case HostIdentity::Kind::psk:
      return "psk:" + identity.name;
    case HostIdentity::Kind::address:
      return "addr:" + network_text(identity.network);
    case HostIdentity::Kind::unix_user:
      return "unix:" + std::to_string(identity.user);
  }
  return {};
}

std::optional<std::string> canonical_host_identity(std::string_view text) {
  const auto identity = parse_host_identity(text);
  if (!identity) return std::nullopt;
  return host_identity_text(*identity);
}

std::optional<std::uint64_t> parse_wwpn(std::string_view text) {
  std::uint64_t wwpn = 0;
  if (text.size() != 16 || !read_number(text, ~std::uint64_t{0}, wwpn, 16) || wwpn == 0) return std::nullopt;
  return wwpn;
}

std::string wwpn_text(std::uint64_t wwpn) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; wwpn >>= 4U) text[i] = kDigits[wwpn & 0xFU];
  return text;
}

}  // namespace tt::model
