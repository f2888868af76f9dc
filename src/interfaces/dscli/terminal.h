// SPDX-License-Identifier: Apache-2.0
// Where a session reads and writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tt::dscli {

class Terminal {
 public:
  virtual ~Terminal() = default;
  /// One line each; the line end is added.
  virtual void out(std::string_view line) = 0;
  virtual void err(std::string_view line) = 0;
  /// Prints `prompt` and reads one line without its end. Nothing at the end of input or when interrupted. With `echo`
  /// off the typed characters are not shown.
  virtual std::optional<std::string> ask(std::string_view prompt, bool echo) = 0;
  /// All of the rest of standard input, for the operand "-".
  virtual std::string read_rest() = 0;
  /// Whether a person can answer: standard input is a terminal.
  [[nodiscard]] virtual bool can_ask() const = 0;
  /// Whether output goes to a terminal: paging makes sense.
  [[nodiscard]] virtual bool is_screen() const = 0;
  /// Seconds since 1970.
  [[nodiscard]] virtual std::int64_t now() const = 0;
  /// Waits; false when interrupted by the user.
  virtual bool pause_ms(std::int64_t milliseconds) = 0;
};

}  // namespace tt::dscli
