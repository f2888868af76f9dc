// SPDX-License-Identifier: Apache-2.0
#include "console/user_operations.h"

#include <algorithm>
#include <memory>

#include "console/passwords.h"
#include "interfaces/files/files.h"
#include "model/catalogue.h"
#include "model/selection.h"

namespace tt::console {

namespace {

using nlohmann::json;

constexpr std::int64_t kLockSeconds = 5 * 60;
constexpr std::int64_t kDay = 24 * 60 * 60;
constexpr std::size_t kLongestName = 32;

ServiceAnswer rejected(Errc code, std::string message_id = {}, std::string text = {}) {
  ServiceAnswer answer;
  answer.response.status = code;
  answer.message_id = std::move(message_id);
  answer.text = std::move(text);
  return answer;
}

ServiceAnswer rejected(Error error) {
  return rejected(error.code);
}

ServiceAnswer succeeded(const std::string& name) {
  ServiceAnswer answer;
  answer.response.results.push_back({name, Errc::ok, 0});
  return answer;
}

bool is_locked_out(const User& user, const PasswordPolicy& policy, std::int64_t now) {
  return policy.failures > 0 && user.failed_logins >= policy.failures && now - user.last_failure < kLockSeconds;
}

json user_row(const User& user, const PasswordPolicy& policy, std::int64_t now) {
  const bool locked = user.locked || is_locked_out(user, policy, now);
  json row = {{"id", user.name},
              {"groups", user.groups},
              {"state", locked ? "locked" : "active"},
              {"failed_logins", user.failed_logins},
              {"scope", user.scope}};
  if (policy.expire_days > 0) {
    const std::int64_t days = policy.expire_days - (now - user.password_changed) / kDay;
    row["days_to_expire"] = user.must_change || days < 0 ? 0 : days;
  }
  return row;
}

/// The first group that does not exist, or nothing.
std::string unknown_group(const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    if (model::find_role(group) == nullptr) return group;
  }
  return {};
}

std::string text_argument(const model::Request& request, const char* key) {
  const auto found = request.arguments.find(key);
  return found != request.arguments.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// There is one authentication policy. Another one that the request names, or nothing.
std::string unknown_policy(const model::Request& request) {
  const std::string given = text_argument(request, "policy");
  return given == "initialPolicy" ? std::string() : given;
}

ServiceAnswer not_there(std::string name) {
  ServiceAnswer answer;
  answer.response.results.push_back({std::move(name), Errc::object_not_found, 0});
  return answer;
}

bool name_is_good(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), allowed);
}

bool is_active_admin(const User& user) {
  return !user.locked && std::find(user.groups.begin(), user.groups.end(), "admin") != user.groups.end();
}

std::vector<std::string> words_argument(const model::Request& request, const char* key) {
  std::vector<std::string> words;
  const auto found = request.arguments.find(key);
  if (found == request.arguments.end() || !found->is_array()) return words;
  for (const json& word : *found) {
    if (word.is_string()) words.push_back(word.get<std::string>());
  }
  return words;
}

UserChange change_of(const model::Request& request) {
  UserChange change;
  change.name = text_argument(request, "id");
  if (request.arguments.contains("groups")) change.groups = words_argument(request, "groups");
  if (request.arguments.contains("locked")) change.locked = request.arguments["locked"] == true;
  if (request.arguments.contains("password")) change.password = text_argument(request, "password");
  if (request.arguments.contains("scope")) change.scope = text_argument(request, "scope");
  return change;
}

void apply_rights(const UserChange& change, User& user) {
  if (change.groups) user.groups = *change.groups;
  if (change.scope) user.scope = *change.scope;
  if (!change.locked) return;
  user.locked = *change.locked;
  if (!user.locked) user.failed_logins = 0;
}

}  // namespace

Result<void> UserOperations::ensure_first_user(const std::string& password_file) {
  TT_TRY(const auto users, store_.all());
  if (!users.empty()) return {};
  const std::string password = generate_password();
  TT_CHECK(files::write_private_file(password_file, password + "\n"));
  User admin;
  admin.name = "admin";
  admin.groups = {"admin"};
  admin.password = hash_password(password);
  admin.password_changed = now_();
  return store_.save(admin);
}

void UserOperations::login(const std::string& name, const std::string& password, LoggedIn done) {
  auto found = store_.find(name);
  if (!found) {
    done(found.error());
    return;
  }
  const bool usable = found->has_value() && !(*found)->locked && !is_locked_out(**found, policy(), now_());
  auto good = std::make_shared<bool>(false);
  const std::string stored = usable ? (*found)->password : std::string();
  const auto verify = [password, stored, good] {
    // Whether the user exists must not show in the time this takes.
    if (stored.empty()) {
      waste_verification_time(password);
    } else {
      *good = verify_password(password, stored);
    }
  };
  const bool started = slow_.run(verify, [this, name, usable, good, done] {
    if (usable) {
      finish_login(name, *good, done);
    } else {
      done(Errc::authentication_failed);
    }
  });
  if (!started) done(Errc::busy);
}

