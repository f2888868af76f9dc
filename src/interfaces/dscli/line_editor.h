// SPDX-License-Identifier: Apache-2.0
// Lines of the interactive mode: with history, editing and completion on a terminal (libedit), plain otherwise.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interfaces/dscli/real_terminal.h"

namespace tt::dscli {

/// What the word under the cursor may become: command names for the first word, else flags of the command.
std::vector<std::string> completions(std::string_view line_up_to_cursor);

/// Earlier lines; "!3" recalls the third, "!!" the last. Lines with passwords are not kept.
class LineHistory {
 public:
  void add(const std::string& line);
  /// `line` itself, or the line that "!n" means; nothing if there is no such line.
  [[nodiscard]] std::optional<std::string> resolve(const std::string& line) const;
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] static bool holds_secret(std::string_view line);

 private:
  std::vector<std::string> lines_;
};

class LineEditor {
 public:
  explicit LineEditor(RealTerminal& terminal);
  ~LineEditor();
  /// The next command line; "history" and "!n" are dealt with here. Nothing at the end of input.
  std::optional<std::string> next();

 private:
  struct Editor;
  std::optional<std::string> read();

  RealTerminal& terminal_;
  LineHistory history_;
  std::unique_ptr<Editor> editor_;  ///< None without a terminal.
};

}  // namespace tt::dscli
