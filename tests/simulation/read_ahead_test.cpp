// SPDX-License-Identifier: Apache-2.0
// Reading ahead of streams (src/image/read_ahead.h): it spares reads, stays within its bounds, and never shows what was
// there before.
#include "base/random.h"
#include "lab_test.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 64;
constexpr std::uint64_t kGrains = kTracks * kTrackGrains;
constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;

struct ReadsAhead : ::testing::Test {
  explicit ReadsAhead(std::uint64_t cache_bytes = 2_MiB) : lab(1, options(cache_bytes)), s(lab.make(kEven, kTracks)) {}

  static LabOptions options(std::uint64_t cache_bytes) {
    LabOptions options;
    options.read_cache_bytes = cache_bytes;
    return options;
  }
  static char letter_of(std::uint64_t track) { return static_cast<char>('a' + track % 26); }
  void fill(VolumeId volume, std::uint64_t first = 0, std::uint64_t end = kTracks) {
    for (std::uint64_t track = first; track < end; ++track) ASSERT_TRUE(lab.fill(volume, track, letter_of(track)));
    ASSERT_TRUE(lab.drain());
  }
  void expect_grain(VolumeId volume, std::uint64_t grain) {
    const std::string expected = std::string(1, letter_of(grain / kTrackGrains)) + "*8";
    EXPECT_EQ(lab.content(volume, grain * kGrainBlocks, kGrainBlocks), expected) << "grain " << grain;
  }
  void stream(VolumeId volume, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t grain = first; grain < end; ++grain) expect_grain(volume, grain);
  }
  std::uint64_t media_reads() { return lab.shard(0).rank_counters(0).reads + lab.shard(0).rank_counters(1).reads; }
  image::ReadAheadCounters ahead() { return lab.shard(0).read_cache_counters().ahead; }

  Lab lab;
  VolumeId s;
};

TEST_F(ReadsAhead, AStreamAsksTheMediumRarely) {
  fill(s);
  stream(s, 0, kGrains);
  EXPECT_LE(media_reads(), 3 + 2 * kTracks);
  EXPECT_GE(ahead().read_bytes, (kTracks - 1) * kTrackBytes);
  EXPECT_LE(ahead().read_bytes, kTracks * kTrackBytes) << "not beyond the volume's end";
  EXPECT_EQ(ahead().wasted_bytes, 0U);
  const flashcopy::VolumeCounters& counters = lab.shard(0).find(s)->counters;
  EXPECT_EQ(counters.reads, kGrains);
  EXPECT_EQ(counters.sequential_reads, kGrains - 2);
  EXPECT_GE(counters.sequential_read_hits, kGrains - kGrains / 4);
  EXPECT_GE(counters.tracks_prefetched, kTracks - 1);
}

TEST_F(ReadsAhead, TwoReadsAreNoStream) {
  fill(s);
  stream(s, 0, 2);
  stream(s, 100, 102);
  lab.run_for(rt::kSecond);
  EXPECT_EQ(ahead().read_bytes, 0U);
}

TEST_F(ReadsAhead, RandomReadsOrderNothing) {
  fill(s);
  Random random(5);
  for (int i = 0; i < 500; ++i) expect_grain(s, random.below(kGrains));
  EXPECT_LE(ahead().read_bytes, 4 * kTrackBytes);
}

TEST_F(ReadsAhead, SeveralStreamsOfAVolumeAtATime) {
  fill(s);
  for (std::uint64_t grain = 0; grain < kGrains / 4; ++grain) {
    for (std::uint64_t part = 0; part < 4; ++part) expect_grain(s, part * kGrains / 4 + grain);
  }
  EXPECT_GE(ahead().used_bytes, kTracks * kTrackBytes * 3 / 4);
  EXPECT_LE(media_reads(), kGrains / 4);
}

TEST_F(ReadsAhead, AStreamThatEndsLeavesLittle) {
  fill(s);
  stream(s, 0, 3 * kTrackGrains);
  lab.run_for(rt::kSecond);
  const std::uint64_t left = ahead().read_bytes - ahead().used_bytes;
  EXPECT_GT(left, 0U);
  EXPECT_LE(left, 256_KiB) << "all that there is of pieces";
  for (std::uint64_t n = 0; n < 20; ++n) stream(s, n * 40 % kGrains, n * 40 % kGrains + 6);
  EXPECT_LE(ahead().read_bytes - ahead().used_bytes - ahead().wasted_bytes, 256_KiB);
}

TEST_F(ReadsAhead, StopsWhereNothingWasWritten) {
  fill(s, 0, 4);
  stream(s, 0, 4 * kTrackGrains);
  EXPECT_LE(ahead().read_bytes, 4 * kTrackBytes);
  EXPECT_EQ(lab.content(s, 4 * kTrackBlocks, 8), ".*8");
}

TEST_F(ReadsAhead, StopsAtUncopiedTracksAndShowsTheImage) {
  fill(s);
  const VolumeId t = lab.make(kOdd, kTracks);
  ASSERT_TRUE(lab.establish(s, t));
  for (std::uint64_t track = 8; track < 12; ++track) ASSERT_TRUE(lab.fill(s, track, 'Z'));
  ASSERT_TRUE(lab.drain());
  stream(t, 0, kGrains);
  EXPECT_LE(ahead().read_bytes, 4 * kTrackBytes) << "only the copied ones are the target's own";
}

