// SPDX-License-Identifier: Apache-2.0
// The ring after power failures, kills and damage.
#include "journal/ring_lab.h"

namespace tt::journal {
namespace {

using lab::RingLab;

/// Appends, waits, cleans and checkpoints at random. False when the world asks for a crash.
bool live(RingLab& lab, Random& random, int steps) {
  for (int i = 0; i < steps; ++i) {
    const std::size_t bytes = random.chance(1, 8) ? random.below(kMaxSlotBytes / 2) : random.below(20'000);
    if (lab.ring->has_room(bytes, SpaceClass::host)) {
      lab.put(bytes);
    } else if (!lab.run_while([&] { return lab.answered_lsn < lab.last_lsn; })) {
      return false;
    }
    if (random.chance(1, 10)) {
      while (!lab.kept.empty() && lab.kept.begin()->first <= lab.answered_lsn) lab.clean(lab.kept.begin()->first);
      lab.checkpoint();
    }
    const auto pause = static_cast<rt::TimeNs>(random.below(random.chance(1, 4) ? 400'000 : 20'000));
    if (lab.world.run_for(pause) != sim::RunEnd::time) return false;
  }
  return true;
}

void crash_in_life(std::uint64_t seed, sim::FaultKind kind, std::uint64_t at) {
  sim::StorageOptions options;
  options.block_bytes = seed % 2 == 0 ? 512 : 4096;
  options.crash.unit_garbage = seed % 3 == 0 ? 20 : 0;
  RingLab lab(seed, options);
  Random random(seed * 77 + at);
  sim::FaultRule rule;
  rule.kind = kind;
  rule.at = at;
  lab.world.faults().add(rule);
  const auto first = lab.open();
  if (first) live(lab, random, 60);
  lab.crash(random.chance(1, 3) ? sim::CrashKind::process : sim::CrashKind::power);
  ASSERT_TRUE(lab.open()) << "seed " << seed << " at " << at;
  live(lab, random, 10);
  lab.crash();
  ASSERT_TRUE(lab.open()) << "seed " << seed << " at " << at;
}

TEST(RingCrash, AtEveryIo) {
  for (std::uint64_t at = 1; at <= 50; ++at) {
    for (const auto kind : {sim::FaultKind::torn_crash, sim::FaultKind::crash_before, sim::FaultKind::crash_after}) {
      crash_in_life(at % 7 + 1, kind, at);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(RingCrash, ManyLivesOfOneRing) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    RingLab lab(seed);
    Random random(seed);
    for (int life = 0; life < 12; ++life) {
      sim::FaultRule rule;
      rule.kind = sim::FaultKind::torn_crash;
      rule.at = 1 + random.below(80);
      lab.world.faults().add(rule);
      const auto opened = lab.open({1 + static_cast<std::uint32_t>(random.below(kMaxWriters)), SlotSeq{0}});
      ASSERT_TRUE(opened || opened.error().code == Errc::cancelled) << "seed " << seed << " life " << life;
      if (opened) live(lab, random, 50);
      lab.crash(random.chance(1, 3) ? sim::CrashKind::process : sim::CrashKind::power);
    }
    ASSERT_TRUE(lab.open()) << "seed " << seed;
  }
}

/// Each slot is hardened before the next one begins, so each knows of its predecessor.
void fill_one_by_one(RingLab& lab, std::uint64_t slots, std::size_t bytes) {
  for (std::uint64_t i = 0; i < slots; ++i) {
    lab.put(bytes);
    ASSERT_TRUE(lab.run_while([&] { return lab.answered_lsn < lab.last_lsn; }));
  }
}

// T26: of two slots in flight the first is torn and the second whole. The second belongs to nobody, now and for ever.
TEST(RingCrash, En38ResurrectedSlot) {
  RingLab lab(1);
  ASSERT_TRUE(lab.open());
  fill_one_by_one(lab, 5, 4096);
  lab.put(4096);
  ASSERT_TRUE(lab.run_while([&] { return lab.file().in_flight() == 0; }));
  lab.put(4096);
  ASSERT_EQ(lab.slot_of[7].value, 7U);
  ASSERT_TRUE(lab.run_while([&] { return lab.file().in_flight() < 2; }));
  ASSERT_TRUE(lab.run_while([&] { return lab.file().in_flight() > 0; }));
  lab.crash();
  const std::uint64_t slot6 = 5 * 8192;
  const std::uint64_t slot7 = 6 * 8192;
  lab.file().flip_bit(slot6 + 5000, 3);
  lab.answered_lsn = 5;  // as if power had failed before both completed

  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.ring->replay_summary().last.value, 5U);
  EXPECT_TRUE(lab.ring->replay_summary().torn_tail);
  fill_one_by_one(lab, 1, 4096);
  lab.crash();
  const auto leftover = lab.file().visible(slot7, kSlotHeadBytes);
  ASSERT_EQ(check_head(leftover), SlotFault::none);
  ASSERT_EQ(read_header(leftover).sequence, 7U);  // the old life's slot stands where the next one is expected

  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.ring->replay_summary().last.value, 6U);
  EXPECT_EQ(lab.last_lsn, 6U);
}

// T26: at the head of the second lap stand intact slots of the first.
TEST(RingCrash, En39OldLap) {
  RingLab lab(2);
  ASSERT_TRUE(lab.open());
  const std::uint64_t per_lap = lab.ring_bytes / 8192;
  std::uint64_t next = 0;
  lab.world.observe_disks([&](const sim::DiskEvent& event) {
    if (event.kind == rt::DiskOp::Kind::write) next = slot_start(event.offset + event.length, lab.ring_bytes);
  });
  for (std::uint64_t i = 0; i < per_lap + 10; ++i) {
    fill_one_by_one(lab, 1, 4096);
    lab.clean(lab.last_lsn);
    if (i % 100 == 99) lab.checkpoint();
  }
  const std::uint64_t last = lab.ring->durable().value;
  lab.crash();
  const auto old = lab.file().visible(next, kSlotHeadBytes);
  ASSERT_EQ(check_head(old), SlotFault::none);
  ASSERT_LT(read_header(old).sequence, last);
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.ring->replay_summary().last.value, last);
  EXPECT_FALSE(lab.ring->replay_summary().torn_tail);
}

// T28: damage to a slot that later slots know to be durable is no torn tail.
TEST(RingCrash, En41RotInsideRing) {
  for (std::uint64_t damaged = 1; damaged <= 8; ++damaged) {
    for (const std::uint64_t at : {0U, 200U, 4095U, 4096U, 8191U}) {
      RingLab lab(damaged);
      ASSERT_TRUE(lab.open());
      fill_one_by_one(lab, 9, 4096);
      lab.stop();
      lab.file().flip_bit((damaged - 1) * 8192 + at, static_cast<unsigned>(at));
      const auto opened = lab.open();
      ASSERT_FALSE(opened) << "slot " << damaged << " byte " << at;
      EXPECT_EQ(opened.error(), (Error{Errc::corrupt, (damaged - 1) * 8192}));
    }
  }
}

TEST(RingCrash, En41RotInsideRingWithManySlotsInFlight) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RingLab lab(seed);
    ASSERT_TRUE(lab.open({kMaxWriters, SlotSeq{0}}));
    std::vector<std::uint64_t> offsets;
    lab.world.observe_disks([&](const sim::DiskEvent& event) {
      if (event.kind == rt::DiskOp::Kind::write && event.phase == sim::DiskEvent::Phase::submit) {
        offsets.push_back(event.offset);
      }
    });
    for (int i = 0; i < 20; ++i) lab.put(400'000 + lab.world.random().below(200'000));
    ASSERT_TRUE(lab.run_while([&] { return lab.answers.size() < lab.last_lsn; }));
    lab.stop();
    ASSERT_GT(offsets.size(), kMaxWriters);
    // Whatever is more than the window before the end must be known as durable, whichever program opens the ring.
    const std::uint64_t damaged = lab.world.random().below(offsets.size() - kMaxWriters);
    lab.file().flip_bit(offsets[damaged] + 100, 1);
    const auto opened = lab.open({1, SlotSeq{0}});
    ASSERT_FALSE(opened) << "seed " << seed;
    EXPECT_EQ(opened.error(), (Error{Errc::corrupt, offsets[damaged]}));
  }
}

