// SPDX-License-Identifier: Apache-2.0
// The scrub finds what nobody reads and learns what nobody knew; the mender repairs what another volume still has. And
// neither of them ever makes anything wrong.
#include <gtest/gtest.h>

#include "base/random.h"
#include "image/scrubber.h"
#include "media_lab_test.h"

namespace tt::simulation {
namespace {

class ScrubTest : public MediaLabTest {
 protected:
  /// A whole pass of every shard, and what it gave the mender to do.
  bool scrub() {
    std::vector<std::uint64_t> before;
    for (const auto& scrubber : lab_->life->image().scrubbers()) {
      before.push_back(scrubber->status().passes);
      scrubber->begin();
    }
    const bool ended = lab_->run_until([&] {
      const auto& scrubbers = lab_->life->image().scrubbers();
      for (std::size_t i = 0; i < scrubbers.size(); ++i) {
        if (scrubbers[i]->status().passes == before[i]) return false;
      }
      return true;
    });
    return ended;
  }
  image::ScrubCounts counts() {
    image::ScrubCounts all;
    for (const auto& scrubber : lab_->life->image().scrubbers()) {
      for (const auto& [rank, found] : scrubber->status().by_rank) all.add(found);
    }
    return all;
  }
  image::MendCounts mended() {
    image::MendCounts all;
    for (const auto& shard : lab_->life->image().shards()) {
      for (const auto& [rank, found] : shard->mender().counts()) {
        all.repaired += found.repaired;
        all.damaged += found.damaged;
      }
    }
    return all;
  }
  /// A relationship that stays, with everything copied.
  void copy(VolumeId source, VolumeId target) {
    ASSERT_TRUE(lab_->establish(source, target, true, true));
    ASSERT_TRUE(copied());
    ASSERT_TRUE(all_closed());
  }
};

TEST_F(ScrubTest, DamageThatNobodyReadsIsFound) {
  open();
  const VolumeId v = on_medium(kEven, 40, 'a');
  lab_->damage(v, 2, 5000);
  lab_->damage(v, 33, 100);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), (std::vector<std::string>{"0000 track 2", "0000 track 33"}));
  EXPECT_EQ(mended().damaged, 2U);
  EXPECT_EQ(counts().verified, 38U);
  EXPECT_EQ(counts().refused, 2U);
  EXPECT_EQ(lab_->track(v, 2), kDamaged);
}

/// What was open at a crash is not covered; a scrub covers it, and it stays so.
TEST_F(ScrubTest, WhatACrashLeftOpenIsLearned) {
  LabOptions options;
  options.sums.rest = kNeverRests;
  open(options);
  const VolumeId v = on_medium(kEven, 40, 'a');
  lab_->pass_checkpoint(0, lab_->make(kOdd, 1), 0);  // the journal knows nothing of it any more
  lab_->crash();
  lab_->damage(v, 7, 1);
  EXPECT_EQ(lab_->content(v, 7 * kTrackBlocks, 1), "?*1");
  lab_->damage(v, 7, 1);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(counts().learned, 40U);
  lab_->damage(v, 7, 1);
  EXPECT_EQ(lab_->track(v, 7), kDamaged);
  lab_->restart();
  EXPECT_EQ(lab_->track(v, 7), kDamaged);
  EXPECT_EQ(lab_->track(v, 8), "a*128");
  ASSERT_TRUE(scrub());
  EXPECT_EQ(counts().learned, 0U);
}

/// Only what is durable is learned: a power loss right after the scrub leaves nothing that looks damaged.
TEST_F(ScrubTest, WhatWasWrittenBeforeThereWereSumsIsLearned) {
  LabOptions options;
  options.sums.keep = false;
  open(options);
  const VolumeId v = on_medium(kEven, 40, 'a');
  lab_->tell_to_keep_sums(true);
  lab_->restart();
  ASSERT_TRUE(scrub());
  EXPECT_EQ(counts().learned, 40U);
  ASSERT_TRUE(all_closed());
  lab_->crash();
  for (std::uint64_t track = 0; track < 40; ++track) EXPECT_EQ(lab_->track(v, track), "a*128");
  lab_->damage(v, 20, 1);
  EXPECT_EQ(lab_->track(v, 20), kDamaged);
}

