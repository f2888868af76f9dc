// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/profile.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "model/catalogue.h"

namespace tt::dscli {

namespace {

std::string_view trim(std::string_view text) {
  const char* blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view unquote(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

bool set_switch(std::string_view value, bool& into) {
  const bool on = model::equals_ignoring_case(value, "on");
  if (!on && !model::equals_ignoring_case(value, "off")) return false;
  into = on;
  return true;
}

bool set_number(std::string_view value, std::int64_t low, std::int64_t high, std::int64_t& into) {
  std::int64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [stopped, failure] = std::from_chars(value.data(), end, number);
  if (failure != std::errc{} || stopped != end || number < low || number > high) return false;
  into = number;
  return true;
}

/// Text variables of a profile and where they go.
struct TextVariable {
  std::string_view name;
  std::string Settings::* member;
};
constexpr TextVariable kTexts[] = {
    {"hmc1", &Settings::hmc1},
    {"hmc2", &Settings::hmc2},
    {"username", &Settings::username},
    {"password", &Settings::password},
    {"passwordfile", &Settings::passwordfile},
    {"pwfile", &Settings::pwfile},
    {"devid", &Settings::devid},
    {"ca", &Settings::ca},
    {"remotedevid", &Settings::remotedevid},
    {"pin", &Settings::pin},
    {"locale", &Settings::locale},
    {"echoprefix", &Settings::echoprefix},
};

struct SwitchVariable {
  std::string_view name;
  bool Settings::* member;
};
constexpr SwitchVariable kSwitches[] = {
    {"fullid", &Settings::fullid}, {"header", &Settings::header},   {"banner", &Settings::banner},
    {"echo", &Settings::echo},     {"verbose", &Settings::verbose},
};

enum class Applied { yes, bad_value, unknown };

Applied apply_one(std::string_view name, std::string_view value, Settings& settings) {
  const auto outcome = [](bool good) { return good ? Applied::yes : Applied::bad_value; };
  for (const TextVariable& text : kTexts) {
    if (!model::equals_ignoring_case(text.name, name)) continue;
    settings.*text.member = std::string(value);
    return Applied::yes;
  }
  for (const SwitchVariable& one : kSwitches) {
    if (model::equals_ignoring_case(one.name, name)) return outcome(set_switch(value, settings.*one.member));
  }
  if (model::equals_ignoring_case(name, "timeout")) {
    return outcome(set_number(value, 1, 86400, settings.timeout_seconds));
  }
  if (model::equals_ignoring_case(name, "timeout.connection")) {
    return outcome(set_number(value, 1, 3600, settings.connection_timeout_seconds));
  }
  if (model::equals_ignoring_case(name, "rows")) return outcome(set_number(value, 1, 100, settings.rows));
  if (model::equals_ignoring_case(name, "paging")) {
    bool on = false;
    if (!set_switch(value, on)) return Applied::bad_value;
    settings.paging = on;
    return Applied::yes;
  }
  if (model::equals_ignoring_case(name, "format")) {
    const auto format = parse_format(value);
    if (format) settings.format = *format;
    return outcome(format.has_value());
  }
  if (model::equals_ignoring_case(name, "delim")) {
    if (value.size() != 1) return Applied::bad_value;
    settings.delim = value[0];
    return Applied::yes;
  }
  return Applied::unknown;
}

}  // namespace

std::optional<OutputFormat> parse_format(std::string_view word) {
  if (model::equals_ignoring_case(word, "default")) return OutputFormat::table;
  if (model::equals_ignoring_case(word, "xml")) return OutputFormat::xml;
  if (model::equals_ignoring_case(word, "delim")) return OutputFormat::delim;
  if (model::equals_ignoring_case(word, "stanza")) return OutputFormat::stanza;
  return std::nullopt;
}

std::string_view format_name(OutputFormat format) {
  switch (format) {
    case OutputFormat::table:
      return "default";
    case OutputFormat::xml:
      return "xml";
    case OutputFormat::delim:
      return "delim";
    case OutputFormat::stanza:
      return "stanza";
  }
  return "default";
}

ProfileOutcome apply_profile(std::string_view text, Settings& settings) {
  ProfileOutcome outcome;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::string place = "line " + std::to_string(line_number) + ": ";
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      outcome.problem = place + "expected 'name: value'.";
      return outcome;
    }
    const std::string_view name = trim(line.substr(0, colon));
    switch (apply_one(name, unquote(trim(line.substr(colon + 1))), settings)) {
      case Applied::yes:
        break;
      case Applied::unknown:
        outcome.unknown.emplace_back(name);
        break;
      case Applied::bad_value:
        outcome.problem = place + "the value of " + std::string(name) + " is not valid.";
        return outcome;
    }
  }
  return outcome;
}

std::string find_profile(std::string_view name, const ProfileFolders& folders) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path given(name);
  if (fs::is_regular_file(given, ignored)) return given.string();
  if (given.has_parent_path()) return {};
  for (const std::string& folder : {folders.personal, folders.installed}) {
    if (folder.empty()) continue;
    const fs::path candidate = fs::path(folder) / given;
    if (fs::is_regular_file(candidate, ignored)) return candidate.string();
  }
  return {};
}

}  // namespace tt::dscli
