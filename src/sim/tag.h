// SPDX-License-Identifier: Apache-2.0
// Content that can be recognised: every 512-byte sector a test writes says which volume and sector it was written to
// and by which write, and all 512 bytes follow from that, so a torn, shifted or stale sector shows.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/units.h"

namespace tt::sim {

/// What one sector holds.
struct Value {
  enum class Kind : std::uint8_t {
    zero,    ///< 512 zero bytes
    tagged,  ///< written by make_tagged, whole and undamaged
    other,   ///< anything else; `tag` is a fingerprint of the bytes
  };
  Kind kind = Kind::zero;
  std::uint32_t volume = 0;
  std::uint64_t sector = 0;
  std::uint64_t tag = 0;

  friend bool operator==(const Value&, const Value&) = default;
  [[nodiscard]] std::string text() const;
};

/// Fills whole sectors from `first_sector` on with the content of write `tag`.
void make_tagged(std::span<std::byte> into, std::uint32_t volume, std::uint64_t first_sector, std::uint64_t tag);
/// Reads one sector of 512 bytes.
Value value_of(std::span<const std::byte> sector);

}  // namespace tt::sim
