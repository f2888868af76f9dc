// SPDX-License-Identifier: Apache-2.0
// Runs a transcript: what is typed at the DS CLI, what hosts do meanwhile, and exactly what comes back.
// tests/transcripts/README.md has the language.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conversation.h"
#include "host_directives.h"

namespace tt::live {

/// A command, what answers its prompts, what it must print and return.
struct TranscriptStep {
  std::size_t line_number = 0;
  std::string command;
  std::vector<std::string> answers;
  std::vector<std::string> expected;
  std::vector<std::string> trailer;  ///< Empty lines and remarks behind the output.
  int exit_code = 0;
};

class Transcript {
 public:
  explicit Transcript(std::string path);

  /// Returns what went wrong, one text each.
  std::vector<std::string> run();
  /// The transcript with the answers it really got.
  [[nodiscard]] std::string updated() const;
  [[nodiscard]] int steps() const { return steps_; }

 private:
  void take_line(const std::string& line, std::size_t number);
  void finish_step();
  std::string directive(const std::string& text);
  std::string do_directive(const std::string& name, const std::string& value);
  std::string machine_directive(const std::string& name, const std::string& words);
  void new_site(const std::string& image_id);
  std::string until_copied();
  std::string nbd_directive(const std::vector<std::string>& words);
  std::string until_ended(const std::string& pair);
  void problem(std::size_t line_number, const std::string& line, const std::string& what);

  std::string path_;
  std::string heading_;  ///< The last remark that begins with FC-n.
  bool copy_paused_ = false;
  std::unique_ptr<Site> site_;
  std::unique_ptr<Conversation> conversation_;
  std::optional<TranscriptStep> step_;
  int steps_ = 0;
  HeldWrites held_;
  std::vector<std::string> problems_;
  std::vector<std::string> updated_;
};

}  // namespace tt::live
