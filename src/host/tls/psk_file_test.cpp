// SPDX-License-Identifier: Apache-2.0
#include "host/tls/psk_file.h"

#include <gtest/gtest.h>

namespace tt::tls {
namespace {

const std::string kHex = "000102030405060708090a0b0c0d0e0f";
const std::string kRaw("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);

TEST(PskFile, ReadsWhatPsktoolWrites) {
  const auto table = parse_psk_file("alice:" + kHex + "\n\nbob:FF0102030405060708090A0B0C0D0E0F\r\n#616200:" + kHex);
  EXPECT_FALSE(table);  // the hex identity holds a NUL
  const auto good = parse_psk_file("alice:" + kHex + "\n\nbob:FF0102030405060708090A0B0C0D0E0F\r\n#6162:" + kHex);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->size(), 3U);
  EXPECT_EQ(good->at("alice"), kRaw);
  EXPECT_EQ(good->at("ab"), kRaw);
  EXPECT_EQ(good->at("bob")[0], '\xff');
}

TEST(PskFile, NamesTheLineThatIsWrong) {
  const std::string good = "alice:" + kHex + "\n";
  for (const std::string bad :
       {"bob", ":00112233445566778899aabbccddeeff", "bob:0011", "bob:0g112233445566778899aabbccddeeff",
        "bob:00112233445566778899aabbccddeef", "alice:00112233445566778899aabbccddeeff"}) {
    const auto table = parse_psk_file(good + bad);
    ASSERT_FALSE(table) << bad;
    EXPECT_EQ(table.error().detail, 2U) << bad;
  }
  EXPECT_FALSE(parse_psk_file(""));
  EXPECT_FALSE(parse_psk_file("alice:" + std::string(130, 'a')));
}

}  // namespace
}  // namespace tt::tls
