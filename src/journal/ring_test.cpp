// SPDX-License-Identifier: Apache-2.0
// The ring in good weather: order, grouping, space, pins, wrap-around, errors.
#include "journal/ring.h"

#include "journal/ring_lab.h"
#include "runtime/frame_pool.h"

namespace tt::journal {
namespace {

using lab::RingLab;

TEST(Ring, AnEmptyRingReplaysNothing) {
  RingLab lab(1);
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.ring->replay_summary().slot_count, 0U);
  EXPECT_EQ(lab.ring->replay_summary().last, SlotSeq{0});
  EXPECT_FALSE(lab.ring->replay_summary().torn_tail);
  EXPECT_EQ(lab.ring->newest(), SlotSeq{0});
  EXPECT_EQ(lab.ring->oldest_pinned(), SlotSeq{0});
}

TEST(Ring, RecordsComeBackAfterACleanStop) {
  RingLab lab(2);
  ASSERT_TRUE(lab.open());
  for (const std::size_t bytes : {0U, 1U, 511U, 512U, 513U, 4096U, 65536U, 100'000U}) lab.put(bytes);
  lab.put(kMaxSlotBytes - kSlotHeadBytes);
  ASSERT_TRUE(lab.run_while([&] { return lab.answered_lsn < 9; }));
  lab.stop();
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.ring->replay_summary().record_count, 9U);
  EXPECT_EQ(lab.last_lsn, 9U);
}

TEST(Ring, RecordsOfOneTurnShareASlot) {
  RingLab lab(3);
  ASSERT_TRUE(lab.open());
  const SlotSeq first = lab.put(512);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(lab.put(512), first);
  ASSERT_TRUE(lab.run_while([&] { return lab.answered_lsn < 21; }));
  EXPECT_EQ(lab.ring->counters().slots_written, 1U);
  EXPECT_EQ(lab.ring->counters().records, 21U);
}

TEST(Ring, AFullSlotIsFollowedByTheNext) {
  RingLab lab(4);
  ASSERT_TRUE(lab.open());
  const SlotSeq first = lab.put(512);
  for (std::size_t i = 1; i < kMaxRecordsPerSlot; ++i) EXPECT_EQ(lab.put(0), first);
  EXPECT_EQ(lab.put(512).value, first.value + 1);
  EXPECT_EQ(lab.put(kMaxSlotBytes - kSlotHeadBytes).value, first.value + 2);
  ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < lab.last_lsn; }));
}

TEST(Ring, AnswersComeInOrder) {
  RingLab lab(5);
  ASSERT_TRUE(lab.open());
  for (int i = 0; i < 300; ++i) {
    lab.put(512 * (1 + static_cast<std::size_t>(i) % 64));
    if (i % 3 == 0) lab.world.run_for(5 * rt::kMicrosecond);
  }
  ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < 300; }));
  EXPECT_TRUE(std::ranges::is_sorted(lab.answers));
}

TEST(Ring, CutSeparatesBeforeAndAfter) {
  RingLab lab(6);
  ASSERT_TRUE(lab.open());
  const SlotSeq before = lab.put(512);
  EXPECT_EQ(lab.ring->bytes_since_cut(), 8192U);
  EXPECT_EQ(lab.ring->cut(), before);
  EXPECT_EQ(lab.ring->bytes_since_cut(), 0U);
  EXPECT_EQ(lab.ring->cut(), before);
  EXPECT_GT(lab.put(512), before);
}

// Lives that are too short for a checkpoint must not fill the ring together: what replay finds asks for one.
TEST(Ring, WhatReplayFindsCountsAsSinceTheCut) {
  RingLab lab(61);
  std::uint64_t appended = 0;
  for (int life = 0; life < 3; ++life) {
    ASSERT_TRUE(lab.open());
    EXPECT_EQ(lab.ring->bytes_since_cut(), appended);
    lab.put(4096);
    ASSERT_TRUE(lab.run_while([&] { return lab.answered_lsn < lab.last_lsn; }));
    appended = lab.ring->bytes_since_cut();
    lab.crash();
  }
  EXPECT_EQ(appended, 3 * 8192U);
}

