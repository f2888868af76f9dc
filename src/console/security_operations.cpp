// SPDX-License-Identifier: Apache-2.0
// Rules of passwords, who is logged in, and the names of the storage complex: what a console has besides its users.
#include <charconv>

#include "console/problem_watch.h"
#include "console/user_operations.h"
#include "model/catalogue.h"
#include "model/selection.h"

namespace tt::console {

namespace {

using nlohmann::json;

constexpr std::int64_t kDay = 24 * 60 * 60;

struct Rule {
  const char* key;  ///< In requests, rows and settings.
  std::int64_t PasswordPolicy::* value;
};
constexpr Rule kRules[] = {{"expire_days", &PasswordPolicy::expire_days},
                           {"failures", &PasswordPolicy::failures},
                           {"age_days", &PasswordPolicy::age_days},
                           {"length", &PasswordPolicy::length},
                           {"history", &PasswordPolicy::history}};

constexpr const char* kComplexKeys[] = {"name", "description", "account"};

std::string setting_name(const char* area, const char* key) {
  return std::string(area) + "." + key;
}

ServiceAnswer failed(Error error) {
  ServiceAnswer answer;
  answer.response.status = error.code;
  return answer;
}

ServiceAnswer done_for(const char* object) {
  ServiceAnswer answer;
  answer.response.results.push_back({object, Errc::ok, 0});
  return answer;
}

/// invalid_argument for an address that nothing can be sent to, not_combinable for traps that go nowhere.
Result<TrapSettings> changed_traps(TrapSettings settings, const json& arguments) {
  settings.on = arguments.value("snmp", settings.on);
  settings.addresses = arguments.value("trap_addresses", settings.addresses);
  settings.community = arguments.value("community", settings.community);
  if (settings.addresses.size() > kMostTrapAddresses) return Errc::invalid_argument;
  for (const std::string& address : settings.addresses) {
    if (!parse_trap_address(address)) return Errc::invalid_argument;
  }
  if (settings.on && settings.addresses.empty()) return Errc::not_combinable;
  return settings;
}

}  // namespace

PasswordPolicy UserOperations::policy() const {
  PasswordPolicy policy;
  policy.ds6000 = only_ds6000_;
  if (only_ds6000_) {
    policy.length = 6;
    policy.history = 5;
  }
  for (const Rule& rule : kRules) {
    const auto stored = store_.setting(setting_name("password", rule.key));
    if (!stored || !*stored) continue;  // a store that fails fails the operation itself, too
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars((*stored)->data(), (*stored)->data() + (*stored)->size(), value);
    if (error == std::errc{}) policy.*rule.value = value;
  }
  return policy;
}

bool UserOperations::must_change_password(const User& user) const {
  const PasswordPolicy rules = policy();
  const bool expired = rules.expire_days > 0 && now_() - user.password_changed >= rules.expire_days * kDay;
  return user.must_change || expired;
}

/// Never of a password that must be changed: its owner can do nothing else.
Result<bool> UserOperations::changed_too_recently(const User& user) {
  const PasswordPolicy rules = policy();
  if (rules.age_days == 0 || must_change_password(user)) return false;
  // A password that nobody chose (the first one) may be changed at once.
  TT_TRY(const auto former, store_.history(user.name, 1));
  return !former.empty() && now_() - user.password_changed < rules.age_days * kDay;
}

void UserOperations::change_policy(const model::Request& request, const Answered& done) {
  for (const Rule& rule : kRules) {
    const auto given = request.arguments.find(rule.key);
    if (given == request.arguments.end()) continue;
    const std::string value = std::to_string(given->get<std::int64_t>());
    const Result<void> saved = store_.set_setting(setting_name("password", rule.key), value);
    if (!saved) return done(failed(saved.error()));
  }
  done(done_for("password"));
}

void UserOperations::show_policy(const Answered& done) {
  const PasswordPolicy rules = policy();
  json row = {{"id", "password"}};
  for (const Rule& rule : kRules) row[rule.key] = rules.*rule.value;
  ServiceAnswer answer;
  answer.response.rows.push_back(std::move(row));
  done(std::move(answer));
}

/// Users of the store, by password: there is no directory service.
void UserOperations::list_policies(const model::Request& request, const Answered& done) {
  ServiceAnswer answer;
  answer.response.rows.push_back({{"id", "initialPolicy"}, {"type", "Basic"}, {"state", "active"}});
  model::select_rows(*model::find_operation(request.operation), request.arguments, answer.response.rows);
  done(std::move(answer));
}

void UserOperations::list_sessions(const model::Request& request, const Answered& done) {
  ServiceAnswer answer;
  for (const LoginSession& session : sessions_.all(now_())) {
    answer.response.rows.push_back({{"id", session.user}, {"groups", session.groups}});
  }
  model::select_rows(*model::find_operation(request.operation), request.arguments, answer.response.rows);
  done(std::move(answer));
}

void UserOperations::change_complex(const model::Request& request, const Answered& done) {
  const Result<TrapSettings> traps = load_trap_settings(store_);
  if (!traps) return done(failed(traps.error()));
  const Result<TrapSettings> changed = changed_traps(*traps, request.arguments);
  if (!changed) return done(failed(changed.error()));
  const Result<void> kept = save_trap_settings(store_, *changed);
  if (!kept) return done(failed(kept.error()));
  for (const char* key : kComplexKeys) {
    const auto given = request.arguments.find(key);
    if (given == request.arguments.end()) continue;
    const Result<void> saved = store_.set_setting(setting_name("complex", key), given->get<std::string>());
    if (!saved) return done(failed(saved.error()));
  }
  done(done_for("complex"));
}

void UserOperations::show_complex(const Answered& done) {
  const Result<TrapSettings> traps = load_trap_settings(store_);
  if (!traps) return done(failed(traps.error()));
  json row = {{"id", "complex"}, {"snmp", traps->on}, {"trap_addresses", traps->addresses}};
  for (const char* key : kComplexKeys) {
    const auto stored = store_.setting(setting_name("complex", key));
    if (!stored) return done(failed(stored.error()));
    row[key] = stored->value_or("");
  }
  ServiceAnswer answer;
  answer.response.rows.push_back(std::move(row));
  done(std::move(answer));
}

}  // namespace tt::console