TEST_F(ScrubTest, ATargetRepairsItsSource) {
  open();
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId t = lab_->make(kOdd, 4);
  copy(s, t);
  lab_->damage(s, 1, 3 * kGrainBytes);
  lab_->damage(s, 1, 9 * kGrainBytes + 11);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{});
  EXPECT_GE(mended().repaired, 1U);
  EXPECT_EQ(lab_->track(s, 1), "s*128");
  ASSERT_TRUE(all_closed());
  lab_->crash();
  EXPECT_EQ(lab_->track(s, 1), "s*128");
}

TEST_F(ScrubTest, ASourceRepairsItsTarget) {
  open();
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId t = lab_->make(kOdd, 4);
  copy(s, t);
  lab_->damage(t, 3, 60'000);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{});
  EXPECT_EQ(lab_->track(t, 3), "s*128");
}

/// The source has gone on; its other target has not.
TEST_F(ScrubTest, ATargetRepairsAnother) {
  open();
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId first = lab_->make(kOdd, 4);
  const VolumeId second = lab_->make(kOdd + 1, 4);
  copy(s, first);
  copy(s, second);
  ASSERT_TRUE(lab_->fill(s, 2, 'n'));
  EXPECT_TRUE(lab_->drain());
  ASSERT_TRUE(all_closed());
  lab_->damage(first, 2, 17);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{});
  EXPECT_EQ(lab_->track(first, 2), "s*128");
  EXPECT_EQ(lab_->track(s, 2), "n*128");
}

/// Range copies connect other tracks, here of another shard. A host's write of one grain had the target filled.
TEST_F(ScrubTest, TracksOfARangeCopyRepairEachOther) {
  LabOptions options;
  options.shards = 2;
  options.reactors = 2;
  open(options);
  constexpr std::uint64_t kFar = 300;
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId t = lab_->make(kOdd, kFar + 4);
  const std::vector<volume::RangeRequest> request = {
      {.source = s, .target = t, .runs = {{.source = 1, .target = kFar, .count = 2}}, .background_copy = false}};
  ASSERT_TRUE(lab_->run(lab_->control().establish_ranges(request)).front());
  ASSERT_TRUE(lab_->write(t, kFar * kTrackBlocks, kGrainBlocks, 'x'));
  EXPECT_TRUE(lab_->drain());
  ASSERT_TRUE(all_closed());
  lab_->damage(s, 1, 3 * kGrainBytes);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{});
  EXPECT_EQ(lab_->track(s, 1), "s*128") << "from the target";
  ASSERT_TRUE(all_closed());
  lab_->damage(t, kFar, 15 * kGrainBytes);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{});
  EXPECT_EQ(lab_->track(t, kFar), "x*8 s*120") << "from the source";
  ASSERT_TRUE(all_closed());
  lab_->damage(s, 1, 0);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{"0000 track 1"}) << "the target has something else there";
  EXPECT_EQ(lab_->track(s, 1), kDamaged);
}

