// SPDX-License-Identifier: Apache-2.0
// Conversations with the DS CLI, kept as files in tests/transcripts: what is typed and exactly what comes back. They
// run against an image in memory, through the real session, frames and control server. tests/transcripts/README.md has
// the language.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>

#include "interfaces/dscli/lexer.h"
#include "interfaces/dscli/profile.h"
#include "interfaces/dscli/session.h"
#include "interfaces/testing/fake_image.h"
#include "interfaces/testing/loopback.h"

namespace tt::dscli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Wednesday, November 15, 2023 9:00:00 AM UTC.
constexpr std::int64_t kNow = 1'700'038'800;
constexpr const char* kVersion = "9.9.9.9";

class ScriptedTerminal final : public Terminal {
 public:
  void out(std::string_view line) override { lines.emplace_back(line.empty() ? "|" : std::string(line)); }
  void err(std::string_view line) override { lines.push_back("! " + std::string(line)); }
  std::optional<std::string> ask(std::string_view prompt, bool echo) override {
    if (answers.empty()) {
      lines.push_back(std::string(prompt));
      return std::nullopt;
    }
    std::string answer = answers.front();
    answers.pop_front();
    lines.push_back(std::string(prompt) + (echo ? answer : ""));
    return answer;
  }
  std::string read_rest() override {
    std::string all;
    for (const std::string& answer : answers) all += answer + "\n";
    answers.clear();
    return all;
  }
  [[nodiscard]] bool can_ask() const override { return terminal; }
  [[nodiscard]] bool is_screen() const override { return terminal; }
  [[nodiscard]] std::int64_t now() const override { return kNow; }
  bool pause_ms(std::int64_t) override {
    ++pauses;
    return true;
  }

  bool terminal = false;
  int pauses = 0;
  std::deque<std::string> answers;
  std::vector<std::string> lines;
};

/// A console without HTTP: one user, any number of images in memory.
struct MemoryConsole {
  explicit MemoryConsole(const std::string& image) : image_id(image), fake(image), loopback(fake, image) {
    fake.set_now(kNow - 60);
  }
  std::string image_id;
  testing::FakeImage fake;
  testing::Loopback loopback;
  bool password_expired = false;
  bool reachable = true;
  bool image_reachable = true;
};

class MemoryTransport final : public Transport {
 public:
  explicit MemoryTransport(MemoryConsole& console) : console_(console) {}
  Result<LoginAnswer> login(const std::string& user, const std::string& password) override {
    if (!console_.reachable) return fail(Errc::disconnected, "hmc:8452: Connection refused");
    if (password != "secret") {
      return fail(Errc::authentication_failed, "user name or password is wrong, or the account is locked.");
    }
    LoginAnswer answer;
    answer.groups = {user};
    answer.images = {console_.image_id};
    answer.password_expired = console_.password_expired;
    answer.console_version = "1.2.3";
    return answer;
  }
  Result<ExecuteAnswer> execute(const std::string& image, const std::string& operation,
                                const json& arguments) override {
    ExecuteAnswer answer;
    if (!image.empty() && image != console_.image_id) {
      answer.response.status = Errc::invalid_argument;
      answer.message_id = "CMUN90814E";
      answer.message_text = image;
      return answer;
    }
    if (!console_.image_reachable) {
      answer.response.status = Errc::disconnected;
      return answer;
    }
    auto response = console_.loopback.call(operation, arguments);
    if (!response) return fail(response.error().code, "no answer");
    answer.response = std::move(*response);
    return answer;
  }
  [[nodiscard]] std::string explanation() const override { return explanation_; }

 private:
  Error fail(Errc code, std::string why) {
    explanation_ = std::move(why);
    return Error{code, 0};
  }
  MemoryConsole& console_;
  std::string explanation_;
};

/// One step: a command, what answers its prompts, what it must print and return.
struct Step {
  std::size_t line_number = 0;
  std::string command;
  std::vector<std::string> answers;
  std::vector<std::string> expected;
  int exit_code = 0;
};

class Transcript {
 public:
  explicit Transcript(const std::string& path) : path_(path) { restart("single"); }

