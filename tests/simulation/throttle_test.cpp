// SPDX-License-Identifier: Apache-2.0
// Hosts that bring more than the destager takes out: they are slowed down before the journal is full.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
constexpr std::uint64_t kTracks = 256;
constexpr rt::TimeNs kAtOnce = 200 * rt::kMicrosecond;

/// Answers come from memory, and nothing is destaged before a test says so.
LabOptions filling() {
  LabOptions options;
  options.acknowledge = image::Acknowledge::as_cached;
  options.destage.eager_percent = 100;
  return options;
}

struct Throttle : ::testing::Test {
  std::uint64_t fill_permille() {
    const journal::Ring& ring = lab.shard(0).ring();
    return ring.used_bytes() * 1000 / ring.limit_bytes(journal::SpaceClass::host);
  }
  rt::TimeNs time_of_a_write(VolumeId volume) {
    const rt::TimeNs begin = lab.world.now();
    EXPECT_TRUE(lab.fill(volume, next_++ % kTracks, 'a'));
    return lab.world.now() - begin;
  }
  /// The mean of those on the way.
  rt::TimeNs mean_until(std::uint64_t permille, VolumeId volume) {
    rt::TimeNs sum = 0;
    std::int64_t count = 0;
    for (; fill_permille() < permille; ++count) sum += time_of_a_write(volume);
    return count == 0 ? 0 : sum / count;
  }

  Lab lab{1, filling()};
  std::uint64_t next_ = 0;
};

TEST_F(Throttle, HostsAreSlowedDownBeforeTheJournalIsFull) {
  const VolumeId v = lab.make(kEven, kTracks);
  EXPECT_LT(mean_until(400, v), kAtOnce);
  EXPECT_EQ(lab.shard(0).find(v)->counters.delayed_writes, 0U);
  const rt::TimeNs half = mean_until(700, v);
  const rt::TimeNs nearly_full = mean_until(900, v);
  EXPECT_GT(half, kAtOnce / 4);
  EXPECT_GT(nearly_full, 5 * half);
  EXPECT_GT(lab.shard(0).find(v)->counters.delayed_writes, 0U);
  ASSERT_TRUE(lab.drain());
  EXPECT_LT(mean_until(300, v), kAtOnce) << "and no longer when there is room again";
}

/// It stays in the journal, and no waiting makes room.
TEST_F(Throttle, DataOfAFailedRankSlowsNobodyDown) {
  const VolumeId dead = lab.make(kOdd, kTracks);
  const VolumeId v = lab.make(kEven, kTracks);
  mean_until(750, dead);
  lab.fail("rank.1", sim::kWrites, true);
  lab.destaging(true);
  ASSERT_TRUE(lab.run_until([&] { return lab.control().config().ranks.at(1).failed; }));
  lab.run_for(10 * rt::kMillisecond);  // the shard knows
  ASSERT_GT(fill_permille(), 700U);
  rt::TimeNs sum = 0;
  for (int n = 0; n < 20; ++n) sum += time_of_a_write(v);
  EXPECT_LT(sum / 20, kAtOnce);
}

}  // namespace
}  // namespace tt::simulation
