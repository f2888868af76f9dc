// SPDX-License-Identifier: Apache-2.0
// Passwords: rules, and what is stored of them (scrypt).
#pragma once

#include <string>
#include <string_view>

#include "console/password_policy.h"

namespace tt::console {

/// Text like "scrypt$16384$8$1$<salt>$<key>", salt and key in hex: parameters may change with time, old ones stay
/// valid.
std::string hash_password(std::string_view password);
/// Takes tens of milliseconds on purpose. False also for a stored text that makes no sense.
bool verify_password(std::string_view password, std::string_view stored);
/// Costs as much as a verification; for users that do not exist.
void waste_verification_time(std::string_view password);

/// Which rule the password breaks, in words; empty if none.
std::string password_problem(std::string_view password, std::string_view user, const PasswordPolicy& policy = {});

/// Twenty random characters that keep the rules.
std::string generate_password();
/// Random bytes in hex, for tokens.
std::string random_hex(std::size_t bytes);

}  // namespace tt::console
