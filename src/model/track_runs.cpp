// SPDX-License-Identifier: Apache-2.0
#include "model/track_runs.h"

#include <charconv>

namespace tt::model {

namespace {

constexpr std::uint64_t kNoTrack = std::uint64_t{1} << 48U;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool usable = error == std::errc{} && end == text.data() + text.size() && number < kNoTrack;
  return usable ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<TracksText> parse_tracks(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = number_in(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return TracksText{*first, 1};
  const auto last = number_in(text.substr(dash + 1));
  if (!last || *last < *first) return std::nullopt;
  return TracksText{*first, *last - *first + 1};
}

std::optional<RunText> parse_run(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto source = parse_tracks(text.substr(0, colon));
  const auto target = number_in(text.substr(colon + 1));
  if (!source || !target) return std::nullopt;
  return RunText{*source, *target};
}

std::string tracks_text(const TracksText& tracks) {
  std::string text = std::to_string(tracks.first);
  if (tracks.count > 1) text += '-' + std::to_string(tracks.first + tracks.count - 1);
  return text;
}

}  // namespace tt::model
