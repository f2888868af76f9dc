// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/values.h"

#include <charconv>

#include "interfaces/dscli/expansion.h"

namespace tt::dscli {

namespace {

using model::Argument;
using model::ArgumentKind;
using nlohmann::json;

std::string read_choice(std::string_view choices, std::string_view text, json& into) {
  std::string listed;
  while (!choices.empty()) {
    const std::size_t bar = std::min(choices.find('|'), choices.size());
    std::string_view spellings = choices.substr(0, bar);
    choices.remove_prefix(std::min(bar + 1, choices.size()));
    const std::string_view canonical = spellings.substr(0, spellings.find(','));
    while (!spellings.empty()) {
      const std::size_t comma = std::min(spellings.find(','), spellings.size());
      if (model::equals_ignoring_case(spellings.substr(0, comma), text)) {
        into = canonical;
        return {};
      }
      spellings.remove_prefix(std::min(comma + 1, spellings.size()));
    }
    if (!listed.empty()) listed += ", ";
    listed += canonical;
  }
  return "'" + std::string(text) + "' is none of: " + listed + ".";
}

std::string read_two_words(std::string_view yes, std::string_view no, std::string_view text, json& into) {
  const bool is_yes = model::equals_ignoring_case(text, yes);
  if (!is_yes && !model::equals_ignoring_case(text, no)) {
    return "'" + std::string(text) + "' is neither " + std::string(yes) + " nor " + std::string(no) + ".";
  }
  into = is_yes;
  return {};
}

std::string read_number(const Argument& argument, std::string_view text, json& into) {
  const int base = argument.kind == ArgumentKind::hex_number ? 16 : 10;
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, value, base);
  const bool is_number = !text.empty() && failure == std::errc{} && stopped == end;
  if (is_number && value >= argument.low && value <= argument.high) {
    into = value;
    return {};
  }
  if (base == 16) return "'" + std::string(text) + "' is not a number of up to 8 hex digits.";
  return "'" + std::string(text) + "' is not a number from " + std::to_string(argument.low) + " to " +
         std::to_string(argument.high) + ".";
}

std::string read_text(const Argument& argument, std::string_view text, json& into) {
  const auto length = static_cast<std::int64_t>(text.size());
  if (length < argument.low || (argument.high > 0 && length > argument.high)) {
    if (argument.low == 1 && argument.high == 1) return "the value must be one character.";
    return "the value must have " + std::to_string(argument.low) + " to " + std::to_string(argument.high) +
           " characters.";
  }
  into = text;
  return {};
}

std::string read_words(std::string_view text, json& into) {
  into = json::array();
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    if (word.empty()) return "the list has an empty entry.";
    into.push_back(word);
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

std::string read_id_list(const Argument& argument, std::string_view text, json& into) {
  json words;
  std::string problem = read_words(text, words);
  if (!problem.empty()) return problem;
  into = json::array();
  for (const json& word : words) {
    ExpandedIds expanded = expand_ids(argument.id_kind, word.get<std::string>());
    if (!expanded.problem.empty()) return expanded.problem;
    if (!expanded.image.empty()) return "the ids are those of the command's storage image, without its name.";
    for (std::string& id : expanded.ids) into.push_back(std::move(id));
  }
  return {};
}

}  // namespace

json constant_value(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return text;
}

std::string read_value(const Argument& argument, std::string_view text, json& into) {
  switch (argument.kind) {
    case ArgumentKind::constant:
      into = constant_value(text);
      return {};
    case ArgumentKind::text:
    case ArgumentKind::secret:
      return read_text(argument, text, into);
    case ArgumentKind::choice:
      return read_choice(argument.value, text, into);
    case ArgumentKind::on_off:
      return read_two_words("on", "off", text, into);
    case ArgumentKind::enabling:
      return read_two_words("enable", "disable", text, into);
    case ArgumentKind::number:
    case ArgumentKind::hex_number:
      return read_number(argument, text, into);
    case ArgumentKind::words:
      return read_words(text, into);
    case ArgumentKind::id_list:
      return read_id_list(argument, text, into);
    case ArgumentKind::id: {
      const auto id = model::canonical_id(argument.id_kind, text);
      if (!id) return "'" + std::string(text) + "' is not of the form " + std::string(argument.value) + ".";
      into = *id;
      return {};
    }
    case ArgumentKind::ids:
    case ArgumentKind::selection:
    case ArgumentKind::pairs:
    case ArgumentKind::names:
    case ArgumentKind::named_ids:
      break;
  }
  return "operands have no flag.";
}

}  // namespace tt::dscli
