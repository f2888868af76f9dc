// SPDX-License-Identifier: Apache-2.0
#include "console/sessions.h"

#include <algorithm>

#include "console/passwords.h"

namespace tt::console {

namespace {

constexpr std::size_t kMostSessions = 1024;
constexpr std::int64_t kIdleSeconds = 30 * 60;
/// 256 random bits: guessing is hopeless, so a plain lookup leaks nothing of use.
constexpr std::size_t kTokenBytes = 32;

}  // namespace

std::string Sessions::begin(LoginSession session, std::int64_t now) {
  if (sessions_.size() >= kMostSessions) {
    const auto older = [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; };
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), older));
  }
  session.last_used = now;
  std::string token = random_hex(kTokenBytes);
  sessions_.emplace(token, std::move(session));
  return token;
}

LoginSession* Sessions::find(const std::string& token, std::int64_t now) {
  const auto found = sessions_.find(token);
  if (found == sessions_.end()) return nullptr;
  if (now - found->second.last_used > kIdleSeconds) {
    sessions_.erase(found);
    return nullptr;
  }
  found->second.last_used = now;
  return &found->second;
}

std::vector<LoginSession> Sessions::all(std::int64_t now) const {
  std::vector<LoginSession> living;
  for (const auto& [token, session] : sessions_) {
    if (now - session.last_used <= kIdleSeconds) living.push_back(session);
  }
  return living;
}

void Sessions::end(const std::string& token) {
  sessions_.erase(token);
}

void Sessions::end_all_of(const std::string& user, const std::string& except) {
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.user == user && entry.first != except; });
}

}  // namespace tt::console
