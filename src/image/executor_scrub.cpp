// SPDX-License-Identifier: Apache-2.0
// The scrub of media: to begin one, to end it, and what it has found.
#include <fmt/format.h>

#include "image/executor_configuration.h"
#include "image/executor_support.h"

namespace tt::image {

using model::Response;
using nlohmann::json;

namespace {

rt::Task<Response> scrub_media(Image& image, json arguments) {
  const std::string id = image.control().config().storage_image_id;
  if (arguments.contains("id") && arguments["id"] != id) co_return failed(Errc::object_not_found);
  const bool cancel = arguments.value("cancel", false);
  rt::Reactor& home = image.reactor(0);
  bool any = !cancel;
  for (std::size_t i = 0; i < image.scrubbers().size(); ++i) {
    rt::Reactor& reactor = image.shards()[i]->reactor();
    co_await rt::hop(home, reactor);
    Scrubber& scrubber = *image.scrubbers()[i];
    if (!cancel) scrubber.begin();
    const bool cancelled = cancel && scrubber.cancel();
    co_await rt::hop(reactor, home);
    any = any || cancelled;
  }
  co_return one_result(id, any ? Result<void>{} : Result<void>{Errc::object_not_found});
}

/// Of all shards together.
rt::Task<ScrubStatus> status_of(Image& image) {
  ScrubStatus all;
  bool every_one_ended = true;
  rt::Reactor& home = image.reactor(0);
  for (std::size_t i = 0; i < image.scrubbers().size(); ++i) {
    rt::Reactor& reactor = image.shards()[i]->reactor();
    co_await rt::hop(home, reactor);
    const ScrubStatus one = image.scrubbers()[i]->status();
    co_await rt::hop(reactor, home);
    if (one.state == ScrubState::running || all.state == ScrubState::waiting) all.state = one.state;
    all.began_s = std::max(all.began_s, one.began_s);
    all.ended_s = std::max(all.ended_s, one.ended_s);
    every_one_ended = every_one_ended && one.passes > 0;
    all.tracks += one.tracks;
    all.bytes_per_second += one.bytes_per_second;
    for (const auto& [rank, counts] : one.by_rank) all.by_rank[rank].add(counts);
    for (const auto& [rank, counts] : one.mended) {
      all.mended[rank].repaired += counts.repaired;
      all.mended[rank].damaged += counts.damaged;
    }
  }
  if (!every_one_ended) all.ended_s = 0;
  co_return all;
}

const char* text_of(ScrubState state) {
  switch (state) {
    case ScrubState::waiting:
      return "Waiting";
    case ScrubState::running:
      return "Running";
    case ScrubState::cancelled:
      break;
  }
  return "Cancelled";
}

json date_or_null(std::int64_t seconds) {
  return seconds == 0 ? json(nullptr) : json(seconds);
}

rt::Task<Response> list_scrub(Image& image, json) {
  const volume::ImageConfig& config = image.control().config();
  const ScrubStatus status = co_await status_of(image);
  std::uint64_t read = 0;
  for (const auto& [rank, counts] : status.by_rank) read += counts.read();
  std::vector<json> rows;
  for (const auto& [id, rank] : config.ranks) {
    const auto counts = status.by_rank.find(id);
    const auto mended = status.mended.find(id);
    const ScrubCounts found = counts == status.by_rank.end() ? ScrubCounts{} : counts->second;
    const MendCounts repaired = mended == status.mended.end() ? MendCounts{} : mended->second;
    rows.push_back({{"id", fmt::format("R{}", id)},
                    {"state", text_of(status.state)},
                    {"track_count", status.tracks},
                    {"out_of_sync_tracks", status.tracks - std::min(status.tracks, read)},
                    {"copy_bytes_per_second", status.bytes_per_second},
                    {"copy_limit", config.scrub.bytes_per_second},
                    {"interval_hours", config.scrub.interval_s / 3600},
                    {"checksums", image.shards().front()->sums().keeps()},
                    {"date_started", date_or_null(status.began_s)},
                    {"date_complete", date_or_null(status.ended_s)},
                    {"verified", found.verified},
                    {"learned", found.learned},
                    {"unverified", found.unverified},
                    {"repaired", repaired.repaired},
                    {"damaged", repaired.damaged}});
  }
  co_return rows_of(std::move(rows));
}

constexpr ConfigurationEntry kOperations[] = {
    {"scrubmedia", scrub_media},
    {"lsscrub", list_scrub},
};

}  // namespace

ConfigurationOperation find_scrub_operation(std::string_view operation) {
  return find_in(kOperations, operation);
}

}  // namespace tt::image
