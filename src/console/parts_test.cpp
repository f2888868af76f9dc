// SPDX-License-Identifier: Apache-2.0
// Passwords, sessions, accounts, audit log and certificate, each alone.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "console/audit_log.h"
#include "console/certificate.h"
#include "console/passwords.h"
#include "console/sessions.h"
#include "console/test_folder.h"
#include "console/user_store.h"
#include "interfaces/files/files.h"

namespace tt::console {
namespace {

TEST(Passwords, VerifyOnlyWhatWasHashed) {
  const std::string stored = hash_password("Secret99");
  EXPECT_TRUE(verify_password("Secret99", stored));
  EXPECT_FALSE(verify_password("secret99", stored));
  EXPECT_FALSE(verify_password("", stored));
  EXPECT_NE(hash_password("Secret99"), stored) << "salted";
  for (const char* nonsense : {"", "scrypt", "scrypt$1$2$3$zz$zz", "scrypt$x$8$1$00$00", "plain:Secret99"}) {
    EXPECT_FALSE(verify_password("Secret99", nonsense)) << nonsense;
  }
}

TEST(Passwords, Rules) {
  EXPECT_EQ(password_problem("abcdefg1", "user"), "");
  EXPECT_EQ(password_problem("abcdefg!", "user"), "");
  for (const char* wrong : {"abc1", "abcdefgh", "12345678", "!!!!!!!!", "myUSER1234"}) {
    EXPECT_NE(password_problem(wrong, "user"), "") << wrong;
  }
  EXPECT_NE(password_problem(std::string(65, 'a') + "1", "user"), "");
  const std::string generated = generate_password();
  EXPECT_EQ(generated.size(), 20U);
  EXPECT_EQ(password_problem(generated, "admin"), "");
  EXPECT_NE(generate_password(), generated);
}

TEST(Passwords, RulesOfADs6000) {
  PasswordPolicy rules;
  rules.ds6000 = true;
  rules.length = 6;
  const auto good = [&](const char* password) { return password_problem(password, "batch", rules).empty(); };
  EXPECT_TRUE(good("abcd1e"));
  EXPECT_TRUE(good("abcdefgh1jklmnop"));
  EXPECT_FALSE(good("abc1e")) << "too short";
  EXPECT_FALSE(good("abcdefgh1jklmnopq")) << "too long";
  EXPECT_FALSE(good("abcdefgh")) << "no digit";
  EXPECT_FALSE(good("a12345b")) << "too few letters";
  EXPECT_FALSE(good("1abcdef")) << "begins with a digit";
  EXPECT_FALSE(good("abcdef1")) << "ends with a digit";
  EXPECT_FALSE(good("xBatch1y")) << "holds the user's name";
}

TEST(Sessions, EndWhenIdleOrAsked) {
  Sessions sessions;
  const std::string token = sessions.begin({"admin", {"admin"}, false, 0}, 1000);
  EXPECT_EQ(token.size(), 64U);
  ASSERT_NE(sessions.find(token, 1000 + 29 * 60), nullptr);
  ASSERT_NE(sessions.find(token, 1000 + 58 * 60), nullptr) << "used in between";
  EXPECT_EQ(sessions.find(token, 1000 + 58 * 60 + 31 * 60), nullptr);
  EXPECT_EQ(sessions.find("", 0), nullptr);
  const std::string one = sessions.begin({"batch", {}, false, 0}, 1);
  const std::string two = sessions.begin({"batch", {}, false, 0}, 1);
  const std::string other = sessions.begin({"admin", {}, false, 0}, 1);
  sessions.end_all_of("batch", two);
  EXPECT_EQ(sessions.find(one, 1), nullptr);
  EXPECT_NE(sessions.find(two, 1), nullptr);
  EXPECT_NE(sessions.find(other, 1), nullptr);
  sessions.end(other);
  EXPECT_EQ(sessions.find(other, 1), nullptr);
}

TEST(Sessions, TheLongestIdleMakesRoom) {
  Sessions sessions;
  const std::string oldest = sessions.begin({"a", {}, false, 0}, 1);
  for (int i = 0; i < 1500; ++i) sessions.begin({"b", {}, false, 0}, 2);
  EXPECT_EQ(sessions.count(), 1024U);
  EXPECT_EQ(sessions.find(oldest, 2), nullptr);
}

TEST(UserStore, KeepsAccountsAcrossOpenings) {
  const TestFolder folder;
  User user;
  user.name = "batch'; DROP TABLE users;--";
  user.groups = {"op_volume", "monitor"};
  user.password = "hash";
  user.failed_logins = 3;
  user.must_change = true;
  user.scope = "east*";
  {
    auto store = UserStore::open(folder / "users.sqlite");
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->save(user));
    ASSERT_TRUE((*store)->add_to_history(user.name, "h1"));
    ASSERT_TRUE((*store)->add_to_history(user.name, "h2"));
  }
  auto store = UserStore::open(folder / "users.sqlite");
  ASSERT_TRUE(store);
  const auto found = (*store)->find(user.name);
  ASSERT_TRUE(found && found->has_value());
  EXPECT_EQ((*found)->groups, user.groups);
  EXPECT_EQ((*found)->failed_logins, 3);
  EXPECT_TRUE((*found)->must_change);
  EXPECT_EQ((*found)->scope, "east*");
  EXPECT_EQ(*(*store)->history(user.name, 8), (std::vector<std::string>{"h2", "h1"}));
  EXPECT_EQ((*store)->history(user.name, 1)->size(), 1U);
  user.groups = {"admin"};
  user.scope = "PUBLIC";
  ASSERT_TRUE((*store)->save(user));
  EXPECT_EQ((**(*store)->find(user.name)).scope, "PUBLIC");
  EXPECT_EQ((*store)->all()->size(), 1U);
  ASSERT_TRUE((*store)->remove(user.name));
  EXPECT_FALSE((*store)->find(user.name)->has_value());
  EXPECT_TRUE((*store)->history(user.name, 8)->empty());
}

/// Version 1 had no settings, and neither it nor version 2 scopes.
TEST(UserStore, BringsAnOlderSchemaUpToDate) {
  const TestFolder folder;
  const std::string path = folder / "users.sqlite";
  ASSERT_TRUE(UserStore::open(path));
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  const char* back =
      "DROP TABLE settings; ALTER TABLE users DROP COLUMN scope; PRAGMA user_version = 1;"
      "INSERT INTO users VALUES ('old', 'monitor', 'hash', 0, 0, 0, 0, 0);";
  EXPECT_EQ(sqlite3_exec(database, back, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  for (int opening = 0; opening < 2; ++opening) {
    auto store = UserStore::open(path);
    ASSERT_TRUE(store);
    if (opening == 0) {
      EXPECT_EQ(*(*store)->setting("password.length"), std::nullopt);
      EXPECT_TRUE((*store)->set_setting("password.length", "9"));
      EXPECT_TRUE((*store)->set_setting("password.length", "10"));
    }
    EXPECT_EQ(*(*store)->setting("password.length"), "10");
    EXPECT_EQ((**(*store)->find("old")).scope, "*");
  }
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  const char* back_to_two = "ALTER TABLE users DROP COLUMN scope; PRAGMA user_version = 2;";
  EXPECT_EQ(sqlite3_exec(database, back_to_two, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  auto store = UserStore::open(path);
  ASSERT_TRUE(store);
  EXPECT_EQ((**(*store)->find("old")).scope, "*");
  EXPECT_EQ(*(*store)->setting("password.length"), "10");
}

TEST(UserStore, RefusesWhatItCannotRead) {
  const TestFolder folder;
  ASSERT_TRUE(files::write_private_file(folder / "text", "this is not a database, however long the text may be"));
  EXPECT_FALSE(UserStore::open(folder / "text"));
  EXPECT_FALSE(UserStore::open(folder / "missing/users.sqlite"));
}

TEST(AuditLog, WritesOneLinePerRecord) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  AuditRecord record;
  record.user = "admin";
  record.image = "IBM.2107-75ABCD1";
  record.code = 2090;
  record.event = "Volume_Create";
  record.object = "0100";
  record.result = "success";
  record.detail = "a \"quoted\"\nline";
  EXPECT_EQ(audit_line(record, 1531340069042),
            "U,2018/07/11 20:14:29:042 UTC,admin,1,IBM.2107-75ABCD1,N,2090,Volume_Create,0100,success,"
            "\"a \"\"quoted\"\" line\"");
  record.user = "x,y\"z\n";
  record.by_user = false;
  EXPECT_EQ(audit_line(record, 0).substr(0, 40), "S,1970/01/01 00:00:00:000 UTC,x y z ,1,I");
  const TestFolder folder;
  AuditLog log(folder / "audit.csv");
  ASSERT_TRUE(log.append(record));
  ASSERT_TRUE(log.append(record));
  const std::string content = *files::read_file(folder / "audit.csv");
  EXPECT_EQ(std::count(content.begin(), content.end(), '\n'), 2);
}

TEST(AuditLog, IsReadInPiecesOfWholeLines) {
  const TestFolder folder;
  AuditLog log(folder / "audit.csv");
  EXPECT_EQ(*log.read(0, 1000), "") << "nothing was recorded yet";
  AuditRecord record;
  record.user = "admin";
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(log.append(record));
  const std::string content = *files::read_file(folder / "audit.csv");
  std::string gathered;
  int pieces = 0;
  for (std::string piece = "first"; !piece.empty(); ++pieces) {
    piece = *log.read(gathered.size(), content.size() / 2);
    gathered += piece;
  }
  EXPECT_EQ(gathered, content);
  EXPECT_GE(pieces, 3);
}

TEST(AuditLog, DropsTheOlderHalfWhenFullAndSaysSoBefore) {
  const TestFolder folder;
  AuditLog log(folder / "audit.csv", 20'000);
  AuditRecord record;
  record.user = "admin";
  record.event = "Volume_Create";
  std::uint64_t largest = 0;
  bool told60 = false;
  bool told75 = false;
  for (int i = 0; i < 1000; ++i) {
    record.object = std::to_string(i);
    ASSERT_TRUE(log.append(record));
    const std::string content = *files::read_file(folder / "audit.csv");
    largest = std::max<std::uint64_t>(largest, content.size());
    told60 = told60 || content.find("Audit_Log_At_60%") != std::string::npos;
    told75 = told75 || content.find("Audit_Log_At_75%") != std::string::npos;
    ASSERT_EQ(content.back(), '\n');
    ASSERT_NE(content.find("Volume_Create," + std::to_string(i) + ","), std::string::npos) << "the newest is kept";
  }
  EXPECT_LT(largest, 20'400U);
  EXPECT_TRUE(told60);
  EXPECT_TRUE(told75);
}

std::string names_in(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  X509* certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  std::string names;
  for (const char* name : {"localhost", "console.example.org", "evil.example.org"}) {
    if (X509_check_host(certificate, name, 0, 0, nullptr) == 1) names += std::string(name) + " ";
  }
  for (const char* address : {"127.0.0.1", "::1", "192.0.2.7", "192.0.2.8"}) {
    if (X509_check_ip_asc(certificate, address, 0) == 1) names += std::string(address) + " ";
  }
  X509_free(certificate);
  return names;
}

TEST(Certificate, IsMadeOnceForNamesAndAddresses) {
  const TestFolder folder;
  const auto made = ensure_certificate(folder.path(), {"console.example.org", "192.0.2.7", "x,DNS:evil.example.org"});
  ASSERT_TRUE(made);
  EXPECT_EQ(names_in(made->certificate), "localhost console.example.org 127.0.0.1 ::1 192.0.2.7 ");
  struct stat status{};
  ASSERT_EQ(::stat(made->key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const std::string first = *files::read_file(made->certificate);
  ASSERT_TRUE(ensure_certificate(folder.path(), {}));
  EXPECT_EQ(*files::read_file(made->certificate), first);
  std::filesystem::remove(made->key);
  EXPECT_EQ(ensure_certificate(folder.path(), {}).error().code, Errc::corrupt)
      << "a new pair would break every client that trusts the old one";
}

}  // namespace
}  // namespace tt::console
