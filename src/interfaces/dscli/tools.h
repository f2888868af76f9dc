// SPDX-License-Identifier: Apache-2.0
// Commands that run in this program: help, ver, setenv, ...
#pragma once

#include "interfaces/dscli/session.h"

namespace tt::dscli {

class Tools {
 public:
  explicit Tools(Session& session) : session_(session) {}
  int run(const Command& command);
  /// What `<command> -help` prints.
  int help_for(const model::Operation& operation);

 private:
  int help(const Command& command);
  int ver(const Command& command);
  int quit(const Command& command);
  int set_values(const Command& command);
  int setoutput(const Command& command);
  int showenv(const Command& command);
  int managepwfile(const Command& command);
  int change_password_file(const Command& command, const std::string& file);
  int whoami(const Command& command);
  int lsmessages(const Command& command);
  void out(const std::vector<std::string>& lines);

  Session& session_;
};

}  // namespace tt::dscli
