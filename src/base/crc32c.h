// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, RFC 3720 appendix B.4), in hardware where the processor has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tt {

/// Continues `seed` over `bytes`; crc32c(0, "123456789") is 0xE3069283. Pure; any thread.
std::uint32_t crc32c(std::uint32_t seed, std::span<const std::byte> bytes) noexcept;

/// The same value without special instructions: what other processors use, and what the tests compare with.
std::uint32_t crc32c_portable(std::uint32_t seed, std::span<const std::byte> bytes) noexcept;

}  // namespace tt
