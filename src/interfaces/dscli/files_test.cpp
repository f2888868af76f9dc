// SPDX-License-Identifier: Apache-2.0
// Profiles, password files, addresses, HTTP answers, completion and history.
#include "interfaces/files/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "interfaces/dscli/http_answer.h"
#include "interfaces/dscli/line_editor.h"
#include "interfaces/dscli/password_file.h"
#include "interfaces/dscli/profile.h"
#include "interfaces/dscli/program.h"

namespace tt::dscli {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/twintrack-dscli-XXXXXX";
    EXPECT_NE(::mkdtemp(name), nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

unsigned mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(Profile, AppliesWhatItKnows) {
  Settings settings;
  const auto outcome = apply_profile(
      "# my profile\r\n hmc1 : localhost:8452\nusername: \"admin\"\ndevid: IBM.2107-75ABCD1 \nformat: DELIM\n"
      "delim: ;\nbanner: off\nheader: on\npaging: on\nrows: 10\ntimeout: 5\nfullid: on\ngizmo: 1\nca: /x/y.crt\n",
      settings);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_EQ(outcome.unknown, std::vector<std::string>{"gizmo"});
  EXPECT_EQ(settings.hmc1, "localhost:8452");
  EXPECT_EQ(settings.username, "admin");
  EXPECT_EQ(settings.devid, "IBM.2107-75ABCD1");
  EXPECT_EQ(settings.format, OutputFormat::delim);
  EXPECT_EQ(settings.delim, ';');
  EXPECT_FALSE(settings.banner);
  EXPECT_EQ(settings.paging, true);
  EXPECT_EQ(settings.rows, 10);
  EXPECT_EQ(settings.timeout_seconds, 5);
  EXPECT_TRUE(settings.fullid);
  EXPECT_EQ(settings.ca, "/x/y.crt");
}

TEST(Profile, SaysWhichLineIsWrong) {
  Settings settings;
  EXPECT_EQ(apply_profile("hmc1: a\nnonsense\n", settings).problem.substr(0, 7), "line 2:");
  EXPECT_NE(apply_profile("rows: many\n", settings).problem.find("rows"), std::string::npos);
  EXPECT_NE(apply_profile("format: fancy\n", settings).problem, "");
  EXPECT_NE(apply_profile("delim: ab\n", settings).problem, "");
  EXPECT_NE(apply_profile("banner: maybe\n", settings).problem, "");
}

TEST(Profile, BareNamesAreLookedForInThePersonalFolderFirst) {
  const Folder folder;
  const ProfileFolders folders{folder / "personal", folder / "installed"};
  ASSERT_TRUE(files::write_private_file(folder / "installed/x.profile", ""));
  EXPECT_EQ(find_profile("x.profile", folders), folder / "installed/x.profile");
  ASSERT_TRUE(files::write_private_file(folder / "personal/x.profile", ""));
  EXPECT_EQ(find_profile("x.profile", folders), folder / "personal/x.profile");
  EXPECT_EQ(find_profile(folder / "installed/x.profile", folders), folder / "installed/x.profile");
  EXPECT_EQ(find_profile("y.profile", folders), "");
}

TEST(PasswordFile, KeepsSecretsPerConsoleAndUser) {
  const Folder folder;
  PasswordFile records(folder / "sub/security.dat");
  EXPECT_FALSE(records.exists());
  EXPECT_EQ(records.find("10.0.0.1", "admin"), std::nullopt);
  ASSERT_TRUE(records.store("10.0.0.1", "admin", "secret1!"));
  ASSERT_TRUE(records.store("10.0.0.2", "admin", "other"));
  EXPECT_EQ(records.find("10.0.0.1", "admin"), "secret1!");
  EXPECT_EQ(records.find("10.0.0.2", "admin"), "other");
  EXPECT_EQ(records.find("10.0.0.1", "batch"), std::nullopt);
  ASSERT_TRUE(records.store("10.0.0.1", "admin", "changed"));
  EXPECT_EQ(records.find("10.0.0.1", "admin"), "changed");
  EXPECT_EQ(records.records().size(), 2U);
  ASSERT_TRUE(records.remove("10.0.0.1", "admin"));
  EXPECT_EQ(records.remove("10.0.0.1", "admin").error().code, Errc::object_not_found);
  EXPECT_EQ(mode_of(folder / "sub/security.dat"), 0600U);
  EXPECT_EQ(mode_of(folder / "sub/security.dat.key"), 0600U);
  EXPECT_EQ(files::read_file(folder / "sub/security.dat")->find("other"), std::string::npos);
}

TEST(PasswordFile, ARecordMovedToAnotherUserOpensNothing) {
  const Folder folder;
  PasswordFile records(folder / "security.dat");
  ASSERT_TRUE(records.store("console", "monitor", "secret"));
  std::string content = *files::read_file(folder / "security.dat");
  content.replace(content.find("monitor"), 7, "admin");
  ASSERT_TRUE(files::write_private_file(folder / "security.dat", content));
  EXPECT_EQ(records.find("console", "admin"), std::nullopt);
}

TEST(Files, ReplaceIsWholeAndPrivate) {
  const Folder folder;
  ASSERT_TRUE(files::write_private_file(folder / "a/b/c", "one"));
  ASSERT_TRUE(files::write_private_file(folder / "a/b/c", "two"));
  EXPECT_EQ(*files::read_file(folder / "a/b/c"), "two");
  EXPECT_EQ(mode_of(folder / "a/b/c"), 0600U);
  EXPECT_EQ(files::read_file(folder / "none").error().code, Errc::object_not_found);
  EXPECT_EQ(files::write_private_file("/proc/nowhere/x", "").error().code, Errc::io_error);
}

TEST(Addresses, AreTakenApart) {
  std::string host;
  std::string port;
  const auto split = [&](std::string_view text) { return split_address(text, host, port) ? host + "|" + port : "no"; };
  EXPECT_EQ(split("localhost"), "localhost|8452");
  EXPECT_EQ(split("10.0.0.1:99"), "10.0.0.1|99");
  EXPECT_EQ(split("https://x:1/"), "x|1");
  EXPECT_EQ(split("[::1]:99"), "::1|99");
  EXPECT_EQ(split("::1"), "::1|8452");
  for (const char* wrong : {"", "x:", "x:y", "x:0", "x:65536", "[::1", ":5", "x:1 2"})
    EXPECT_EQ(split(wrong), "no") << wrong;
}

TEST(HttpAnswers, CutAnywhere) {
  const std::string whole =
      "HTTP/1.1 401 Unauthorized\r\nServer: x\r\ncontent-length:  5\r\nConnection: close\r\n\r\nhello";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    HttpAnswerReader reader;
    reader.feed(whole.substr(0, cut));
    if (cut < whole.size()) {
      EXPECT_EQ(reader.state(), HttpAnswerReader::State::more);
    }
    reader.feed(whole.substr(cut));
    ASSERT_EQ(reader.state(), HttpAnswerReader::State::complete);
    EXPECT_TRUE(reader.closes());
    const HttpAnswer answer = reader.take();
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.body, "hello");
  }
}

