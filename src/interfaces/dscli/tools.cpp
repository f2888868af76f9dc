// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/tools.h"

#include "interfaces/dscli/help_text.h"
#include "interfaces/dscli/password_file.h"
#include "interfaces/dscli/text_table.h"
#include "interfaces/files/files.h"

namespace tt::dscli {

namespace {

using nlohmann::json;

std::string on_off(bool on) {
  return on ? "on" : "off";
}
std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

TextTable two_columns(const std::vector<std::pair<std::string, std::string>>& pairs) {
  TextTable table;
  table.rows.emplace_back();
  for (const auto& [name, value] : pairs) {
    table.columns.push_back({name});
    table.rows[0].push_back(value);
  }
  return table;
}

}  // namespace

int Tools::run(const Command& command) {
  struct Entry {
    std::string_view name;
    int (Tools::*run)(const Command&);
  };
  static constexpr Entry kEntries[] = {
      {"help", &Tools::help},
      {"ver", &Tools::ver},
      {"quit", &Tools::quit},
      {"setenv", &Tools::set_values},
      {"showenv", &Tools::showenv},
      {"setoutput", &Tools::setoutput},
      {"whoami", &Tools::whoami},
      {"managepwfile", &Tools::managepwfile},
      {"lsmessages", &Tools::lsmessages},
  };
  for (const Entry& entry : kEntries) {
    if (entry.name == command.operation->name) return (this->*entry.run)(command);
  }
  TT_ASSERT(false);
  return kExitApplication;
}

void Tools::out(const std::vector<std::string>& lines) {
  session_.print_lines(lines, session_.settings_);
}

int Tools::help_for(const model::Operation& operation) {
  out(help_lines(operation, true));
  return kExitSuccess;
}

int Tools::help(const Command& command) {
  const bool everything = command.locals.contains("long");
  const bool brief = command.locals.contains("short");
  if (!command.arguments.contains("topics")) {
    out(brief || everything ? command_summaries() : command_columns());
    return kExitSuccess;
  }
  int code = kExitSuccess;
  for (const json& topic : command.arguments["topics"]) {
    const auto name = topic.get<std::string>();
    if (const model::Operation* operation = model::find_operation(name)) {
      if (brief) {
        out({std::string(operation->name) + " - " + std::string(operation->summary)});
      } else {
        out(help_lines(*operation, everything));
      }
    } else if (const model::Message* message = model::find_message(name)) {
      out(message_lines(*message, true));
    } else {
      // Same words as for the command itself: unknown, or not in this release.
      const Word word{name, true};
      const auto bound = bind_command(std::span(&word, 1), BindContext{});
      code = session_.reject(std::get<Rejection>(bound), "help");
    }
  }
  return code;
}

int Tools::ver(const Command& command) {
  const bool all = command.arguments.contains("long");
  const bool console = all || command.arguments.contains("console");
  const bool images = all || command.arguments.contains("images");
  const bool program = all || (!console && !images);
  if (console || images) {
    const int code = session_.ensure_login();
    if (code != kExitSuccess) return code;
  }
  if (program) out({(all ? "DSCLI          " : "DSCLI ") + session_.options_.version});
  if (console) out({"StorageManager " + session_.login_.console_version});
  if (!images) return kExitSuccess;
  auto answer = session_.transport_->execute("", "lssi", json::object());
  if (!answer) return session_.report_failure("ver", answer.error());
  TextTable table{{{"Storage Image"}, {"LMC"}}, {}};
  for (const json& row : answer->response.rows) {
    table.rows.push_back({row.value("id", "-"), or_dash(row.value("code_level", ""))});
  }
  if (all) out({"================Version================="});
  out(table_lines(table, true));
  return kExitSuccess;
}

int Tools::quit(const Command&) {
  session_.quit_requested_ = true;
  return kExitSuccess;
}

int Tools::set_values(const Command& command) {
  Settings& settings = session_.settings_;
  const json& given = command.arguments;
  const auto set_bool = [&](const char* key, bool& into) {
    if (given.contains(key)) into = given[key].get<bool>();
  };
  set_bool("fullid", settings.fullid);
  set_bool("banner", settings.banner);
  set_bool("header", settings.header);
  set_bool("verbose", settings.verbose);
  if (given.contains("paging")) settings.paging = given["paging"].get<bool>();
  if (given.contains("rows")) settings.rows = given["rows"].get<std::int64_t>();
  if (given.contains("delim")) settings.delim = given["delim"].get<std::string>()[0];
  if (given.contains("format")) settings.format = *parse_format(given["format"].get<std::string>());
  return kExitSuccess;
}

int Tools::setoutput(const Command& command) {
  if (!command.arguments.empty()) return set_values(command);
  const Settings& settings = session_.settings_;
  const bool paging = settings.paging.value_or(session_.options_.mode == Mode::interactive);
  TextTable table{{{"Paging"}, {"Rows"}, {"Format"}, {"Header"}, {"Verbose"}, {"Banner"}}, {}};
  table.rows.push_back({on_off(paging), paging ? std::to_string(settings.rows) : "-",
                        std::string(format_name(settings.format)), on_off(settings.header), on_off(settings.verbose),
                        on_off(settings.banner)});
  out(table_lines(table, true));
  return kExitSuccess;
}

int Tools::showenv(const Command&) {
  const Settings& s = session_.settings_;
  out(stanza_lines(two_columns({
      {"hmc1", or_dash(s.hmc1)},
      {"hmc2", or_dash(s.hmc2)},
      {"username", or_dash(s.username)},
      {"password", s.password.empty() ? "-" : "********"},
      {"passwordfile", or_dash(s.passwordfile)},
      {"pwfile", or_dash(s.pwfile)},
      {"devid", or_dash(s.devid)},
      {"remotedevid", or_dash(s.remotedevid)},
      {"ca", or_dash(s.ca)},
      {"pin", or_dash(s.pin)},
      {"locale", or_dash(s.locale)},
      {"timeout", std::to_string(s.timeout_seconds)},
      {"timeout.connection", std::to_string(s.connection_timeout_seconds)},
      {"fullid", on_off(s.fullid)},
      {"paging", on_off(s.paging.value_or(session_.options_.mode == Mode::interactive))},
      {"rows", std::to_string(s.rows)},
      {"format", std::string(format_name(s.format))},
      {"delim", std::string(1, s.delim)},
      {"header", on_off(s.header)},
      {"banner", on_off(s.banner)},
      {"verbose", on_off(s.verbose)},
      {"echo", on_off(s.echo)},
      {"echoprefix", s.echoprefix},
  })));
  return kExitSuccess;
}

int Tools::whoami(const Command&) {
  const int code = session_.ensure_login(true);
  if (code != kExitSuccess) return code;
  std::string groups;
  for (const std::string& group : session_.login_.groups) groups += (groups.empty() ? "" : ",") + group;
  out(stanza_lines(two_columns({{"Name", session_.settings_.username}, {"Group", or_dash(groups)}})));
  return kExitSuccess;
}

int Tools::lsmessages(const Command& command) {
  const bool everything = command.locals.contains("long");
  if (!command.arguments.contains("topics")) {
    for (const model::Message& message : model::messages()) out(message_lines(message, everything));
    return kExitSuccess;
  }
  for (const json& topic : command.arguments["topics"]) {
    const model::Message* message = model::find_message(topic.get<std::string>());
    if (message == nullptr) {
      return session_.reject(
          {"CMUC09011E", {"'" + topic.get<std::string>() + "' is not a message id."}, {}, kExitSyntax}, "lsmessages");
    }
    out(message_lines(*message, everything));
  }
  return kExitSuccess;
}

int Tools::managepwfile(const Command& command) {
  std::string file = command.arguments.value("pwfile", session_.settings_.pwfile);
  if (file.empty()) file = session_.options_.home + "/security.dat";
  if (command.arguments["action"] == "list") {
    if (!PasswordFile(file).exists()) {
      return session_.reject({"CMUC09015E", {file, "there is no such file"}, {}, kExitApplication}, "managepwfile");
    }
    out(PasswordFile(file).records());
    return kExitSuccess;
  }
  if (!command.arguments.contains("mc1") || !command.arguments.contains("name")) {
    return session_.reject({"CMUC09011E", {"-mc1 and -name are needed for this action."}, {}, kExitSyntax},
                           "managepwfile");
  }
  return change_password_file(command, file);
}

int Tools::change_password_file(const Command& command, const std::string& file) {
  constexpr std::string_view kName = "managepwfile";
  const auto action = command.arguments["action"].get<std::string>();
  const auto user = command.arguments["name"].get<std::string>();
  std::string password = command.arguments.value("pw", "");
  if (action != "delete" && (password.empty() || password == "-")) {
    const auto typed = session_.terminal_.ask("Enter the password to keep:", false);
    if (!typed || typed->empty()) return session_.reject({"CMUC09021E", {}, {}, kExitApplication}, kName);
    password = *typed;
  }
  PasswordFile records(file);
  const bool fresh = !records.exists();
  for (const char* key : {"mc1", "mc2"}) {
    if (!command.arguments.contains(key)) continue;
    const auto console = command.arguments[key].get<std::string>();
    const std::string record = console + "/" + user;
    const bool there = records.find(console, user).has_value();
    if (action == "add" && there) {
      return session_.reject({"CMUC09011E", {"record " + record + " exists: use -action change."}, {}, kExitSyntax},
                             kName);
    }
    if (action != "add" && !there) {
      return session_.reject({"CMUC09011E", {"there is no record " + record + "."}, {}, kExitSyntax}, kName);
    }
    const Result<void> done =
        action == "delete" ? records.remove(console, user) : records.store(console, user, password);
    if (!done) {
      const std::string why = files::describe(done.error());
      return session_.reject({"CMUC09015E", {file, why}, {}, kExitApplication}, kName);
    }
    const std::string_view created[] = {file};
    if (fresh && std::string_view(key) == "mc1") session_.print_message("CMUC00205I", kName, created);
    const std::string_view what = action == "add" ? "added to" : action == "change" ? "changed in" : "deleted from";
    const std::string_view slots[] = {record, what, file};
    session_.print_message("CMUC00206I", kName, slots);
  }
  return kExitSuccess;
}

}  // namespace tt::dscli
