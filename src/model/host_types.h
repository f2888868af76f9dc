// SPDX-License-Identifier: Apache-2.0
// Host types: what a host attachment of a known system is like. A type gives the defaults of a host connection and
// decides which volume groups fit it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tt::model {

enum class AddressDiscovery : std::uint8_t { lun_polling, report_luns };

struct HostType {
  std::string_view name;
  std::string_view profile;
  AddressDiscovery discovery = AddressDiscovery::lun_polling;
  std::uint16_t block_bytes = 512;
};

/// Ascending by name.
std::span<const HostType> host_types();
/// Names in either case; null if unknown.
const HostType* find_host_type(std::string_view name);
const HostType* find_host_type_by_profile(std::string_view profile);

/// "LUNPolling", "reportLUN"
std::string_view discovery_text(AddressDiscovery discovery);

}  // namespace tt::model
