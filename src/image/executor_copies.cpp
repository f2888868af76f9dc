// SPDX-License-Identifier: Apache-2.0
// How fast background copies go.
#include "image/executor_configuration.h"
#include "image/executor_support.h"

namespace tt::image {

using model::Response;
using nlohmann::json;

namespace {

struct Pairs {
  std::vector<std::pair<VolumeId, VolumeId>> ids;
  std::vector<std::string> names;
};

/// Nothing if one of them names no volume.
std::optional<Pairs> pairs_of(const json& arguments) {
  Pairs pairs;
  for (const json& item : arguments.at("pairs")) {
    const auto source = model::parse_volume_id(text_of(item, "source"));
    const auto target = model::parse_volume_id(text_of(item, "target"));
    if (!source || !target) return std::nullopt;
    pairs.ids.emplace_back(*source, *target);
    pairs.names.push_back(text_of(item, "source") + ":" + text_of(item, "target"));
  }
  return pairs;
}

rt::Task<Response> set_flash_rate(Image& image, json arguments) {
  std::optional<Pairs> pairs = pairs_of(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  const std::uint64_t limit = arguments.value("copy_rate_mib", std::uint64_t{0}) * 1_MiB;
  const std::vector<Result<void>> verdicts = co_await image.control().limit_copies(std::move(pairs->ids), limit);
  Response response;
  for (std::size_t i = 0; i < verdicts.size(); ++i) response.results.push_back(verdict(pairs->names[i], verdicts[i]));
  co_return response;
}

rt::Task<Response> show_copy_pace(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  if (arguments.contains("id") && arguments["id"] != config.storage_image_id) co_return failed(Errc::object_not_found);
  std::uint64_t active = 0;
  std::uint64_t tracks = 0;
  std::uint64_t rate = 0;
  const std::vector<FlashStatus> all = co_await image.control().flash_status();
  for (const FlashStatus& status : all) {
    active += status.active_copy ? 1 : 0;
    rate += status.counts.copy_bytes_per_second;
    const volume::Relationship& r = status.relationship;
    const bool copied = r.options.background_copy && r.state == volume::RelationshipState::valid;
    if (copied) tracks += status.counts.uncopied - status.counts.owed;
  }
  json row = {{"id", config.storage_image_id},
              {"copy_limit", nullptr},
              {"copy_floor", config.copy_rates.floor_bytes_per_second},
              {"copy_bytes_per_second", rate},
              {"active_copies", active},
              {"out_of_sync_tracks", tracks}};
  if (config.copy_rates.limit_bytes_per_second != 0) row["copy_limit"] = config.copy_rates.limit_bytes_per_second;
  co_return rows_of({std::move(row)});
}

}  // namespace

ConfigurationOperation find_copy_operation(std::string_view operation) {
  if (operation == "setflashrate") return set_flash_rate;
  if (operation == "showsi") return show_copy_pace;
  return nullptr;
}

}  // namespace tt::image
