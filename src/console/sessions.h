// SPDX-License-Identifier: Apache-2.0
// Who is logged in. In memory: after a restart of the console everybody logs in again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/resource_scope.h"

namespace tt::console {

struct LoginSession {
  std::string user;
  std::vector<std::string> groups;
  bool password_expired = false;
  std::int64_t last_used = 0;  ///< Seconds since 1970.
  std::string scope = std::string(model::kScopeOfAll);
};

class Sessions {
 public:
  /// The token of a new session. When there are too many, the one idle for longest ends.
  std::string begin(LoginSession session, std::int64_t now);
  /// Null if there is no such session or it was idle for too long; else it counts as used now.
  LoginSession* find(const std::string& token, std::int64_t now);
  void end(const std::string& token);
  /// Ends the user's sessions but the one of `except`.
  void end_all_of(const std::string& user, const std::string& except);
  /// Those that are not idle for too long.
  [[nodiscard]] std::vector<LoginSession> all(std::int64_t now) const;
  [[nodiscard]] std::size_t count() const { return sessions_.size(); }

 private:
  std::map<std::string, LoginSession> sessions_;
};

}  // namespace tt::console
