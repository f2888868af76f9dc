// SPDX-License-Identifier: Apache-2.0
// Standard input and output of the process.
#pragma once

#include <optional>
#include <string>

#include "interfaces/dscli/terminal.h"

namespace tt::dscli {

class RealTerminal final : public Terminal {
 public:
  RealTerminal();
  void out(std::string_view line) override;
  void err(std::string_view line) override;
  std::optional<std::string> ask(std::string_view prompt, bool echo) override;
  std::string read_rest() override;
  [[nodiscard]] bool can_ask() const override { return input_is_terminal_; }
  [[nodiscard]] bool is_screen() const override { return output_is_terminal_; }
  [[nodiscard]] std::int64_t now() const override;
  bool pause_ms(std::int64_t milliseconds) override;

  /// One line of standard input without its end; nothing at the end or after Ctrl-C.
  std::optional<std::string> read_line();

 private:
  /// False at the end of input or after Ctrl-C.
  bool read_more();

  bool input_is_terminal_;
  bool output_is_terminal_;
  bool at_end_ = false;
  std::string pending_;
};

}  // namespace tt::dscli