/// The other track's volume is held by a command, in another shard: a read of the damage waits, as long as holds last.
TEST_F(ScrubTest, ATwinThatIsHeldIsWaitedForAndNotForEver) {
  for (const rt::TimeNs held_for : {10 * rt::kSecond, 100 * rt::kSecond}) {
    LabOptions options;
    options.shards = 2;
    open(options);
    constexpr std::uint64_t kFar = 300;
    const VolumeId s = on_medium(kEven, 4, 's');
    const VolumeId t = lab_->make(kOdd, kFar + 4);
    const std::vector<volume::RangeRequest> request = {
        {.source = s, .target = t, .runs = {{.source = 1, .target = kFar, .count = 2}}, .background_copy = false}};
    ASSERT_TRUE(lab_->run(lab_->control().establish_ranges(request)).front());
    ASSERT_TRUE(lab_->write(t, kFar * kTrackBlocks, kGrainBlocks, 'x'));
    EXPECT_TRUE(lab_->drain());
    ASSERT_TRUE(all_closed());
    lab_->damage(s, 1, 3 * kGrainBytes);
    const std::vector<VolumeId> held = {t};
    image::Shard& other = *lab_->life->image().shards()[1];
    ASSERT_TRUE(lab_->run(other.hold(held, {})));
    const auto read = lab_->start_read(s, kTrackBlocks, kTrackBlocks);
    lab_->run_for(5 * rt::kSecond);
    EXPECT_FALSE(read->has_value());
    lab_->run_for(held_for - 5 * rt::kSecond);
    other.release(held);
    ASSERT_TRUE(lab_->wait(read));
    const bool in_time = held_for < 40 * rt::kSecond;
    EXPECT_EQ(**read, in_time ? "s*128" : kDamaged);
    EXPECT_EQ(problems(), in_time ? std::vector<std::string>{} : std::vector<std::string>{"0000 track 1"});
  }
}

/// Somebody wrote the other one: it does not hold what was lost.
TEST_F(ScrubTest, OnlyWhatHasTheChecksumRepairs) {
  open();
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId t = lab_->make(kOdd, 4);
  copy(s, t);
  ASSERT_TRUE(lab_->write(t, kTrackBlocks, kGrainBlocks, 'x'));
  EXPECT_TRUE(lab_->drain());
  ASSERT_TRUE(all_closed());
  lab_->damage(s, 1, 8);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{"0000 track 1"});
  EXPECT_EQ(lab_->track(s, 1), kDamaged);
  EXPECT_EQ(lab_->track(t, 1), "x*8 s*120");
  EXPECT_EQ(mended().repaired, 0U);
}

/// Of two damaged grains one can be saved.
TEST_F(ScrubTest, WhatCanBeRepairedIs) {
  open();
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId t = lab_->make(kOdd, 4);
  copy(s, t);
  ASSERT_TRUE(lab_->write(t, kTrackBlocks, kGrainBlocks, 'x'));
  EXPECT_TRUE(lab_->drain());
  ASSERT_TRUE(all_closed());
  lab_->damage(s, 1, 8);
  lab_->damage(s, 1, 4 * kGrainBytes);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{"0000 track 1"});
  EXPECT_EQ(lab_->content(s, kTrackBlocks + kGrainBlocks, 120), "s*120");
}

/// Nobody has to wait for a scrub.
TEST_F(ScrubTest, AReadOfADamagedTrackIsAnsweredAfterItsRepair) {
  for (const std::uint32_t shards : {1U, 3U}) {
    LabOptions options;
    options.shards = shards;
    open(options);
    const VolumeId s = on_medium(kEven, 300, 's');
    const VolumeId t = lab_->make(kOdd, 300);
    copy(s, t);
    lab_->damage(s, 270, 4);
    lab_->damage(t, 3, 4);
    EXPECT_EQ(lab_->track(s, 270), "s*128");
    EXPECT_EQ(lab_->track(t, 3), "s*128");
    EXPECT_EQ(problems(), std::vector<std::string>{});
    EXPECT_EQ(mended().repaired, 2U);
  }
}

TEST_F(ScrubTest, ATrackThatTheDiskRefusesIsWrittenAnew) {
  open();
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId t = lab_->make(kOdd, 4);
  copy(s, t);
  lab_->make_unreadable(s, 2);
  EXPECT_EQ(lab_->track(s, 2), "s*128");
  lab_->make_unreadable(t, 1);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{});
  EXPECT_EQ(mended().repaired, 2U);
}

/// More than the mender keeps in mind at a time.
TEST_F(ScrubTest, AMediumThatIsDamagedEverywhereIsRepaired) {
  constexpr std::uint64_t kTracks = 500;
  open();
  const VolumeId s = on_medium(kEven, kTracks, 's');
  const VolumeId t = lab_->make(kOdd, kTracks);
  copy(s, t);
  for (std::uint64_t track = 0; track < kTracks; ++track) lab_->damage(s, track, track);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{});
  EXPECT_EQ(mended().repaired, kTracks);
  EXPECT_EQ(lab_->track(s, kTracks - 1), "s*128");
}