// The last slots have no successor that knows of them, but the superblock does.
TEST(RingCrash, En41RotInTheLastSlotThatACheckpointCovers) {
  RingLab lab(3);
  ASSERT_TRUE(lab.open());
  fill_one_by_one(lab, 4, 4096);
  lab.stop();
  lab.file().flip_bit(3 * 8192 + 5000, 1);
  EXPECT_EQ(lab.open({4, SlotSeq{4}}).error(), (Error{Errc::corrupt, 3 * 8192}));
  lab.answered_lsn = 3;
  EXPECT_TRUE(lab.open({4, SlotSeq{3}}));
}

TEST(RingCrash, UnreadableSectors) {
  RingLab lab(4);
  ASSERT_TRUE(lab.open());
  fill_one_by_one(lab, 6, 4096);
  lab.stop();
  lab.file().make_unreadable(6 * 8192 + 20 * 4096, 512);  // beyond the end: nobody needs it
  ASSERT_TRUE(lab.open());
  lab.stop();
  lab.file().make_unreadable(5 * 8192 + 4096, 512);  // in the last slot: it may have been answered
  EXPECT_EQ(lab.open().error(), (Error{Errc::io_error, 5 * 8192}));
  lab.file().make_unreadable(2 * 8192, 512);
  EXPECT_EQ(lab.open().error(), (Error{Errc::corrupt, 2 * 8192}));
}

