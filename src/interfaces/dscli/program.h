// SPDX-License-Identifier: Apache-2.0
// The dscli program: global options, then one command, a script, or a conversation.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "interfaces/dscli/session.h"

namespace tt::dscli {

struct GlobalOptions {
  std::optional<std::string> hmc1, hmc2, user, password, pwfile, config, script, timeout, verbose;
  bool stop_on_error = false;
  bool help = false;
  std::vector<std::string> command;  ///< Empty: interactive or script.
  std::string problem;               ///< Not empty: syntax error.
};
GlobalOptions parse_global_options(const std::vector<std::string>& arguments);

/// What differs between the real program and a test.
struct ProgramEnvironment {
  Terminal* terminal = nullptr;
  std::string home;               ///< The personal folder <home>/dscli.
  std::string installed_profile;  ///< Folder of the system's profile.
  std::string version;
  TransportFactory transport;
  /// Lines of a conversation: the line editor, or standard input. Nothing at the end.
  std::function<std::optional<std::string>()> next_line;
  /// Called before each command: forget an earlier Ctrl-C.
  std::function<void()> begin_command;
};

/// Returns the exit code.
int run_program(const std::vector<std::string>& arguments, const ProgramEnvironment& environment);

}  // namespace tt::dscli
