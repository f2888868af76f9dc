// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/text_table.h"

#include <algorithm>

namespace tt::dscli {

namespace {

/// Characters, not bytes: names may hold UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void append_cell(std::string& line, std::string_view cell, std::size_t width, model::Align align) {
  const std::size_t used = width_of(cell);
  const std::string padding(width > used ? width - used : 0, ' ');
  if (align == model::Align::right) line += padding;
  line += cell;
  if (align == model::Align::left) line += padding;
}

void strip_trailing_blanks(std::string& line) {
  const std::size_t last = line.find_last_not_of(' ');
  line.erase(last == std::string::npos ? 0 : last + 1);
}

/// The line of '=' under a heading, as wide as the widest line.
std::string rule_for(const std::vector<std::string>& lines) {
  std::size_t widest = 0;
  for (const std::string& line : lines) widest = std::max(widest, width_of(line));
  return std::string(widest, '=');
}

std::vector<std::string> with_rule(std::vector<std::string> lines, bool header) {
  if (!header) {
    lines.erase(lines.begin());
    return lines;
  }
  std::string rule = rule_for(lines);
  lines.insert(lines.begin() + 1, std::move(rule));
  return lines;
}

std::vector<std::string> headings(const TextTable& table) {
  std::vector<std::string> texts;
  for (const Column& column : table.columns) texts.push_back(column.heading);
  return texts;
}

}  // namespace

std::vector<std::string> table_lines(const TextTable& table, bool header) {
  std::vector<std::size_t> widths;
  for (const Column& column : table.columns) widths.push_back(header ? width_of(column.heading) : 0);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::vector<std::string> lines;
  const auto add = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += ' ';
      append_cell(line, cells[i], widths[i], table.columns[i].align);
    }
    strip_trailing_blanks(line);
    lines.push_back(std::move(line));
  };
  add(headings(table));
  for (const auto& row : table.rows) add(row);
  return with_rule(std::move(lines), header);
}

std::vector<std::string> delimited_lines(const TextTable& table, bool header, char delim) {
  std::vector<std::string> lines;
  const auto add = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += delim;
      line += cells[i];
    }
    lines.push_back(std::move(line));
  };
  add(headings(table));
  for (const auto& row : table.rows) add(row);
  return with_rule(std::move(lines), header);
}

std::vector<std::string> stanza_lines(const TextTable& table) {
  std::size_t widest = 0;
  for (const Column& column : table.columns) widest = std::max(widest, width_of(column.heading));
  std::vector<std::string> lines;
  for (const auto& row : table.rows) {
    if (!lines.empty()) lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string line;
      append_cell(line, table.columns[i].heading, widest + 1, model::Align::left);
      line += row[i];
      strip_trailing_blanks(line);
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::vector<std::string> xml_lines(const TextTable& table, std::string_view class_name) {
  std::vector<std::string> lines = {"<IRETURNVALUE>"};
  for (const auto& row : table.rows) {
    lines.push_back("<INSTANCE CLASSNAME=\"" + escape_xml(class_name) + "\">");
    for (std::size_t i = 0; i < row.size(); ++i) {
      lines.push_back("<PROPERTY NAME=\"" + escape_xml(table.columns[i].heading) +
                      "\" TYPE=\"string\"><VALUE TYPE=\"string\">" + escape_xml(row[i]) + "</VALUE></PROPERTY>");
    }
    lines.emplace_back("</INSTANCE>");
  }
  lines.emplace_back("</IRETURNVALUE>");
  return lines;
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace tt::dscli
