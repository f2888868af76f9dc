// SPDX-License-Identifier: Apache-2.0
// User groups and what they may do. A user may be in several groups; the rights add up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tt::model {

/// What an operation asks for, from little to much.
enum class Access : std::uint8_t {
  anyone,   ///< Logged in; the own account only.
  monitor,  ///< Lists and shows.
  copy,     ///< Copy Services.
  volume,   ///< Volumes, LSSs, host access.
  storage,  ///< Pools, ranks, arrays, the image itself.
  admin,    ///< Users, security, audit log.
  lss,      ///< Attributes of LSSs: whoever may copy, and whoever may make volumes.
};

struct Role {
  std::string_view name;
  std::uint8_t rights = 0;  ///< Bit per Access.
  std::string_view summary;
};

std::span<const Role> roles();
const Role* find_role(std::string_view name);

/// Unknown group names grant nothing.
bool allows(std::span<const std::string> groups, Access needed);

std::string_view access_name(Access access);

}  // namespace tt::model