TEST(Ring, TheTailStopsAtPinsCutAndHardening) {
  RingLab lab(7);
  ASSERT_TRUE(lab.open());
  const SlotSeq first = lab.put(512);
  lab.ring->cut();
  const SlotSeq second = lab.put(512);
  lab.ring->cut();
  EXPECT_EQ(lab.ring->needed_tail().sequence, first);  // not hardened
  ASSERT_TRUE(lab.run_while([&] { return lab.answered_lsn < 2; }));
  EXPECT_EQ(lab.ring->oldest_pinned(), first);
  lab.clean(1);
  EXPECT_EQ(lab.ring->oldest_pinned(), second);
  EXPECT_EQ(lab.ring->needed_tail().sequence, first);  // no checkpoint has it
  lab.ring->set_checkpoint_cut(second);
  EXPECT_EQ(lab.ring->needed_tail().sequence, second);
  lab.ring->pin(first);  // somebody needs it once more
  EXPECT_EQ(lab.ring->needed_tail().sequence, first);
  lab.ring->unpin(first);
  lab.clean(2);
  const RingTail empty = lab.ring->needed_tail();
  EXPECT_EQ(empty.sequence.value, second.value + 1);
  EXPECT_EQ(lab.ring->used_bytes(), 16384U);
  lab.move_tail();
  EXPECT_EQ(lab.ring->used_bytes(), 0U);
  lab.stop();
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.ring->replay_summary().slot_count, 0U);
}

/// Found by crashes 1847: the look for the oldest pin passed the open slot, which held a record that was needed by
/// nobody, and never came back to the record of a host that joined it there.
TEST(Ring, ARecordThatJoinsASlotNobodyNeededIsKept) {
  RingLab lab(7);
  ASSERT_TRUE(lab.open());
  const SlotSeq slot = lab.put(512);
  lab.clean(1);
  EXPECT_EQ(lab.ring->oldest_pinned(), SlotSeq{0});
  ASSERT_EQ(lab.put(512), slot);
  EXPECT_EQ(lab.ring->oldest_pinned(), slot);
  lab.ring->cut();
  ASSERT_TRUE(lab.run_while([&] { return lab.answered_lsn < 2; }));
  lab.ring->set_checkpoint_cut(slot);
  EXPECT_EQ(lab.ring->needed_tail().sequence, slot);
}

// T35: dirty data may not take the space of the records that clean it.
TEST(Ring, En53RingFullSpaceClasses) {
  RingLab lab(8);
  ASSERT_TRUE(lab.open());
  std::uint64_t before = 0;
  for (const SpaceClass c : {SpaceClass::host, SpaceClass::control, SpaceClass::destage, SpaceClass::redo}) {
    while (lab.ring->has_room(65536, c)) lab.put(65536, c);
    while (lab.ring->has_room(0, c)) lab.put(0, c);
    EXPECT_GT(lab.ring->used_bytes(), before);
    EXPECT_LE(lab.ring->used_bytes(), lab.ring->limit_bytes(c));
    EXPECT_GT(lab.ring->used_bytes() + 2 * kSlotHeadBytes, lab.ring->limit_bytes(c));
    before = lab.ring->used_bytes();
  }
  EXPECT_FALSE(lab.ring->has_room(0, SpaceClass::redo));
  ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < lab.last_lsn; }));
  lab.check_memory();
  lab.crash();
  ASSERT_TRUE(lab.open());
}

TEST(Ring, RoomWakesWhenSlotsAreReleased) {
  RingLab lab(9);
  ASSERT_TRUE(lab.open());
  while (lab.ring->has_room(65536, SpaceClass::host)) lab.put(65536);
  bool woken = false;
  struct Waiter {
    static rt::Task<void> wait(RingLab& lab, bool& woken) {
      while (!lab.ring->has_room(65536, SpaceClass::host)) co_await lab.ring->room();
      woken = true;
    }
  };
  lab.scope->spawn(Waiter::wait(lab, woken));
  ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < lab.last_lsn; }));
  EXPECT_FALSE(woken);
  for (std::uint64_t lsn = 1; lsn <= 20; ++lsn) lab.clean(lsn);
  lab.checkpoint();
  ASSERT_TRUE(lab.run_while([&] { return !woken; }));
}