void UserOperations::finish_login(const std::string& name, bool good, const LoggedIn& done) {
  // Read again: the account may have changed while the password was checked.
  auto found = store_.find(name);
  if (!found) {
    done(found.error());
    return;
  }
  if (!found->has_value() || (*found)->locked) {
    done(Errc::authentication_failed);
    return;
  }
  User user = **found;
  const bool counts = !good || user.failed_logins != 0;
  user.failed_logins = good ? 0 : user.failed_logins + 1;
  user.last_failure = good ? user.last_failure : now_();
  if (counts) {
    const Result<void> saved = store_.save(user);
    if (!saved) {
      done(saved.error());
      return;
    }
  }
  if (good) {
    user.must_change = must_change_password(user);
    done(std::move(user));
  } else {
    done(Errc::authentication_failed);
  }
}

void UserOperations::run(const Caller& caller, const model::Request& request, Answered done) {
  const std::string& name = request.operation;
  if (name == "lsuser") return list(request, done);
  if (name == "showuser") return show(request, done);
  if (name == "mkuser") return make(request, std::move(done));
  if (name == "chuser") return change(caller, request, std::move(done));
  if (name == "rmuser") return remove(request, done);
  if (name == "chpass") return change_policy(request, done);
  if (name == "showpass") return show_policy(done);
  if (name == "lsauthpol") return list_policies(request, done);
  if (name == "who") return list_sessions(request, done);
  if (name == "chsp") return change_complex(request, done);
  if (name == "showsp") return show_complex(done);
  done(rejected(Errc::not_in_this_release));
}

void UserOperations::list(const model::Request& request, const Answered& done) {
  auto users = store_.all();
  if (!users) return done(rejected(users.error()));
  ServiceAnswer answer;
  const PasswordPolicy rules = policy();
  for (const User& user : *users) answer.response.rows.push_back(user_row(user, rules, now_()));
  model::select_rows(*model::find_operation(request.operation), request.arguments, answer.response.rows);
  done(std::move(answer));
}

void UserOperations::show(const model::Request& request, const Answered& done) {
  auto found = store_.find(text_argument(request, "id"));
  if (!found) return done(rejected(found.error()));
  if (!found->has_value()) return done(rejected(Errc::object_not_found));
  ServiceAnswer answer;
  answer.response.rows.push_back(user_row(**found, policy(), now_()));
  done(std::move(answer));
}

void UserOperations::make(const model::Request& request, Answered done) {
  User user;
  user.name = text_argument(request, "id");
  user.groups = words_argument(request, "groups");
  const std::string password = text_argument(request, "password");
  if (!name_is_good(user.name)) return done(rejected(Errc::invalid_argument));
  if (const std::string other = unknown_policy(request); !other.empty()) return done(not_there(other));
  if (request.arguments.contains("scope")) user.scope = text_argument(request, "scope");
  if (!model::is_resource_scope(user.scope)) return done(rejected(Errc::invalid_argument, "CMUN90815E", user.scope));
  const std::string unknown = unknown_group(user.groups);
  if (!unknown.empty()) return done(rejected(Errc::invalid_argument, "CMUN90813E", unknown));
  const std::string problem = password_problem(password, user.name, policy());
  if (!problem.empty()) return done(rejected(Errc::invalid_argument, "CMUN90810E", problem));
  user.must_change = true;
  auto hashed = std::make_shared<std::string>();
  const bool started = slow_.run([password, hashed] { *hashed = hash_password(password); },
                                 [this, user, hashed, done]() mutable {
                                   auto found = store_.find(user.name);
                                   if (!found) return done(rejected(found.error()));
                                   if (found->has_value()) return done(rejected(Errc::id_taken));
                                   user.password = *hashed;
                                   user.password_changed = now_();
                                   const Result<void> saved = store_.save(user);
                                   done(saved ? succeeded(user.name) : rejected(saved.error()));
                                 });
  if (!started) done(rejected(Errc::busy));
}

