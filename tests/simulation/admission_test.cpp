// SPDX-License-Identifier: Apache-2.0
// The engine's numbered cases that are about when a write gets its Lsn: on which side of a T0 it falls.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;

/// The same block before and after T0, both still in the cache.
TEST(En, EN1_CoalesceAcrossT0) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  const VolumeId t = lab.make(kOdd, 1);
  ASSERT_TRUE(lab.fill(s, 0, 'M'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.write(s, 3, 2, 'a'));
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_TRUE(lab.write(s, 3, 2, 'b'));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(lab.track(t, 0), "M*3 a*2 M*123") << round;
    EXPECT_EQ(lab.track(s, 0), "M*3 b*2 M*123") << round;
    if (round == 0) lab.crash();
    if (round == 1) ASSERT_TRUE(lab.drain());
  }
}

/// The same between the fence and the moment in which the establish is durable. T0 falls somewhere in between, and a
/// write that was answered before T0 is in the image.
TEST(En, EN78_CoalesceInFenceWindow) {
  for (const bool before_t0 : {true, false}) {
    Lab lab;
    const VolumeId s = lab.make(kEven, 1);
    const VolumeId t = lab.make(kOdd, 1);
    ASSERT_TRUE(lab.fill(s, 0, 'M'));
    ASSERT_TRUE(lab.fill(t, 0, 'o'));
    ASSERT_TRUE(lab.drain());
    // The fence stands while the establish waits for this read of the target, T0 is not drawn yet.
    if (before_t0) lab.slow_once("rank.1", sim::kReads, 2000);
    const auto read = lab.start_read(t, 0, 1);
    if (!before_t0) ASSERT_TRUE(lab.wait(read));
    if (!before_t0) lab.slow_once("journal.0", sim::kWrites, 2000);
    const auto establish = lab.start_establish({Lab::pair(s, t)});
    lab.run_for(rt::kMillisecond);
    ASSERT_TRUE(lab.shard(0).find(t)->held);
    ASSERT_EQ(lab.shard(0).find(t)->parent == nullptr, before_t0);
    const auto first = lab.start_write(s, 3, 2, 'a');
    if (before_t0) ASSERT_TRUE(lab.wait(first));
    ASSERT_FALSE(establish->has_value());
    ASSERT_TRUE(lab.wait(establish));
    ASSERT_TRUE(lab.wait(first));
    ASSERT_TRUE(lab.write(s, 3, 2, 'b'));
    const char* image = before_t0 ? "M*3 a*2 M*123" : "M*128";
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(lab.track(t, 0), image) << round;
      EXPECT_EQ(lab.track(s, 0), "M*3 b*2 M*123") << round;
      if (round == 0) lab.crash();
      if (round == 1) ASSERT_TRUE(lab.drain());
    }
  }
}

/// A write that was there before T0 and had to wait for space is younger than T0: the target was read without it.
TEST(En, EN6_LateOlderLsn) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1, true);
  const VolumeId t = lab.make(kOdd, 1);
  lab.slow_once("rank.0", sim::kAllocations, 100'000);
  const auto write = lab.start_write(s, 3, 2, 'w');
  lab.run_for(rt::kMillisecond);
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_FALSE(write->has_value());
  ASSERT_EQ(lab.track(t, 0), ".*128");
  ASSERT_TRUE(lab.wait(write));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(lab.track(t, 0), ".*128") << round;
    EXPECT_EQ(lab.track(s, 0), ".*3 w*2 .*123") << round;
    if (round == 0) lab.crash();
    if (round == 1) ASSERT_TRUE(lab.drain());
  }
}

/// The same for a write that waits because the journal is full.
TEST(En, EN6_LateOlderLsnInAFullJournal) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 1);
  const VolumeId t = lab.make(kOdd, 1);
  const VolumeId other = lab.make(kEven + 2, 300);
  ASSERT_TRUE(lab.fill(s, 0, 'M'));
  ASSERT_TRUE(lab.drain());
  for (int n = 0; n < 2; ++n) lab.slow_once("rank.0", sim::kFlushes, 100'000);  // one for each runner of the destager
  std::vector<Pending<Result<void>>> writes;
  for (std::uint64_t track = 0; track < 300; ++track) {
    writes.push_back(lab.start_write(other, track * kTrackBlocks, kTrackBlocks, 'x'));
  }
  const journal::Ring& ring = lab.shard(0).ring();
  ASSERT_TRUE(lab.run_until([&] { return !ring.has_room(kTrackBytes, journal::SpaceClass::host); }));
  const auto write = lab.start_write(s, 0, kTrackBlocks, 'w');
  ASSERT_TRUE(lab.establish(s, t));
  ASSERT_EQ(lab.shard(0).find(s)->dirty.first, nullptr);
  ASSERT_EQ(lab.track(t, 0), "M*128");
  ASSERT_TRUE(lab.wait(write));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.track(t, 0), "M*128") << round;
    EXPECT_EQ(lab.track(s, 0), "w*128") << round;
    if (round == 0) lab.crash();
  }
}

}  // namespace
}  // namespace tt::simulation
