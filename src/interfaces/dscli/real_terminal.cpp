// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/real_terminal.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <ctime>
#include <utility>

#include "interfaces/dscli/interrupt.h"

namespace tt::dscli {

namespace {

constexpr std::int64_t kForeverMs = INT_MAX;

void write_line(std::FILE* stream, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stream);
  std::fputc('\n', stream);
  std::fflush(stream);
}

/// Switches the echo of the terminal off while it lives.
class NoEcho {
 public:
  explicit NoEcho(bool wanted) : active_(wanted && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!active_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (!active_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputc('\n', stdout);
    std::fflush(stdout);
  }

 private:
  termios before_{};
  bool active_;
};

}  // namespace

RealTerminal::RealTerminal()
    : input_is_terminal_(::isatty(STDIN_FILENO) == 1), output_is_terminal_(::isatty(STDOUT_FILENO) == 1) {}

void RealTerminal::out(std::string_view line) {
  write_line(stdout, line);
}
void RealTerminal::err(std::string_view line) {
  write_line(stderr, line);
}

std::optional<std::string> RealTerminal::ask(std::string_view prompt, bool echo) {
  std::fwrite(prompt.data(), 1, prompt.size(), stdout);
  std::fflush(stdout);
  const NoEcho guard(!echo && input_is_terminal_);
  return read_line();
}

bool RealTerminal::read_more() {
  if (at_end_ || wait_for(STDIN_FILENO, POLLIN, kForeverMs) != Wake::ready) return false;
  char bytes[4096];
  const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (count <= 0) {
    at_end_ = true;
    return false;
  }
  pending_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> RealTerminal::read_line() {
  while (true) {
    if (const std::size_t end = pending_.find('\n'); end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    if (read_more()) continue;
    if (!at_end_ || pending_.empty()) return std::nullopt;
    return std::exchange(pending_, {});
  }
}

std::string RealTerminal::read_rest() {
  while (read_more()) {
  }
  return std::exchange(pending_, {});
}

std::int64_t RealTerminal::now() const {
  return static_cast<std::int64_t>(std::time(nullptr));
}

bool RealTerminal::pause_ms(std::int64_t milliseconds) {
  return wait_for(-1, 0, milliseconds) != Wake::interrupted;
}

}  // namespace tt::dscli
