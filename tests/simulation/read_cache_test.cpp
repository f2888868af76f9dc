// SPDX-License-Identifier: Apache-2.0
// The read cache in an image: what it spares, and that it never shows what a medium would not (src/cache/read_cache.h).
#include "lab_test.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 8;
constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;

LabOptions cached(std::uint64_t bytes) {
  LabOptions options;
  options.read_cache_bytes = bytes;
  return options;
}

struct ReadCacheInImage : ::testing::Test {
  explicit ReadCacheInImage(const LabOptions& options = cached(4_MiB)) : lab(1, options), s(lab.make(kEven, kTracks)) {}

  /// On the medium.
  void fill(char letter) {
    for (std::uint64_t track = 0; track < kTracks; ++track) ASSERT_TRUE(lab.fill(s, track, letter));
    ASSERT_TRUE(lab.drain());
  }
  std::uint64_t media_reads() {
    std::uint64_t reads = 0;
    for (std::uint16_t rank = 0; rank < 2; ++rank) reads += lab.shard(0).rank_counters(rank).reads;
    return reads;
  }
  /// Without a read of any medium.
  void expect_in_cache(VolumeId volume, std::uint64_t track, const std::string& content) {
    const std::uint64_t before = media_reads();
    EXPECT_EQ(lab.track(volume, track), content);
    EXPECT_EQ(media_reads(), before) << "track " << track;
  }
  /// From its medium.
  void expect_on_medium(VolumeId volume, std::uint64_t track, const std::string& content) {
    const std::uint64_t before = media_reads();
    EXPECT_EQ(lab.track(volume, track), content);
    EXPECT_EQ(media_reads(), before + 1) << "track " << track;
  }
  void refuse(sim::IoMask operations) { lab.fail(lab.control().config().ranks.at(0).device, operations, false); }

  Lab lab;
  VolumeId s;
};

TEST_F(ReadCacheInImage, TheSecondReadAsksNoMedium) {
  fill('a');
  expect_on_medium(s, 2, "a*128");
  expect_in_cache(s, 2, "a*128");
  const image::ReadCacheCounters counters = lab.shard(0).read_cache_counters();
  EXPECT_EQ(counters.hit_bytes, kTrackBytes);
  EXPECT_EQ(counters.missed_bytes, kTrackBytes);
  EXPECT_EQ(counters.held_bytes, kTrackBytes);
  const flashcopy::VolumeCounters& volume = lab.shard(0).find(s)->counters;
  EXPECT_EQ(volume.reads, 2U);
  EXPECT_EQ(volume.read_hits, 1U);
}

TEST_F(ReadCacheInImage, ReadsAreServedInPart) {
  fill('a');
  EXPECT_EQ(lab.content(s, 0, 8), "a*8");
  EXPECT_EQ(lab.content(s, 120, 24), "a*24");
  const std::uint64_t before = media_reads();
  EXPECT_EQ(lab.content(s, 0, 2 * kTrackBlocks), "a*256");
  EXPECT_EQ(media_reads(), before + 1);
  const std::uint64_t after = media_reads();
  EXPECT_EQ(lab.content(s, 3, 2 * kTrackBlocks - 3), "a*253");
  EXPECT_EQ(media_reads(), after);
}

TEST_F(ReadCacheInImage, WhatABatchWritesIsInTheCacheIfItsPlaceWas) {
  fill('a');
  expect_on_medium(s, 2, "a*128");
  ASSERT_TRUE(lab.write(s, 2 * kTrackBlocks + 1, 3, 'b'));
  ASSERT_TRUE(lab.write(s, 2 * kTrackBlocks + 6, 1, 'c'));  // in the same grain
  ASSERT_TRUE(lab.write(s, 3 * kTrackBlocks, 8, 'b'));
  expect_in_cache(s, 2, "a*1 b*3 a*2 c*1 a*121");  // with dirty data over it
  ASSERT_TRUE(lab.drain());
  expect_in_cache(s, 2, "a*1 b*3 a*2 c*1 a*121");
  expect_on_medium(s, 3, "b*8 a*120");
}

