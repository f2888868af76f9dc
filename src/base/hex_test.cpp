// SPDX-License-Identifier: Apache-2.0
#include "base/hex.h"

#include <gtest/gtest.h>

namespace tt {
namespace {

TEST(Hex, TwoDigitsForEachByte) {
  const unsigned char bytes[] = {0x00, 0x7F, 0x80, 0xFA};
  EXPECT_EQ(hex_of(bytes), "007f80fa");
  EXPECT_EQ(hex_of(std::string_view("\xff"
                                    "A")),
            "ff41");
  EXPECT_EQ(hex_of(std::string_view()), "");
}

}  // namespace
}  // namespace tt
