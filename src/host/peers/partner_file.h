// SPDX-License-Identifier: Apache-2.0
// Where ports of other images are: a text file that administrators of a network write, as zones and cables of a Fibre
// Channel fabric are none of the image's own business. A line is
//
//   WWNN              port   address
//   500507630AFFC29F  I0100  192.0.2.7:10900
//
// '#' begins a comment. A port stands in it once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tt::peers {

struct PartnerPort {
  std::uint64_t wwnn = 0;
  std::uint16_t port = 0;
  friend auto operator<=>(const PartnerPort&, const PartnerPort&) = default;
};

struct TcpAddress {
  std::string host;  ///< A name, an IPv4 address, or an IPv6 address without its brackets.
  std::uint16_t port = 0;
  friend bool operator==(const TcpAddress&, const TcpAddress&) = default;
};

using PartnerTable = std::map<PartnerPort, TcpAddress>;

/// "192.0.2.7:10900", "[2001:db8::7]:10900"; invalid_argument.
Result<TcpAddress> parse_address(std::string_view text);
/// invalid_argument: detail is the number of the line.
Result<PartnerTable> parse_partners(std::string_view text);

}  // namespace tt::peers
