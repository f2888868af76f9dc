// SPDX-License-Identifier: Apache-2.0
#include "cache/run_detector.h"

#include <gtest/gtest.h>

#include <random>

namespace tt::cache {
namespace {

TEST(RunDetector, CountsReadsThatFollowUponEachOther) {
  RunDetector runs;
  EXPECT_EQ(runs.note(1, 100, 8), 1U);
  EXPECT_EQ(runs.note(1, 108, 8), 2U);
  EXPECT_EQ(runs.note(1, 116, 128), 3U);
  EXPECT_EQ(runs.note(1, 245, 8), 1U) << "one block was left out";
  EXPECT_EQ(runs.note(1, 244, 1), 4U);
}

TEST(RunDetector, VolumesAreApart) {
  RunDetector runs;
  runs.note(1, 0, 8);
  EXPECT_EQ(runs.note(2, 8, 8), 1U);
  EXPECT_EQ(runs.note(1, 8, 8), 2U);
}

/// Now and then two ends share a slot, and a stream begins anew.
TEST(RunDetector, FollowsManyStreamsAtATime) {
  RunDetector runs;
  int followed = 0;
  for (std::uint64_t step = 0; step < 200; ++step) {
    for (std::uint64_t stream = 0; stream < 8; ++stream) {
      followed += runs.note(stream % 3, stream * 1'000'000 + step * 8, 8) >= 3 ? 1 : 0;
    }
  }
  EXPECT_GE(followed, 8 * 200 * 9 / 10);
}

TEST(RunDetector, ReadingABlockAgainIsNoRun) {
  RunDetector runs;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(runs.note(1, 64, 8), 1U);
}

TEST(RunDetector, RandomReadsAreNoRuns) {
  RunDetector runs;
  std::mt19937_64 random(3);
  int found = 0;
  for (int i = 0; i < 10'000; ++i) found += runs.note(1, random() % 1'000'000 * 8, 8) >= 3 ? 1 : 0;
  EXPECT_LE(found, 2);
}

}  // namespace
}  // namespace tt::cache
