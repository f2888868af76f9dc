// SPDX-License-Identifier: Apache-2.0
// Whole tracks that go to their place at once (decision 0014), case by case.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 8;
constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;

LabOptions placing() {
  LabOptions options;
  options.place = {.long_run_tracks = 1, .many_writes = 1};
  return options;
}

struct Place : ::testing::Test {
  Place() : lab(1, placing()), s(lab.make(kEven, kTracks)) {}

  /// The medium and the map know all tracks, and the journal has old records of them.
  void fill_by_journal(char letter) {
    for (std::uint64_t track = 0; track < kTracks; ++track) {
      ASSERT_TRUE(lab.write(s, track * kTrackBlocks, kTrackBlocks - 1, letter));
      ASSERT_TRUE(lab.write(s, (track + 1) * kTrackBlocks - 1, 1, letter));
    }
    ASSERT_TRUE(lab.drain());
  }
  Result<void> stream(char letter) { return lab.write(s, 0, kTracks * kTrackBlocks, letter); }
  std::string all() { return lab.content(s, 0, kTracks * kTrackBlocks); }
  void expect_through_crashes(const std::string& content) {
    EXPECT_EQ(all(), content);
    for (int round = 0; round < 2; ++round) {
      lab.crash();
      EXPECT_EQ(all(), content);
    }
  }
  /// The next write to the file is refused.
  void refuse_a_write(const std::string& file) {
    sim::FaultRule rule;
    rule.kind = sim::FaultKind::io_error;
    rule.operations = sim::kWrites;
    rule.file = file;
    rule.at = 1;
    lab.world.faults().add(rule);
  }
  std::string medium() { return lab.control().config().ranks.at(0).device; }
  [[nodiscard]] std::uint64_t journal_bytes() { return lab.shard(0).ring().counters().bytes_written; }

  Lab lab;
  VolumeId s;
};

TEST_F(Place, AStreamIsWrittenOnce) {
  fill_by_journal('A');
  const std::uint64_t before = journal_bytes();
  ASSERT_TRUE(stream('B'));
  EXPECT_LE(journal_bytes() - before, 2 * journal::kSlotHeadBytes) << "one record without payload";
  EXPECT_FALSE(lab.dirty());
  EXPECT_EQ(all(), "B*1024");
}

/// What the journal still knows of these tracks must not come back.
TEST_F(Place, OlderRecordsAreVoidAfterACrash) {
  fill_by_journal('A');
  ASSERT_TRUE(stream('B'));
  expect_through_crashes("B*1024");
}

/// The journal's tail that is durable counts, not the one that could be: a checkpoint has passed the old record, and
/// the tail has not been moved yet.
TEST_F(Place, OlderRecordsAreVoidAlsoBehindACheckpoint) {
  fill_by_journal('x');
  const VolumeId scratch = lab.make(kOdd, 1);
  const auto push = [&] { ASSERT_TRUE(lab.write(scratch, 0, kTrackBlocks - 1, 'c')); };
  const journal::Ring& ring = lab.shard(0).ring();
  while (ring.bytes_since_cut() * 4 + 4 * 512_KiB < ring.capacity_bytes()) push();
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.write(s, 0, kTrackBlocks - 1, 'A'));
  ASSERT_TRUE(lab.write(s, kTrackBlocks - 1, 1, 'A'));
  const journal::SlotSeq old = ring.newest();
  while (lab.shard(0).store().fields().checkpoint_cut <= old) push();
  ASSERT_TRUE(lab.drain());
  ASSERT_LE(lab.durable_tail(0), old) << "this test wants the record to be read at a restart";
  ASSERT_TRUE(lab.write(s, 0, kTrackBlocks, 'B'));
  for (int round = 0; round < 2; ++round) {
    lab.crash();
    EXPECT_EQ(lab.track(s, 0), "B*128");
  }
}

TEST_F(Place, TracksThatWereNeverWrittenAreThereAfterACrash) {
  ASSERT_TRUE(lab.write(s, 0, 1, 'x'));  // takes the extent
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(stream('B'));
  expect_through_crashes("B*1024");
}

TEST_F(Place, ALaterWriteStaysOnTop) {
  fill_by_journal('A');
  ASSERT_TRUE(stream('B'));
  ASSERT_TRUE(lab.write(s, 5, 2, 'c'));
  lab.crash();
  EXPECT_EQ(lab.track(s, 0), "B*5 c*2 B*121");
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(stream('D'));
  lab.crash();
  EXPECT_EQ(all(), "D*1024");
}