TEST(RingCrash, ASlotOfThisOrAFutureLifeIsRefused) {
  RingLab lab(5);
  lab.epoch = 9;
  ASSERT_TRUE(lab.open());
  fill_one_by_one(lab, 2, 512);
  lab.stop();
  lab.epoch = 9;  // the superblock forgot a start
  EXPECT_EQ(lab.open().error().code, Errc::corrupt);
  lab.epoch = 10;
  EXPECT_TRUE(lab.open());
}

TEST(RingCrash, ANewerFormatIsNotTakenForATear) {
  RingLab lab(6);
  ASSERT_TRUE(lab.open());
  fill_one_by_one(lab, 2, 512);
  lab.stop();
  auto head = lab.file().visible(8192, kSlotHeadBytes);
  SlotHeader header = read_header(head);
  header.version = kRingVersion + 1;
  write_header(head, header);
  lab.file().overwrite(8192, head);
  EXPECT_EQ(lab.open().error().code, Errc::version_not_supported);
}

TEST(RingCrash, SlotsOfAnotherRingAreNoPartOfThisOne) {
  RingLab lab(7);
  ASSERT_TRUE(lab.open());
  fill_one_by_one(lab, 3, 512);
  lab.stop();
  for (std::uint64_t slot = 1; slot < 3; ++slot) {
    auto head = lab.file().visible(slot * 8192, kSlotHeadBytes);
    SlotHeader header = read_header(head);
    header.ring_id = lab::kRingId + 1;
    write_header(head, header);
    lab.file().overwrite(slot * 8192, head);
  }
  lab.answered_lsn = 1;
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.ring->replay_summary().last.value, 1U);
}

// A killed process leaves slots in the device's cache; the next life builds upon them; then power fails.
TEST(RingCrash, WhatWasReadAfterAKillSurvivesPowerFailure) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    sim::StorageOptions options;
    options.crash.drop_everything = 90;
    options.crash.keep_everything = 0;
    RingLab lab(seed, options);
    ASSERT_TRUE(lab.open());
    for (int i = 0; i < 6; ++i) {
      lab.put(4096);
      lab.world.run_for(30 * rt::kMicrosecond);
    }
    lab.crash(sim::CrashKind::process);
    ASSERT_TRUE(lab.open());
    const std::uint64_t found = lab.last_lsn;
    fill_one_by_one(lab, 3, 4096);
    lab.crash(sim::CrashKind::power);
    ASSERT_TRUE(lab.open()) << "seed " << seed;
    EXPECT_EQ(lab.last_lsn, found + 3);
  }
}

TEST(RingCrash, OneSeedIsOneRun) {
  std::uint64_t hashes[2] = {};
  for (std::uint64_t& hash : hashes) {
    RingLab lab(99);
    Random random(99);
    ASSERT_TRUE(lab.open());
    live(lab, random, 100);
    lab.crash();
    ASSERT_TRUE(lab.open());
    hash = lab.world.trace_hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace tt::journal
