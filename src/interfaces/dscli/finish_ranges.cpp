// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/finish_ranges.h"

#include "model/track_runs.h"

namespace tt::dscli {

namespace {

using nlohmann::json;

template <class Parse>
std::string check_tracks(Command& command, Parse parse, const char* like) {
  if (!command.arguments.contains("runs")) command.arguments["runs"] = json::array();
  for (const json& item : command.arguments["runs"]) {
    const auto word = item.get<std::string>();
    if (!parse(word)) return "-tracks: '" + word + "' is not like " + like + ".";
  }
  return {};
}

}  // namespace

std::string finish_mkrangeflash(Command& command) {
  return check_tracks(command, model::parse_run, "7:20 or 0-99:500");
}

std::string finish_rmrangeflash(Command& command) {
  return check_tracks(command, model::parse_tracks, "7 or 500-599");
}

}  // namespace tt::dscli
