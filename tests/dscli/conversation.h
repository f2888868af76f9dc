// SPDX-License-Identifier: Apache-2.0
// A person or a script at the DS CLI of a site: the real session, with a terminal that keeps what is printed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "interfaces/dscli/session.h"
#include "site.h"

namespace tt::live {

inline constexpr const char* kVersion = "9.9.9.9";

class ScriptedTerminal final : public dscli::Terminal {
 public:
  explicit ScriptedTerminal(Site& site) : site_(site) {}
  void out(std::string_view line) override { lines.emplace_back(line.empty() ? "|" : std::string(line)); }
  void err(std::string_view line) override { lines.push_back("! " + std::string(line)); }
  std::optional<std::string> ask(std::string_view prompt, bool echo) override;
  std::string read_rest() override;
  [[nodiscard]] bool can_ask() const override { return is_terminal; }
  [[nodiscard]] bool is_screen() const override { return is_terminal; }
  [[nodiscard]] std::int64_t now() const override { return site_.now(); }
  bool pause_ms(std::int64_t milliseconds) override;

  bool is_terminal = false;
  std::deque<std::string> answers;
  std::vector<std::string> lines;  ///< "! " before lines of standard error, "|" for an empty line.

 private:
  Site& site_;
};

struct Spoken {
  int exit_code = 0;
  std::vector<std::string> lines;
  std::size_t unused_answers = 0;

  [[nodiscard]] std::string text() const;
};

class Conversation {
 public:
  /// As admin at the site's first image, without a terminal and without banner.
  explicit Conversation(Site& site);

  /// "@home" stands for the personal folder, in the command and in what is printed.
  Spoken say(const std::string& command, const std::vector<std::string>& answers = {});
  /// A line of the profile, and a new session. Not empty: what is wrong with it.
  std::string set(const std::string& line);
  /// "single", "script" or "interactive": a new session.
  void begin(const std::string& mode);
  void have_terminal(bool there) { terminal_.is_terminal = there; }

 private:
  Site& site_;
  ScriptedTerminal terminal_;
  dscli::Settings settings_;
  std::string mode_ = "single";
  console::TestFolder home_;
  std::unique_ptr<dscli::Session> session_;
};

}  // namespace tt::live
