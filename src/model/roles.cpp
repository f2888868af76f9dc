// SPDX-License-Identifier: Apache-2.0
#include "model/roles.h"

namespace tt::model {

namespace {

constexpr std::uint8_t bit(Access access) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(access));
}

constexpr std::uint8_t kWatch = bit(Access::anyone) | bit(Access::monitor);
constexpr std::uint8_t kOperate =
    kWatch | bit(Access::copy) | bit(Access::volume) | bit(Access::storage) | bit(Access::lss);

constexpr Role kRoles[] = {
    {"admin", kOperate | bit(Access::admin), "everything but the duties of a security administrator"},
    {"op_storage", kOperate, "pools, ranks, volumes, host access and Copy Services"},
    {"op_volume", kWatch | bit(Access::volume) | bit(Access::lss), "volumes, LSSs and host access"},
    {"op_copy_services", kWatch | bit(Access::copy) | bit(Access::lss), "Copy Services"},
    {"service", kWatch, "lists, problem logs and service actions"},
    {"monitor", kWatch, "lists only"},
    {"no_access", bit(Access::anyone), "nothing but the own password"},
    {"secadmin", bit(Access::anyone), "recovery keys and security administrators"},
    {"ibm_service", kWatch, "vendor support without logical configuration"},
    {"ibm_engineering", kWatch, "vendor engineering without logical configuration"},
};

}  // namespace

std::span<const Role> roles() {
  return kRoles;
}

const Role* find_role(std::string_view name) {
  for (const Role& role : kRoles) {
    if (role.name == name) return &role;
  }
  return nullptr;
}

bool allows(std::span<const std::string> groups, Access needed) {
  if (needed == Access::anyone) return true;
  for (const std::string& group : groups) {
    const Role* role = find_role(group);
    if (role != nullptr && (role->rights & bit(needed)) != 0) return true;
  }
  return false;
}

std::string_view access_name(Access access) {
  switch (access) {
    case Access::anyone:
      return "any user";
    case Access::monitor:
      return "monitor";
    case Access::copy:
      return "op_copy_services";
    case Access::volume:
      return "op_volume";
    case Access::storage:
      return "op_storage";
    case Access::admin:
      return "admin";
    case Access::lss:
      return "op_copy_services or op_volume";
  }
  return "admin";
}

}  // namespace tt::model
