// SPDX-License-Identifier: Apache-2.0
// From words to a Command, guided by the catalogue alone. Nothing is sent anywhere before a line is right.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "interfaces/dscli/command.h"
#include "interfaces/dscli/lexer.h"

namespace tt::dscli {

struct BindContext {
  std::string devid;             ///< Used when neither -dev nor an operand names the image.
  std::string remotedevid = {};  ///< Likewise for the other image of a command that has two.
  /// Words of standard input for the operand "-"; empty function: not possible (interactive mode).
  std::function<std::vector<std::string>()> read_operands;
};

/// words[0] is the command's name.
std::variant<Command, Rejection> bind_command(std::span<const Word> words, const BindContext& context);

/// Flags that every command of this shape has beside its own: -dev, -quiet, -fmt, ...
std::span<const model::Argument> common_arguments();
bool has_common_argument(const model::Operation& operation, const model::Argument& common);

}  // namespace tt::dscli
