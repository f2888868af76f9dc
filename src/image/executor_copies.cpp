// SPDX-License-Identifier: Apache-2.0
// How fast background copies go, and whether they are right; what the read cache does.
#include "image/executor_configuration.h"
#include "image/executor_support.h"
#include "image/metrics.h"

namespace tt::image {

using model::Response;
using nlohmann::json;

namespace {

rt::Task<Response> set_flash_rate(Image& image, json arguments) {
  std::optional<NamedPairs> pairs = pairs_named(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  const std::uint64_t limit = arguments.value("copy_rate_mib", std::uint64_t{0}) * 1_MiB;
  const std::vector<Result<void>> verdicts = co_await image.control().limit_copies(std::move(pairs->ids), limit);
  co_return results_of(pairs->names, verdicts);
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
  if (const std::uint64_t limit = image.control().copy_limit_in_force(); limit != 0) row["copy_limit"] = limit;
  co_return rows_of({std::move(row)});
}

rt::Task<Response> show_read_cache(Image& image, json arguments) {
  const std::string id = image.control().config().storage_image_id;
  if (arguments.contains("id") && arguments["id"] != id) co_return failed(Errc::object_not_found);
  const ReadCacheCounters counters = co_await read_cache_counters(image);
  co_return rows_of({json{{"id", id},
                          {"capacity_bytes", counters.capacity_bytes},
                          {"held_bytes", counters.held_bytes},
                          {"hit_bytes", counters.hit_bytes},
                          {"missed_bytes", counters.missed_bytes},
                          {"ahead_bytes", counters.ahead.read_bytes},
                          {"ahead_used_bytes", counters.ahead.used_bytes},
                          {"ahead_wasted_bytes", counters.ahead.wasted_bytes}}});
}

rt::Task<Response> show_instead(Image& image, json arguments) {
  if (arguments.value("read_cache", false)) {
    auto cache = co_await show_read_cache(image, std::move(arguments));
    co_return cache;
  }
  auto pace = co_await show_copy_pace(image, std::move(arguments));
  co_return pace;
}

rt::Task<Response> verify_flash(Image& image, json arguments) {
  const std::optional<NamedPairs> pairs = pairs_named(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  if (arguments.value("cancel", false))
    co_return results_of(pairs->names, image.control().cancel_verifications(pairs->ids));
  const std::vector<Result<void>> verdicts = co_await image.control().verify(pairs->ids);
  co_return results_of(pairs->names, verdicts);
}

const char* text_of(VerifyState state) {
  switch (state) {
    case VerifyState::running:
      return "Running";
    case VerifyState::complete:
      return "Complete";
    case VerifyState::cancelled:
      return "Cancelled";
    case VerifyState::ended:
      break;
  }
  return "Ended";
}

rt::Task<Response> list_verifications(Image& image, json) {
  std::vector<json> rows;
  const std::vector<VerifyStatus> all = co_await image.control().verify_status();
  for (const VerifyStatus& status : all) {
    const volume::Relationship& r = status.relationship;
    const std::string source = model::volume_id_text(r.source);
    const std::string target = model::volume_id_text(r.target);
    json row = {{"id", source + ":" + target},
                {"source", source},
                {"target", target},
                {"state", text_of(status.state)},
                {"date_started", status.started_s},
                {"recording", r.options.recording},
                {"track_count", r.track_count},
                {"tracks_left", r.track_count - status.counts.looked_at()},
                {"equal", status.counts.equal},
                {"uncopied", status.counts.uncopied},
                {"changed", nullptr},
                {"different", status.counts.different},
                {"unreadable", status.counts.unreadable},
                {"first_different", nullptr}};
    if (r.options.recording) row["changed"] = status.counts.changed;
    if (status.counts.first_different) row["first_different"] = *status.counts.first_different;
    rows.push_back(std::move(row));
  }
  co_return rows_of(std::move(rows));
}

}  // namespace

ConfigurationOperation find_copy_operation(std::string_view operation) {
  if (operation == "setflashrate") return set_flash_rate;
  if (operation == "verifyflash") return verify_flash;
  if (operation == "lsverifyflash") return list_verifications;
  if (operation == "showsi") return show_instead;
  return nullptr;
}

}  // namespace tt::image
