// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/finish_repositories.h"

#include <cstdint>

#include "base/units.h"

namespace tt::dscli {

namespace {

/// More no image can have, so that nothing overflows on the way to it.
constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 45U;

struct Capacity {
  const char* local;
  const char* flag;
  const char* key;
};
constexpr Capacity kCapacities[] = {{"real_capacity", "-repcap", "real_blocks"},
                                    {"virtual_capacity", "-vircap", "virtual_blocks"}};

std::string finish_capacities(Command& command) {
  const auto unit = command.locals["capacity_unit"].get<std::string>();
  const std::uint64_t blocks_each = unit == "gb" ? 1_GiB / kBlockBytes : 1;
  for (const auto& [local, flag, key] : kCapacities) {
    if (!command.locals.contains(local)) continue;
    const auto amount = command.locals[local].get<std::uint64_t>();
    if (amount > kMostBlocks / blocks_each) {
      return std::string(flag) + ": '" + std::to_string(amount) + "' (" + unit +
             ") is more than an extent pool can have.";
    }
    command.arguments[key] = amount * blocks_each;
  }
  return {};
}

}  // namespace

std::string finish_mksestg(Command& command) {
  const bool real = command.locals.contains("real_capacity") || command.arguments.contains("real_percent");
  if (!real) return "-repcap or -reppercent is missing.";
  if (!command.locals.contains("virtual_capacity")) return "-vircap is missing.";
  return finish_capacities(command);
}

std::string finish_chsestg(Command& command) {
  const bool changes = command.locals.contains("real_capacity") || command.locals.contains("virtual_capacity") ||
                       command.arguments.contains("real_percent") || command.arguments.contains("threshold_percent");
  if (!changes) return "nothing to change: give -repcap, -reppercent, -vircap or -repcapthreshold.";
  return finish_capacities(command);
}

}  // namespace tt::dscli
