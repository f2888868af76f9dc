// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/session.h"

#include <algorithm>
#include <sstream>

#include "interfaces/dscli/password_file.h"
#include "interfaces/dscli/render.h"
#include "interfaces/dscli/tools.h"
#include "interfaces/files/files.h"

namespace tt::dscli {

namespace {

using model::Place;
using model::Shape;
using nlohmann::json;

constexpr std::string_view kProgram = "dscli";

/// Rows that answer "what is this image" need no image to be named; everything else prints the one it is about.
int exit_code_of(Errc code) {
  switch (code) {
    case Errc::disconnected:
    case Errc::timed_out:
    case Errc::bad_message:
    case Errc::version_not_supported:
      return kExitConnection;
    case Errc::authentication_failed:
      return kExitAuthentication;
    case Errc::cancelled:
      return kExitApplication;
    default:
      return kExitServer;
  }
}

std::vector<std::string> split_words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

// ---------------------------------------------------------------- printing

void Session::print_message(std::string_view id, std::string_view command, std::span<const std::string_view> slots,
                            std::string_view object) {
  const model::Message* message = model::find_message(id);
  TT_ASSERT(message != nullptr);
  std::string line = std::string(message->id) + " " + std::string(command) + ": ";
  if (!object.empty()) line += std::string(object) + ": ";
  line += model::fill_slots(message->text, slots);
  if (message->id.back() == 'E' && options_.mode != Mode::interactive) {
    terminal_.err(line);
  } else {
    terminal_.out(line);
  }
}

int Session::reject(const Rejection& rejection, std::string_view command_name) {
  const std::vector<std::string_view> slots(rejection.slots.begin(), rejection.slots.end());
  print_message(rejection.message_id, command_name, slots, rejection.object);
  return rejection.exit_code;
}

void Session::verbose(const Settings& merged, std::string_view command, const std::string& text) {
  if (!merged.verbose) return;
  const std::string_view slots[] = {text};
  print_message("CMUC09023I", command, slots);
}

void Session::print_lines(const std::vector<std::string>& lines, const Settings& merged) {
  const bool paging = merged.paging.value_or(options_.mode == Mode::interactive) && terminal_.is_screen() &&
                      terminal_.can_ask() && merged.format == OutputFormat::table;
  std::int64_t printed = 0;
  for (const std::string& line : lines) {
    if (paging && printed == merged.rows) {
      if (!terminal_.ask("Press Enter To Continue...", true)) return;
      printed = 0;
    }
    terminal_.out(line);
    ++printed;
  }
}

void Session::print_notices(std::string_view command) {
  for (const std::string& notice : transport_->take_notices()) {
    // Not part of any command's output: scripts that read standard output never see it.
    terminal_.err("CMUC09019I " + std::string(command) + ": " + notice);
  }
}

void Session::greet() {
  const std::string line = banner_line(terminal_.now(), options_.version, "");
  terminal_.out(line.substr(0, line.size() - 2));
  terminal_.out(settings_.devid.empty() ? "-" : settings_.devid);
}

// ---------------------------------------------------------------- login

int Session::report_failure(std::string_view command_name, Error error) {
  const std::string explanation = transport_ ? transport_->explanation() : std::string();
  std::vector<std::string_view> slots = {explanation};
  std::string_view id = model::message_id_of(error.code, command_name);
  const std::string seconds = std::to_string(settings_.timeout_seconds);
  if (error.code == Errc::cancelled) {
    id = "CMUC09021E";
  } else if (error.code == Errc::timed_out) {
    id = "CMUC09022E";
    slots = {command_name, seconds};
  }
  print_message(id, command_name, slots);
  return exit_code_of(error.code);
}

int Session::login_at(const std::string& address) {
  transport_ = options_.transport(address, settings_);
  address_ = address;
  std::string password = settings_.password;
  if (password.empty() && !settings_.passwordfile.empty()) {
    const auto content = files::read_file(settings_.passwordfile);
    if (!content) {
      const std::string why = files::describe(content.error());
      return reject({"CMUC09015E", {settings_.passwordfile, why}, {}, kExitApplication}, kProgram);
    }
    password = *content;
    password.erase(std::min(password.find_first_of("\r\n"), password.size()));
  }
  if (password.empty() && !settings_.pwfile.empty()) {
    password = PasswordFile(settings_.pwfile).find(address, settings_.username).value_or(std::string());
  }
  if (password.empty()) {
    if (!terminal_.can_ask()) {
      return reject({"CMUC09024E", {"password", "-passwd, -pwfile or the profile"}, {}, kExitSyntax}, kProgram);
    }
    const auto typed = terminal_.ask("Enter your password:", false);
    if (!typed) return reject({"CMUC09021E", {}, {}, kExitApplication}, kProgram);
    password = *typed;
    settings_.password = password;
  }
  auto answer = transport_->login(settings_.username, password);
  print_notices(kProgram);
  if (!answer) return report_failure(kProgram, answer.error());
  settings_.password = password;
  login_ = std::move(answer).value();
  logged_in_ = true;
  return kExitSuccess;
}

int Session::ensure_login(bool for_password_change) {
  if (!logged_in_) {
    const auto ask_for = [&](std::string& value, std::string_view prompt, std::string_view what,
                             std::string_view option) -> int {
      if (!value.empty()) return kExitSuccess;
      if (!terminal_.can_ask()) {
        return reject({"CMUC09024E", {std::string(what), std::string(option)}, {}, kExitSyntax}, kProgram);
      }
      const auto typed = terminal_.ask(prompt, true);
      if (!typed || typed->empty()) return reject({"CMUC09021E", {}, {}, kExitApplication}, kProgram);
      value = *typed;
      return kExitSuccess;
    };
    if (settings_.hmc1.empty()) {
      const int code = ask_for(settings_.hmc1, "Enter the primary management console address:", "management console",
                               "-hmc1 or hmc1 in the profile");
      if (code != kExitSuccess) return code;
      settings_.hmc2 = terminal_.ask("Enter the secondary management console address:", true).value_or("");
    }
    const int code = ask_for(settings_.username, "Enter your username:", "user", "-user or username in the profile");
    if (code != kExitSuccess) return code;
    int result = login_at(settings_.hmc1);
    if (result == kExitConnection && !settings_.hmc2.empty()) result = login_at(settings_.hmc2);
    if (result != kExitSuccess) return result;
  }
  if (login_.password_expired && !for_password_change) {
    print_message("CMUN90812E", kProgram, {});
    return kExitAuthentication;
  }
  return kExitSuccess;
}

// ---------------------------------------------------------------- questions

std::optional<bool> Session::ask_yes_no(std::string_view question) {
  while (true) {
    const auto answer = terminal_.ask(std::string(question) + " [y/n]:", true);
    if (!answer) return std::nullopt;
    const LexedLine line = lex_line(*answer);
    const std::string word = line.words.empty() ? "" : line.words[0].text;
    if (model::equals_ignoring_case(word, "y") || model::equals_ignoring_case(word, "yes")) return true;
    if (model::equals_ignoring_case(word, "n") || model::equals_ignoring_case(word, "no")) return false;
  }
}

std::optional<int> Session::list_pairs_to_remove(Command& command) {
  const json filter = {{"select", {"0000-FFFF"}}, {"sequence_number", command.arguments["sequence_number"]}};
  auto answer = transport_->execute(command.image, "lsflash", filter);
  if (!answer) return report_failure(command.operation->name, answer.error());
  if (answer->response.status != Errc::ok) return report(command, settings_, *answer);
  json pairs = json::array();
  for (const json& row : answer->response.rows) {
    pairs.push_back({{"source", row.value("source", "")}, {"target", row.value("target", "")}});
  }
  command.arguments["pairs"] = std::move(pairs);
  return std::nullopt;
}

namespace {

/// "1000:2000", or the end that was named.
std::string pair_name(const json& pair) {
  const std::string source = pair.value("source", "");
  const std::string target = pair.value("target", "");
  return source.empty() || target.empty() ? source + target : source + ":" + target;
}

}  // namespace

std::optional<int> Session::confirm(Command& command) {
  const model::Operation& operation = *command.operation;
  if (operation.prompt.empty() || command.quiet) return std::nullopt;
  if (operation.asks_by_preview) return confirm_what_is_lost(command);
  if (!operation.asks_with.empty() && !command.arguments.contains(operation.asks_with)) return std::nullopt;
  if (options_.mode == Mode::script || !terminal_.can_ask()) {
    return reject({"CMUC09013E", {std::string(operation.name)}, {}, kExitApplication}, operation.name);
  }
  const std::string key = command.arguments.contains("pairs") ? "pairs" : "ids";
  if (key == "pairs" && command.arguments["pairs"].empty()) {
    const auto failed = list_pairs_to_remove(command);
    if (failed) return failed;
    if (command.arguments["pairs"].empty()) return report_nothing(operation);
  }
  const model::Message* message = model::find_message(operation.prompt);
  TT_ASSERT(message != nullptr);
  json confirmed = json::array();
  for (const json& object : command.arguments[key]) {
    const std::string name = object.is_string() ? object.get<std::string>() : pair_name(object);
    const std::string_view slots[] = {name};
    const auto yes = ask_yes_no(std::string(message->id) + " " + std::string(operation.name) + ": " +
                                model::fill_slots(message->text, slots));
    if (!yes) return reject({"CMUC09021E", {}, {}, kExitApplication}, operation.name);
    if (*yes) confirmed.push_back(object);
  }
  if (confirmed.empty()) return kExitSuccess;
  command.arguments[key] = std::move(confirmed);
  return std::nullopt;
}

/// Objects of which the image does not say it are not asked for; what cannot be done the command itself will say.
std::optional<int> Session::confirm_what_is_lost(Command& command) {
  const model::Operation& operation = *command.operation;
  if (options_.mode == Mode::script || !terminal_.can_ask()) return std::nullopt;
  json preview = command.arguments;
  preview["preview"] = true;
  const auto said = transport_->execute(command.image, std::string(operation.name), preview);
  if (!said) return std::nullopt;
  for (const model::ObjectResult& result : said->response.results) {
    if (model::message_id_of(result.code, operation.name) != operation.prompt) continue;
    const std::string detail = model::detail_text(result.code, result.detail);
    const std::string_view slots[] = {result.name, detail};
    const auto yes = ask_yes_no(std::string(operation.prompt) + " " + std::string(operation.name) + ": " +
                                model::fill_slots(model::find_message(operation.prompt)->text, slots));
    if (!yes) return reject({"CMUC09021E", {}, {}, kExitApplication}, operation.name);
    if (*yes) continue;
    json& pairs = command.arguments["pairs"];
    const auto named = [&result](const json& pair) { return pair_name(pair) == result.name; };
    pairs.erase(std::remove_if(pairs.begin(), pairs.end(), named), pairs.end());
  }
  if (command.arguments["pairs"].empty()) return kExitSuccess;
  return std::nullopt;
}

// ---------------------------------------------------------------- commands

int Session::run(std::span<const Word> words) {
  BindContext context;
  context.devid = settings_.devid;
  context.remotedevid = settings_.remotedevid;
  if (options_.mode != Mode::interactive) {
    context.read_operands = [this] { return split_words(terminal_.read_rest()); };
  }
  auto bound = bind_command(words, context);
  if (const auto* rejection = std::get_if<Rejection>(&bound)) {
    std::string name = words[0].text;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return reject(*rejection, name);
  }
  Command& command = std::get<Command>(bound);
  if (command.help) return Tools(*this).help_for(*command.operation);
  if (command.operation->place == Place::client) return run_tool(command);
  try {
    return run_remote(command);
  } catch (const json::exception&) {
    // A row without the form its class has: only another release sends such.
    return report_failure(command.operation->name, Error{Errc::bad_message, 0});
  }
}

int Session::run_tool(const Command& command) {
  return Tools(*this).run(command);
}

int Session::run_remote(Command& command) {
  const model::Operation& operation = *command.operation;
  const bool password_change = operation.name == "chuser" && command.arguments.contains("password");
  int code = ensure_login(password_change);
  if (code != kExitSuccess) return code;
  const Settings merged = merged_settings(settings_, command.output);
  if (merged.banner) terminal_.out(banner_line(terminal_.now(), options_.version, command.image));
  verbose(merged, operation.name, "Connected to " + address_ + " as " + settings_.username + ".");
  if (operation.name == "offloadauditlog") return offload_audit_log(command);
  if (const auto ended = confirm(command)) return *ended;
  auto answer = transport_->execute(command.image, std::string(operation.name), command.arguments);
  if (!answer && answer.error().code == Errc::authentication_failed) {
    // The console forgot the session (it was restarted, or the session was idle for too long): nothing was done.
    logged_in_ = false;
    code = ensure_login(password_change);
    if (code != kExitSuccess) return code;
    answer = transport_->execute(command.image, std::string(operation.name), command.arguments);
  }
  if (!answer) return report_failure(operation.name, answer.error());
  code = report(command, merged, *answer);
  if (password_change && code == kExitSuccess && command.arguments["id"] == settings_.username) {
    settings_.password = command.arguments["password"].get<std::string>();
    login_.password_expired = false;
  }
  if (command.locals.contains("wait")) {
    const std::string_view name = command.operation->name;
    if (name == "verifyflash") {
      code = wait_for_verifications(command, answer->response, code);
    } else {
      const bool mirrors = name == "mkpprc" || name == "resumepprc";
      code = mirrors ? wait_for_first_pass(command, answer->response, code) : wait_for_copies(command, code);
    }
  }
  return code;
}

int Session::report_nothing(const model::Operation& operation) {
  const std::string_view slots[] = {model::find_class(operation.object_class)->title};
  print_message("CMUC00234I", operation.name, slots);
  return kExitSuccess;
}

int Session::report(const Command& command, const Settings& merged, const ExecuteAnswer& answer) {
  const model::Operation& operation = *command.operation;
  const model::Response& response = answer.response;
  if (response.status != Errc::ok) {
    const std::string_view id =
        answer.message_id.empty() ? model::message_id_of(response.status, operation.name) : answer.message_id;
    std::string detail = answer.message_text;
    if (response.status == Errc::not_authorised) {
      // Everybody may change the own account and only an administrator that of another.
      detail = model::access_name(operation.access == model::Access::anyone ? model::Access::admin : operation.access);
    }
    if (response.status == Errc::not_in_this_release) detail = operation.name;
    if (detail.empty()) detail = std::to_string(response.detail);
    std::string unreachable = "storage image " + command.image + " does not answer; start it.";
    const std::string_view slots[] = {
        response.status == Errc::disconnected ? std::string_view(unreachable) : std::string_view(detail), detail};
    const bool names_object = operation.shape == Shape::show && response.status == Errc::object_not_found;
    print_message(id, operation.name, slots, names_object ? command.arguments.value("id", "") : std::string());
    return exit_code_of(response.status);
  }
  const bool nothing_selected =
      operation.shape == Shape::change && command.arguments.contains("pairs") && response.results.empty();
  if (nothing_selected || (operation.shape == Shape::list && response.rows.empty())) return report_nothing(operation);
  if (!response.rows.empty()) print_lines(render_rows(command, merged, response.rows), merged);
  int code = kExitSuccess;
  bool like_ese = false;
  for (const model::ObjectResult& result : response.results) {
    const std::string detail = model::detail_text(result.code, result.detail);
    const std::string_view slots[] = {result.name, detail};
    if (result.code == Errc::ok) {
      like_ese = like_ese || result.detail == model::kAllocatedLikeEse;
      const bool cancelled = command.arguments.value("cancel", false);
      print_message(cancelled ? operation.cancelled : operation.success, operation.name, slots);
    } else {
      const std::string_view id = model::message_id_of(result.code, operation.name);
      const bool warning = id.back() == 'W';
      print_message(id, operation.name, slots, warning ? std::string() : result.name);
      if (!warning) code = kExitServer;
    }
  }
  if (like_ese && command.arguments.value("sam", "") == "tse") print_message("CMUC09016I", operation.name, {});
  return code;
}

namespace {

constexpr std::int64_t kFirstPauseMs = 50;
constexpr std::int64_t kLongestPauseMs = 2000;

bool has_failed(const json& row) {
  return row.value("state", "") == "Failed";
}

}  // namespace

/// Lists what is selected, again and again, for as long as `pending` says so. Nothing: the command ends with `code`.
std::optional<std::vector<json>> Session::wait_while(const Command& command, const char* list, const json& select,
                                                     bool (*pending)(const std::vector<json>& rows), int& code) {
  for (std::int64_t pause_ms = kFirstPauseMs;; pause_ms = std::min(pause_ms * 2, kLongestPauseMs)) {
    auto answer = transport_->execute(command.image, list, {{"select", select}});
    if (!answer) {
      code = report_failure(command.operation->name, answer.error());
      return std::nullopt;
    }
    if (answer->response.status != Errc::ok) {
      code = report(command, settings_, *answer);
      return std::nullopt;
    }
    if (!pending(answer->response.rows)) return std::move(answer->response.rows);
    if (!terminal_.pause_ms(pause_ms)) {
      code = reject({"CMUC09021E", {}, {}, kExitApplication}, command.operation->name);
      return std::nullopt;
    }
  }
}

int Session::wait_for_copies(const Command& command, int exit_code) {
  json select = json::array();
  for (const json& pair : command.arguments["pairs"]) {
    select.push_back(pair["source"].get<std::string>() + ":" + pair["target"].get<std::string>());
  }
  const auto pending = [](const std::vector<json>& rows) {
    // A relationship that was there before and is nocopy (its pair was rejected just now) never ends by itself.
    const auto copies = [](const json& row) {
      return row.value("background_copy", false) && row.value("out_of_sync_tracks", 0) > 0;
    };
    return std::none_of(rows.begin(), rows.end(), has_failed) && std::any_of(rows.begin(), rows.end(), copies);
  };
  const auto rows = wait_while(command, "lsflash", select, pending, exit_code);
  if (!rows) return exit_code;
  const auto failed = std::find_if(rows->begin(), rows->end(), has_failed);
  if (failed == rows->end()) return exit_code;
  print_message(model::message_id_of(Errc::relationship_failed, command.operation->name), command.operation->name, {},
                failed->value("id", ""));
  return kExitServer;
}

/// Of the pairs that were made or resumed; who is suspended meanwhile is waited for no more.
int Session::wait_for_first_pass(const Command& command, const model::Response& begun, int exit_code) {
  json pairs = json::array();
  for (const model::ObjectResult& result : begun.results) {
    if (result.code == Errc::ok) pairs.push_back(result.name);
  }
  if (pairs.empty()) return exit_code;
  const auto pending = [](const std::vector<json>& rows) {
    return std::any_of(rows.begin(), rows.end(), [](const json& row) {
      return row.value("state_word", "") == "copy-pending" && row.value("first_pass", "") != "True";
    });
  };
  const auto rows = wait_while(command, "lspprc", pairs, pending, exit_code);
  return exit_code;
}

/// Of the pairs whose verification has begun. One that is not listed any more has gone with its relationship.
int Session::wait_for_verifications(const Command& command, const model::Response& begun, int exit_code) {
  std::vector<std::string> pairs;
  for (const model::ObjectResult& result : begun.results) {
    if (result.code == Errc::ok) pairs.push_back(result.name);
  }
  if (pairs.empty()) return exit_code;
  const auto pending = [](const std::vector<json>& rows) {
    return std::any_of(rows.begin(), rows.end(), [](const json& row) { return row.value("state", "") == "Running"; });
  };
  const auto rows = wait_while(command, "lsverifyflash", pairs, pending, exit_code);
  if (!rows) return exit_code;
  for (const std::string& pair : pairs) {
    const auto row = std::find_if(rows->begin(), rows->end(), [&](const json& r) { return r.value("id", "") == pair; });
    exit_code = std::max(exit_code, report_verification(command, row != rows->end() ? *row : json{{"id", pair}}));
  }
  return exit_code;
}

int Session::report_verification(const Command& command, const json& row) {
  const auto text = [&row](const char* key) {
    const auto found = row.find(key);
    return found != row.end() && found->is_number_unsigned() ? std::to_string(found->get<std::uint64_t>()) : "0";
  };
  const std::string id = row.value("id", "");
  const std::string equal = text("equal");
  const std::string different = text("different");
  const std::string unreadable = text("unreadable");
  const std::string uncopied = text("uncopied");
  const std::string changed = text("changed");
  const std::string_view name = command.operation->name;
  int code = kExitSuccess;
  const auto complain = [&](std::string_view message, const std::string& detail) {
    const std::string_view slots[] = {id, detail};
    const bool warning = message.back() == 'W';
    print_message(message, name, slots, warning ? std::string() : id);
    if (!warning) code = kExitServer;
  };
  if (row.value("state", "") != "Complete") complain("CMUN91010E", "");
  const bool recording = row.value("recording", false);
  if (different != "0") complain(recording ? "CMUN90211E" : "CMUC09031W", different);
  if (unreadable != "0") complain("CMUN90212E", unreadable);
  if (code != kExitSuccess) return code;
  const std::string_view slots[] = {id, equal, uncopied, changed};
  print_message(recording ? "CMUC09030I" : "CMUC09032I", name, slots);
  return code;
}

}  // namespace tt::dscli
