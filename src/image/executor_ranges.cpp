// SPDX-License-Identifier: Apache-2.0
// FlashCopies of runs of tracks.
#include "image/executor_configuration.h"
#include "image/executor_support.h"
#include "model/track_runs.h"

namespace tt::image {

using model::Response;
using nlohmann::json;

namespace {

/// Nothing if one of them is no run.
std::optional<std::vector<volume::TrackRun>> runs_to_copy(const json& arguments) {
  std::vector<volume::TrackRun> runs;
  for (const json& item : arguments.value("runs", json::array())) {
    const auto run = model::parse_run(item.get<std::string>());
    if (!run) return std::nullopt;
    runs.push_back({run->source.first, run->target, run->source.count});
  }
  return runs;
}

std::optional<std::vector<volume::TrackRun>> runs_to_remove(const json& arguments) {
  std::vector<volume::TrackRun> runs;
  for (const json& item : arguments.value("runs", json::array())) {
    const auto tracks = model::parse_tracks(item.get<std::string>());
    if (!tracks) return std::nullopt;
    runs.push_back({0, tracks->first, tracks->count});
  }
  return runs;
}

rt::Task<Response> make_ranges(Image& image, json arguments) {
  const std::optional<NamedPairs> pairs = pairs_named(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  const auto runs = runs_to_copy(arguments);
  if (!runs) co_return failed(Errc::invalid_argument);
  std::vector<volume::RangeRequest> requests;
  for (const auto& [source, target] : pairs->ids) {
    requests.push_back({.source = source,
                        .target = target,
                        .runs = *runs,
                        .background_copy = arguments.value("background_copy", true),
                        .sequence_number = arguments.value("sequence_number", std::uint32_t{0})});
  }
  const std::vector<Result<void>> verdicts = co_await image.control().establish_ranges(std::move(requests));
  co_return results_of(pairs->names, verdicts);
}

rt::Task<Response> remove_ranges(Image& image, json arguments) {
  const std::optional<NamedPairs> pairs = pairs_named(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  const auto runs = runs_to_remove(arguments);
  if (!runs) co_return failed(Errc::invalid_argument);
  std::vector<RangeSelection> selections;
  for (const auto& [source, target] : pairs->ids) {
    selections.push_back({.source = source,
                          .target = target,
                          .runs = *runs,
                          .sequence_number = given<std::uint32_t>(arguments, "sequence_number")});
  }
  const std::vector<Result<void>> verdicts = co_await image.control().withdraw_ranges(std::move(selections));
  co_return results_of(pairs->names, verdicts);
}

rt::Task<Response> list_ranges(Image& image, json) {
  std::vector<json> rows;
  const std::vector<RangeStatus> all = co_await image.control().range_status();
  for (const RangeStatus& status : all) {
    const std::string source = model::volume_id_text(status.copy.source);
    const std::string target = model::volume_id_text(status.copy.target);
    std::uint64_t tracks = 0;
    json runs = json::array();
    for (const volume::TrackRun& run : status.copy.runs) {
      tracks += run.count;
      const model::TracksText from{run.source, run.count};
      const model::TracksText onto{run.target, run.count};
      runs.push_back(model::tracks_text(from) + ':' + model::tracks_text(onto));
    }
    rows.push_back({{"id", source + ":" + target},
                    {"source", source},
                    {"target", target},
                    {"sequence_number", status.copy.sequence_number},
                    {"state", status.copy.state == volume::RelationshipState::failed ? "Failed" : "Valid"},
                    {"background_copy", status.copy.background_copy},
                    {"track_count", tracks},
                    {"out_of_sync_tracks", status.pending_tracks},
                    {"date_created", status.copy.created_s},
                    {"runs", std::move(runs)}});
  }
  co_return rows_of(std::move(rows));
}

}  // namespace

ConfigurationOperation find_range_operation(std::string_view operation) {
  if (operation == "mkrangeflash") return make_ranges;
  if (operation == "rmrangeflash") return remove_ranges;
  if (operation == "lsrangeflash") return list_ranges;
  return nullptr;
}

}  // namespace tt::image