  void run() {
    std::ifstream file(path_);
    ASSERT_TRUE(file) << path_;
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
      if (line.empty() || line.rfind("# ", 0) == 0) continue;
      if (line[0] == '@') {
        finish_step();
        directive(line.substr(1));
      } else if (line.rfind("> ", 0) == 0) {
        finish_step();
        step_.emplace();
        step_->line_number = number;
        step_->command = line.substr(2);
      } else {
        ASSERT_TRUE(step_) << path_ << ":" << number << ": output without a command";
        take(line);
      }
    }
    finish_step();
    EXPECT_GT(steps_, 0) << path_ << " tests nothing";
  }

 private:
  void take(const std::string& line) {
    if (line.rfind("< ", 0) == 0) {
      step_->answers.push_back(line.substr(2));
    } else if (line.rfind("exit ", 0) == 0) {
      step_->exit_code = std::stoi(line.substr(5));
    } else {
      step_->expected.push_back(line);
    }
  }

  void directive(const std::string& text) {
    const std::size_t blank = text.find(' ');
    const std::string name = text.substr(0, blank);
    const std::string value = blank == std::string::npos ? "" : text.substr(blank + 1);
    if (name == "image") {
      console_ = std::make_unique<MemoryConsole>(value);
      restart("single");
    } else if (name == "mode") {
      restart(value);
    } else if (name == "terminal") {
      terminal_.terminal = value == "on";
    } else if (name == "set") {
      const auto outcome = apply_profile(value, settings_);
      ASSERT_EQ(outcome.problem, "");
      ASSERT_TRUE(outcome.unknown.empty()) << value;
      restart(mode_);
    } else if (name == "expired") {
      console_->password_expired = value == "on";
    } else if (name == "console") {
      console_->reachable = value == "on";
    } else if (name == "imagestate") {
      console_->image_reachable = value == "on";
    } else {
      FAIL() << path_ << ": unknown directive @" << text;
    }
  }

  void restart(const std::string& mode) {
    mode_ = mode;
    SessionOptions options;
    options.mode = mode == "interactive" ? Mode::interactive : mode == "script" ? Mode::script : Mode::single_shot;
    options.version = kVersion;
    options.home = fs::temp_directory_path() / "twintrack-transcripts";
    options.transport = [this](const std::string&, const Settings&) {
      return std::make_unique<MemoryTransport>(*console_);
    };
    session_ = std::make_unique<Session>(terminal_, settings_, options);
  }

  void finish_step() {
    if (!step_) return;
    const Step step = std::move(*step_);
    step_.reset();
    ++steps_;
    terminal_.lines.clear();
    terminal_.answers.assign(step.answers.begin(), step.answers.end());
    const LexedLine lexed = lex_line(step.command);
    const int code = session_->run(lexed.words);
    const std::string where = path_ + ":" + std::to_string(step.line_number) + ": " + step.command;
    EXPECT_EQ(code, step.exit_code) << where;
    std::string printed;
    std::string expected;
    for (const std::string& line : terminal_.lines) printed += line + "\n";
    for (const std::string& line : step.expected) expected += line + "\n";
    EXPECT_EQ(printed, expected) << where;
    EXPECT_TRUE(terminal_.answers.empty()) << where << ": an answer was not asked for";
  }

  static Settings first_settings() {
    Settings settings;
    settings.hmc1 = "hmc";
    settings.username = "admin";
    settings.password = "secret";
    settings.devid = "IBM.2107-75ABCD1";
    settings.banner = false;
    return settings;
  }

  std::string path_;
  std::string mode_;
  int steps_ = 0;
  ScriptedTerminal terminal_;
  Settings settings_ = first_settings();
  std::unique_ptr<MemoryConsole> console_ = std::make_unique<MemoryConsole>("IBM.2107-75ABCD1");
  std::unique_ptr<Session> session_;
  std::optional<Step> step_;
};

class Transcripts : public ::testing::TestWithParam<std::string> {};

TEST_P(Transcripts, PrintExactlyThis) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  Transcript(std::string(TRANSCRIPTS) + "/" + GetParam()).run();
}

std::vector<std::string> transcript_files() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(TRANSCRIPTS)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, Transcripts, ::testing::ValuesIn(transcript_files()), [](const auto& info) {
  std::string name = info.param.substr(0, info.param.find('.'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace tt::dscli
