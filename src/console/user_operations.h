// SPDX-License-Identifier: Apache-2.0
// Logins and the operations on users of the catalogue.
//
// A failed login counts; after five the account answers no login for five minutes, or until an administrator unlocks
// it. An account locked by an administrator stays locked. A password set by somebody else must be changed at the next
// login.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "console/password_policy.h"
#include "console/sessions.h"
#include "console/slow_work.h"
#include "console/user_store.h"
#include "model/executor.h"

namespace tt::console {

/// A response, with a message where its code says too little.
struct ServiceAnswer {
  model::Response response;
  std::string message_id;
  std::string text;
};

struct Caller {
  std::string user;
  std::vector<std::string> groups;
  std::string scope;
  std::string token;
};

/// What chuser asks for.
struct UserChange {
  std::string name;
  std::optional<std::vector<std::string>> groups;
  std::optional<bool> locked;
  std::optional<std::string> password;
  std::optional<std::string> scope;
};

class UserOperations {
 public:
  using Answered = std::function<void(ServiceAnswer)>;
  using LoggedIn = std::function<void(Result<User>)>;
  using Clock = std::function<std::int64_t()>;  ///< Seconds since 1970.

  UserOperations(UserStore& store, Sessions& sessions, SlowWork& slow, Clock now)
      : store_(store), sessions_(sessions), slow_(slow), now_(std::move(now)) {}

  /// Makes "admin" if there is no user at all. Its password is in `password_file` (mode 0600) before it can be used.
  Result<void> ensure_first_user(const std::string& password_file);

  /// The rules of passwords follow the images that the console serves.
  void serve_only_ds6000(bool only) { only_ds6000_ = only; }
  /// What chpass set, over the defaults.
  [[nodiscard]] PasswordPolicy policy() const;

  /// authentication_failed, busy or io_error.
  void login(const std::string& name, const std::string& password, LoggedIn done);

  /// Any operation of Place::console; the caller's right to it has been checked, but for chuser, which everybody may
  /// use on the own account.
  void run(const Caller& caller, const model::Request& request, Answered done);

 private:
  void list(const model::Request& request, const Answered& done);
  void show(const model::Request& request, const Answered& done);
  void make(const model::Request& request, Answered done);
  void change(const Caller& caller, const model::Request& request, Answered done);
  void change_password(const Caller& caller, const UserChange& change, const User& before, Answered done);
  Result<void> save_password(const Caller& caller, const UserChange& change, const std::string& hashed);
  void remove(const model::Request& request, const Answered& done);
  void change_policy(const model::Request& request, const Answered& done);
  void show_policy(const Answered& done);
  static void list_policies(const model::Request& request, const Answered& done);
  void list_sessions(const model::Request& request, const Answered& done);
  void change_complex(const model::Request& request, const Answered& done);
  void show_complex(const Answered& done);
  /// An administrator chose it, or it has expired.
  [[nodiscard]] bool must_change_password(const User& user) const;
  /// The owner changed it himself so recently that the policy does not allow another change.
  Result<bool> changed_too_recently(const User& user);
  void finish_login(const std::string& name, bool good, const LoggedIn& done);
  /// Whether an administrator who may log in would remain if `changed` (null: nobody) replaced the account `name`.
  Result<bool> admin_remains(const std::string& name, const User* changed);

  UserStore& store_;
  Sessions& sessions_;
  SlowWork& slow_;
  Clock now_;
  bool only_ds6000_ = false;
};

}  // namespace tt::console
