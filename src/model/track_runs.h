// SPDX-License-Identifier: Apache-2.0
// Runs of tracks as people write them: "0-99:500" are tracks 0 to 99 of a source and 500 to 599 of a target, "7:20" is
// one track, "500-599" are tracks of one volume.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tt::model {

struct TracksText {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
struct RunText {
  TracksText source;
  std::uint64_t target = 0;
};

/// Nothing for any other text, and for numbers of 2^48 and more: no volume has that many, and sums of two stay numbers.
std::optional<TracksText> parse_tracks(std::string_view text);
std::optional<RunText> parse_run(std::string_view text);
std::string tracks_text(const TracksText& tracks);

}  // namespace tt::model
