// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/lexer.h"

namespace tt::dscli {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_quote(char c) {
  return c == '"' || c == '\'';
}

}  // namespace

LexedLine lex_line(std::string_view line) {
  LexedLine result;
  Word word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool escapes = c == '\\' && i + 1 < line.size() && is_quote(line[i + 1]);
    if (escapes) {
      word.text += line[++i];
      in_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word.text += c;
      }
    } else if (is_quote(c)) {
      quote = c;
      word.quoted = in_word = true;
    } else if (!is_blank(c)) {
      word.text += c;
      in_word = true;
    } else if (in_word) {
      result.words.push_back(std::move(word));
      word = {};
      in_word = false;
    }
  }
  result.open_quote = quote != '\0';
  if (in_word) result.words.push_back(std::move(word));
  return result;
}

bool is_blank_or_comment(std::string_view line) {
  for (const char c : line) {
    if (c == '#') return true;
    if (!is_blank(c)) return false;
  }
  return true;
}

}  // namespace tt::dscli
