// SPDX-License-Identifier: Apache-2.0
#include "image/host_load.h"

#include <gtest/gtest.h>

namespace tt::image {
namespace {

TEST(HostLoad, IsWhatHasBeenSinceTheOwnPieceBegan) {
  HostLoad load;
  load.begin_operation();
  load.end_operation(7);
  load.begin_piece(HostLoad::copier);
  EXPECT_FALSE(load.active_since(HostLoad::copier));
  EXPECT_TRUE(load.active_since(HostLoad::verifier));
  EXPECT_EQ(load.worst_latency_since(HostLoad::copier), 0);
  EXPECT_EQ(load.worst_latency_since(HostLoad::verifier), 7);
}

/// One that begins a piece takes nothing away from the other.
TEST(HostLoad, ObserversDoNotDisturbEachOther) {
  HostLoad load;
  load.begin_piece(HostLoad::copier);
  load.begin_operation();
  load.end_operation(9);
  load.begin_piece(HostLoad::verifier);
  load.begin_operation();
  load.end_operation(4);
  EXPECT_TRUE(load.active_since(HostLoad::copier));
  EXPECT_EQ(load.worst_latency_since(HostLoad::copier), 9);
  EXPECT_EQ(load.worst_latency_since(HostLoad::verifier), 4);
}

}  // namespace
}  // namespace tt::image
