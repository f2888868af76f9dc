// SPDX-License-Identifier: Apache-2.0
// Assertions for programmer errors. They stay on in every build: a storage server that has lost track of its own
// invariants must stop before it writes.
#pragma once

namespace tt {

/// Prints the broken expression with its place and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace tt

#define TT_ASSERT(expression)                                   \
  (__builtin_expect(static_cast<bool>(expression), 1) ? void(0) \
                                                      : ::tt::assertion_failed(#expression, __FILE__, __LINE__))
