// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/lexer.h"

#include <cstdint>

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

bool is_plain_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x20 || lead == 0x7F) return false;
    if (lead < 0x80) continue;
    const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i <= more) return false;
    std::uint32_t code = lead & (0x3FU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80U) return false;
      code = code << 6U | (next & 0x3FU);
    }
    const bool shortest = more == 1 || (more == 2 ? code >= 0x800 : code >= 0x10000);
    if (!shortest || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    i += more;
  }
  return true;
}

bool is_blank_or_comment(std::string_view line) {
  for (const char c : line) {
    if (c == '#') return true;
    if (!is_blank(c)) return false;
  }
  return true;
}

}  // namespace tt::dscli
