// SPDX-License-Identifier: Apache-2.0
// The chain of the audit log: what it notices, and how the log goes on after a crash.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "console/audit_chain.h"
#include "console/audit_log.h"
#include "console/test_folder.h"
#include "interfaces/files/files.h"

namespace tt::console {
namespace {

class AuditChain : public ::testing::Test {
 protected:
  void record(const std::string& object) {
    AuditRecord record;
    record.user = "admin";
    record.event = "Volume_Create";
    record.object = object;
    ASSERT_TRUE(log->append(record));
  }
  /// A start of the console: what it says about the log.
  std::string restart() {
    log = std::make_unique<AuditLog>(path);
    const auto opened = log->open();
    EXPECT_TRUE(opened);
    return opened ? *opened : "failed";
  }
  std::string content() { return *files::read_file(path); }
  void replace(const std::string& text) { ASSERT_TRUE(files::write_private_file(path, text)); }
  std::vector<std::string> lines() {
    std::vector<std::string> list;
    std::string text = content();
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      list.push_back(text.substr(0, end));
    }
    return list;
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }

  const TestFolder folder;
  const std::string path = folder / "audit.csv";
  std::unique_ptr<AuditLog> log = std::make_unique<AuditLog>(path);
};

TEST_F(AuditChain, GoesOnAfterARestart) {
  record("0100");
  record("0101");
  EXPECT_EQ(restart(), "");
  record("0102");
  const ChainReport report = check_chain(content());
  EXPECT_EQ(report.lines, 3U) << "a start adds nothing when all is well";
  EXPECT_EQ(report.first_bad, 0U);
  EXPECT_EQ(report.head, hash_of_line(lines().back()));
  EXPECT_TRUE(chain_has(content(), *hash_of_line(lines()[1])));
  EXPECT_FALSE(chain_has(content(), std::string(64, 'a')));
}

TEST_F(AuditChain, NoticesEveryChangedByte) {
  for (int i = 0; i < 4; ++i) record(std::to_string(i));
  const std::string good = content();
  for (std::size_t i = 0; i + 1 < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'x' ? 'y' : 'x';
    const auto line = static_cast<std::uint64_t>(std::count(good.begin(), good.begin() + static_cast<long>(i), '\n'));
    EXPECT_EQ(check_chain(bad).first_bad, line + 1) << "byte " << i;
  }
}

TEST_F(AuditChain, NoticesRemovedAddedAndSwappedLines) {
  for (int i = 0; i < 5; ++i) record(std::to_string(i));
  const auto good = lines();
  for (std::size_t i = 0; i + 1 < good.size(); ++i) {
    auto removed = good;
    removed.erase(removed.begin() + static_cast<long>(i));
    EXPECT_EQ(check_chain(joined(removed)).first_bad, i + 1);
    auto swapped = good;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_EQ(check_chain(joined(swapped)).first_bad, i + 1);
    auto added = good;
    added.insert(added.begin() + static_cast<long>(i), "U,an addition");
    EXPECT_EQ(check_chain(joined(added)).first_bad, i + 1);
    auto twice = good;
    twice.insert(twice.begin() + static_cast<long>(i), good[i]);
    EXPECT_EQ(check_chain(joined(twice)).first_bad, i + 2);
  }
}

TEST_F(AuditChain, ATornLastLineIsSaid) {
  record("0100");
  record("0101");
  const std::string good = content();
  const std::size_t second = good.find('\n') + 1;
  for (std::size_t size = second + 1; size < good.size(); ++size) {
    replace(good.substr(0, size));
    const ChainReport torn = check_chain(content());
    const bool only_its_end = size + 1 == good.size();
    EXPECT_EQ(torn.first_bad, only_its_end ? 0U : 2U);
    EXPECT_EQ(torn.torn_end, !only_its_end);
    EXPECT_NE(restart().find("line 2 of the audit log was torn"), std::string::npos) << size;
    EXPECT_EQ(content().substr(0, size), good.substr(0, size)) << "nothing is overwritten";
    record("0102");
    const ChainReport after = check_chain(content());
    EXPECT_EQ(after.first_bad, 0U) << size;
    EXPECT_EQ(after.torn, only_its_end ? 0U : 1U);
    EXPECT_NE(content().find("1203,Audit_Log_Torn"), std::string::npos);
    EXPECT_EQ(restart(), "") << "once is enough";
  }
}

TEST_F(AuditChain, AChangeIsSaidAtTheNextStartAndStaysVisible) {
  for (int i = 0; i < 3; ++i) record("010" + std::to_string(i));
  std::string bad = content();
  bad.replace(bad.find("0101"), 4, "0999");
  replace(bad);
  EXPECT_NE(restart().find("line 2 of the audit log does not fit"), std::string::npos);
  record("0103");
  EXPECT_NE(content().find("E,1204,Audit_Log_Broken"), std::string::npos);
  EXPECT_EQ(check_chain(content()).first_bad, 2U);
}

TEST_F(AuditChain, AFullLogKeepsAChain) {
  log = std::make_unique<AuditLog>(path, 20'000);
  for (int i = 0; i < 300; ++i) {
    record(std::to_string(i));
    const ChainReport report = check_chain(content());
    ASSERT_EQ(report.first_bad, 0U) << i;
  }
  EXPECT_EQ(content().substr(0, kFollows.size()), kFollows);
  EXPECT_NE(content().find("1205,Audit_Log_Trimmed"), std::string::npos);
  EXPECT_EQ(check_chain(content().substr(content().find('\n') + 1)).first_bad, 1U) << "what it follows is part of it";
}

TEST_F(AuditChain, TheFileIsPrivateWhateverItWas) {
  record("0100");
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  restart();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace tt::console
