// SPDX-License-Identifier: Apache-2.0
// SNMP version 1 traps as bytes (RFC 1157, BER). Nothing is received and nothing is asked.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tt::console {

/// Generic numbers of the standard; `specific` counts only with enterprise_specific.
enum class GenericTrap : std::uint8_t { cold_start = 0, authentication_failure = 4, enterprise_specific = 6 };

struct Trap {
  std::string community = "public";
  std::array<std::uint8_t, 4> agent{};  ///< IPv4 of the sender; zeros when it has none.
  GenericTrap generic = GenericTrap::enterprise_specific;
  std::uint32_t specific = 0;
  std::uint64_t uptime_hundredths = 0;
  /// Object below the enterprise, and its text.
  std::vector<std::pair<std::uint32_t, std::string>> texts = {};
};

/// 1.3.6.1.4.1.2.6.130, under which these storage units have always sent traps.
inline constexpr std::array<std::uint32_t, 9> kTrapEnterprise = {1, 3, 6, 1, 4, 1, 2, 6, 130};

std::vector<std::uint8_t> encode_trap(const Trap& trap);

}  // namespace tt::console