/// As any write that a disk refuses: the rank takes no more, and the track stays refused.
TEST_F(ScrubTest, ARepairThatTheDiskRefusesFailsTheRank) {
  open();
  const VolumeId s = on_medium(kEven, 4, 's');
  const VolumeId t = lab_->make(kOdd, 4);
  copy(s, t);
  lab_->damage(s, 1, 8);
  lab_->fail("rank.0", sim::kWrites, true);
  EXPECT_EQ(lab_->track(s, 1), kDamaged);
  ASSERT_TRUE(lab_->run_until([this] { return lab_->control().config().ranks.at(0).failed; }));
  EXPECT_EQ(mended().repaired, 0U);
  EXPECT_EQ(lab_->track(s, 1), kDamaged) << "also on a rank that takes no more writes";
  EXPECT_EQ(lab_->track(s, 2), "s*128");
  EXPECT_EQ(lab_->track(t, 1), "s*128");
  lab_->restart();
  EXPECT_EQ(lab_->track(s, 2), "s*128");
  EXPECT_EQ(lab_->track(s, 1), kDamaged);
}

TEST_F(ScrubTest, WithoutSumsItFindsWhatCannotBeRead) {
  LabOptions options;
  options.sums.keep = false;
  open(options);
  const VolumeId v = on_medium(kEven, 40, 'a');
  lab_->make_unreadable(v, 5);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(problems(), std::vector<std::string>{"0000 track 5"});
  EXPECT_EQ(counts().unverified, 39U);
  EXPECT_EQ(counts().refused, 1U);
}

TEST_F(ScrubTest, ItBeginsByItselfAndAgain) {
  LabOptions options;
  options.scrub_after = rt::kSecond;
  open(options);
  const VolumeId v = on_medium(kEven, 4, 'a');
  ASSERT_TRUE(lab_->run(lab_->control().change_scrub(std::nullopt, 3600)));
  lab_->run_for(2 * rt::kSecond);
  EXPECT_EQ(lab_->life->image().scrubbers()[0]->status().passes, 1U);
  EXPECT_EQ(counts().verified, 4U);
  lab_->damage(v, 1);
  lab_->run_for(3000 * rt::kSecond);
  EXPECT_EQ(problems(), std::vector<std::string>{});
  lab_->run_for(602 * rt::kSecond);
  EXPECT_EQ(problems(), std::vector<std::string>{"0000 track 1"});

  ASSERT_TRUE(lab_->run(lab_->control().change_scrub(std::nullopt, 0)));
  lab_->restart();
  lab_->run_for(7200 * rt::kSecond);
  EXPECT_EQ(lab_->life->image().scrubbers()[0]->status().passes, 0U);  // the setting is durable
}

TEST_F(ScrubTest, ItKeepsItsRateAndCanBeCancelled) {
  open();
  on_medium(kEven, 160, 'a');  // 10 MiB
  ASSERT_TRUE(lab_->run(lab_->control().change_scrub(1_MiB, std::nullopt)));
  image::Scrubber& scrubber = *lab_->life->image().scrubbers()[0];
  scrubber.begin();
  lab_->run_for(5 * rt::kSecond);
  EXPECT_EQ(scrubber.status().state, image::ScrubState::running);
  EXPECT_NEAR(static_cast<double>(counts().read()), 80.0, 16.0);
  EXPECT_TRUE(scrubber.cancel());
  lab_->run_for(rt::kSecond);
  EXPECT_EQ(scrubber.status().state, image::ScrubState::cancelled);
  EXPECT_FALSE(scrubber.cancel());
  EXPECT_EQ(scrubber.status().passes, 0U);
}

TEST_F(ScrubTest, AFailedRankIsLeftAlone) {
  open();
  on_medium(kEven, 40, 'a');
  const VolumeId odd = on_medium(kOdd, 40, 'b');
  lab_->fail("rank.1", sim::kWrites, true);
  ASSERT_TRUE(lab_->fill(odd, 1, 'c'));
  lab_->destaging(true);
  ASSERT_TRUE(lab_->run_until([this] { return lab_->control().config().ranks.at(1).failed; }));
  lab_->destaging(false);
  ASSERT_TRUE(scrub());
  EXPECT_EQ(counts().verified, 40U);
}

