// SPDX-License-Identifier: Apache-2.0
#include "base/byte_io.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace tt {
namespace {

TEST(ByteIo, ReadsBackWhatWasWrittenInLittleEndianOrder) {
  ByteWriter writer;
  writer.u8(0x12);
  writer.u16(0x3456);
  writer.u32(0x789ABCDE);
  writer.u64(0x0102030405060708);
  writer.text("pool");
  writer.zeros(2);
  EXPECT_EQ(std::to_integer<int>(writer.view()[1]), 0x56);
  EXPECT_EQ(std::to_integer<int>(writer.view()[7]), 0x08);

  const auto bytes = writer.take();
  EXPECT_EQ(writer.size(), 0U);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x12);
  EXPECT_EQ(reader.u16(), 0x3456);
  EXPECT_EQ(reader.u32(), 0x789ABCDEU);
  EXPECT_EQ(reader.u64(), 0x0102030405060708U);
  EXPECT_EQ(reader.text(4), "pool");
  EXPECT_FALSE(reader.complete());
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_TRUE(reader.complete());
}

TEST(ByteIo, VarintsOfEveryLengthRoundTrip) {
  std::vector<std::uint64_t> values{0, std::numeric_limits<std::uint64_t>::max()};
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t offset : {0U, 1U}) values.push_back((std::uint64_t{1} << bit) - offset);
  }
  for (const auto value : values) {
    ByteWriter writer;
    writer.varint(value);
    EXPECT_LE(writer.size(), 10U);
    ByteReader reader(writer.view());
    EXPECT_EQ(reader.varint(), value);
    EXPECT_TRUE(reader.complete());
  }
}

TEST(ByteIo, RejectsVarintsThatOverflowOrArePadded) {
  const std::array<std::vector<std::uint8_t>, 4> bad{{
      {0x80},                                                        // cut short
      {0x80, 0x00},                                                  // 0 in two bytes
      {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02},  // 65 bits
      {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81},
  }};
  for (const auto& bytes : bad) {
    ByteReader reader(std::as_bytes(std::span(bytes)));
    EXPECT_EQ(reader.varint(), 0U);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteIo, StaysFailedAfterReadingPastTheEnd) {
  const std::array<std::byte, 6> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), 0x00030201U);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_TRUE(reader.bytes(1).empty());
  EXPECT_FALSE(reader.complete());

  ByteReader huge(bytes);
  EXPECT_TRUE(huge.bytes(std::numeric_limits<std::uint64_t>::max()).empty());
  EXPECT_FALSE(huge.ok());
}

TEST(ByteIo, PatchReplacesAnEarlierWord) {
  ByteWriter writer;
  writer.u32(0);
  writer.u8(7);
  writer.patch_u32(0, 0xAABBCCDD);
  ByteReader reader(writer.view());
  EXPECT_EQ(reader.u32(), 0xAABBCCDDU);
  EXPECT_EQ(reader.u8(), 7);
}

}  // namespace
}  // namespace tt
