// SPDX-License-Identifier: Apache-2.0
#include "model/validation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tt::model {

namespace {

using nlohmann::json;

constexpr std::size_t kMostObjects = 65536;
constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kLongestName = 16;

bool is_text(const json& value, std::size_t longest) {
  return value.is_string() && value.get_ref<const std::string&>().size() <= longest;
}

/// `value` is an id of this kind, spelled canonically.
bool is_id(IdKind kind, const json& value) {
  if (!is_text(value, kLongestText)) return false;
  const auto& text = value.get_ref<const std::string&>();
  return canonical_id(kind, text) == text;
}

bool is_number(const Argument& argument, const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number >= static_cast<std::uint64_t>(argument.low) && number <= static_cast<std::uint64_t>(argument.high);
  }
  return false;
}

/// The first spelling of one of "a,b|c".
bool is_canonical_choice(std::string_view choices, const json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  while (!choices.empty()) {
    const std::string_view spellings = choices.substr(0, choices.find('|'));
    if (spellings.substr(0, spellings.find(',')) == text) return true;
    choices.remove_prefix(std::min(spellings.size() + 1, choices.size()));
  }
  return false;
}

/// A constant shares its key with the others of its set (background_copy: -cp true, -nocp false), and the key's
/// fallback counts too (mode: normal).
bool is_constant_of_key(const Operation& operation, std::string_view key, const json& value) {
  const auto same = [&](std::string_view word) {
    if (word.empty()) return false;
    if (word == "true" || word == "false") return value.is_boolean() && value.get<bool>() == (word == "true");
    return value.is_string() && value.get_ref<const std::string&>() == word;
  };
  return std::any_of(operation.arguments.begin(), operation.arguments.end(), [&](const Argument& argument) {
    return argument.key == key && argument.kind == ArgumentKind::constant && !argument.has(kLater) &&
           (same(argument.value) || same(argument.fallback));
  });
}

template <class Check>
bool is_array_of(const json& value, Check check) {
  return value.is_array() && value.size() <= kMostObjects && std::all_of(value.begin(), value.end(), check);
}

bool is_pair(IdKind kind, const json& value) {
  return value.is_object() && value.size() == 2 && value.contains("source") && value.contains("target") &&
         is_id(kind, value["source"]) && is_id(kind, value["target"]);
}

/// Of pairs between images, one of which may be known without the other.
bool is_one_end(IdKind kind, const json& value) {
  if (!value.is_object() || value.size() != 1) return false;
  return (value.contains("source") && is_id(kind, value["source"])) ||
         (value.contains("target") && is_id(kind, value["target"]));
}

bool is_named_id(IdKind kind, const json& value) {
  return value.is_object() && value.size() == 2 && value.contains("id") && value.contains("name") &&
         is_id(kind, value["id"]) && is_text(value["name"], kLongestName);
}

bool is_single_name(const Argument& argument, const json& value) {
  const std::size_t longest = argument.high > 0 ? static_cast<std::size_t>(argument.high) : kLongestText;
  return is_text(value, longest) &&
         value.get_ref<const std::string&>().size() >= static_cast<std::size_t>(argument.low);
}

bool fits(const Operation& operation, const Argument& argument, const json& value) {
  const IdKind kind = argument.id_kind;
  const auto text = [](const json& one) { return is_text(one, kLongestText); };
  switch (argument.kind) {
    case ArgumentKind::constant:
      return is_constant_of_key(operation, argument.key, value);
    case ArgumentKind::text:
    case ArgumentKind::secret:
      return is_single_name(argument, value);
    case ArgumentKind::choice:
      return is_canonical_choice(argument.value, value);
    case ArgumentKind::on_off:
    case ArgumentKind::enabling:
      return value.is_boolean();
    case ArgumentKind::number:
    case ArgumentKind::hex_number:
      return is_number(argument, value);
    case ArgumentKind::id:
      return is_id(kind, value);
    case ArgumentKind::words:
    case ArgumentKind::selection:
      return is_array_of(value, text);
    case ArgumentKind::id_list:
      return is_array_of(value, [&](const json& one) { return is_id(kind, one); });
    case ArgumentKind::ids:
      if (argument.has(kSingle)) return is_id(kind, value);
      return is_array_of(value, [&](const json& one) { return is_id(kind, one); });
    case ArgumentKind::pairs:
      return is_array_of(value, [&](const json& one) {
        return is_pair(kind, one) || (argument.elsewhere && kind == IdKind::volume && is_one_end(kind, one));
      });
    case ArgumentKind::named_ids:
      return is_array_of(value, [&](const json& one) { return is_named_id(kind, one); });
    case ArgumentKind::names:
      if (argument.has(kSingle)) return is_single_name(argument, value);
      return is_array_of(value, text);
  }
  return false;
}

bool is_sent(const Argument& argument) {
  return !argument.has(kLocal) && !argument.has(kLater);
}

}  // namespace

std::string check_arguments(const Operation& operation, const json& arguments) {
  if (!arguments.is_object()) return "arguments are no object";
  for (const Argument& argument : operation.arguments) {
    if (!is_sent(argument) || !argument.has(kRequired)) continue;
    if (!arguments.contains(argument.key)) return std::string(argument.key) + " is missing";
  }
  for (const auto& [key, value] : arguments.items()) {
    const bool good =
        std::any_of(operation.arguments.begin(), operation.arguments.end(), [&](const Argument& argument) {
          return argument.key == key && is_sent(argument) && fits(operation, argument, value);
        });
    if (!good) return key + " is unknown or has a wrong value";
  }
  return {};
}

}  // namespace tt::model
