// SPDX-License-Identifier: Apache-2.0
// Help from the catalogue.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/catalogue.h"

namespace tt::dscli {

/// "mkflash [-dev storage_image] [-nocp] ... source:target ... | -", broken to lines.
std::vector<std::string> synopsis_lines(const model::Operation& operation);
/// Summary and synopsis; with `everything` also parameters, what it destroys, rights and an example.
std::vector<std::string> help_lines(const model::Operation& operation, bool everything);
/// All command names in columns.
std::vector<std::string> command_columns();
/// "name - summary" of every command.
std::vector<std::string> command_summaries();
std::vector<std::string> message_lines(const model::Message& message, bool everything);

}  // namespace tt::dscli