/// Between the payloads and after them stand zeros, also where an older lap had left other bytes.
void check_padding(const sim::DiskEvent& event) {
  if (event.kind != rt::DiskOp::Kind::write || event.phase != sim::DiskEvent::Phase::submit) return;
  const SlotHeader header = read_header(event.data);
  for (std::size_t i = 0; i < header.record_count; ++i) {
    const RecordHeader record = read_record(event.data, i);
    const std::size_t end = record.payload_offset + record.payload_bytes;
    const bool last = i + 1 == header.record_count;
    const std::size_t next = last ? event.data.size() : read_record(event.data, i + 1).payload_offset;
    const auto padding = event.data.subspan(end, next - end);
    ASSERT_TRUE(std::ranges::all_of(padding, [](std::byte b) { return b == std::byte{0}; }));
  }
}

/// Many laps with random sizes, pins held for a while, and the memory of every pinned record checked all the time.
void run_laps(std::uint64_t seed, std::uint64_t laps) {
  RingLab lab(seed);
  lab.ring_bytes = 16 * kMaxSlotBytes + lab.world.random().below(64) * kSlotHeadBytes;
  ASSERT_TRUE(lab.open());
  lab.world.observe_disks(check_padding);
  Random random(seed);
  std::uint64_t appended = 0;
  while (appended < laps * lab.ring_bytes) {
    const std::size_t bytes =
        random.chance(1, 4) ? random.below(kMaxSlotBytes - kSlotHeadBytes + 1) : random.below(65536);
    if (lab.ring->has_room(bytes, SpaceClass::host)) {
      lab.put(bytes);
      appended += bytes;
    } else {
      ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < lab.last_lsn; }));
      lab.check_memory();
      const std::uint64_t end = lab.last_lsn - random.below(5);
      while (!lab.kept.empty() && lab.kept.begin()->first <= end) lab.clean(lab.kept.begin()->first);
      lab.checkpoint();
    }
    if (random.chance(1, 3)) lab.world.run_for(random.chance(1, 2) ? 1 : 200 * rt::kMicrosecond);
  }
  ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < lab.last_lsn; }));
  lab.check_memory();
  lab.crash();
  ASSERT_TRUE(lab.open()) << seed;
}

TEST(Ring, ManyLapsKeepEveryPinnedRecord) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) run_laps(seed, 6);
}

// T7: the simulated disk fails the run when the bytes of a write in flight change.
TEST(Ring, En8OverwriteDuringAppend) {
  RingLab lab(10);
  ASSERT_TRUE(lab.open());
  for (int i = 0; i < 2000; ++i) {
    if (!lab.ring->has_room(4096, SpaceClass::host)) break;
    lab.put(1 + static_cast<std::size_t>(i) % 4096);
    lab.world.run_for(static_cast<rt::TimeNs>(lab.world.random().below(30'000)));
    ASSERT_TRUE(lab.world.failure().empty()) << lab.world.failure();
  }
}

// T25: slot 7 completes before slot 6; nobody may be answered, and after the power failure 6 and 7 are both gone.
TEST(Ring, En37SlotCompletionReordered) {
  std::uint32_t reordered = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RingLab lab(seed);
    ASSERT_TRUE(lab.open());
    std::uint64_t durable_writes = 0;
    std::map<std::uint64_t, bool> complete;  // by ring offset
    lab.world.observe_disks([&](const sim::DiskEvent& event) {
      if (event.kind != rt::DiskOp::Kind::write) return;
      if (event.phase == sim::DiskEvent::Phase::submit) complete[event.offset] = false;
      if (event.phase != sim::DiskEvent::Phase::complete) return;
      complete[event.offset] = true;
      ++durable_writes;
    });
    for (int i = 0; i < 40; ++i) {
      lab.put(4096);
      lab.world.run_for(10 * rt::kMicrosecond);
      bool gap = false;
      for (const auto& [offset, done] : complete) {
        reordered += gap && done ? 1 : 0;
        gap = gap || !done;
      }
      // No answer beyond the first write that is still in flight.
      std::uint64_t contiguous = 0;
      for (const auto& [offset, done] : complete) {
        if (!done) break;
        ++contiguous;
      }
      ASSERT_LE(lab.ring->durable().value, contiguous) << "seed " << seed;
      if (lab.answered_lsn > 0) {
        ASSERT_LE(lab.slot_of[lab.answered_lsn].value, contiguous);
      }
    }
    lab.crash();
    ASSERT_TRUE(lab.open()) << "seed " << seed;
  }
  EXPECT_GT(reordered, 100U);
}

TEST(Ring, NoMoreThanWritersSlotsAreAheadOfTheHardenedOnes) {
  RingLab lab(11);
  ASSERT_TRUE(lab.open({2, SlotSeq{0}}));
  std::uint64_t in_flight = 0;
  std::uint64_t most = 0;
  lab.world.observe_disks([&](const sim::DiskEvent& event) {
    if (event.kind != rt::DiskOp::Kind::write) return;
    in_flight += event.phase == sim::DiskEvent::Phase::submit ? 1U : ~std::uint64_t{0};
    most = std::max(most, in_flight);
    if (event.phase == sim::DiskEvent::Phase::submit) {
      const SlotHeader header = read_header(event.data);
      EXPECT_LE(header.sequence, lab.ring->durable().value + 2);
      EXPECT_EQ(header.known_durable, lab.ring->durable().value);
    }
  });
  for (int i = 0; i < 10; ++i) lab.put(kMaxSlotBytes - kSlotHeadBytes);
  ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < 10; }));
  EXPECT_EQ(most, 2U);
}

