// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/program.h"

#include <charconv>
#include <sstream>

#include "interfaces/dscli/help_text.h"
#include "interfaces/dscli/profile.h"
#include "interfaces/files/files.h"

namespace tt::dscli {

namespace {

constexpr std::string_view kUsage[] = {
    "Usage: dscli [options] [command [parameters]]",
    "       dscli [options] -script file [-stoponerror]",
    "",
    "Without a command and without -script the program asks for commands until quit.",
    "",
    "Options",
    "  -hmc1 address   management console, host or host:port     (profile: hmc1)",
    "  -hmc2 address   a second one, used when hmc1 is not there  (profile: hmc2)",
    "  -user name      user                                       (profile: username)",
    "  -passwd pw      password; better use -pwfile               (profile: password)",
    "  -pwfile file    encrypted passwords, see managepwfile      (profile: pwfile)",
    "  -cfg file       profile; a bare name is looked for in the profile folders",
    "  -script file    run the commands of a file",
    "  -stoponerror    end a script at the first command that fails [an addition of Twintrack]",
    "  -timeout s      how long a command may take                (profile: timeout)",
    "  -v on|off       tell what is done                          (profile: verbose)",
    "  -help, -h, -?   this text; with -s or -l all commands",
    "",
    "Commands (help command explains one)",
};

struct ValueOption {
  std::string_view flag;
  std::optional<std::string> GlobalOptions::* member;
};
constexpr ValueOption kValueOptions[] = {
    {"-hmc1", &GlobalOptions::hmc1},       {"-hmc2", &GlobalOptions::hmc2},       {"-user", &GlobalOptions::user},
    {"-passwd", &GlobalOptions::password}, {"-pwfile", &GlobalOptions::pwfile},   {"-cfg", &GlobalOptions::config},
    {"-script", &GlobalOptions::script},   {"-timeout", &GlobalOptions::timeout}, {"-v", &GlobalOptions::verbose},
};

class Program {
 public:
  explicit Program(const ProgramEnvironment& environment)
      : environment_(environment), terminal_(*environment.terminal) {}

  int run(const std::vector<std::string>& arguments) {
    options_ = parse_global_options(arguments);
    if (!options_.problem.empty()) return fail("CMUC09011E", {options_.problem}, kExitSyntax);
    if (options_.help) return usage();
    int code = load_profiles();
    if (code == kExitSuccess) code = apply_options();
    if (code != kExitSuccess) return code;
    if (options_.script) return run_script();
    return options_.command.empty() ? run_conversation() : run_single();
  }

 private:
  int fail(std::string_view id, const std::vector<std::string>& slots, int code) {
    const std::vector<std::string_view> views(slots.begin(), slots.end());
    const std::string line = std::string(id) + " dscli: " + model::fill_slots(model::find_message(id)->text, views);
    if (conversing_) {
      terminal_.out(line);
    } else {
      terminal_.err(line);
    }
    return code;
  }

  int usage() {
    for (const auto line : kUsage) terminal_.out(line);
    for (const std::string& line : command_columns()) terminal_.out("  " + line);
    return kExitSuccess;
  }

  int load_one(const std::string& path) {
    const auto content = files::read_file(path);
    if (!content) return fail("CMUC09015E", {path, files::describe(content.error())}, kExitApplication);
    const ProfileOutcome outcome = apply_profile(*content, settings_);
    if (!outcome.problem.empty()) return fail("CMUC09015E", {path, outcome.problem}, kExitApplication);
    for (const std::string& name : outcome.unknown) unknown_names_ += " " + name;
    return kExitSuccess;
  }

  int load_profiles() {
    settings_.pwfile = environment_.home + "/security.dat";
    const ProfileFolders folders{environment_.home + "/profile", environment_.installed_profile};
    const std::string installed = find_profile("dscli.profile", {{}, folders.installed});
    if (!installed.empty()) {
      const int code = load_one(installed);
      if (code != kExitSuccess) return code;
    }
    if (options_.config) {
      const std::string given = find_profile(*options_.config, folders);
      if (given.empty()) return fail("CMUC09015E", {*options_.config, "there is no such profile"}, kExitApplication);
      return load_one(given);
    }
    const std::string personal = find_profile("dscli.profile", {folders.personal, {}});
    return personal.empty() ? kExitSuccess : load_one(personal);
  }

