// SPDX-License-Identifier: Apache-2.0
// Volumes that grow or become empty, and ranks that come and go, while the image is in use and while it crashes.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
/// Of the lab's pools.
constexpr std::uint64_t kExtentTracks = volume::kSmallExtentBytes / kTrackBytes;

LabOptions sharded(std::uint64_t count) {
  LabOptions options;
  options.shards = static_cast<std::uint32_t>(count);
  return options;
}

// ---- larger ---------------------------------------------------------------------------------------------------------

TEST(Expand, KeepsWhatWasThereAndReadsZerosBehindIt) {
  for (const std::uint32_t shards : {1U, 2U, 3U}) {
    for (const bool thin : {false, true}) {
      Lab lab(1, sharded(shards));
      const VolumeId v = lab.make_blocks(kEven, kTrackBlocks + 5, thin);
      ASSERT_TRUE(lab.write(v, 0, kTrackBlocks + 5, 'a'));
      ASSERT_TRUE(lab.drain());
      const std::uint64_t size = 3 * kExtentTracks * kTrackBlocks + 7;
      ASSERT_TRUE(lab.expand(v, size));
      EXPECT_EQ(lab.content(v, 0, 3 * kTrackBlocks), "a*133 .*251");
      EXPECT_EQ(lab.content(v, size - 9, 9), ".*9");
      ASSERT_TRUE(lab.write(v, kTrackBlocks + 5, 10, 'b'));
      ASSERT_TRUE(lab.write(v, size - 9, 9, 'z'));
      for (int life = 0; life < 3; ++life) {
        EXPECT_EQ(lab.content(v, 0, 2 * kTrackBlocks), "a*133 b*10 .*113");
        EXPECT_EQ(lab.content(v, size - 16, 16), ".*7 z*9");
        if (life == 0) lab.crash();
        if (life == 1) {
          ASSERT_TRUE(lab.drain());
          lab.restart();
        }
      }
    }
  }
}

/// A checkpoint holds maps of the old length; the crash comes before there is another one.
TEST(Expand, AfterACheckpointWithShorterMaps) {
  for (const std::uint32_t shards : {1U, 2U}) {
    for (const std::uint64_t tracks : {std::uint64_t{3}, kExtentTracks, 2 * kExtentTracks + 9}) {
      Lab lab(2, sharded(shards));
      const VolumeId v = lab.make(kEven, tracks);
      for (std::uint64_t t = 0; t < tracks; ++t) ASSERT_TRUE(lab.fill(v, t, 'a'));  // a page of ones
      ASSERT_TRUE(lab.drain());
      lab.restart();
      ASSERT_TRUE(lab.expand(v, (tracks + 700) * kTrackBlocks));
      ASSERT_TRUE(lab.fill(v, tracks + 600, 'n'));
      ASSERT_TRUE(lab.drain());  // its bit is in the journal only
      for (int life = 0; life < 3; ++life) {
        lab.crash();
        EXPECT_EQ(lab.track(v, tracks - 1), "a*128");
        EXPECT_EQ(lab.track(v, tracks), ".*128");
        EXPECT_EQ(lab.track(v, tracks + 600), "n*128");
        EXPECT_EQ(lab.track(v, tracks + 699), ".*128");
      }
      lab.restart();  // with a checkpoint of the new length
      EXPECT_EQ(lab.track(v, tracks + 600), "n*128");
      EXPECT_EQ(lab.track(v, tracks), ".*128");
    }
  }
}

