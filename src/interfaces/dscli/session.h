// SPDX-License-Identifier: Apache-2.0
// A login and the commands under it. One line in, text out, an exit code back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "interfaces/dscli/binder.h"
#include "interfaces/dscli/command.h"
#include "interfaces/dscli/settings.h"
#include "interfaces/dscli/terminal.h"
#include "interfaces/dscli/transport.h"

namespace tt::dscli {

enum class Mode : std::uint8_t { single_shot, interactive, script };

/// A way to the console at `address`; what is needed for trust comes from the settings.
using TransportFactory =
    std::function<std::unique_ptr<Transport>(const std::string& address, const Settings& settings)>;

struct SessionOptions {
  Mode mode = Mode::single_shot;
  std::string version;  ///< Of this program.
  std::string home;     ///< The personal folder, <home>/dscli.
  TransportFactory transport;
};

class Session {
 public:
  Session(Terminal& terminal, Settings settings, SessionOptions options)
      : terminal_(terminal), settings_(std::move(settings)), options_(std::move(options)) {}

  /// Connects and logs in if that has not been done; asks for what is missing. 0 or an exit code (already reported).
  int ensure_login(bool for_password_change = false);

  /// Binds and runs one command.
  int run(std::span<const Word> words);

  /// What the interactive mode prints after the login.
  void greet();

  [[nodiscard]] bool quit_requested() const { return quit_requested_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  friend class Tools;

  int run_tool(const Command& command);
  int run_remote(Command& command);
  int offload_audit_log(const Command& command);
  int login_at(const std::string& address);
  /// Asks per object; leaves only the confirmed ones in the command. Nothing: go on.
  std::optional<int> confirm(Command& command);
  std::optional<int> confirm_what_is_lost(Command& command);
  std::optional<bool> ask_yes_no(std::string_view question);
  std::optional<int> list_pairs_to_remove(Command& command);
  int report(const Command& command, const Settings& merged, const ExecuteAnswer& answer);
  int report_nothing(const model::Operation& operation);
  int report_failure(std::string_view command_name, Error error);
  int wait_for_copies(const Command& command, int exit_code);
  int wait_for_first_pass(const Command& command, const model::Response& begun, int exit_code);
  int wait_for_verifications(const Command& command, const model::Response& begun, int exit_code);
  std::optional<std::vector<nlohmann::json>> wait_while(const Command& command, const char* list,
                                                        const nlohmann::json& select,
                                                        bool (*pending)(const std::vector<nlohmann::json>& rows),
                                                        int& code);
  int report_verification(const Command& command, const nlohmann::json& row);

  void print_message(std::string_view id, std::string_view command, std::span<const std::string_view> slots,
                     std::string_view object = {});
  void print_lines(const std::vector<std::string>& lines, const Settings& merged);
  int reject(const Rejection& rejection, std::string_view command_name);
  void verbose(const Settings& merged, std::string_view command, const std::string& text);
  void print_notices(std::string_view command);

  Terminal& terminal_;
  Settings settings_;
  SessionOptions options_;
  std::unique_ptr<Transport> transport_;
  std::string address_;
  LoginAnswer login_;
  bool logged_in_ = false;
  bool quit_requested_ = false;
};

}  // namespace tt::dscli
