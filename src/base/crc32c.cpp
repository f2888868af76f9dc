// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <array>
#include <cstring>

namespace tt {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? (c >> 1U) ^ 0x82F63B78U : c >> 1U;
    table[i] = c;
  }
  return table;
}
constexpr auto kTable = make_table();

std::uint32_t by_table(std::uint32_t crc, const std::byte* p, std::size_t n) noexcept {
  for (; n != 0; --n, ++p) crc = kTable[(crc ^ std::to_integer<std::uint32_t>(*p)) & 0xFFU] ^ (crc >> 8U);
  return crc;
}

#if defined(__x86_64__)
/// The instruction answers after three cycles and starts every cycle: three lanes of so many bytes keep it busy.
constexpr std::size_t kLaneBytes = 256;

/// What a register becomes over a lane of zeros, by its bytes: the map is linear.
constexpr std::array<std::array<std::uint32_t, 256>, 4> make_lane_shift() {
  std::array<std::array<std::uint32_t, 256>, 4> shift{};
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::uint32_t c = 1U << bit;
    for (std::size_t i = 0; i < kLaneBytes; ++i) c = kTable[c & 0xFFU] ^ (c >> 8U);
    for (unsigned value = 0; value < 256; ++value) {
      if (((value >> (bit % 8)) & 1U) != 0) shift[bit / 8][value] ^= c;
    }
  }
  return shift;
}
constexpr auto kLaneShift = make_lane_shift();

std::uint32_t over_a_lane(std::uint32_t c) noexcept {
  return kLaneShift[0][c & 0xFFU] ^ kLaneShift[1][(c >> 8U) & 0xFFU] ^ kLaneShift[2][(c >> 16U) & 0xFFU] ^
         kLaneShift[3][c >> 24U];
}

std::uint64_t word_at(const std::byte* p) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc, const std::byte* p,
                                                               std::size_t n) noexcept {
  for (; n >= 3 * kLaneBytes; n -= 3 * kLaneBytes, p += 3 * kLaneBytes) {
    std::uint64_t first = crc;
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < kLaneBytes; i += 8) {
      first = __builtin_ia32_crc32di(first, word_at(p + i));
      second = __builtin_ia32_crc32di(second, word_at(p + kLaneBytes + i));
      third = __builtin_ia32_crc32di(third, word_at(p + 2 * kLaneBytes + i));
    }
    const auto both = over_a_lane(static_cast<std::uint32_t>(first)) ^ static_cast<std::uint32_t>(second);
    crc = over_a_lane(both) ^ static_cast<std::uint32_t>(third);
  }
  std::uint64_t wide = crc;
  for (; n >= 8; n -= 8, p += 8) wide = __builtin_ia32_crc32di(wide, word_at(p));
  crc = static_cast<std::uint32_t>(wide);
  for (; n != 0; --n, ++p) crc = __builtin_ia32_crc32qi(crc, std::to_integer<std::uint8_t>(*p));
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t seed, std::span<const std::byte> bytes) noexcept {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~by_instruction(~seed, bytes.data(), bytes.size());
#endif
  return crc32c_portable(seed, bytes);
}

std::uint32_t crc32c_portable(std::uint32_t seed, std::span<const std::byte> bytes) noexcept {
  return ~by_table(~seed, bytes.data(), bytes.size());
}

}  // namespace tt