  int apply_options() {
    if (options_.hmc1) settings_.hmc1 = *options_.hmc1;
    if (options_.hmc2) settings_.hmc2 = *options_.hmc2;
    if (options_.user && *options_.user != settings_.username) {
      settings_.username = *options_.user;
      // The profile's password belongs to the profile's user.
      settings_.password.clear();
      settings_.passwordfile.clear();
    }
    if (options_.pwfile) {
      settings_.pwfile = *options_.pwfile;
      settings_.password.clear();
      settings_.passwordfile.clear();
    }
    if (options_.password) settings_.password = *options_.password;
    if (options_.timeout) {
      const std::string& text = *options_.timeout;
      const auto [stopped, failure] =
          std::from_chars(text.data(), text.data() + text.size(), settings_.timeout_seconds);
      const bool good = failure == std::errc{} && stopped == text.data() + text.size() && settings_.timeout_seconds > 0;
      if (!good) return fail("CMUC09011E", {"-timeout: '" + text + "' is not a number of seconds."}, kExitSyntax);
    }
    if (options_.verbose) settings_.verbose = model::equals_ignoring_case(*options_.verbose, "on");
    if (settings_.verbose && !unknown_names_.empty()) {
      terminal_.out("CMUC09023I dscli: The profile has names that mean nothing here:" + unknown_names_);
    }
    return kExitSuccess;
  }

  Session make_session(Mode mode) {
    SessionOptions options;
    options.mode = mode;
    options.version = environment_.version;
    options.home = environment_.home;
    options.transport = environment_.transport;
    return Session(terminal_, settings_, std::move(options));
  }

  int run_single() {
    Session session = make_session(Mode::single_shot);
    std::vector<Word> words;
    for (const std::string& text : options_.command)
      words.push_back({text, text.find_first_of(" \t") != std::string::npos});
    return session.run(words);
  }

  /// Exit code of the first command that failed.
  int run_script() {
    const auto content = files::read_file(*options_.script);
    if (!content) {
      return fail("CMUC09015E", {*options_.script, files::describe(content.error())}, kExitApplication);
    }
    Session session = make_session(Mode::script);
    std::istringstream lines(*content);
    int first_failure = kExitSuccess;
    for (std::string line; !session.quit_requested() && std::getline(lines, line);) {
      if (is_blank_or_comment(line)) continue;
      if (session.settings().echo) terminal_.out(session.settings().echoprefix + line);
      const int code = run_line(session, line);
      if (code != kExitSuccess && first_failure == kExitSuccess) first_failure = code;
      const bool hopeless = code == kExitAuthentication || code == kExitConnection;
      if (code != kExitSuccess && (options_.stop_on_error || hopeless)) break;
    }
    return first_failure;
  }

  int run_conversation() {
    Session session = make_session(Mode::interactive);
    const int code = session.ensure_login(true);
    if (code != kExitSuccess) return code;
    conversing_ = true;
    session.greet();
    while (!session.quit_requested()) {
      const auto line = environment_.next_line();
      if (!line) break;
      if (!is_blank_or_comment(*line)) run_line(session, *line);
    }
    return kExitSuccess;
  }

  int run_line(Session& session, const std::string& line) {
    if (environment_.begin_command) environment_.begin_command();
    const LexedLine lexed = lex_line(line);
    if (lexed.open_quote) return fail("CMUC09011E", {"a quote is not closed."}, kExitSyntax);
    return session.run(lexed.words);
  }

  const ProgramEnvironment& environment_;
  Terminal& terminal_;
  GlobalOptions options_;
  Settings settings_;
  std::string unknown_names_;
  bool conversing_ = false;  ///< Everything goes to standard output then.
};

}  // namespace

GlobalOptions parse_global_options(const std::vector<std::string>& arguments) {
  GlobalOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word.empty() || word[0] != '-') {
      options.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    const ValueOption* found = nullptr;
    for (const ValueOption& option : kValueOptions) {
      if (model::equals_ignoring_case(option.flag, word)) found = &option;
    }
    if (found != nullptr) {
      if (i + 1 == arguments.size()) {
        options.problem = word + " needs a value.";
        return options;
      }
      options.*found->member = arguments[++i];
    } else if (model::equals_ignoring_case(word, "-stoponerror")) {
      options.stop_on_error = true;
    } else if (model::equals_ignoring_case(word, "-help") || model::equals_ignoring_case(word, "-h") || word == "-?" ||
               word == "-s" || word == "-l" || word == "--help") {
      options.help = true;
    } else {
      options.problem = word + " is not an option of dscli (dscli -help lists them).";
      return options;
    }
  }
  if (options.script && !options.command.empty()) options.problem = "-script and a command exclude each other.";
  return options;
}

int run_program(const std::vector<std::string>& arguments, const ProgramEnvironment& environment) {
  return Program(environment).run(arguments);
}

}  // namespace tt::dscli
