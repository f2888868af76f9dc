// SPDX-License-Identifier: Apache-2.0
// Words of a command line as the DS CLI reads them: separated by blanks, quoted with " or ', a backslash before a quote
// takes its meaning away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tt::dscli {

struct Word {
  std::string text;
  bool quoted = false;  ///< Quoted words are never flags.

  friend bool operator==(const Word&, const Word&) = default;
};

struct LexedLine {
  std::vector<Word> words;
  bool open_quote = false;  ///< The line ended inside quotes; the words are not complete.
};

LexedLine lex_line(std::string_view line);

/// Whether the text is UTF-8 without control characters: everything else would reach an image as something else.
bool is_plain_text(std::string_view text);

/// Whether a line of a script holds no command: blank, or a comment.
bool is_blank_or_comment(std::string_view line);

}  // namespace tt::dscli