TEST(HttpAnswers, NonsenseIsBroken) {
  for (const char* wrong :
       {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"}) {
    HttpAnswerReader reader;
    reader.feed(wrong);
    EXPECT_EQ(reader.state(), HttpAnswerReader::State::broken) << wrong;
  }
}

TEST(Completion, CommandsThenFlags) {
  EXPECT_EQ(completions("mkf"), (std::vector<std::string>{"mkfbvol", "mkflash"}));
  EXPECT_EQ(completions("help showe"), (std::vector<std::string>{"showenv", "showextpool"}));
  EXPECT_EQ(completions("mkflash -tgt"),
            (std::vector<std::string>{"-tgtinhibit", "-tgtoffline", "-tgtpprc", "-tgtse"}));
  EXPECT_EQ(completions("rmfbvol -q"), std::vector<std::string>{"-quiet"});
  EXPECT_TRUE(completions("mkflash 01").empty());
  EXPECT_TRUE(completions("nonsense -x").empty());
}

TEST(History, RecallsAndKeepsNoPasswords) {
  LineHistory history;
  history.add("lssi");
  history.add("chuser -pw Secret99 admin");
  history.add("lsrank");
  EXPECT_EQ(history.lines().size(), 2U);
  EXPECT_EQ(history.resolve("!2"), "lsrank");
  EXPECT_EQ(history.resolve("!!"), "lsrank");
  EXPECT_EQ(history.resolve("!9"), std::nullopt);
  EXPECT_EQ(history.resolve("lslss"), "lslss");
}

TEST(GlobalOptions, StandBeforeTheCommand) {
  const auto options = parse_global_options({"-HMC1", "a", "-user", "u", "-v", "on", "lsfbvol", "-l", "-user"});
  EXPECT_EQ(options.problem, "");
  EXPECT_EQ(options.hmc1, "a");
  EXPECT_EQ(options.command, (std::vector<std::string>{"lsfbvol", "-l", "-user"}));
  EXPECT_NE(parse_global_options({"-user"}).problem, "");
  EXPECT_NE(parse_global_options({"-nonsense", "lssi"}).problem, "");
  EXPECT_NE(parse_global_options({"-script", "f", "lssi"}).problem, "");
  EXPECT_TRUE(parse_global_options({"-?"}).help);
}

}  // namespace
}  // namespace tt::dscli
