// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/help_text.h"

#include <algorithm>

#include "interfaces/dscli/binder.h"

namespace tt::dscli {

namespace {

using model::Argument;
using model::ArgumentKind;
using model::Operation;

constexpr std::size_t kLineWidth = 100;
constexpr std::size_t kHelpColumns = 5;

std::string value_text(const Argument& argument) {
  switch (argument.kind) {
    case ArgumentKind::constant:
      return {};
    case ArgumentKind::on_off:
      return "on|off";
    case ArgumentKind::enabling:
      return "enable|disable";
    case ArgumentKind::choice: {
      // Only the first spelling of each choice.
      std::string text;
      bool skipping = false;
      for (const char c : argument.value) {
        if (c == ',') skipping = true;
        if (c == '|') skipping = false;
        if (!skipping) text += c;
      }
      return text;
    }
    default:
      return std::string(argument.value);
  }
}

std::string flag_text(const Argument& argument) {
  const std::string value = value_text(argument);
  return "-" + std::string(argument.flag) + (value.empty() ? "" : " " + value);
}

bool takes_dash(const Operation& operation) {
  const Argument* operand = operation.operand();
  return operand != nullptr && !operand->has(model::kSingle) && operation.place != model::Place::client;
}

std::vector<std::string> synopsis_pieces(const Operation& operation) {
  std::vector<std::string> pieces;
  for (const Argument& common : common_arguments()) {
    if (has_common_argument(operation, common)) pieces.push_back("[" + flag_text(common) + "]");
  }
  const auto arguments = operation.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Argument& argument = arguments[i];
    if (!argument.is_flag()) continue;
    std::string text = flag_text(argument);
    // Neighbours of one exclusive set are shown together.
    while (!argument.exclusive.empty() && i + 1 < arguments.size() &&
           arguments[i + 1].exclusive == argument.exclusive) {
      text += " | " + flag_text(arguments[++i]);
    }
    pieces.push_back(argument.has(model::kRequired) ? text : "[" + text + "]");
  }
  if (const Argument* operand = operation.operand()) {
    std::string text(operand->value);
    if (takes_dash(operation)) text += " | -";
    pieces.push_back(operand->has(model::kRequired) ? text : "[" + text + "]");
  }
  return pieces;
}

void add_parameter(std::vector<std::string>& lines, const Argument& argument) {
  if (argument.has(model::kDerived)) return;
  std::string line = "  " + (argument.is_operand() ? std::string(argument.value) : flag_text(argument));
  lines.push_back(line);
  std::string text = "      " + std::string(argument.help);
  if (!argument.fallback.empty() && argument.kind != ArgumentKind::constant) {
    text += "; default " + std::string(argument.fallback);
  }
  if (argument.has(model::kLater)) text += " [not in this release]";
  if (argument.has(model::kOnlyDs8000)) text += " [not for 1750 images]";
  if (argument.has(model::kExtension)) text += " [an addition of Twintrack]";
  lines.push_back(std::move(text));
}

}  // namespace

std::vector<std::string> synopsis_lines(const Operation& operation) {
  std::vector<std::string> lines;
  std::string line(operation.name);
  const std::string indent(operation.name.size(), ' ');
  for (const std::string& piece : synopsis_pieces(operation)) {
    if (line.size() + 1 + piece.size() > kLineWidth) {
      lines.push_back(std::move(line));
      line = indent;
    }
    line += " " + piece;
  }
  lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> help_lines(const Operation& operation, bool everything) {
  std::vector<std::string> lines = {std::string(operation.name) + " - " + std::string(operation.summary), ""};
  for (std::string& line : synopsis_lines(operation)) lines.push_back(std::move(line));
  if (!everything) return lines;
  lines.emplace_back();
  lines.emplace_back("Parameters");
  for (const Argument& argument : operation.arguments) add_parameter(lines, argument);
  for (const Argument& common : common_arguments()) {
    if (has_common_argument(operation, common)) add_parameter(lines, common);
  }
  lines.emplace_back();
  if (!operation.loses.empty()) lines.push_back("Loses: " + std::string(operation.loses) + ".");
  lines.push_back("Rights: " + std::string(model::access_name(operation.access)) + ".");
  lines.push_back("Example: " + std::string(operation.example));
  return lines;
}

std::vector<std::string> command_columns() {
  std::size_t widest = 0;
  for (const Operation& operation : model::operations()) widest = std::max(widest, operation.name.size());
  std::vector<std::string> lines;
  std::string line;
  std::size_t in_line = 0;
  for (const Operation& operation : model::operations()) {
    if (in_line == kHelpColumns) {
      lines.push_back(std::move(line));
      line.clear();
      in_line = 0;
    }
    if (in_line > 0) line.append((widest + 2) * in_line - line.size(), ' ');
    line += operation.name;
    ++in_line;
  }
  lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> command_summaries() {
  std::vector<std::string> lines;
  for (const Operation& operation : model::operations()) {
    lines.push_back(std::string(operation.name) + " - " + std::string(operation.summary));
  }
  return lines;
}

std::vector<std::string> message_lines(const model::Message& message, bool everything) {
  std::vector<std::string> lines = {std::string(message.id) + " " + std::string(message.text)};
  if (!everything) return lines;
  if (!message.cause.empty()) lines.push_back("  Cause:  " + std::string(message.cause));
  if (!message.action.empty()) lines.push_back("  Action: " + std::string(message.action));
  return lines;
}

}  // namespace tt::dscli
