// SPDX-License-Identifier: Apache-2.0
#include "image/rows_mirrors.h"

#include <fmt/format.h>

#include <string>

#include "model/ids.h"

namespace tt::image {

using mirror::PairState;
using mirror::SuspendReason;
using nlohmann::json;
using volume::PairConfig;

namespace {

struct StateNames {
  const char* shown;
  const char* word;
};

StateNames names_of(PairState state) {
  switch (state) {
    case PairState::full_duplex:
      return {"Full Duplex", "full-duplex"};
    case PairState::suspended:
      return {"Suspended", "suspended"};
    default:
      return {"Copy Pending", "copy-pending"};
  }
}

json reason_of(const mirror::PairPhase& phase) {
  switch (phase.reason) {
    case SuspendReason::none:
      return nullptr;
    case SuspendReason::host_source:
      return "Host Source";
    case SuspendReason::host_target:
      return "Host Target";
    case SuspendReason::update_target:
      return "Update Target";
    case SuspendReason::internal_here:
      return phase.role == mirror::PairRole::source ? "Internal Conditions Source" : "Internal Conditions Target";
    case SuspendReason::simplex_target:
      return "Simplex Target";
    case SuspendReason::internal_target:
      return "Internal Conditions Target";
    case SuspendReason::power:
      return "Power";
    case SuspendReason::freeze:
      return "Freeze";
  }
  return nullptr;
}

const char* enabled(bool on) {
  return on ? "Enabled" : "Disabled";
}

bool holds_writes(const volume::ImageConfig& config, const PairConfig& pair, const volume::LssConfig& lss) {
  const auto set = config.path_sets.find(path_key(pair));
  return lss.consistency_group || (set != config.path_sets.end() && set->second.consistency_group);
}

}  // namespace

json pair_row(const volume::ImageConfig& config, const PairStatus& status) {
  const PairConfig& pair = status.pair;
  const bool is_source = pair.is_source();
  const bool is_global_copy = pair.phase.type == mirror::PairType::global_copy;
  const VolumeId source = is_source ? pair.volume : pair.other;
  const VolumeId target = is_source ? pair.other : pair.volume;
  const StateNames state = names_of(pair.phase.state);
  const auto source_lss = static_cast<std::uint8_t>(source.value >> 8U);
  const std::string& here = config.storage_image_id;
  json row = {
      {"id", model::volume_id_text(source) + ":" + model::volume_id_text(target)},
      {"source", model::volume_id_text(source)},
      {"target", model::volume_id_text(target)},
      {"source_image", is_source ? here : pair.partner},
      {"target_image", is_source ? pair.partner : here},
      {"state", fmt::format("{}{}", is_source ? "" : "Target ", state.shown)},
      {"state_word", fmt::format("{}{}", is_source ? "" : "target-", state.word)},
      {"reason", reason_of(pair.phase)},
      {"type", is_global_copy ? "Global Copy" : "Metro Mirror"},
      {"out_of_sync_tracks", is_source ? status.counts.marked : 0},
      {"target_read", pair.attributes.target_read},
      {"source_cascade", is_source ? enabled(pair.attributes.cascade) : "Invalid"},
      {"target_cascade", is_source ? "Invalid" : enabled(volume::mirror_from(config, pair.volume) != nullptr)},
      {"date_suspended", nullptr},
      {"source_lss", model::lss_id_text(source_lss)},
      {"timeout", "unknown"},
      {"critical_mode", pair.attributes.critical_mode},
      {"first_pass", !is_global_copy ? "Invalid" : (pair.first_pass ? "True" : "False")},
      {"incremental_resync", false},
      {"target_write", false},
      {"gmir_cg", nullptr},
      {"pprc_cg", false},
      {"target_se", nullptr},
      {"disable_auto_resync", pair.attributes.resumes_itself ? "False" : "True"},
  };
  if (pair.suspended_at_s != 0) row["date_suspended"] = pair.suspended_at_s;
  if (const auto lss = config.lsses.find(source_lss); is_source && lss != config.lsses.end()) {
    row["timeout"] = std::to_string(lss->second.long_busy_timeout_s);
    row["pprc_cg"] = holds_writes(config, pair, lss->second);
  }
  return row;
}

}  // namespace tt::image
