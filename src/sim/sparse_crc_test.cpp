// SPDX-License-Identifier: Apache-2.0
#include "sim/sparse_crc.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/crc32c.h"
#include "base/random.h"

namespace tt::sim {
namespace {

TEST(SparseCrc, EqualsTheChecksum) {
  Random random(1);
  for (const std::size_t bytes : {0U, 512U, 4095U, 4096U, 4608U, 20'480U, 100'000U}) {
    std::vector<std::byte> data(bytes);
    EXPECT_EQ(sparse_crc(7, data), crc32c(7, data)) << bytes;
    EXPECT_EQ(crc_of_zeros(7, bytes), crc32c(7, data)) << bytes;
    for (int round = 0; round < 20 && bytes > 0; ++round) {
      data[random.below(bytes)] = static_cast<std::byte>(random.next() & 0xFFU);
      EXPECT_EQ(sparse_crc(0, data), crc32c(0, data)) << bytes;
    }
  }
}

}  // namespace
}  // namespace tt::sim
