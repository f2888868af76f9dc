// SPDX-License-Identifier: Apache-2.0
#include "sim/sparse_crc.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crc32c.h"

namespace tt::sim {
namespace {

constinit std::array<std::byte, kMostZeros> zeros{};
constexpr std::size_t kStepBytes = 4096;
constexpr std::size_t kHeadBytes = 256;

/// What the checksum register becomes over a step of zeros, by its bytes: the map is linear.
class ZeroStep {
 public:
  ZeroStep() noexcept {
    for (unsigned bit = 0; bit < 32; ++bit) {
      const std::uint32_t becomes = ~crc32c(~(std::uint32_t{1} << bit), std::span(zeros).first(kStepBytes));
      for (unsigned value = 0; value < 256; ++value) {
        if (((value >> (bit % 8)) & 1U) != 0) table_[bit / 8][value] ^= becomes;
      }
    }
  }
  [[nodiscard]] std::uint32_t over(std::uint32_t crc) const noexcept {
    const std::uint32_t c = ~crc;
    return ~(table_[0][c & 0xFFU] ^ table_[1][(c >> 8U) & 0xFFU] ^ table_[2][(c >> 16U) & 0xFFU] ^ table_[3][c >> 24U]);
  }

 private:
  std::array<std::array<std::uint32_t, 256>, 4> table_{};
};

const ZeroStep& zero_step() noexcept {
  static const ZeroStep step;
  return step;
}

}  // namespace

std::span<const std::byte> shared_zeros() noexcept {
  return zeros;
}

bool is_zeros(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty() || bytes.size() > kMostZeros) return false;
  // Compared with themselves a little further on, they are read once only.
  const std::size_t head = std::min(bytes.size(), kHeadBytes);
  return std::memcmp(bytes.data(), zeros.data(), head) == 0 &&
         std::memcmp(bytes.data(), bytes.data() + head, bytes.size() - head) == 0;
}

std::uint32_t sparse_crc(std::uint32_t seed, std::span<const std::byte> bytes) noexcept {
  std::uint32_t crc = seed;
  while (bytes.size() >= kStepBytes) {
    const auto head = bytes.first(kStepBytes);
    crc = is_zeros(head) ? zero_step().over(crc) : crc32c(crc, head);
    bytes = bytes.subspan(kStepBytes);
  }
  return crc32c(crc, bytes);
}

std::uint32_t crc_of_zeros(std::uint32_t seed, std::size_t bytes) noexcept {
  std::uint32_t crc = seed;
  for (; bytes >= kStepBytes; bytes -= kStepBytes) crc = zero_step().over(crc);
  return crc32c(crc, std::span(zeros).first(bytes));
}

}  // namespace tt::sim