TEST_F(ReadCacheInImage, ATargetFindsWhatItsSourceRead) {
  fill('a');
  const VolumeId t = lab.make(kOdd, kTracks);
  ASSERT_TRUE(lab.establish(s, t));
  expect_on_medium(s, 2, "a*128");
  expect_in_cache(t, 2, "a*128");
  ASSERT_TRUE(lab.fill(s, 2, 'b'));
  expect_in_cache(t, 2, "a*128");
  ASSERT_TRUE(lab.drain());  // copies, and overwrites the source
  EXPECT_EQ(lab.uncopied(s, t), kTracks - 1);
  expect_in_cache(s, 2, "b*128");
  expect_on_medium(t, 2, "a*128");
  expect_in_cache(t, 2, "a*128");
}

TEST_F(ReadCacheInImage, GrainsOfATargetAreItsOwn) {
  fill('a');
  const VolumeId t = lab.make(kOdd, kTracks);
  ASSERT_TRUE(lab.establish(s, t));
  EXPECT_EQ(lab.track(t, 2), "a*128");
  for (const char letter : {'b', 'c', 'd'}) {
    ASSERT_TRUE(lab.write(s, 2 * kTrackBlocks + 8, 4, letter));
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.track(t, 2), "a*128");
    EXPECT_EQ(lab.track(s, 2), std::string("a*8 ") + letter + "*4 a*116");
  }
  ASSERT_TRUE(lab.write(t, 2 * kTrackBlocks + 10, 1, 'T'));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(t, 2), "a*10 T*1 a*117");
  EXPECT_EQ(lab.track(s, 2), "a*8 d*4 a*116");
}

/// The read has its old bytes when the batch has long written the new ones.
TEST_F(ReadCacheInImage, AReadThatABatchOvertakesIsNotKept) {
  fill('a');
  lab.slow_once(lab.control().config().ranks.at(0).device, sim::kReads, 1000);
  const auto read = lab.start_read(s, 2 * kTrackBlocks, 8);
  lab.run_for(rt::kMicrosecond);
  ASSERT_TRUE(lab.write(s, 2 * kTrackBlocks, 8, 'b'));
  ASSERT_TRUE(lab.drain());
  ASSERT_FALSE(read->has_value()) << "the read was not slow enough";
  ASSERT_TRUE(lab.wait(read));
  EXPECT_EQ(lab.track(s, 2), "b*8 a*120");
}

/// It begins and ends while the batch's write is under way.
TEST_F(ReadCacheInImage, AReadDuringTheWriteOfABatchIsNotKept) {
  fill('a');
  ASSERT_TRUE(lab.write(s, 2 * kTrackBlocks, 8, 'b'));
  lab.slow_once(lab.control().config().ranks.at(0).device, sim::kWrites, 1000);
  lab.destaging(true);
  const std::uint64_t before = media_reads();
  lab.run_for(20 * rt::kMillisecond);
  EXPECT_EQ(lab.track(s, 2), "b*8 a*120");
  EXPECT_EQ(media_reads(), before + 1);
  EXPECT_FALSE(lab.shard(0).background_idle()) << "the write was not slow enough";
  lab.destaging(false);
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(s, 2), "b*8 a*120");
  EXPECT_EQ(media_reads(), before + 2);
}

TEST_F(ReadCacheInImage, AReadThatFailsIsNotKept) {
  fill('a');
  lab.fail(lab.control().config().ranks.at(0).device, sim::kReads, true);
  EXPECT_EQ(lab.track(s, 2).substr(0, 5), "error");
  lab.world.faults().clear();
  expect_on_medium(s, 2, "a*128");
}

TEST_F(ReadCacheInImage, AFailedRankIsReadFromItsMedium) {
  fill('a');
  expect_on_medium(s, 2, "a*128");
  expect_on_medium(s, 3, "a*128");
  ASSERT_TRUE(lab.fill(s, 2, 'b'));
  refuse(sim::kWrites);
  lab.destaging(true);
  lab.run_for(rt::kSecond);
  ASSERT_TRUE(lab.control().config().ranks.at(0).failed);
  EXPECT_EQ(lab.shard(0).read_cache_counters().held_bytes, 0U);
  EXPECT_EQ(lab.track(s, 2), "b*128");
  expect_on_medium(s, 3, "a*128");
  expect_on_medium(s, 3, "a*128");
  lab.destaging(false);
}

TEST_F(ReadCacheInImage, APowerLossLeavesNothing) {
  fill('a');
  expect_on_medium(s, 2, "a*128");
  lab.crash();
  EXPECT_EQ(lab.shard(0).read_cache_counters().held_bytes, 0U);
  ASSERT_TRUE(lab.drain());  // what the journal still had
  expect_on_medium(s, 2, "a*128");
}

