// SPDX-License-Identifier: Apache-2.0
// How a host connection names the host it is for. A session over a network proves at most one certificate or one
// pre-shared key, and it comes from one address or one local user; these are the things that can be named.
//
//   any                 whoever comes
//   wwpn                a certificate's name, or the identity of a pre-shared key, that is the WWPN in 16 hex digits
//   tls:NAME            a common name or an alternative name of the certificate; not case-sensitive
//   psk:NAME            the identity of a pre-shared key
//   addr:192.0.2.7      an address, or addr:192.0.2.0/24, addr:2001:db8::/32: a network
//   unix:1000           a user of this machine, over the Unix socket
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tt::model {

/// An IPv4 address is held as the IPv6 address ::ffff:a.b.c.d, so both compare alike.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};
/// Numeric, without port, zone or brackets.
std::optional<IpAddress> parse_ip_address(std::string_view text);
std::string ip_address_text(const IpAddress& address);

/// With the bits behind the prefix set to 0.
IpAddress network_part(IpAddress address, unsigned prefix_bits);
/// ::/0 is all of IPv6; that IPv4 lies within is a matter of how addresses are held here.
bool may_hold(unsigned prefix_bits, const IpAddress& address);

struct IpNetwork {
  IpAddress address;  ///< Bits behind the prefix are 0.
  unsigned prefix_bits = 128;
};

struct HostIdentity {
  enum class Kind : std::uint8_t { any, wwpn, certificate, psk, address, unix_user };
  Kind kind = Kind::any;
  std::string name;        ///< Of a certificate (in lower case) or a key.
  IpNetwork network;       ///< Of an address.
  std::uint32_t user = 0;  ///< Of a Unix user.
};

inline constexpr std::size_t kLongestIdentityName = 128;

/// Nothing if the text is no identity.
std::optional<HostIdentity> parse_host_identity(std::string_view text);
/// The one spelling of it: equal identities have equal texts.
std::string host_identity_text(const HostIdentity& identity);
/// The one spelling of `text`, or nothing.
std::optional<std::string> canonical_host_identity(std::string_view text);

/// Exactly 16 hex digits and not 0.
std::optional<std::uint64_t> parse_wwpn(std::string_view text);
std::string wwpn_text(std::uint64_t wwpn);

std::string lower_case(std::string_view text);

}  // namespace tt::model
