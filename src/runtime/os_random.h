// SPDX-License-Identifier: Apache-2.0
// Unpredictable bytes of the operating system, for main(): seeds of reactors, keys, passwords, identifiers. Engine code
// takes its random numbers from its reactor instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tt::rt {

/// Fills the span, or aborts: no caller could go on with weak bytes. Any thread.
void fill_from_os(std::span<std::byte> bytes) noexcept;
std::uint64_t os_random_seed() noexcept;

}  // namespace tt::rt