/// Hosts write, batches destage, power goes, and the scrub learns all the while: nothing ever looks damaged.
TEST_F(ScrubTest, NothingWrongIsLearnedBesideWriters) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    LabOptions options;
    options.sums.keep = false;
    options.scrub_after = 0;
    options.place.long_run_tracks = 2;
    open(options, seed);
    const VolumeId v = on_medium(kEven, 40, 'a');
    lab_->tell_to_keep_sums(true);
    lab_->restart();
    lab_->destaging(true);
    Random random(seed);
    std::vector<char> expected(40 * kTrackBlocks, 'a');
    for (int n = 0; n < 60; ++n) {
      const std::uint64_t block = random.below(37) * kTrackBlocks + random.below(kTrackBlocks);
      const std::uint64_t count = 1 + random.below(random.chance(1, 4) ? 3 * kTrackBlocks : 12);
      const char letter = static_cast<char>('b' + n % 20);
      ASSERT_TRUE(lab_->write(v, block, count, letter));
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(block), count, letter);
      if (random.chance(1, 3)) lab_->life->image().scrubbers()[0]->begin();
      lab_->run_for(static_cast<rt::TimeNs>(random.below(20'000'000)));
    }
    const bool crashes = random.chance(1, 2);
    if (!crashes) {
      lab_->destaging(false);
      EXPECT_TRUE(all_closed());
    }
    crashes ? lab_->crash() : lab_->restart();
    for (std::uint64_t track = 0; track < 40; ++track) {
      const std::string found = lab_->track(v, track);
      EXPECT_EQ(found.find("error"), std::string::npos) << "seed " << seed << " track " << track << ": " << found;
    }
    EXPECT_TRUE(scrub());
    EXPECT_EQ(problems(), std::vector<std::string>{}) << seed;
    for (std::uint64_t block = 0; block < expected.size(); block += 7) {
      EXPECT_EQ(lab_->content(v, block, 1)[0], expected[block]) << "seed " << seed << " block " << block;
    }
  }
}

/// Repairs wait for batches, batches for readers, holds for both: all of it ends.
TEST_F(ScrubTest, RepairsBesideCommandsAlwaysEnd) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    open({}, seed);
    const VolumeId s = on_medium(kEven, 40, 's');
    const VolumeId t = lab_->make(kOdd, 40);
    const VolumeId u = lab_->make(kOdd + 1, 40);
    copy(s, t);
    lab_->destaging(true);
    Random random(seed);
    for (std::uint64_t track = 0; track < 40; ++track) {
      if (random.chance(1, 3)) lab_->damage(random.chance(1, 2) ? s : t, track, random.below(kTrackBytes));
    }
    std::vector<Pending<std::string>> reads;
    for (int n = 0; n < 40; ++n) {
      reads.push_back(lab_->start_read(random.chance(1, 2) ? s : t, random.below(39) * kTrackBlocks, 2 * kTrackBlocks));
      if (n == 10) lab_->life->image().scrubbers()[0]->begin();
      if (n == 12) {
        const auto made = lab_->start_establish({Lab::pair(s, u, true, true)});
        ASSERT_TRUE(lab_->wait(made));
        EXPECT_TRUE((**made)[0]);
      }
      if (n == 25) {
        ASSERT_TRUE(lab_->wait(lab_->start_withdraw(s, t)));
      }
      lab_->run_for(static_cast<rt::TimeNs>(random.below(3'000'000)));
    }
    for (const auto& read : reads) {
      ASSERT_TRUE(lab_->wait(read)) << seed;
      if ((*read)->find("error") == std::string::npos) {
        EXPECT_EQ(**read, "s*256") << seed;
      }
    }
    lab_->destaging(false);
  }
}

}  // namespace
}  // namespace tt::simulation