/// Whenever the power fails, the volume has its old or its new size, and both are whole.
TEST(Expand, ACrashAtAnyTimeLeavesOneOfBoth) {
  int before = 0;
  int after = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Lab lab(seed, sharded(1 + seed % 3));
    const std::uint64_t old_blocks = kExtentTracks * kTrackBlocks - 3;
    const std::uint64_t new_blocks = 4 * kExtentTracks * kTrackBlocks;
    const VolumeId v = lab.make_blocks(kEven, old_blocks, seed % 2 == 0);
    ASSERT_TRUE(lab.fill(v, kExtentTracks - 2, 'a'));
    ASSERT_TRUE(lab.write(v, old_blocks - 5, 5, 'b'));
    if (seed % 4 < 2) {
      ASSERT_TRUE(lab.drain());
    }
    const auto expand = lab.start_expand(v, new_blocks);
    lab.run_for(static_cast<rt::TimeNs>(seed * 20) * rt::kMicrosecond);
    const bool answered = expand->has_value() && (*expand)->has_value();
    bool wrote = false;
    if (answered && seed % 3 == 0) wrote = lab.fill(v, 3 * kExtentTracks, 'n').has_value();
    lab.crash();
    const std::uint64_t blocks = lab.control().config().find_volume(v)->block_count;
    EXPECT_TRUE(blocks == old_blocks || blocks == new_blocks) << seed;
    EXPECT_TRUE(blocks == new_blocks || !answered) << seed << ": it was answered";
    (blocks == old_blocks ? before : after) += 1;
    EXPECT_EQ(lab.track(v, kExtentTracks - 2), "a*128") << seed;
    EXPECT_EQ(lab.content(v, old_blocks - 8, 8), ".*3 b*5") << seed;
    if (blocks == old_blocks) {
      EXPECT_EQ(lab.content(v, old_blocks, 1), "error out_of_range");
      ASSERT_TRUE(lab.expand(v, new_blocks)) << seed;
    }
    EXPECT_EQ(lab.content(v, old_blocks, 6), ".*6") << seed;
    EXPECT_EQ(lab.track(v, 3 * kExtentTracks), wrote ? "n*128" : ".*128") << seed;
    EXPECT_EQ(lab.track(v, 4 * kExtentTracks - 1), ".*128") << seed;
  }
  EXPECT_GT(before, 0);
  EXPECT_GT(after, 0);
}

TEST(Expand, NeverInARelationshipAlsoNotInOneThatIsClosing) {
  Lab lab;
  const VolumeId s = lab.make(kEven, 4);
  const VolumeId t = lab.make(kOdd, 4);
  ASSERT_TRUE(lab.fill(s, 0, 'a'));
  ASSERT_TRUE(lab.establish(s, t));
  for (const VolumeId v : {s, t}) {
    const Result<void> refused = lab.expand(v, 900);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::other_relationships);
  }
  ASSERT_TRUE(lab.fill(s, 0, 'b'));  // owed
  ASSERT_TRUE(lab.withdraw(s, t));
  ASSERT_TRUE(lab.expand(s, 900)) << "what was owed is pushed out first";
  ASSERT_TRUE(lab.expand(t, 900));
  EXPECT_EQ(lab.track(t, 0), "a*128");
  EXPECT_EQ(lab.content(t, 512, 388), ".*388");
  ASSERT_TRUE(lab.establish(s, t, true));
  EXPECT_EQ(lab.track(t, 0), "b*128");
}

TEST(Expand, RefusesWhatIsNotLargerOrDoesNotFit) {
  Lab lab;
  const VolumeId v = lab.make(kEven, 4);
  EXPECT_EQ(lab.expand(v, 4 * kTrackBlocks).error().code, Errc::out_of_range);
  EXPECT_EQ(lab.expand(v, 17_TiB / kBlockBytes).error().code, Errc::out_of_range);
  EXPECT_EQ(lab.expand(v, 10_TiB / kBlockBytes).error().code, Errc::no_space);
  EXPECT_EQ(lab.expand(VolumeId{kEven + 1}, 1).error().code, Errc::volume_not_found);
  EXPECT_EQ(lab.control().config().find_volume(v)->block_count, 4 * kTrackBlocks);
}

