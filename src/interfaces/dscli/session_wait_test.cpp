// SPDX-License-Identifier: Apache-2.0
// -wait of verifyflash against a console whose answers are given: what transcripts cannot time.
#include <gtest/gtest.h>

#include <deque>

#include "interfaces/dscli/program.h"

namespace tt::dscli {
namespace {

using nlohmann::json;

struct Script {
  model::Response begun;
  std::deque<Result<ExecuteAnswer>> lists;
  std::vector<json> selections;
};

class ScriptedTransport : public Transport {
 public:
  explicit ScriptedTransport(Script& script) : script_(script) {}
  Result<LoginAnswer> login(const std::string&, const std::string&) override {
    return LoginAnswer{{"admin"}, {"IBM.2107-75ABCD1"}, false, "1"};
  }
  Result<ExecuteAnswer> execute(const std::string&, const std::string& operation, const json& arguments) override {
    if (operation != "lsverifyflash") return ExecuteAnswer{script_.begun, {}, {}};
    script_.selections.push_back(arguments.at("select"));
    Result<ExecuteAnswer> next = script_.lists.front();
    script_.lists.pop_front();
    return next;
  }
  [[nodiscard]] std::string explanation() const override { return "gone"; }

 private:
  Script& script_;
};

class NobodysTerminal : public Terminal {
 public:
  void out(std::string_view line) override { text += std::string(line) + "\n"; }
  void err(std::string_view line) override { text += "! " + std::string(line) + "\n"; }
  std::optional<std::string> ask(std::string_view, bool) override { return std::nullopt; }
  std::string read_rest() override { return {}; }
  [[nodiscard]] bool can_ask() const override { return false; }
  [[nodiscard]] bool is_screen() const override { return false; }
  [[nodiscard]] std::int64_t now() const override { return 0; }
  bool pause_ms(std::int64_t milliseconds) override {
    waited_ms += milliseconds;
    return !interrupted;
  }

  std::string text;
  std::int64_t waited_ms = 0;
  bool interrupted = false;
};

class SessionWait : public testing::Test {
 protected:
  void begins(const std::string& pair, Errc code = Errc::ok) { script_.begun.results.push_back({pair, code, 0}); }
  void lists(std::vector<json> rows) {
    ExecuteAnswer answer;
    answer.response.rows = std::move(rows);
    script_.lists.emplace_back(std::move(answer));
  }
  static json row(const std::string& pair, const std::string& state, std::uint64_t different = 0) {
    return {{"id", pair},     {"state", state}, {"recording", true},      {"equal", 5U},
            {"uncopied", 0U}, {"changed", 1U},  {"different", different}, {"unreadable", 0U}};
  }
  int run(const std::vector<std::string>& pairs) {
    ProgramEnvironment environment;
    environment.terminal = &terminal_;
    environment.home = environment.installed_profile = testing::TempDir() + "nobody";
    environment.transport = [this](const std::string&, const Settings&) {
      return std::make_unique<ScriptedTransport>(script_);
    };
    std::vector<std::string> words = {"-hmc1", "console",          "-user", "admin", "-passwd", "x", "verifyflash",
                                      "-dev",  "IBM.2107-75ABCD1", "-wait"};
    words.insert(words.end(), pairs.begin(), pairs.end());
    return run_program(words, environment);
  }
  bool says(const std::string& part) const { return terminal_.text.find(part) != std::string::npos; }

  Script script_;
  NobodysTerminal terminal_;
};

TEST_F(SessionWait, AsksAgainUntilNoneRuns) {
  begins("0000:0100");
  begins("0001:0101");
  lists({row("0000:0100", "Running"), row("0001:0101", "Complete")});
  lists({row("0000:0100", "Running"), row("0001:0101", "Complete")});
  lists({row("0000:0100", "Complete"), row("0001:0101", "Complete", 3)});
  EXPECT_EQ(run({"0000:0100", "0001:0101"}), kExitServer) << terminal_.text;
  EXPECT_EQ(terminal_.waited_ms, 50 + 100);
  EXPECT_TRUE(says("CMUC09030I verifyflash: FlashCopy pair 0000:0100 verified: 5 tracks are equal")) << terminal_.text;
  EXPECT_TRUE(says("! CMUN90211E verifyflash: 0001:0101: The target differs from its image in 3 tracks"));
}

TEST_F(SessionWait, ARelationshipThatGoesMeanwhileWasNotVerified) {
  begins("0000:0100");
  lists({row("0000:0100", "Running")});
  lists({});
  EXPECT_EQ(run({"0000:0100"}), kExitServer);
  EXPECT_TRUE(says("! CMUN91010E verifyflash: 0000:0100: ")) << terminal_.text;
  EXPECT_FALSE(says("CMUC09030I"));
}

TEST_F(SessionWait, WhatWasRefusedIsNotWaitedFor) {
  begins("0000:0100", Errc::busy);
  EXPECT_EQ(run({"0000:0100"}), kExitServer);
  EXPECT_TRUE(script_.selections.empty());
  begins("0001:0101");
  lists({row("0001:0101", "Complete")});
  EXPECT_EQ(run({"0000:0100", "0001:0101"}), kExitServer) << "of the one that was refused";
  EXPECT_EQ(script_.selections, std::vector{json::array({"0001:0101"})});
}

TEST_F(SessionWait, AnInterruptAndALostConsoleEndIt) {
  begins("0000:0100");
  lists({row("0000:0100", "Running")});
  terminal_.interrupted = true;
  EXPECT_NE(run({"0000:0100"}), kExitSuccess);
  EXPECT_TRUE(says("CMUC09021E")) << terminal_.text;
  script_.lists.emplace_back(Errc::disconnected);
  EXPECT_NE(run({"0000:0100"}), kExitSuccess);
  EXPECT_TRUE(says("gone")) << terminal_.text;
}

}  // namespace
}  // namespace tt::dscli
