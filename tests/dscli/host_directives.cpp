// SPDX-License-Identifier: Apache-2.0
#include "host_directives.h"

#include <charconv>
#include <optional>
#include <sstream>

#include "model/ids.h"

namespace tt::live {

namespace {

struct Blocks {
  VolumeId volume;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

std::optional<std::pair<std::uint64_t, std::uint64_t>> first_and_last(const std::string& text) {
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [stopped, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failure != std::errc{} || stopped != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const std::size_t dash = text.find('-');
  const auto first = number(std::string_view(text).substr(0, dash));
  const auto last = dash == std::string::npos ? first : number(std::string_view(text).substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return std::pair(*first, *last);
}

/// Takes the volume and the range from the front.
std::optional<Blocks> take_blocks(simulation::Lab& lab, Words& words) {
  if (words.size() < 2) return std::nullopt;
  const auto id = model::parse_volume_id(words[0]);
  const volume::VolumeConfig* volume = id ? lab.control().config().find_volume(*id) : nullptr;
  if (volume == nullptr) return std::nullopt;
  Blocks blocks{*id, 0, volume->block_count};
  words = words.subspan(1);
  if (words[0] == "all") {
    words = words.subspan(1);
    return blocks;
  }
  for (bool first_unit = true; words.size() >= 2; first_unit = false) {
    const bool tracks = words[0] == "track" || words[0] == "tracks";
    if (!tracks && words[0] != "blocks" && words[0] != "block") {
      if (first_unit) return std::nullopt;
      break;
    }
    const auto range = first_and_last(words[1]);
    if (!range) return std::nullopt;
    const std::uint64_t unit = tracks ? kTrackBlocks : 1;
    blocks.first = (first_unit ? 0 : blocks.first) + range->first * unit;
    blocks.count = (range->second - range->first + 1) * unit;
    words = words.subspan(2);
  }
  if (blocks.first >= volume->block_count) return std::nullopt;
  blocks.count = std::min(blocks.count, volume->block_count - blocks.first);  // the last track may be short
  return blocks;
}

std::string verdict(const Result<void>& done, Words words) {
  const std::string wanted = words.size() == 2 && words[0] == "fails" ? words[1] : words.empty() ? "ok" : "?";
  if (wanted == "?") return "expected: fails NAME";
  const std::string got = done ? "ok" : name_of(done.error().code);
  return got == wanted ? "" : "the host got " + got + ", expected " + wanted;
}

}  // namespace

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string volumes_directive(simulation::Lab& lab, Words words) {
  const bool thin = !words.empty() && words.back() == "thin";
  if (thin) words = words.first(words.size() - 1);
  const auto tracks = words.empty() ? std::nullopt : first_and_last(words[0]);
  if (!tracks || words.size() < 2) return "expected: TRACKS VOLUME ... [thin]";
  for (const std::string& word : words.subspan(1)) {
    const auto id = model::parse_volume_id(word);
    if (!id) return word + " is no volume id";
    lab.make(id->value, tracks->first, thin);
  }
  return "";
}

std::string write_directive(simulation::Lab& lab, Words words) {
  const auto blocks = take_blocks(lab, words);
  if (!blocks || words.size() < 2 || words[0] != "pattern" || words[1].size() != 1) {
    return "expected: VOLUME RANGE pattern LETTER [fails NAME]";
  }
  return verdict(lab.write(blocks->volume, blocks->first, blocks->count, words[1][0]), words.subspan(2));
}

namespace {

constexpr rt::TimeNs kMomentToAnswer = 100 * rt::kMillisecond;

}  // namespace

std::string held_write_directive(simulation::Lab& lab, Words words, HeldWrites& held) {
  const auto blocks = take_blocks(lab, words);
  if (!blocks || words.size() != 2 || words[0] != "pattern" || words[1].size() != 1) {
    return "expected: VOLUME RANGE pattern LETTER";
  }
  held.push_back(lab.start_write(blocks->volume, blocks->first, blocks->count, words[1][0]));
  lab.run_for(kMomentToAnswer);
  return held.back()->has_value() ? "the write was answered" : "";
}

std::string held_directive(simulation::Lab& lab, Words words, HeldWrites& held) {
  lab.run_for(kMomentToAnswer);
  if (held.empty() || words.empty()) return "expected: waiting | answered | fails NAME, of writes that wait";
  for (const auto& write : held) {
    if (write->has_value() != (words[0] != "waiting")) return "a write was answered or not, against expectation";
  }
  if (words[0] == "waiting") return "";
  if (words[0] == "answered") words = words.subspan(1);
  for (const auto& write : held) {
    std::string wrong = verdict(**write, words);
    if (!wrong.empty()) return wrong;
  }
  held.clear();
  return "";
}

std::string damage_directive(simulation::Lab& lab, Words words) {
  const auto blocks = take_blocks(lab, words);
  if (!blocks) return "expected: VOLUME RANGE";
  for (std::uint64_t i = 0; i < blocks->count; i += kTrackBlocks)
    lab.damage(blocks->volume, (blocks->first + i) / kTrackBlocks);
  return "";
}

std::string zero_directive(simulation::Lab& lab, Words words, bool deallocate) {
  const auto blocks = take_blocks(lab, words);
  if (!blocks) return "expected: VOLUME RANGE [fails NAME]";
  return verdict(lab.zero(blocks->volume, blocks->first, blocks->count, deallocate), words);
}

std::string read_directive(simulation::Lab& lab, Words words) {
  const auto blocks = take_blocks(lab, words);
  if (!blocks || words.size() < 2 || words[0] != "expect") return "expected: VOLUME RANGE expect CONTENT";
  std::string wanted;
  for (const std::string& word : words.subspan(1)) wanted += (wanted.empty() ? "" : " ") + word;
  if (wanted.size() == 1) wanted += "*" + std::to_string(blocks->count);
  const std::string got = lab.content(blocks->volume, blocks->first, blocks->count);
  return got == wanted ? "" : "the host read '" + got + "', expected '" + wanted + "'";
}

}  // namespace tt::live
