// SPDX-License-Identifier: Apache-2.0
#include "mirror_pairs.h"

#include <algorithm>

#include "model/host_identity.h"

namespace tt::live {

namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

std::string wwnn_text(LiveImage& image) {
  return model::wwpn_text(image::wwnn_number(image.lab().control().config()));
}

simulation::LabOptions options_of(const char* id, std::uint32_t shards, image::Acknowledge acknowledge) {
  simulation::LabOptions options = usual_options(id);
  options.shards = shards;
  options.reactors = shards;
  options.acknowledge = acknowledge;
  options.place = {};  // as the product: long writes go to their place at once
  return options;
}

}  // namespace

TwoImages::TwoImages(std::uint64_t tracks, std::uint64_t seed, std::uint32_t shards, image::Acknowledge acknowledge)
    : site(seed),
      admin((site.add_image(options_of(kHere, shards, acknowledge)),
             site.add_image(options_of(kThere, shards, acknowledge)), site)),
      tracks_(tracks) {
  site.connect_images();
  here().lab().make(kSource.value, tracks);
  there().lab().make(kTarget.value, tracks);
}

Spoken TwoImages::say(const char* image, const std::string& command) {
  const std::size_t space = std::min(command.find(' '), command.size());
  return admin.say(command.substr(0, space) + " -dev " + image + command.substr(space));
}

void TwoImages::make_paths(bool back) {
  const std::string here_wwnn = wwnn_text(here());
  const std::string there_wwnn = wwnn_text(there());
  const bool there_way = here_says("mkpprcpath -remotewwnn " + there_wwnn + " -srclss 10 -tgtlss 20 I0100:I0100");
  const bool back_way =
      !back || there_says("mkpprcpath -remotewwnn " + here_wwnn + " -srclss 20 -tgtlss 10 I0101:I0101");
  TT_ASSERT(there_way && back_way);
}

std::string TwoImages::column(const char* image, const std::string& volume, const std::string& heading) {
  const Spoken spoken = say(image, "lspprc -l -fmt delim " + volume);
  if (spoken.lines.size() < 3) return {};  // headings, a rule, the pair
  const std::vector<std::string> headings = cells_of(spoken.lines[0]);
  const auto found = std::ranges::find(headings, heading);
  TT_ASSERT(found != headings.end());
  return cells_of(spoken.lines[2]).at(static_cast<std::size_t>(found - headings.begin()));
}

std::string TwoImages::state(const char* image, const std::string& volume) {
  const std::string reason = column(image, volume, "Reason");
  const std::string state = column(image, volume, "State");
  return reason == "-" || reason.empty() ? state : state + "/" + reason;
}

bool TwoImages::in_step(const char* image, const std::string& volume, int seconds) {
  for (int i = 0; i < seconds * 10; ++i) {
    if (column(image, volume, "Out Of Sync Tracks") == "0") return true;
    site.world.run_for(100 * rt::kMillisecond);
  }
  return false;
}

std::string TwoImages::content_here(VolumeId volume) {
  return here().lab().content(volume, 0, tracks_ * kTrackBlocks);
}

std::string TwoImages::content_there(VolumeId volume) {
  return there().lab().content(volume, 0, tracks_ * kTrackBlocks);
}

std::uint64_t TwoImages::sent(LiveImage& image) {
  std::uint64_t sent = 0;
  for (const auto& shard : image.lab().life->image().shards()) {
    for (const auto& [generation, pair] : shard->pairs()) sent += shard->pair_counts(generation)->sent;
  }
  return sent;
}

}  // namespace tt::live
