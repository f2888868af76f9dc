// SPDX-License-Identifier: Apache-2.0
// What OpenSSL has to say about files that it does not take, for people.
#pragma once

#include <openssl/err.h>

#include <string>

#include "base/error.h"

namespace tt::tls {

/// authentication_failed, and `explanation` says about `what` why.
inline Error refuse(std::string& explanation, const std::string& what) {
  char text[256] = "unknown reason";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  explanation = what + ": " + text;
  return {Errc::authentication_failed};
}

}  // namespace tt::tls