/// It was answered while the stream was on its way: it counts as the second.
TEST_F(Place, AWriteThatArrivesMeanwhileStaysOnTop) {
  fill_by_journal('A');
  const auto big = lab.start_write(s, 0, kTracks * kTrackBlocks, 'B');
  lab.run_for(20 * rt::kMicrosecond);
  ASSERT_FALSE(big->has_value());
  ASSERT_TRUE(lab.write(s, 5, 2, 'c'));
  ASSERT_FALSE(big->has_value()) << "this test wants it to be still on its way";
  ASSERT_TRUE(lab.wait(big));
  ASSERT_TRUE(**big);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.track(s, 0), "B*5 c*2 B*121");
    lab.crash();
  }
}

/// Dirty data is not overtaken: the tracks that have some go through the journal.
TEST_F(Place, TracksWithDirtyDataGoThroughTheJournal) {
  fill_by_journal('A');
  ASSERT_TRUE(lab.write(s, 2 * kTrackBlocks + 3, 1, 'd'));
  ASSERT_TRUE(stream('B'));
  EXPECT_TRUE(lab.dirty());
  expect_through_crashes("B*1024");
}

TEST_F(Place, SourcesAndTargetsGoThroughTheJournal) {
  fill_by_journal('A');
  const VolumeId t = lab.make(kOdd, kTracks);
  ASSERT_TRUE(lab.establish(s, t, false, true));
  ASSERT_TRUE(stream('B'));
  EXPECT_TRUE(lab.dirty());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(all(), "B*1024");
    EXPECT_EQ(lab.content(t, 0, kTracks * kTrackBlocks), "A*1024");
    ASSERT_TRUE(lab.drain());
    lab.crash();
  }
}

/// The stream began before T0 and is answered after it: the copy shows all of it or nothing, and never changes.
TEST_F(Place, AnEstablishWaitsForAStreamThatIsOnItsWay) {
  for (int delay_us = 0; delay_us < 400; delay_us += 20) {
    Lab other(static_cast<std::uint64_t>(delay_us) + 1, placing());
    const VolumeId source = other.make(kEven, kTracks);
    const VolumeId target = other.make(kOdd, kTracks);
    ASSERT_TRUE(other.write(source, 1, kTracks * kTrackBlocks - 1, 'A'));
    ASSERT_TRUE(other.drain());
    const auto big = other.start_write(source, 0, kTracks * kTrackBlocks, 'B');
    other.run_for(delay_us * rt::kMicrosecond);
    ASSERT_TRUE(other.establish(source, target));
    const std::string at_once = other.content(target, 0, kTracks * kTrackBlocks);
    ASSERT_TRUE(other.wait(big));
    EXPECT_EQ(other.content(target, 0, kTracks * kTrackBlocks), at_once) << delay_us;
    EXPECT_EQ(other.content(source, 0, kTracks * kTrackBlocks), "B*1024");
    ASSERT_TRUE(other.drain());
    other.crash();
    EXPECT_EQ(other.content(target, 0, kTracks * kTrackBlocks), at_once) << delay_us;
  }
}

LabOptions placing_volatile(std::uint32_t from_permille) {
  LabOptions options = placing();
  options.acknowledge = image::Acknowledge::as_cached;
  options.place.volatile_from_permille = from_permille;
  return options;
}

/// The journal takes a burst at the speed of memory.
TEST(PlaceVolatile, GoesThroughTheJournalWhileThatHasRoom) {
  Lab lab(1, placing_volatile(image::PlaceOptions{}.volatile_from_permille));
  const VolumeId s = lab.make(kEven, kTracks);
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'B'));
  EXPECT_TRUE(lab.dirty());
}

TEST(PlaceVolatile, IsWrittenOnceWhenTheJournalFillsUp) {
  Lab lab(1, placing_volatile(0));
  const VolumeId s = lab.make(kEven, kTracks);
  ASSERT_TRUE(lab.write(s, 1, kTracks * kTrackBlocks - 1, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'B'));
  EXPECT_FALSE(lab.dirty());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.content(s, 0, kTracks * kTrackBlocks), "B*1024");
    lab.crash();
  }
}

