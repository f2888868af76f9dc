// SPDX-License-Identifier: Apache-2.0
// Media that do not hold what was written: it is never shown, to nobody; and good data never looks damaged.
#include <gtest/gtest.h>

#include "base/random.h"
#include "media/sum_page.h"
#include "media_lab_test.h"

namespace tt::simulation {
namespace {

class MediaSumsTest : public MediaLabTest {};

TEST_F(MediaSumsTest, ARottenBitIsNotShownAndReportedOnce) {
  open();
  const VolumeId v = on_medium(kEven, 4, 'a');
  EXPECT_EQ(lab_->track(v, 2), "a*128");
  lab_->damage(v, 2, 5 * kGrainBytes + 77);
  EXPECT_EQ(lab_->track(v, 2), kDamaged);
  EXPECT_EQ(lab_->content(v, 2 * kTrackBlocks, 40), "a*40");  // grains 0 to 4
  EXPECT_EQ(lab_->content(v, 2 * kTrackBlocks + 43, 1), kDamaged);
  EXPECT_EQ(lab_->track(v, 1), "a*128");
  EXPECT_EQ(problems(), std::vector<std::string>{"0000 track 2"});
}

TEST_F(MediaSumsTest, EveryBitOfATrackCounts) {
  open();
  const VolumeId v = on_medium(kEven, 1, 'a');
  Random random(5);
  for (int n = 0; n < 50; ++n) {
    const std::uint64_t byte = random.below(kTrackBytes);
    lab_->damage(v, 0, byte);
    EXPECT_EQ(lab_->track(v, 0), kDamaged) << byte;
    lab_->damage(v, 0, byte);
    EXPECT_EQ(lab_->track(v, 0), "a*128") << byte;
  }
}

TEST_F(MediaSumsTest, WhatIsWrittenAnewIsGood) {
  open();
  const VolumeId v = on_medium(kEven, 2, 'a');
  lab_->damage(v, 0, 3 * kGrainBytes);
  EXPECT_EQ(lab_->track(v, 0), kDamaged);
  ASSERT_TRUE(lab_->write(v, 3 * kGrainBlocks, kGrainBlocks, 'b'));
  EXPECT_TRUE(lab_->drain());
  EXPECT_EQ(lab_->track(v, 0), "a*24 b*8 a*96");
}

/// What a host writes of a damaged grain does not make the rest good, nor does it hold the journal.
TEST_F(MediaSumsTest, ADamagedGrainThatIsWrittenInPartStaysDamaged) {
  for (const std::uint32_t block_bytes : {512U, 4096U}) {
    LabOptions options;
    options.storage.block_bytes = block_bytes;
    open(options);
    const VolumeId v = on_medium(kEven, 2, 'a');
    lab_->damage(v, 0, 3 * kGrainBytes);
    ASSERT_TRUE(lab_->write(v, 3 * kGrainBlocks + 4, 1, 'b'));
    EXPECT_TRUE(lab_->drain());
    EXPECT_EQ(lab_->track(v, 0), kDamaged);
    EXPECT_EQ(lab_->content(v, 0, 24), "a*24");
    EXPECT_TRUE(all_closed());
    lab_->restart();
    EXPECT_EQ(lab_->track(v, 0), kDamaged);
    ASSERT_TRUE(lab_->write(v, 3 * kGrainBlocks, kGrainBlocks, 'c'));
    EXPECT_TRUE(lab_->drain());
    EXPECT_EQ(lab_->track(v, 0), "a*24 c*8 a*96");
  }
}

/// The rest of the grain is read for its checksum.
TEST_F(MediaSumsTest, AWriteOfASingleBlockKeepsItsNeighbours) {
  open();
  const VolumeId v = on_medium(kEven, 1, 'a');
  ASSERT_TRUE(lab_->write(v, 17, 1, 'b'));
  EXPECT_TRUE(lab_->drain());
  EXPECT_EQ(lab_->track(v, 0), "a*17 b*1 a*110");
  EXPECT_TRUE(all_closed());
  lab_->damage(v, 0, 16 * kBlockBytes);
  EXPECT_EQ(lab_->track(v, 0), kDamaged);
}

TEST_F(MediaSumsTest, ACopyOfADamagedTrackFailsAndHoldsNothingWrong) {
  open();
  const VolumeId s = on_medium(kEven, 3, 's');
  const VolumeId t = lab_->make(kOdd, 3);
  lab_->damage(s, 1, 1000);
  ASSERT_TRUE(lab_->establish(s, t, true));
  const auto& relationships = lab_->control().config().relationships;
  EXPECT_TRUE(lab_->run_until([&] {
    return relationships.begin() != relationships.end() &&
           relationships.begin()->second.state == volume::RelationshipState::failed;
  }));
  EXPECT_NE(lab_->track(t, 1), "s*128");
  EXPECT_TRUE(lab_->track(t, 1).starts_with("error"));
  EXPECT_EQ(lab_->track(s, 0), "s*128");
}

/// The copy's sums are those of what was read.
TEST_F(MediaSumsTest, ATargetIsVerifiedLikeItsSource) {
  open();
  const VolumeId s = on_medium(kEven, 3, 's');
  const VolumeId t = lab_->make(kOdd, 3);
  ASSERT_TRUE(lab_->establish(s, t, true));
  ASSERT_TRUE(copied());
  EXPECT_EQ(lab_->track(t, 2), "s*128");
  lab_->damage(t, 2, 9999);
  EXPECT_EQ(lab_->track(t, 2), kDamaged);
}

TEST_F(MediaSumsTest, SumsAreThereAfterARestartAndTracksOfACrashAreTaken) {
  open();
  const VolumeId v = on_medium(kEven, 70, 'a');
  EXPECT_TRUE(all_closed());
  ASSERT_TRUE(lab_->fill(v, 40, 'b'));
  EXPECT_TRUE(lab_->drain());
  lab_->crash();
  lab_->damage(v, 3, 10);
  EXPECT_EQ(lab_->track(v, 40), "b*128");
  EXPECT_EQ(lab_->track(v, 39), "a*128");
  EXPECT_EQ(lab_->track(v, 3), kDamaged);
  lab_->restart();
  EXPECT_EQ(lab_->track(v, 3), kDamaged);
}

/// Space that changes hands: nothing that was known of its former owner speaks of the new one.
TEST_F(MediaSumsTest, AnExtentThatIsGivenToAnotherVolume) {
  for (const std::uint32_t shards : {1U, 2U}) {
    LabOptions options;
    options.shards = shards;
    options.rank_bytes = {32_MiB, 32_MiB};
    open(options);
    const VolumeId first = on_medium(kEven, 512, 'a');
    ASSERT_TRUE(lab_->remove(first));
    const VolumeId second = lab_->make(kEven + 2, 512);
    EXPECT_EQ(lab_->track(second, 3), ".*128");
    ASSERT_TRUE(lab_->write(second, 3 * kTrackBlocks, 3, 'b'));
    EXPECT_TRUE(lab_->drain());
    EXPECT_EQ(lab_->track(second, 3), "b*3 .*125");
    EXPECT_TRUE(all_closed());
    lab_->restart();
    EXPECT_EQ(lab_->track(second, 3), "b*3 .*125");
  }
}

/// Told once, it keeps them for good, over clean ends and crashes.
TEST_F(MediaSumsTest, WhoeverKeptThemOnceKeepsThem) {
  open();
  const VolumeId v = on_medium(kEven, 4, 'a');
  EXPECT_TRUE(all_closed());
  lab_->tell_to_keep_sums(false);
  for (int round = 0; round < 2; ++round) {
    round == 0 ? lab_->restart() : lab_->crash();
    ASSERT_TRUE(lab_->fill(v, 1, 'b'));
    EXPECT_TRUE(lab_->drain());
    EXPECT_TRUE(all_closed());
    lab_->damage(v, 1, 500);
    EXPECT_EQ(lab_->track(v, 1), kDamaged);
    lab_->damage(v, 1, 500);
    EXPECT_EQ(lab_->track(v, 1), "b*128");
  }
}

/// An image that was never told has none, its superblock says so, and it can be told later: what is written from then
/// on is verified, what was there before is taken.
TEST_F(MediaSumsTest, AnImageThatIsToldLaterKeepsThemFromThen) {
  LabOptions options;
  options.sums.keep = false;
  open(options);
  const VolumeId v = on_medium(kEven, 4, 'a');
  EXPECT_FALSE(lab_->shard(0).store().fields().keeps_sums);
  lab_->damage(v, 0, 500);
  EXPECT_EQ(lab_->content(v, 0, 1), "?*1");
  lab_->restart();
  EXPECT_FALSE(lab_->shard(0).store().fields().keeps_sums);
  lab_->tell_to_keep_sums(true);
  lab_->restart();
  EXPECT_TRUE(lab_->shard(0).store().fields().keeps_sums);
  EXPECT_EQ(lab_->track(v, 1), "a*128");
  ASSERT_TRUE(lab_->fill(v, 2, 'b'));
  EXPECT_TRUE(lab_->drain());
  lab_->damage(v, 2, 500);
  EXPECT_EQ(lab_->track(v, 2), kDamaged);
}

/// One that was made with them needs not be told, at no start.
TEST_F(MediaSumsTest, ANewImageKeepsThemFromTheFirstByte) {
  LabOptions options;
  options.sums.keep = false;
  options.made_with_sums = true;
  options.shards = 2;
  open(options);
  const VolumeId v = on_medium(kEven, 4, 'a');
  EXPECT_TRUE(all_closed());
  for (std::size_t shard = 0; shard < 2; ++shard) EXPECT_TRUE(lab_->shard(shard).store().fields().keeps_sums);
  for (int round = 0; round < 2; ++round) {
    lab_->damage(v, 1, 500);
    EXPECT_EQ(lab_->track(v, 1), kDamaged);
    lab_->damage(v, 1, 500);
    lab_->restart();
    EXPECT_EQ(lab_->track(v, 1), "a*128");
  }
}

/// Far more pages than there is memory for.
TEST_F(MediaSumsTest, MemoryIsBounded) {
  LabOptions options;
  options.sums.most_pages = 4;
  open(options);
  const VolumeId v = lab_->make(kEven, 3000);
  for (std::uint64_t track = 0; track < 3000; track += 16) ASSERT_TRUE(lab_->fill(v, track, 'a'));
  EXPECT_TRUE(lab_->drain());
  EXPECT_TRUE(all_closed());
  for (std::uint64_t track = 0; track < 3000; track += 16) EXPECT_EQ(lab_->track(v, track), "a*128");
  for (const auto& shard : lab_->life->image().shards()) EXPECT_LE(shard->sums().page_count(), 5U);
  lab_->damage(v, 1600, 4);
  EXPECT_EQ(lab_->track(v, 1600), kDamaged);
}

/// What reads meet while batches write the same tracks is never taken for damage.
TEST_F(MediaSumsTest, ReadsBesideDestageAreNeverRefused) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LabOptions options;
    options.read_cache_bytes = 0;
    options.sums.rest = rt::kMillisecond;
    lab_.emplace(seed, options);
    const VolumeId v = lab_->make(kEven, 2);
    ASSERT_TRUE(lab_->write(v, 0, 2 * kTrackBlocks, 'a'));
    lab_->destaging(true);
    Random random(seed);
    std::vector<Pending<std::string>> reads;
    for (int n = 0; n < 60; ++n) {
      const std::uint64_t block = random.below(2 * kTrackBlocks - 12);
      ASSERT_TRUE(lab_->write(v, block, 1 + random.below(12), static_cast<char>('b' + n % 20)));
      reads.push_back(lab_->start_read(v, 0, 2 * kTrackBlocks));
      lab_->run_for(static_cast<rt::TimeNs>(random.below(3'000'000)));
    }
    for (const auto& read : reads) {
      ASSERT_TRUE(lab_->wait(read));
      EXPECT_EQ((*read)->find("error"), std::string::npos) << **read;
    }
    lab_->destaging(false);
  }
}

}  // namespace
}  // namespace tt::simulation