/// Hosts that use the volume go on while it grows.
TEST(Expand, WritesThatAreUnderWayGoOn) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Lab lab(seed, sharded(2));
    const VolumeId v = lab.make(kEven, 2 * kExtentTracks, true);
    std::vector<Pending<Result<void>>> writes;
    const auto expand = lab.start_expand(v, 6 * kExtentTracks * kTrackBlocks);
    for (std::uint64_t t = 0; t < 2 * kExtentTracks; t += 100) {
      writes.push_back(lab.start_write(v, t * kTrackBlocks, kTrackBlocks, 'w'));
    }
    ASSERT_TRUE(lab.wait(expand));
    ASSERT_TRUE(**expand);
    for (const auto& write : writes) {
      ASSERT_TRUE(lab.wait(write));
      EXPECT_TRUE(**write);
    }
    lab.crash();
    for (std::uint64_t t = 0; t < 2 * kExtentTracks; t += 100) EXPECT_EQ(lab.track(v, t), "w*128");
  }
}

// ---- empty again ----------------------------------------------------------------------------------------------------

/// Shards in loops of their own hear of it one after the other: who sees the new size can use all of it.
TEST(Expand, WhoSeesTheNewSizeCanUseIt) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    LabOptions options;
    options.shards = 2;
    options.reactors = 2;
    Lab lab(seed, options);
    const VolumeId v = lab.make(kEven, 200);
    ASSERT_TRUE(lab.fill(v, 0, 'a'));
    const auto grown = lab.start_expand(v, 512 * kTrackBlocks);
    ASSERT_TRUE(lab.run_until([&] { return lab.shard(0).find(v)->block_count == 512 * kTrackBlocks; }));
    EXPECT_EQ(lab.track(v, 300), ".*128");
    ASSERT_TRUE(lab.fill(v, 300, 'n'));
    ASSERT_TRUE(lab.wait(grown));
    lab.crash();
    EXPECT_EQ(lab.track(v, 300), "n*128") << "seed " << seed;
  }
}

/// A batch that writes the volume keeps its space until it has ended.
TEST(RemoveVolume, WaitsForTheBatchThatWritesIt) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LabOptions options;
    options.sums.keep = false;
    options.read_cache_bytes = 0;
    Lab lab(seed, options);
    const VolumeId first = lab.make(kEven + 4, 4);  // so that the space gets another track number
    const VolumeId v = lab.make(kEven, 4);
    ASSERT_TRUE(lab.fill(v, 0, 'A'));
    lab.slow_once("rank.0", sim::kWrites, 20000);
    lab.destaging(true);
    ASSERT_TRUE(lab.run_until([&] { return !lab.shard(0).background_idle(); }));
    lab.run_for(rt::kMillisecond);
    ASSERT_FALSE(lab.shard(0).background_idle());
    ASSERT_TRUE(lab.run(lab.control().remove_volume(v, image::RemoveMode::force)));
    ASSERT_TRUE(lab.remove(first));
    const std::uint64_t extents = lab.free_extents(v);
    const VolumeId w = lab.make(kEven + 2, extents * kExtentTracks);
    for (std::uint64_t i = 0; i < extents; ++i) ASSERT_TRUE(lab.fill(w, i * kExtentTracks, 'W'));
    lab.run_for(10 * rt::kSecond);
    ASSERT_TRUE(lab.drain());
    for (std::uint64_t i = 0; i < extents; ++i) EXPECT_EQ(lab.track(w, i * kExtentTracks), "W*128");
  }
}

