// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "base/random.h"

namespace tt {
namespace {

std::uint32_t of(const std::vector<std::byte>& bytes) {
  return crc32c(0, bytes);
}

// RFC 3720, B.4.
TEST(Crc32c, KnownVectors) {
  EXPECT_EQ(crc32c(0, std::as_bytes(std::span(std::string_view("123456789")))), 0xE3069283U);
  EXPECT_EQ(of(std::vector<std::byte>(32)), 0x8A9136AAU);
  EXPECT_EQ(of(std::vector<std::byte>(32, std::byte{0xFF})), 0x62A8AB43U);
  std::vector<std::byte> rising(32);
  std::vector<std::byte> falling(32);
  for (unsigned i = 0; i < 32; ++i) {
    rising[i] = static_cast<std::byte>(i);
    falling[i] = static_cast<std::byte>(31 - i);
  }
  EXPECT_EQ(of(rising), 0x46DD794EU);
  EXPECT_EQ(of(falling), 0x113FDB5CU);
  EXPECT_EQ(crc32c(0, {}), 0U);
  EXPECT_EQ(crc32c(1234, {}), 1234U);
}

TEST(Crc32c, TableAndInstructionAgreeAtEveryLengthAndAlignment) {
  Random random(1);
  std::vector<std::byte> bytes(70'000);
  for (auto& b : bytes) b = static_cast<std::byte>(random.next());
  const std::span all(bytes);
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t length = 0; length < 80; ++length) {
      const auto part = all.subspan(start, length);
      const auto seed = static_cast<std::uint32_t>(random.next());
      ASSERT_EQ(crc32c(seed, part), crc32c_portable(seed, part)) << start << " " << length;
    }
  }
  EXPECT_EQ(crc32c(0, bytes), crc32c_portable(0, bytes));
}

/// Long pieces are worked on in three lanes.
TEST(Crc32c, TableAndInstructionAgreeAroundWholeLanes) {
  Random random(3);
  std::vector<std::byte> bytes(5000);
  for (auto& b : bytes) b = static_cast<std::byte>(random.next());
  const std::span all(bytes);
  for (std::size_t length = 700; length < 4900; length += length % 768 < 30 || length % 768 > 740 ? 1 : 23) {
    const std::size_t start = random.below(64);
    const auto seed = static_cast<std::uint32_t>(random.next());
    ASSERT_EQ(crc32c(seed, all.subspan(start, length)), crc32c_portable(seed, all.subspan(start, length))) << length;
  }
}

TEST(Crc32c, ContinuesWhereItStopped) {
  Random random(2);
  std::vector<std::byte> bytes(1000);
  for (auto& b : bytes) b = static_cast<std::byte>(random.next());
  const std::span all(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 37) {
    ASSERT_EQ(crc32c(crc32c(0, all.first(cut)), all.subspan(cut)), crc32c(0, all));
  }
}

}  // namespace
}  // namespace tt
