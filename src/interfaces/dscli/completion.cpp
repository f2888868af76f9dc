// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "interfaces/dscli/binder.h"
#include "interfaces/dscli/lexer.h"
#include "interfaces/dscli/line_editor.h"

namespace tt::dscli {

namespace {

bool begins_with(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && model::equals_ignoring_case(text.substr(0, start.size()), start);
}

void complete_flags(const model::Operation& operation, std::string_view start, std::vector<std::string>& found) {
  const auto add = [&](const model::Argument& argument) {
    if (argument.is_flag() && begins_with(argument.flag, start)) found.push_back("-" + std::string(argument.flag));
  };
  for (const model::Argument& argument : operation.arguments) add(argument);
  for (const model::Argument& common : common_arguments()) {
    if (has_common_argument(operation, common)) add(common);
  }
}

}  // namespace

std::vector<std::string> completions(std::string_view line) {
  std::vector<std::string> found;
  std::vector<Word> words = lex_line(line).words;
  const bool new_word = line.empty() || line.back() == ' ';
  const std::string current = new_word || words.empty() ? "" : words.back().text;
  const std::size_t earlier = words.size() - (new_word || words.empty() ? 0 : 1);
  const bool wants_command = earlier == 0 || (earlier == 1 && model::equals_ignoring_case(words[0].text, "help"));
  if (wants_command) {
    for (const model::Operation& operation : model::operations()) {
      if (begins_with(operation.name, current)) found.emplace_back(operation.name);
    }
  } else if (!current.empty() && current[0] == '-') {
    const model::Operation* operation = model::find_operation(words[0].text);
    if (operation != nullptr) complete_flags(*operation, std::string_view(current).substr(1), found);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace tt::dscli
