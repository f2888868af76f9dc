// SPDX-License-Identifier: Apache-2.0
// What chpass sets and showpass shows. A zero switches a rule off.
#pragma once

#include <cstdint>

namespace tt::console {

struct PasswordPolicy {
  std::int64_t expire_days = 0;  ///< Then it must be changed before anything else.
  std::int64_t failures = 5;     ///< Failed logins in a row that lock the account for a while.
  std::int64_t age_days = 0;     ///< Before which the owner cannot change it again.
  std::int64_t length = 8;
  std::int64_t history = 8;  ///< The present password and those before it that cannot be used again.
  /// Rules of a console that serves DS6000 images only: 6 to 16 characters, at least five letters and a digit, a letter
  /// at both ends, and four others before a password comes again.
  bool ds6000 = false;
};

}  // namespace tt::console
