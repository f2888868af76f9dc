// SPDX-License-Identifier: Apache-2.0
// Accounts in SQLite (write-ahead log, every commit synced). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/resource_scope.h"

struct sqlite3;

namespace tt::console {

struct User {
  std::string name;
  std::vector<std::string> groups;
  std::string password;  ///< As hash_password() made it.
  bool locked = false;
  bool must_change = false;  ///< The password was set by an administrator.
  std::int64_t failed_logins = 0;
  std::int64_t last_failure = 0;                        ///< Seconds since 1970.
  std::int64_t password_changed = 0;                    ///< Seconds since 1970.
  std::string scope = std::string(model::kScopeOfAll);  ///< Of resource groups.
};

class UserStore {
 public:
  /// Opens or creates; brings an older schema up to date, refuses a newer one (version_not_supported).
  static Result<std::unique_ptr<UserStore>> open(const std::string& path);
  ~UserStore();
  UserStore(const UserStore&) = delete;
  UserStore& operator=(const UserStore&) = delete;

  /// Names compare case-sensitively. io_error from any call means SQLite failed; nothing was changed.
  Result<std::optional<User>> find(const std::string& name);
  Result<std::vector<User>> all();
  /// Inserts or replaces the account.
  Result<void> save(const User& user);
  Result<void> remove(const std::string& name);

  /// Settings of the console itself, by name.
  Result<std::optional<std::string>> setting(const std::string& name);
  Result<void> set_setting(const std::string& name, const std::string& value);

  /// Former passwords, newest first, at most `count`.
  Result<std::vector<std::string>> history(const std::string& name, std::int64_t count);
  Result<void> add_to_history(const std::string& name, const std::string& password);

 private:
  explicit UserStore(sqlite3* database) : database_(database) {}
  Result<void> prepare_schema();
  Result<void> run(const char* sql);

  sqlite3* database_;
};

}  // namespace tt::console
