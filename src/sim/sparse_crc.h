// SPDX-License-Identifier: Apache-2.0
// The CRC-32C of bytes that are mostly zeros, as a disk's are: runs of zeros are looked at and not calculated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tt::sim {

/// Longer runs of zeros are treated like any other data.
inline constexpr std::size_t kMostZeros = std::size_t{1} << 20U;
/// Read only.
[[nodiscard]] std::span<const std::byte> shared_zeros() noexcept;
/// Of at most kMostZeros.
[[nodiscard]] bool is_zeros(std::span<const std::byte> bytes) noexcept;

/// crc32c(seed, bytes).
[[nodiscard]] std::uint32_t sparse_crc(std::uint32_t seed, std::span<const std::byte> bytes) noexcept;
/// The same over so many zeros.
[[nodiscard]] std::uint32_t crc_of_zeros(std::uint32_t seed, std::size_t bytes) noexcept;

}  // namespace tt::sim
