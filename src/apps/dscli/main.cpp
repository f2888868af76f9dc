// SPDX-License-Identifier: Apache-2.0
// The DS CLI program. docs/dscli.md is its manual.
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "interfaces/dscli/https_transport.h"
#include "interfaces/dscli/interrupt.h"
#include "interfaces/dscli/line_editor.h"
#include "interfaces/dscli/program.h"
#include "interfaces/dscli/real_terminal.h"

namespace {

constexpr const char* kVersion = TWINTRACK_VERSION ".0";

std::string personal_folder() {
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : ".") + "/dscli";
}

/// The profile folder beside the program.
std::string installed_profile_folder() {
  std::error_code ignored;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return (program.parent_path() / "profile").string();
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_IGN);
  tt::dscli::catch_interrupts();

  tt::dscli::RealTerminal terminal;
  tt::dscli::LineEditor editor(terminal);
  tt::dscli::ProgramEnvironment environment;
  environment.terminal = &terminal;
  environment.home = personal_folder();
  environment.installed_profile = installed_profile_folder();
  environment.version = kVersion;
  environment.next_line = [&editor] { return editor.next(); };
  environment.begin_command = [] { tt::dscli::clear_interrupt(); };
  const std::string known_consoles = environment.home + "/known_consoles";
  environment.transport = [&known_consoles](const std::string& address, const tt::dscli::Settings& settings) {
    return tt::dscli::make_https_transport(address, settings, known_consoles, std::string("dscli ") + kVersion);
  };
  return tt::dscli::run_program(std::vector<std::string>(argv + 1, argv + argc), environment);
}
