// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/finish.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <tuple>

#include "interfaces/dscli/finish_hosts.h"
#include "interfaces/dscli/finish_ranges.h"
#include "interfaces/dscli/finish_repositories.h"
#include "model/capacity.h"
#include "model/os400_models.h"

namespace tt::dscli {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestName = 16;

/// -cap and -type become blocks.
std::string finish_capacity(Command& command) {
  const auto unit = command.locals["capacity_unit"].get<std::string>();
  const auto amount = command.locals["capacity"].get<std::string>();
  const model::Personality personality = model::personality_of(command.image);
  const auto blocks = model::capacity_blocks(amount, unit, personality);
  if (!blocks) {
    if (blocks.error().code == Errc::invalid_argument) {
      return "-cap: '" + amount + "' is not a capacity in " + unit +
             (unit == "ess" ? " (steps of 0.1)." : " (a whole number).");
    }
    const std::uint64_t largest_gib = model::largest_volume_blocks(personality) / (1_GiB / kBlockBytes);
    return "-cap: '" + amount + "' (" + unit + ") is outside of what a volume can have; the largest is " +
           std::to_string(largest_gib) + " GiB" + (unit == "ess" ? ", with -type ess 982.2." : ".");
  }
  command.arguments["capacity_blocks"] = *blocks;
  command.arguments["capacity_type"] = model::capacity_type_of(unit);
  return {};
}

std::string too_long(const std::string& name) {
  return "-name: '" + name + "' has more than 16 characters.";
}

const model::Os400ModelFacts* os400_model_of(const Command& command) {
  return model::find_os400_model(command.arguments.value("os400_model", std::string()));
}

std::string finish_new_capacity(Command& command) {
  const bool given = command.locals.contains("capacity");
  const model::Os400ModelFacts* model = os400_model_of(command);
  if (model == nullptr || model->is_variable()) return given ? finish_capacity(command) : "-cap is missing.";
  if (given) return "-cap: model " + std::string(model->name) + " has a size of its own.";
  command.arguments["capacity_blocks"] = model->blocks;
  command.arguments["capacity_type"] = "blocks";
  return {};
}

/// -name becomes one name per volume.
std::string finish_mkfbvol(Command& command) {
  std::string problem = finish_new_capacity(command);
  if (!problem.empty()) return problem;
  const std::string pattern = command.locals.value("name", std::string());
  json volumes = json::array();
  for (const json& id : command.arguments["volumes"]) {
    const auto volume = model::parse_volume_id(id.get<std::string>());
    TT_ASSERT(volume.has_value());
    std::string name = model::expand_name_pattern(pattern, *volume);
    if (name.size() > kLongestName) return too_long(name);
    volumes.push_back({{"id", id}, {"name", std::move(name)}});
  }
  command.arguments["volumes"] = std::move(volumes);
  return {};
}

/// The image makes the names: here they are only measured.
std::string finish_chfbvol(Command& command) {
  const bool resizes = command.locals.contains("capacity");
  const std::string pattern = command.arguments.value("name", std::string());
  const auto given = [&](const char* key) { return command.arguments.contains(key); };
  const bool groups = given("volume_groups") || given("os400_model") || given("t10dif") || given("resource_group") ||
                      given("performance_group");
  if (!resizes && pattern.empty() && !groups) {
    return "nothing to change: give -name, -cap or -volgrp.";
  }
  for (const json& id : command.arguments["ids"]) {
    const auto volume = model::parse_volume_id(id.get<std::string>());
    TT_ASSERT(volume.has_value());
    const std::string name = model::expand_name_pattern(pattern, *volume);
    if (name.size() > kLongestName) return too_long(name);
  }
  return resizes ? finish_capacity(command) : std::string();
}

std::string finish_chrank(Command& command) {
  if (command.arguments.contains("extent_pool") && !command.arguments.contains("action")) {
    command.arguments["action"] = "assign";
  }
  return command.arguments.contains("action") ? "" : "-extpool, -unassign, -reserve or -release is missing.";
}

std::string finish_chlss(Command& command) {
  const bool changes = command.arguments.contains("consistency_group") ||
                       command.arguments.contains("long_busy_seconds") || command.arguments.contains("resource_group");
  return changes ? "" : "nothing to change: give -pprcconsistgrp or -extlongbusy.";
}

std::string finish_chextpool(Command& command) {
  // The operand is there, and anything besides it is a change.
  return command.arguments.size() > 1
             ? ""
             : "nothing to change: give -name, -threshold, -limit, -extentlimit, -virextentlimit or -merge.";
}

std::string finish_mkflash(Command& command) {
  const bool waits = command.locals.contains("wait");
  if (waits && !command.arguments["background_copy"].get<bool>()) {
    return "-wait and -nocp exclude each other: without background copy there is no end to wait for.";
  }
  return {};
}

std::string finish_reverseflash(Command& command) {
  const auto given = [&](const char* key) { return command.arguments.value(key, false); };
  if (given("fast") && (given("persistent") || given("recording"))) {
    return "-fast excludes -record and -persist: the relationship ends when all is back.";
  }
  return {};
}

std::string finish_rmflash(Command& command) {
  if (command.arguments.contains("pairs") || command.arguments.contains("sequence_number")) {
    if (!command.arguments.contains("pairs")) command.arguments["pairs"] = json::array();
    return {};
  }
  return "an operand is missing: source:target ..., or -seqnum.";
}

std::string finish_chuser(Command& command) {
  const bool changes = command.arguments.contains("password") || command.arguments.contains("locked") ||
                       command.arguments.contains("groups") || command.arguments.contains("policy") ||
                       command.arguments.contains("scope");
  return changes ? "" : "nothing to change: give -pw, -lock, -unlock or -group.";
}

std::string finish_names(Command& command) {
  const bool changes = command.arguments.contains("name") || command.arguments.contains("description") ||
                       command.arguments.contains("os400_serial") || command.arguments.contains("copy_rate_mib") ||
                       command.arguments.contains("copy_floor_mib") || command.arguments.contains("scrub_rate_mib") ||
                       command.arguments.contains("scrub_interval_hours");
  return changes ? "" : "nothing to change: give -name or -desc.";
}

std::string finish_nonempty(Command& command) {
  return command.arguments.empty() ? "nothing to change: give at least one parameter." : "";
}

/// A day of the local zone, "2026-01-31", as its first second; nothing for anything else.
std::optional<std::int64_t> first_second_of(const std::string& day) {
  std::tm parts{};
  const char* end = strptime(day.c_str(), "%Y-%m-%d", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  parts.tm_isdst = -1;
  const std::time_t second = std::mktime(&parts);
  if (second < 0) return std::nullopt;
  return static_cast<std::int64_t>(second);
}

std::string finish_lsproblem(Command& command) {
  constexpr std::int64_t kDay = 24 * 60 * 60;
  for (const auto& [flag, key, after] :
       {std::tuple("from", "from_s", std::int64_t{0}), std::tuple("to", "to_s", kDay)}) {
    if (!command.locals.contains(flag)) continue;
    const auto text = command.locals[flag].get<std::string>();
    const auto second = first_second_of(text);
    if (!second) return "-" + std::string(flag) + ": '" + text + "' is not a day like 2026-01-31.";
    command.arguments[key] = *second + std::max<std::int64_t>(after - 1, 0);
  }
  return {};
}

struct Finisher {
  std::string_view operation;
  std::string (*run)(Command&);
};
constexpr Finisher kFinishers[] = {
    {"mkfbvol", finish_mkfbvol},
    {"chfbvol", finish_chfbvol},
    {"chrank", finish_chrank},
    {"chlss", finish_chlss},
    {"mkflash", finish_mkflash},
    {"rmflash", finish_rmflash},
    {"mkrangeflash", finish_mkrangeflash},
    {"rmrangeflash", finish_rmrangeflash},
    {"chuser", finish_chuser},
    {"chextpool", finish_chextpool},
    {"chsi", finish_names},
    {"chpass", finish_nonempty},
    {"chsp", finish_nonempty},
    {"chsu", finish_names},
    {"lsproblem", finish_lsproblem},
    {"reverseflash", finish_reverseflash},
    {"mkvolgrp", finish_mkvolgrp},
    {"chvolgrp", finish_chvolgrp},
    {"mkhostconnect", finish_mkhostconnect},
    {"chhostconnect", finish_chhostconnect},
    {"setioport", finish_setioport},
    {"mksestg", finish_mksestg},
    {"chsestg", finish_chsestg},
};

}  // namespace

std::string finish_command(Command& command) {
  for (const Finisher& finisher : kFinishers) {
    if (finisher.operation == command.operation->name) return finisher.run(command);
  }
  return {};
}

}  // namespace tt::dscli