TEST_F(ReadsAhead, WhatIsWrittenMeanwhileShows) {
  fill(s);
  stream(s, 0, 4);
  lab.run_for(10 * rt::kMillisecond);  // the next tracks are here
  EXPECT_GT(ahead().read_bytes, 0U);
  ASSERT_TRUE(lab.write(s, 5 * kGrainBlocks, kGrainBlocks, 'X'));
  expect_grain(s, 4);
  EXPECT_EQ(lab.content(s, 5 * kGrainBlocks, kGrainBlocks), "X*8");
  ASSERT_TRUE(lab.write(s, 7 * kGrainBlocks, kGrainBlocks, 'Y'));
  ASSERT_TRUE(lab.drain());
  expect_grain(s, 6);
  EXPECT_EQ(lab.content(s, 7 * kGrainBlocks, kGrainBlocks), "Y*8");
}

/// The piece is on its way when a batch overwrites its place, and has the old bytes.
TEST_F(ReadsAhead, APieceThatABatchOvertakesIsNotShown) {
  fill(s);
  stream(s, 0, 2);
  const std::string disk = lab.control().config().ranks.at(0).device;
  const auto third = lab.start_read(s, 2 * kGrainBlocks, kGrainBlocks);
  lab.run_for(rt::kMicrosecond);
  lab.slow_once(disk, sim::kReads, 1000);  // of the first piece: the host's own read has begun
  lab.run_for(rt::kMicrosecond);
  ASSERT_TRUE(lab.write(s, 3 * kGrainBlocks, kGrainBlocks, 'X'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.wait(third));
  ASSERT_EQ(ahead().used_bytes, 0U);
  EXPECT_EQ(lab.content(s, 3 * kGrainBlocks, kGrainBlocks), "X*8");
  stream(s, 4, 40);
}

TEST_F(ReadsAhead, AReadWaitsForItsPieceAndNotTwice) {
  fill(s);
  stream(s, 0, 2);
  const auto third = lab.start_read(s, 2 * kGrainBlocks, kGrainBlocks);
  const auto fourth = lab.start_read(s, 3 * kGrainBlocks, kGrainBlocks);
  const auto fifth = lab.start_read(s, 4 * kGrainBlocks, kGrainBlocks);
  ASSERT_TRUE(lab.wait(third));
  ASSERT_TRUE(lab.wait(fourth));
  ASSERT_TRUE(lab.wait(fifth));
  EXPECT_EQ(**fifth, "a*8");
  EXPECT_EQ(ahead().used_bytes, 2 * kGrainBytes);
}

TEST_F(ReadsAhead, APieceThatCannotBeReadIsReadByTheHost) {
  fill(s);
  stream(s, 0, 2);
  const auto third = lab.start_read(s, 2 * kGrainBlocks, kGrainBlocks);
  lab.run_for(rt::kMicrosecond);
  lab.fail(lab.control().config().ranks.at(0).device, sim::kReads, false);
  ASSERT_TRUE(lab.wait(third));
  lab.run_for(10 * rt::kMillisecond);
  stream(s, 3, kGrains);
}

TEST_F(ReadsAhead, AVolumeCanGoWhileItIsReadAhead) {
  fill(s);
  stream(s, 0, 3);
  ASSERT_TRUE(lab.remove(s));
  s = lab.make(kEven + 1, kTracks);
  EXPECT_EQ(lab.track(s, 0), ".*128");
  fill(s);
  stream(s, 0, kGrains);
}

TEST_F(ReadsAhead, AnEstablishOntoWhatIsReadAhead) {
  fill(s);
  const VolumeId t = lab.make(kOdd, kTracks);
  for (std::uint64_t track = 0; track < kTracks; ++track) ASSERT_TRUE(lab.fill(t, track, 'T'));
  ASSERT_TRUE(lab.drain());
  for (std::uint64_t grain = 0; grain < 5; ++grain) EXPECT_EQ(lab.content(t, grain * 8, 8), "T*8");
  ASSERT_TRUE(lab.establish(s, t, true));
  ASSERT_TRUE(lab.run_until([&] { return !lab.copying(); }));
  stream(t, 5, kGrains);
}

TEST_F(ReadsAhead, SurvivesAPowerLossInTheMiddle) {
  fill(s);
  stream(s, 0, 2);
  const auto third = lab.start_read(s, 2 * kGrainBlocks, kGrainBlocks);
  lab.run_for(rt::kMicrosecond);
  lab.crash();
  stream(s, 0, 40);
}

/// Cold data is read twice by streams: the second time it gets in, if it fits.
TEST_F(ReadsAhead, StreamsPassTheDoorOfTheCacheLikeOthers) {
  fill(s);
  for (int turn = 0; turn < 2; ++turn) stream(s, 0, 16 * kTrackGrains);
  const std::uint64_t before = media_reads();
  stream(s, 0, 15 * kTrackGrains);
  EXPECT_LE(media_reads(), before + 4);
}

/// Streams of two shards, over the ends of stripes.
TEST(ReadsAheadOfTwoShards, StripesAreNoEnd) {
  LabOptions options = ReadsAhead::options(8_MiB);
  options.shards = 2;
  Lab lab(1, options);
  constexpr std::uint64_t kLong = 600;
  const VolumeId s = lab.make(kEven, kLong);
  for (std::uint64_t track = 0; track < kLong; ++track) {
    ASSERT_TRUE(lab.fill(s, track, ReadsAhead::letter_of(track)));
  }
  ASSERT_TRUE(lab.drain());
  for (std::uint64_t block = 0; block < kLong * kTrackBlocks; block += 96) {
    const std::string content = lab.content(s, block, 96);
    ASSERT_EQ(content.front(), ReadsAhead::letter_of(block / kTrackBlocks)) << block;
  }
  for (std::size_t i = 0; i < 2; ++i) EXPECT_GE(lab.shard(i).read_cache_counters().ahead.used_bytes, 200 * kTrackBytes);
}

}  // namespace
}  // namespace tt::simulation
