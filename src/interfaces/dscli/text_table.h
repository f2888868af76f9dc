// SPDX-License-Identifier: Apache-2.0
// Tables of text in the formats of the DS CLI. Knows nothing of objects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "interfaces/dscli/settings.h"
#include "model/catalogue.h"

namespace tt::dscli {

struct Column {
  std::string heading;
  model::Align align = model::Align::left;
};

struct TextTable {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

/// Lines without line ends and without trailing blanks.
std::vector<std::string> table_lines(const TextTable& table, bool header);
std::vector<std::string> delimited_lines(const TextTable& table, bool header, char delim);
/// One "name value" line per column, an empty line between objects. Also the form of show commands.
std::vector<std::string> stanza_lines(const TextTable& table);
std::vector<std::string> xml_lines(const TextTable& table, std::string_view class_name);

std::string escape_xml(std::string_view text);

}  // namespace tt::dscli
