// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the signal is remembered, and whoever waits wakes up. One per process, because signals are.
#pragma once

#include <cstdint>

namespace tt::dscli {

/// From now on SIGINT is remembered instead of ending the program.
void catch_interrupts();
/// Forgets an earlier Ctrl-C; before each command.
void clear_interrupt();
[[nodiscard]] bool interrupted();

enum class Wake : std::uint8_t { ready, timed_out, interrupted };
/// Waits until `fd` (or nothing, with -1) is ready for `events` of poll(2).
Wake wait_for(int fd, short events, std::int64_t timeout_ms);

}  // namespace tt::dscli