/// An earlier write was answered from memory, another one while the stream was on its way. A crash that shows any of
/// the stream shows the first; one after its answer shows both.
TEST(PlaceVolatile, IsNeverThereWithoutWhatWasAnsweredBefore) {
  int half_way = 0;
  for (int delay_us = 0; delay_us < 600; delay_us += 10) {
    Lab lab(static_cast<std::uint64_t>(delay_us) + 1, placing_volatile(0));
    const VolumeId s = lab.make(kEven, kTracks);
    const VolumeId other = lab.make(kEven + 1, kTracks);
    ASSERT_TRUE(lab.write(s, 1, kTracks * kTrackBlocks - 1, 'A'));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.write(other, 0, 1, 'x'));
    const auto stream = lab.start_write(s, 0, kTracks * kTrackBlocks, 'B');
    ASSERT_FALSE(stream->has_value());
    ASSERT_TRUE(lab.write(other, 1, 1, 'y'));
    lab.run_for(delay_us * rt::kMicrosecond);
    const bool answered = stream->has_value();
    lab.crash();
    const bool seen = lab.content(s, 0, kTracks * kTrackBlocks).find('B') != std::string::npos;
    if (seen) EXPECT_EQ(lab.content(other, 0, 1), "x*1") << delay_us;
    if (answered) EXPECT_EQ(lab.content(other, 0, 2), "x*1 y*1") << delay_us;
    if (seen && !answered) ++half_way;
  }
  EXPECT_GT(half_way, 0);
}

/// The medium refuses it: the journal keeps what was answered, for reads and for the next start.
TEST_F(Place, WhatAFailingMediumRefusesIsInTheJournal) {
  fill_by_journal('A');
  refuse_a_write(medium());
  ASSERT_TRUE(stream('B'));
  EXPECT_TRUE(lab.control().config().ranks.at(0).failed);
  lab.world.faults().clear();
  expect_through_crashes("B*1024");
}

/// What is refused may be on the medium or not: nobody is shown either before the next start decides.
TEST_F(Place, ARefusedStreamIsNotShown) {
  fill_by_journal('A');
  refuse_a_write("journal.0");
  EXPECT_FALSE(stream('B'));
  lab.world.faults().clear();
  EXPECT_EQ(all().substr(0, 5), "error");
  lab.crash();
  const std::string decided = all();
  // The former content where the journal still has its records, which are laid over the new one; else the new one.
  EXPECT_TRUE(decided.starts_with("A*102") || decided.starts_with("B*102")) << decided;
  EXPECT_TRUE(lab.write(s, 0, 1, 'c'));
}

/// The medium refuses it and the journal is full.
TEST(PlaceFull, ARefusedStreamThatFindsNoRoomIsNotShown) {
  LabOptions options = placing();
  options.destage.eager_percent = 101;  // nothing leaves the journal
  Lab lab(1, options);
  const VolumeId s = lab.make(kEven, kTracks);
  const VolumeId other = lab.make(kOdd, 1024);
  ASSERT_TRUE(lab.write(s, 1, kTracks * kTrackBlocks - 1, 'A'));
  ASSERT_TRUE(lab.drain());
  const journal::Ring& ring = lab.shard(0).ring();
  for (std::uint64_t track = 0; ring.has_room(kTrackBytes, journal::SpaceClass::host); ++track) {
    ASSERT_LT(track, 1024U);
    ASSERT_TRUE(lab.write(other, track * kTrackBlocks, kTrackBlocks - 1, 'f'));
  }
  sim::FaultRule rule;
  rule.kind = sim::FaultKind::io_error;
  rule.operations = sim::kWrites;
  rule.file = lab.control().config().ranks.at(0).device;
  rule.at = 1;
  lab.world.faults().add(rule);
  const Result<void> refused = lab.write(s, 0, kTracks * kTrackBlocks, 'B');
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::rank_failed);
  lab.world.faults().clear();
  EXPECT_EQ(lab.content(s, 0, kTracks * kTrackBlocks).substr(0, 5), "error");
  EXPECT_EQ(lab.content(other, 0, 2), "f*2") << "others are served";
  lab.crash();
  EXPECT_NE(lab.content(s, 0, kTracks * kTrackBlocks).substr(0, 5), "error");
}

}  // namespace
}  // namespace tt::simulation