void UserOperations::change(const Caller& caller, const model::Request& request, Answered done) {
  const UserChange change = change_of(request);
  const bool is_admin = model::allows(caller.groups, model::Access::admin);
  const bool only_password = change.password && !change.locked && !change.groups && !change.scope;
  if (!is_admin && (change.name != caller.user || !only_password)) return done(rejected(Errc::not_authorised));
  if (const std::string other = unknown_policy(request); !other.empty()) return done(not_there(other));
  if (change.scope && !model::is_resource_scope(*change.scope)) {
    return done(rejected(Errc::invalid_argument, "CMUN90815E", *change.scope));
  }
  auto found = store_.find(change.name);
  if (!found) return done(rejected(found.error()));
  if (!found->has_value()) return done(rejected(Errc::object_not_found));
  if (change.groups) {
    const std::string unknown = unknown_group(*change.groups);
    if (!unknown.empty()) return done(rejected(Errc::invalid_argument, "CMUN90813E", unknown));
  }
  User changed = **found;
  apply_rights(change, changed);
  const auto remains = admin_remains(change.name, &changed);
  if (!remains) return done(rejected(remains.error()));
  if (!*remains) return done(rejected(Errc::invalid_argument, "CMUN90811E"));
  if (change.password) return change_password(caller, change, **found, std::move(done));
  const Result<void> saved = store_.save(changed);
  if (!saved) return done(rejected(saved.error()));
  // Rights are part of a session: whoever lost or got some logs in again.
  sessions_.end_all_of(change.name, {});
  done(succeeded(change.name));
}

void UserOperations::change_password(const Caller& caller, const UserChange& change, const User& before,
                                     Answered done) {
  const PasswordPolicy rules = policy();
  const std::string problem = password_problem(*change.password, change.name, rules);
  if (!problem.empty()) return done(rejected(Errc::invalid_argument, "CMUN90810E", problem));
  if (change.name == caller.user) {
    const auto recently = changed_too_recently(before);
    if (!recently) return done(rejected(recently.error()));
    const std::string text = "it was changed less than " + std::to_string(rules.age_days) + " days ago.";
    if (*recently) return done(rejected(Errc::invalid_argument, "CMUN90810E", text));
  }
  // The present one is the first of them.
  auto former = store_.history(change.name, std::max<std::int64_t>(rules.history - 1, 0));
  if (!former) return done(rejected(former.error()));
  if (rules.history > 0) former->push_back(before.password);
  auto reused = std::make_shared<bool>(false);
  auto hashed = std::make_shared<std::string>();
  const auto slow = [password = *change.password, old = *former, reused, hashed] {
    *reused =
        std::any_of(old.begin(), old.end(), [&](const std::string& one) { return verify_password(password, one); });
    if (!*reused) *hashed = hash_password(password);
  };
  const bool started = slow_.run(slow, [this, caller, change, reused, hashed, done, history = rules.history] {
    if (*reused) {
      const std::string text = "it was one of the last " + std::to_string(history) + " passwords.";
      return done(rejected(Errc::invalid_argument, "CMUN90810E", text));
    }
    const Result<void> saved = save_password(caller, change, *hashed);
    done(saved ? succeeded(change.name) : rejected(saved.error()));
  });
  if (!started) done(rejected(Errc::busy));
}

Result<void> UserOperations::save_password(const Caller& caller, const UserChange& change, const std::string& hashed) {
  // Read again: while the password was hashed, somebody may have locked or removed the account.
  TT_TRY(const auto found, store_.find(change.name));
  if (!found) return Errc::object_not_found;
  User user = *found;
  TT_CHECK(store_.add_to_history(user.name, user.password));
  apply_rights(change, user);
  const bool own = user.name == caller.user;
  user.password = hashed;
  user.password_changed = now_();
  user.must_change = !own;
  TT_CHECK(store_.save(user));
  sessions_.end_all_of(user.name, own ? caller.token : std::string());
  LoginSession* session = sessions_.find(caller.token, now_());
  if (own && session != nullptr) {
    session->password_expired = false;
    session->groups = user.groups;
    session->scope = user.scope;
  }
  return {};
}

void UserOperations::remove(const model::Request& request, const Answered& done) {
  ServiceAnswer answer;
  for (const std::string& name : words_argument(request, "ids")) {
    auto found = store_.find(name);
    if (!found) return done(rejected(found.error()));
    Errc code = found->has_value() ? Errc::ok : Errc::object_not_found;
    if (code == Errc::ok) {
      const auto remains = admin_remains(name, nullptr);
      if (!remains) return done(rejected(remains.error()));
      if (!*remains) return done(rejected(Errc::invalid_argument, "CMUN90811E"));
      const Result<void> removed = store_.remove(name);
      if (!removed) return done(rejected(removed.error()));
      sessions_.end_all_of(name, {});
    }
    answer.response.results.push_back({name, code, 0});
  }
  done(std::move(answer));
}

Result<bool> UserOperations::admin_remains(const std::string& name, const User* changed) {
  TT_TRY(const auto users, store_.all());
  for (const User& user : users) {
    if (user.name == name) continue;
    if (is_active_admin(user)) return true;
  }
  return changed != nullptr && is_active_admin(*changed);
}

}  // namespace tt::console
