// SPDX-License-Identifier: Apache-2.0
#include "console/user_store.h"

#include <sqlite3.h>

#include <sstream>

namespace tt::console {

namespace {

constexpr int kSchemaVersion = 3;
constexpr const char* kSchema =
    "CREATE TABLE users ("
    " name TEXT PRIMARY KEY, groups TEXT NOT NULL, password TEXT NOT NULL, locked INTEGER NOT NULL,"
    " must_change INTEGER NOT NULL, failed_logins INTEGER NOT NULL, last_failure INTEGER NOT NULL,"
    " password_changed INTEGER NOT NULL);"
    "CREATE TABLE password_history ("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE, password TEXT NOT NULL);"
    "";
/// Since version 2.
constexpr const char* kSettingsSchema = "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);";
/// Since version 3. Accounts from before have no bounds.
constexpr const char* kScopeSchema =
    "ALTER TABLE users ADD COLUMN scope TEXT NOT NULL DEFAULT '*';"
    "PRAGMA user_version = 3;";
constexpr const char* kColumns =
    "name, groups, password, locked, must_change, failed_logins, last_failure, password_changed, scope";

/// A prepared statement with its bindings; finalised at the end of the scope.
class Statement {
 public:
  Statement(sqlite3* database, const std::string& sql) {
    status_ = sqlite3_prepare_v2(database, sql.c_str(), -1, &statement_, nullptr);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  Statement& bind(const std::string& text) {
    if (status_ == SQLITE_OK) {
      status_ = sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    }
    return *this;
  }
  Statement& bind(std::int64_t number) {
    if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(statement_, ++bound_, number);
    return *this;
  }
  /// True while there is a row.
  bool step() {
    if (status_ == SQLITE_OK || status_ == SQLITE_ROW) status_ = sqlite3_step(statement_);
    return status_ == SQLITE_ROW;
  }
  Result<void> outcome() const {
    if (status_ == SQLITE_DONE || status_ == SQLITE_ROW) return {};
    return Error{Errc::io_error, static_cast<std::uint64_t>(status_)};
  }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes == nullptr ? ""
                            : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int status_ = SQLITE_OK;
  int bound_ = 0;
};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

User read_user(const Statement& row) {
  User user;
  user.name = row.text(0);
  user.groups = split(row.text(1));
  user.password = row.text(2);
  user.locked = row.number(3) != 0;
  user.must_change = row.number(4) != 0;
  user.failed_logins = row.number(5);
  user.last_failure = row.number(6);
  user.password_changed = row.number(7);
  user.scope = row.text(8);
  return user;
}

}  // namespace

Result<std::unique_ptr<UserStore>> UserStore::open(const std::string& path) {
  sqlite3* database = nullptr;
  const int status = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  std::unique_ptr<UserStore> store(new UserStore(database));
  if (status != SQLITE_OK) return Error{Errc::io_error, static_cast<std::uint64_t>(status)};
  sqlite3_busy_timeout(database, 5000);
  TT_CHECK(store->prepare_schema());
  return store;
}

UserStore::~UserStore() {
  sqlite3_close(database_);
}

Result<void> UserStore::run(const char* sql) {
  const int status = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return Error{Errc::io_error, static_cast<std::uint64_t>(status)};
  return {};
}

Result<void> UserStore::prepare_schema() {
  TT_CHECK(run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
  std::int64_t version = 0;
  {
    Statement query(database_, "PRAGMA user_version");
    if (query.step()) version = query.number(0);
    TT_CHECK(query.outcome());
  }
  if (version > kSchemaVersion) return Error{Errc::version_not_supported, static_cast<std::uint64_t>(version)};
  if (version == kSchemaVersion) return {};
  TT_CHECK(run("BEGIN IMMEDIATE"));
  Result<void> made = version == 0 ? run(kSchema) : Result<void>{};
  if (made && version < 2) made = run(kSettingsSchema);
  if (made) made = run(kScopeSchema);
  const Result<void> ended = run(made ? "COMMIT" : "ROLLBACK");
  return made ? ended : made;
}

Result<std::optional<User>> UserStore::find(const std::string& name) {
  Statement query(database_, std::string("SELECT ") + kColumns + " FROM users WHERE name = ?");
  query.bind(name);
  std::optional<User> user;
  if (query.step()) user = read_user(query);
  TT_CHECK(query.outcome());
  return user;
}

Result<std::vector<User>> UserStore::all() {
  Statement query(database_, std::string("SELECT ") + kColumns + " FROM users ORDER BY name");
  std::vector<User> users;
  while (query.step()) users.push_back(read_user(query));
  TT_CHECK(query.outcome());
  return users;
}

Result<void> UserStore::save(const User& user) {
  Statement change(database_, std::string("INSERT INTO users (") + kColumns +
                                  ") VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT(name) DO UPDATE SET groups=excluded.groups,"
                                  " password=excluded.password, locked=excluded.locked,"
                                  " must_change=excluded.must_change, failed_logins=excluded.failed_logins,"
                                  " last_failure=excluded.last_failure, password_changed=excluded.password_changed,"
                                  " scope=excluded.scope");
  change.bind(user.name).bind(join(user.groups)).bind(user.password).bind(std::int64_t{user.locked});
  change.bind(std::int64_t{user.must_change}).bind(user.failed_logins).bind(user.last_failure);
  change.bind(user.password_changed).bind(user.scope);
  change.step();
  return change.outcome();
}

Result<void> UserStore::remove(const std::string& name) {
  Statement change(database_, "DELETE FROM users WHERE name = ?");
  change.bind(name);
  change.step();
  return change.outcome();
}

Result<std::optional<std::string>> UserStore::setting(const std::string& name) {
  Statement query(database_, "SELECT value FROM settings WHERE name = ?");
  query.bind(name);
  std::optional<std::string> value;
  if (query.step()) value = query.text(0);
  TT_CHECK(query.outcome());
  return value;
}

Result<void> UserStore::set_setting(const std::string& name, const std::string& value) {
  Statement change(
      database_,
      "INSERT INTO settings (name, value) VALUES (?,?) ON CONFLICT(name) DO UPDATE SET value=excluded.value");
  change.bind(name).bind(value);
  change.step();
  return change.outcome();
}

Result<std::vector<std::string>> UserStore::history(const std::string& name, std::int64_t count) {
  Statement query(database_, "SELECT password FROM password_history WHERE name = ? ORDER BY id DESC LIMIT ?");
  query.bind(name).bind(count);
  std::vector<std::string> passwords;
  while (query.step()) passwords.push_back(query.text(0));
  TT_CHECK(query.outcome());
  return passwords;
}

Result<void> UserStore::add_to_history(const std::string& name, const std::string& password) {
  Statement change(database_, "INSERT INTO password_history (name, password) VALUES (?, ?)");
  change.bind(name).bind(password);
  change.step();
  return change.outcome();
}

}  // namespace tt::console
