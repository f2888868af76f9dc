// SPDX-License-Identifier: Apache-2.0
// Rows of the storage unit, and of what went wrong.
#include <fmt/format.h>

#include "image/rows.h"
#include "image/rows_hosts.h"

namespace tt::image {

using nlohmann::json;
using volume::ProblemKind;

std::string unit_of(const volume::ImageConfig& config) {
  std::string unit = config.storage_image_id;
  if (config.personality == volume::Personality::ds8000 && !unit.empty()) unit.back() = '0';
  return unit;
}

json unit_row(const volume::ImageConfig& config) {
  volume::ImageConfig unit;
  unit.storage_image_id = unit_of(config) + "/unit";  // another address than the image's
  return {{"id", unit_of(config)},     {"name", config.names.unit_name}, {"description", config.names.unit_description},
          {"model", model_of(config)}, {"wwnn", wwnn_of(unit)},          {"power", "On"},
          {"state", "Online"}};
}

namespace {

struct Wording {
  const char* severity;
  const char* reference_code;
  const char* text;
};

Wording wording_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::rank_failed:
      return {"Serious", "TT1001", "Rank {} failed: its disk refused a write or flush. It is only read from now on."};
    case ProblemKind::relationship_failed:
      return {"Serious", "TT1002", "FlashCopy relationship {} failed: its target could not be written."};
    case ProblemKind::pool_threshold:
      return {"Warning", "TT1003", "Extent pool {} has less free space than its threshold."};
    case ProblemKind::pool_full:
      return {"Serious", "TT1004", "Extent pool {} is full: thin volumes cannot take more space."};
    case ProblemKind::source_inhibited:
      return {"Serious", "TT1007",
              "The source of FlashCopy relationship {} takes no writes: there is no space to keep the target's image."};
    case ProblemKind::image_differs:
      return {"Serious", "TT1008", "FlashCopy {}: the target differs from its image, and no host wrote it."};
    case ProblemKind::repository_threshold:
      return {"Warning", "TT1009",
              "The space-efficient storage of extent pool {} has less free space than its threshold."};
    case ProblemKind::repository_full:
      return {"Serious", "TT1010",
              "The space-efficient storage of extent pool {} is full: its volumes cannot take more space."};
    case ProblemKind::track_damaged:
      return {"Serious", "TT1011", "Volume {}: the medium does not hold what was written. Reads of it are refused."};
    case ProblemKind::paths_degraded:
      return {"Warning", "TT1012", "Paths {}: some are not up; the others carry everything. See lspprcpath -l."};
    case ProblemKind::paths_down:
      return {"Serious", "TT1013", "Paths {}: none is up. See lspprcpath -l."};
    case ProblemKind::paths_restored:
      return {"Warning", "TT1014", "Paths {}: all are up again."};
    case ProblemKind::pairs_suspended:
      return {"Serious", "TT1015", "Mirrored pairs {}: sources are suspended, and not by a command here. See lspprc."};
    case ProblemKind::checkpoint_failed:
      break;
  }
  return {"Serious", "TT1005", "The checkpoint file of {} takes no writes: the journal will fill up."};
}

}  // namespace

std::vector<json> problem_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  const std::string type = config.personality == volume::Personality::ds8000 ? "2107" : "1750";
  const std::string serial = config.storage_image_id.substr(std::min<std::size_t>(9, config.storage_image_id.size()));
  for (const auto& [id, problem] : config.problems) {
    const Wording wording = wording_of(problem.kind);
    rows.push_back({{"id", std::to_string(id)},
                    {"severity", wording.severity},
                    {"status", problem.closed_s == 0 ? "open" : "closed"},
                    {"date", problem.at_s},
                    {"mtms", fmt::format("{}-{}*{}", type, model_of(config), serial)},
                    {"reference_code", wording.reference_code},
                    {"description", fmt::format(fmt::runtime(wording.text), problem.object)}});
  }
  return rows;
}

}  // namespace tt::image
