// SPDX-License-Identifier: Apache-2.0
#include "conversation.h"

#include "interfaces/dscli/lexer.h"
#include "interfaces/dscli/profile.h"

namespace tt::live {

namespace {

constexpr const char* kHome = "@home";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

}  // namespace

std::optional<std::string> ScriptedTerminal::ask(std::string_view prompt, bool echo) {
  if (answers.empty()) {
    lines.emplace_back(prompt);
    return std::nullopt;
  }
  std::string answer = answers.front();
  answers.pop_front();
  lines.push_back(std::string(prompt) + (echo ? answer : ""));
  return answer;
}

std::string ScriptedTerminal::read_rest() {
  std::string all;
  for (const std::string& answer : answers) all += answer + "\n";
  answers.clear();
  return all;
}

bool ScriptedTerminal::pause_ms(std::int64_t milliseconds) {
  site_.world.run_for(milliseconds * rt::kMillisecond);
  return true;
}

std::string Spoken::text() const {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

Conversation::Conversation(Site& site) : site_(site), terminal_(site) {
  settings_.hmc1 = "hmc";
  settings_.username = "admin";
  settings_.password = "secret";
  settings_.devid = site.image().id();
  settings_.banner = false;
  begin(mode_);
}

void Conversation::begin(const std::string& mode) {
  mode_ = mode;
  dscli::SessionOptions options;
  options.mode = mode == "interactive" ? dscli::Mode::interactive
                 : mode == "script"    ? dscli::Mode::script
                                       : dscli::Mode::single_shot;
  options.version = kVersion;
  options.home = home_.path();
  options.transport = [this](const std::string&, const dscli::Settings&) { return site_.connect(); };
  session_ = std::make_unique<dscli::Session>(terminal_, settings_, options);
}

std::string Conversation::set(const std::string& line) {
  const auto outcome = dscli::apply_profile(replaced(line, kHome, home_.path()), settings_);
  if (!outcome.unknown.empty()) return "unknown name";
  begin(mode_);
  return outcome.problem;
}

Spoken Conversation::say(const std::string& command, const std::vector<std::string>& answers) {
  terminal_.lines.clear();
  terminal_.answers.assign(answers.begin(), answers.end());
  Spoken spoken;
  spoken.exit_code = session_->run(dscli::lex_line(replaced(command, kHome, home_.path())).words);
  for (const std::string& line : terminal_.lines) spoken.lines.push_back(replaced(line, home_.path(), kHome));
  spoken.unused_answers = terminal_.answers.size();
  return spoken;
}

}  // namespace tt::live