/// What is left of a former owner in the cache belongs to nobody.
TEST_F(ReadCacheInImage, SpaceOfADeletedVolumeShowsNothingOfIt) {
  fill('a');
  for (std::uint64_t track = 0; track < kTracks; ++track) EXPECT_EQ(lab.track(s, track), "a*128");
  ASSERT_TRUE(lab.remove(s));
  const VolumeId heir = lab.make(kEven + 1, 256_MiB / kTrackBytes / 2);
  for (std::uint64_t track = 0; track < kTracks; ++track) EXPECT_EQ(lab.track(heir, track), ".*128");
  for (std::uint64_t track = 0; track < kTracks; ++track) ASSERT_TRUE(lab.write(heir, track * kTrackBlocks, 8, 'b'));
  ASSERT_TRUE(lab.drain());
  for (std::uint64_t track = 0; track < kTracks; ++track) EXPECT_EQ(lab.track(heir, track), "b*8 .*120");
}

/// Space that goes from one shard to the other and back.
TEST(ReadCacheOfTwoShards, SpaceThatComesBackShowsNothingOfBefore) {
  LabOptions options = cached(4_MiB);
  options.shards = 2;
  options.rank_bytes = {32_MiB, 32_MiB};  // two extents of one stripe each
  Lab lab(1, options);
  const auto use = [&lab](std::uint64_t stripe, char letter) {
    const VolumeId volume = lab.make(kEven, 512, true);
    const std::uint64_t track = stripe * 256;
    ASSERT_TRUE(lab.write(volume, track * kTrackBlocks, 8, letter));
    ASSERT_TRUE(lab.drain());
    for (int reads = 0; reads < 2; ++reads) EXPECT_EQ(lab.track(volume, track), std::string(1, letter) + "*8 .*120");
    ASSERT_TRUE(lab.remove(volume));
  };
  for (const char letter : {'a', 'b', 'c', 'd', 'e', 'f'})
    use(static_cast<std::uint64_t>(letter - 'a') / 2 % 2, letter);
}

TEST_F(ReadCacheInImage, AVerificationSeesTheMedium) {
  fill('a');
  const VolumeId t = lab.make(kOdd, kTracks);
  ASSERT_TRUE(lab.establish(s, t, true, true));
  ASSERT_TRUE(lab.run_until([&] { return !lab.copying(); }));
  for (std::uint64_t track = 0; track < kTracks; ++track) EXPECT_EQ(lab.track(t, track), "a*128");
  lab.damage(t, 5);
  lab.damage(s, 5);  // otherwise the one would be repaired from the other
  expect_in_cache(t, 5, "a*128");
  const std::vector<std::pair<VolumeId, VolumeId>> pairs = {{s, t}};
  ASSERT_TRUE(lab.run(lab.control().verify(pairs)).front());
  lab.run_for(rt::kSecond);
  const auto status = lab.run(lab.control().verify_status());
  ASSERT_EQ(status.size(), 1U);
  EXPECT_EQ(status.front().counts.unreadable, 1U);  // its checksum is wrong
}

struct ReadCacheAndPlacedWrites : ReadCacheInImage {
  ReadCacheAndPlacedWrites() : ReadCacheInImage(placing()) {}
  static LabOptions placing() {
    LabOptions options = cached(4_MiB);
    options.place = {.long_run_tracks = 1, .many_writes = 1};
    return options;
  }
};

TEST_F(ReadCacheAndPlacedWrites, WhatIsPlacedIsInTheCacheIfItsPlaceWas) {
  ASSERT_TRUE(lab.write(s, 0, 1, 'x'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'a'));
  expect_on_medium(s, 2, "a*128");
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'b'));
  EXPECT_FALSE(lab.dirty());
  expect_in_cache(s, 2, "b*128");
  expect_on_medium(s, 3, "b*128");
}

TEST_F(ReadCacheAndPlacedWrites, AReadThatAPlacedWriteOvertakesIsNotKept) {
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'a'));
  ASSERT_TRUE(lab.drain());
  lab.slow_once(lab.control().config().ranks.at(0).device, sim::kReads, 1000);
  const auto read = lab.start_read(s, 2 * kTrackBlocks, 8);
  lab.run_for(rt::kMicrosecond);
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'b'));
  ASSERT_FALSE(read->has_value()) << "the read was not slow enough";
  ASSERT_TRUE(lab.wait(read));
  EXPECT_EQ(lab.track(s, 2), "b*128");
}

}  // namespace
}  // namespace tt::simulation