TEST(ReleaseSpace, GivesTheExtentsBackAndReadsZeros) {
  for (const std::uint32_t shards : {1U, 2U}) {
    Lab lab(3, sharded(shards));
    const VolumeId v = lab.make(kEven, 4 * kExtentTracks, true);
    const std::uint64_t free = lab.free_extents(v);
    for (const std::uint64_t t : {std::uint64_t{0}, kExtentTracks, 3 * kExtentTracks}) ASSERT_TRUE(lab.fill(v, t, 'a'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.fill(v, 1, 'd'));  // dirty
    EXPECT_EQ(lab.free_extents(v), free - 3);
    ASSERT_TRUE(lab.release(v));
    EXPECT_EQ(lab.free_extents(v), free);
    ASSERT_TRUE(lab.fill(v, 2, 'n'));
    for (int life = 0; life < 3; ++life) {
      EXPECT_EQ(lab.content(v, 0, 3 * kTrackBlocks), ".*256 n*128");
      EXPECT_EQ(lab.track(v, 3 * kExtentTracks), ".*128");
      EXPECT_EQ(lab.free_extents(v), free - 1);
      if (life == 0) lab.crash();
      if (life == 1) {
        ASSERT_TRUE(lab.drain());
        lab.restart();
      }
    }
  }
}

/// T45: whoever gets an extent next never sees what its former owner wrote, and the former owner never what comes.
TEST(ReleaseSpace, AnExtentThatIsGivenAwayLeaksNothing) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Lab lab(seed, sharded(1 + seed % 2));
    const VolumeId former = lab.make(kEven, 2 * kExtentTracks, true);
    const VolumeId next = lab.make(kEven + 1, 2 * kExtentTracks, true);
    for (std::uint64_t t = 0; t < 2 * kExtentTracks; t += 64) ASSERT_TRUE(lab.fill(former, t, 'f'));
    if (seed % 2 == 0) {
      ASSERT_TRUE(lab.drain());
    }
    const auto release = lab.start_release(former);
    const auto write = lab.start_write(next, 0, kTrackBlocks, 'n');
    const auto late = lab.start_write(former, kTrackBlocks, kTrackBlocks, 'l');
    lab.run_for(static_cast<rt::TimeNs>(seed * 25) * rt::kMicrosecond);
    const bool answered = release->has_value();
    lab.crash();
    const std::string first = lab.track(former, 64);
    EXPECT_TRUE(first == "f*128" || first == ".*128") << seed << ": " << first;
    if (answered) {
      EXPECT_EQ(first, ".*128") << seed;
    }
    for (std::uint64_t t = 128; t < 2 * kExtentTracks; t += 64) EXPECT_EQ(lab.track(former, t), first) << seed;
    ASSERT_TRUE(lab.fill(next, kExtentTracks, 'n'));
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.content(next, kTrackBlocks, 63 * kTrackBlocks), ".*8064") << seed;
    EXPECT_EQ(lab.track(next, kExtentTracks + 64), ".*128") << seed;
    lab.crash();
    EXPECT_EQ(lab.track(former, 128), first) << seed;
  }
}

/// A volume whose space was released has another key for its map of written tracks than for its data: copies onto it
/// must clear and set bits of that one.
TEST(ReleaseSpace, ThenATargetOfACopy) {
  for (const bool copy : {false, true}) {
    Lab lab;
    const VolumeId s = lab.make(kEven, 8);
    const VolumeId t = lab.make(kOdd, 8, true);
    ASSERT_TRUE(lab.fill(t, 0, 'x'));
    ASSERT_TRUE(lab.release(t));
    for (const std::uint64_t track : {1U, 2U, 3U}) ASSERT_TRUE(lab.fill(t, track, 'o'));
    ASSERT_TRUE(lab.fill(s, 2, 'S'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.establish(s, t, copy, true));
    lab.run_for(rt::kSecond);
    ASSERT_TRUE(lab.fill(s, 3, 'n'));
    ASSERT_TRUE(lab.drain());
    for (int life = 0; life < 3; ++life) {
      EXPECT_EQ(lab.content(t, 0, 4 * kTrackBlocks), ".*256 S*128 .*128") << copy << " in life " << life;
      if (life == 0) lab.crash();
      if (life == 1) lab.restart();
    }
    EXPECT_EQ(lab.uncopied(s, t), copy ? 0U : 7U);
  }
}

TEST(ReleaseSpace, OnlyThinVolumesThatNoCopyNeeds) {
  Lab lab;
  const VolumeId thick = lab.make(kEven, 4);
  const VolumeId thin = lab.make(kOdd, 4, true);
  EXPECT_EQ(lab.release(thick).error().code, Errc::not_combinable);
  EXPECT_EQ(lab.release(VolumeId{kEven + 9}).error().code, Errc::volume_not_found);
  ASSERT_TRUE(lab.fill(thick, 0, 'a'));
  ASSERT_TRUE(lab.establish(thick, thin));
  EXPECT_EQ(lab.release(thin).error().code, Errc::other_relationships);
  EXPECT_EQ(lab.track(thin, 0), "a*128");
  ASSERT_TRUE(lab.fill(thick, 0, 'b'));
  ASSERT_TRUE(lab.withdraw(thick, thin));
  ASSERT_TRUE(lab.release(thin));
  EXPECT_EQ(lab.track(thin, 0), ".*128");
}

// ---- ranks ----------------------------------------------------------------------------------------------------------

TEST(Ranks, ANewRankIsUsedAndIsThereAfterACrash) {
  for (const std::uint32_t shards : {1U, 2U}) {
    Lab lab(4, sharded(shards));
    const VolumeId probe{kEven};
    const std::uint64_t free = lab.free_extents(probe);
    const auto rank = lab.add_rank("rank.new", 64_MiB);
    ASSERT_TRUE(rank);
    EXPECT_EQ(*rank, 2);
    EXPECT_EQ(lab.free_extents(probe), free + 4);
    const VolumeId v = lab.make(kEven, 4 * kExtentTracks);
    ASSERT_GT(lab.control().config().taken_extents.at(*rank).taken(), 0U);
    for (std::uint64_t t = 0; t < 4 * kExtentTracks; t += 200) ASSERT_TRUE(lab.fill(v, t, 'a'));
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.remove_rank(*rank).error().code, Errc::still_in_use);
    lab.crash();
    for (std::uint64_t t = 0; t < 4 * kExtentTracks; t += 200) EXPECT_EQ(lab.track(v, t), "a*128");
  }
}

