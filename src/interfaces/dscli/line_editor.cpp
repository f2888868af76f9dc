// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cwchar>

#include "interfaces/dscli/interrupt.h"
#include "interfaces/dscli/lexer.h"

namespace tt::dscli {

namespace {

constexpr const char* kPrompt = "dscli> ";

char* prompt_text(EditLine*) {
  return const_cast<char*>(kPrompt);
}

/// One character, waiting so that Ctrl-C ends the wait.
int read_character(EditLine*, wchar_t* into) {
  std::mbstate_t state{};
  while (true) {
    if (wait_for(STDIN_FILENO, POLLIN, INT_MAX) != Wake::ready) {
      errno = EINTR;
      return -1;
    }
    char byte = 0;
    if (::read(STDIN_FILENO, &byte, 1) != 1) return 0;
    const std::size_t used = std::mbrtowc(into, &byte, 1, &state);
    if (used == 1 || used == 0) return 1;
    if (used != static_cast<std::size_t>(-2)) state = {};  // No character: start over with the next byte.
  }
}

std::string common_start(const std::vector<std::string>& words) {
  std::string common = words[0];
  for (const std::string& word : words) {
    while (word.compare(0, common.size(), common) != 0) common.pop_back();
  }
  return common;
}

unsigned char complete_word(EditLine* editor, int) {
  const LineInfo* info = el_line(editor);
  const std::string_view before(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
  const std::vector<std::string> found = completions(before);
  if (found.empty()) return CC_ERROR;
  const std::size_t blank = before.find_last_of(' ');
  const std::size_t typed = before.size() - (blank == std::string_view::npos ? 0 : blank + 1);
  std::string whole = common_start(found);
  if (found.size() == 1) whole += ' ';
  if (whole.size() > typed) {
    // The typed part is replaced: completion ignores case.
    el_deletestr(editor, static_cast<int>(typed));
    if (el_insertstr(editor, whole.c_str()) == -1) return CC_ERROR;
    return CC_REFRESH;
  }
  std::string listed = "\n";
  for (const std::string& word : found) listed += word + "  ";
  listed += "\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDOUT_FILENO, listed.data(), listed.size());
  return CC_REDISPLAY;
}

}  // namespace

struct LineEditor::Editor {
  EditLine* edit = nullptr;
  History* history = nullptr;

  Editor() {
    edit = el_init("dscli", stdin, stdout, stderr);
    history = history_init();
    HistEvent event;
    ::history(history, &event, H_SETSIZE, 500);
    el_set(edit, EL_PROMPT, prompt_text);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_HIST, ::history, history);
    el_set(edit, EL_GETCFN, read_character);
    el_set(edit, EL_ADDFN, "complete", "complete the word", complete_word);
    el_set(edit, EL_BIND, "^I", "complete", nullptr);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  ~Editor() {
    history_end(history);
    el_end(edit);
  }
};

void LineHistory::add(const std::string& line) {
  if (!holds_secret(line)) lines_.push_back(line);
}

bool LineHistory::holds_secret(std::string_view line) {
  for (const Word& word : lex_line(line).words) {
    if (word.text == "-pw" || word.text == "-passwd") return true;
  }
  return false;
}

std::optional<std::string> LineHistory::resolve(const std::string& line) const {
  if (line.size() < 2 || line[0] != '!') return line;
  if (line == "!!") return lines_.empty() ? std::nullopt : std::optional(lines_.back());
  std::size_t number = 0;
  const auto [stopped, failure] = std::from_chars(line.data() + 1, line.data() + line.size(), number);
  if (failure != std::errc{} || stopped != line.data() + line.size()) return line;
  if (number == 0 || number > lines_.size()) return std::nullopt;
  return lines_[number - 1];
}

LineEditor::LineEditor(RealTerminal& terminal) : terminal_(terminal) {
  if (terminal_.can_ask()) editor_ = std::make_unique<Editor>();
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
  if (!editor_) return terminal_.ask(kPrompt, true);
  while (true) {
    clear_interrupt();
    int count = 0;
    const char* line = el_gets(editor_->edit, &count);
    if (line != nullptr && count > 0) {
      std::string text(line, static_cast<std::size_t>(count));
      while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
      HistEvent event;
      if (!text.empty() && !LineHistory::holds_secret(text)) {
        ::history(editor_->history, &event, H_ENTER, text.c_str());
      }
      return text;
    }
    terminal_.out("");
    if (!interrupted()) return std::nullopt;
    // Ctrl-C at the prompt gives up the line, not the program.
    el_reset(editor_->edit);
  }
}

std::optional<std::string> LineEditor::next() {
  while (true) {
    auto line = read();
    if (!line) return std::nullopt;
    const std::string_view trimmed = std::string_view(*line).substr(0, line->find_last_not_of(" \t\r") + 1);
    if (trimmed == "history") {
      for (std::size_t i = 0; i < history_.lines().size(); ++i) {
        terminal_.out(std::to_string(i + 1) + "  " + history_.lines()[i]);
      }
      continue;
    }
    auto resolved = history_.resolve(std::string(trimmed));
    if (!resolved) {
      terminal_.out("No such line in the history.");
      continue;
    }
    if (resolved->empty()) continue;
    if (*resolved != trimmed) terminal_.out(*resolved);
    history_.add(*resolved);
    return resolved;
  }
}

}  // namespace tt::dscli