// T37: the first failed write fences the ring; nothing is written afterwards, everybody is told.
void fail_a_write(std::uint64_t seed, std::uint64_t at) {
  RingLab lab(seed);
  ASSERT_TRUE(lab.open());
  lab.put(512);
  ASSERT_TRUE(lab.run_while([&] { return lab.answered_lsn < 1; }));
  sim::FaultRule rule;
  rule.kind = sim::FaultKind::io_error;
  rule.operations = sim::kWrites;
  rule.at = at;
  lab.world.faults().add(rule);
  std::uint64_t writes = 0;
  lab.world.observe_disks([&](const sim::DiskEvent& event) {
    const bool submitted = event.phase == sim::DiskEvent::Phase::submit;
    if (submitted && lab.ring != nullptr && lab.ring->failed()) ++writes;
  });
  for (int i = 0; i < 30; ++i) {
    lab.put(4096);
    lab.world.run_for(20 * rt::kMicrosecond);
  }
  lab.world.run_for(rt::kSecond);
  ASSERT_TRUE(lab.ring->failed());
  EXPECT_EQ(lab.answers.size() + lab.failed_answers, 31U);
  EXPECT_GT(lab.failed_answers, 0U);
  EXPECT_TRUE(std::ranges::is_sorted(lab.answers));
  lab.put(512);  // still places the record in memory
  lab.check_memory();
  lab.world.run_for(rt::kSecond);
  EXPECT_EQ(writes, 0U) << "seed " << seed << " write " << at;
  EXPECT_EQ(lab.answers.size() + lab.failed_answers, 32U);
  lab.stop();
  lab.world.faults().clear();
  ASSERT_TRUE(lab.open());
}

TEST(Ring, En57FailedRingWriteFences) {
  for (std::uint64_t at = 1; at <= 8; ++at) fail_a_write(12 + at, at);
}

TEST(Ring, StopWritesWhatWasAppended) {
  RingLab lab(13);
  ASSERT_TRUE(lab.open());
  for (int i = 0; i < 30; ++i) lab.put(300'000);
  lab.stop();
  EXPECT_EQ(lab.answers.size(), 30U);
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.last_lsn, 30U);
}

TEST(Ring, SteadyAppendingAllocatesNoFrames) {
  RingLab lab(14);
  ASSERT_TRUE(lab.open());
  std::size_t misses = 0;
  for (int i = 0; i < 400; ++i) {
    if (i == 200) misses = rt::frame_pool_misses();
    lab.put(4096);
    ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < lab.last_lsn; }));
  }
  EXPECT_EQ(rt::frame_pool_misses(), misses);
}

TEST(Ring, ImpossibleGeometryIsRefused) {
  RingLab lab(15);
  lab.ring_bytes = 8 * kMaxSlotBytes;
  EXPECT_EQ(lab.open().error().code, Errc::invalid_argument);
  lab.ring_bytes = lab::kSmallRing;
  EXPECT_EQ(lab.open({0, SlotSeq{0}}).error().code, Errc::invalid_argument);
  EXPECT_EQ(lab.open({kMaxWriters + 1, SlotSeq{0}}).error().code, Errc::invalid_argument);
  lab.tail.offset = 512;
  EXPECT_EQ(lab.open().error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace tt::journal
