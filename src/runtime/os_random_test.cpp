// SPDX-License-Identifier: Apache-2.0
#include "runtime/os_random.h"

#include <gtest/gtest.h>

#include <array>

namespace tt::rt {
namespace {

TEST(OsRandom, FillsEveryByteAndDoesNotRepeat) {
  std::array<std::byte, 4096> all{};
  fill_from_os(all);
  std::array<int, 256> seen{};
  for (std::byte b : all) ++seen[std::to_integer<std::size_t>(b)];
  int missing = 0;
  for (int count : seen) missing += count == 0 ? 1 : 0;
  EXPECT_LT(missing, 20);  // each value is expected 16 times
  EXPECT_NE(os_random_seed(), os_random_seed());
  fill_from_os({});
}

}  // namespace
}  // namespace tt::rt