TEST(Ranks, ARankThatWentMayComeAgainOnItsDevice) {
  Lab lab(5, sharded(2));
  const auto rank = lab.add_rank("rank.new", 64_MiB);
  ASSERT_TRUE(rank);
  const image::ControlPlane::Planner unassign = [&]() -> Result<volume::Mutation> {
    TT_TRY(const auto plan, volume::plan_assign_rank(lab.control().config(), *rank, std::nullopt));
    return volume::Mutation(plan);
  };
  ASSERT_TRUE(lab.record(unassign));
  ASSERT_TRUE(lab.remove_rank(*rank));
  EXPECT_EQ(lab.control().config().ranks.size(), 2U);
  lab.crash();
  EXPECT_EQ(lab.control().config().ranks.size(), 2U);
  const auto again = lab.make_rank(lab.control().config().arrays.rbegin()->first);
  ASSERT_TRUE(again);
  const VolumeId v = lab.make(kEven, 4 * kExtentTracks);
  ASSERT_TRUE(lab.fill(v, 0, 'a'));
  ASSERT_TRUE(lab.drain());
  lab.crash();
  EXPECT_EQ(lab.track(v, 0), "a*128");
}

/// A crash between the format and the record leaves a formatted device, which is no rank.
TEST(Ranks, ACrashWhileOneIsMadeLeavesItOrNot) {
  int made = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Lab lab(seed);
    ASSERT_TRUE(lab.add_site("rank.new", 64_MiB));
    const auto array = lab.make_array(3);
    ASSERT_TRUE(array);
    const auto pending = lab.start_rank(*array);
    lab.run_for(static_cast<rt::TimeNs>(seed * 250) * rt::kMicrosecond);
    lab.crash();
    made += lab.control().config().ranks.contains(2) ? 1 : 0;
    if (!lab.control().config().ranks.contains(2)) {
      ASSERT_TRUE(lab.make_rank(*array)) << seed;
    }
    const VolumeId v = lab.make(kEven, 4 * kExtentTracks);
    ASSERT_TRUE(lab.fill(v, kExtentTracks, 'a'));
    ASSERT_TRUE(lab.drain());
    EXPECT_EQ(lab.track(v, kExtentTracks), "a*128");
  }
  EXPECT_GT(made, 0);
  EXPECT_LT(made, 20);
}

}  // namespace
}  // namespace tt::simulation
