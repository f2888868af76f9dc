// SPDX-License-Identifier: Apache-2.0
// Targets of one source that share preserved tracks (decision 0011), case by case.
#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 4;
constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;

volume::RelationshipOptions recording() {
  volume::RelationshipOptions options;
  options.background_copy = false;
  options.persistent = true;
  options.recording = true;
  options.multiple_incremental = true;
  return options;
}

/// S holds A on its medium; targets on the other rank hold 0, 1, 2 ... and were established one after the other.
struct Fan {
  explicit Fan(std::size_t targets, std::uint64_t seed = 1) : lab(seed), s(lab.make(kEven, kTracks)) {
    EXPECT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'A'));
    for (std::size_t i = 0; i < targets; ++i) {
      t.push_back(lab.make(static_cast<std::uint16_t>(kOdd + i), kTracks));
      EXPECT_TRUE(lab.write(t[i], 0, kTracks * kTrackBlocks, static_cast<char>('0' + i)));
    }
    EXPECT_TRUE(lab.drain());
    for (const VolumeId target : t) {
      volume::PairRequest pair = Lab::pair(s, target);
      pair.options = recording();
      EXPECT_TRUE(lab.establish({pair}).front());
    }
  }
  /// Track 0 is overwritten on S, so that the youngest target has it and the others borrow it.
  void lend() {
    EXPECT_TRUE(lab.write(s, 5, 1, 'n'));
    EXPECT_TRUE(lab.drain());
  }
  std::uint64_t destaged(VolumeId volume) { return lab.shard(0).find(volume)->counters.tracks_destaged; }
  std::uint64_t destaged_to_targets() {
    std::uint64_t tracks = 0;
    for (const VolumeId target : t) tracks += destaged(target);
    return tracks;
  }
  std::uint64_t borrowed(std::size_t i) {
    std::uint64_t tracks = 0;
    for (const auto* loan : lab.shard(0).find(t[i])->loans) tracks += loan->uncopied.count();
    return tracks;
  }
  [[nodiscard]] std::size_t loans() { return lab.control().config().loans.size(); }
  /// All targets show track 0 as it was, also after a power loss.
  void expect_images(const char* what) {
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < t.size(); ++i) EXPECT_EQ(lab.track(t[i], 0), "A*128") << what << ", target " << i;
      if (round == 0) lab.crash();
    }
  }

  Lab lab;
  VolumeId s;
  std::vector<VolumeId> t;
};

/// What an overwrite costs does not depend on the number of targets that need the old track.
TEST(Loans, TwelveTargetsCostOneCopy) {
  Fan fan(12);
  const std::uint64_t before = fan.destaged_to_targets();
  fan.lend();
  EXPECT_EQ(fan.destaged_to_targets() - before, 1U);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(fan.borrowed(i), i == 11 ? 0U : 1U);
    EXPECT_EQ(fan.lab.uncopied(fan.s, fan.t[i]), i == 11 ? kTracks - 1 : kTracks) << "to be copied still";
  }
  fan.expect_images("lent");
  EXPECT_EQ(fan.lab.track(fan.s, 0), "A*5 n*1 A*122");
  ASSERT_TRUE(fan.lab.write(fan.s, 6, 1, 'm'));  // nobody needs the track from S any more
  const std::uint64_t again = fan.destaged_to_targets();
  ASSERT_TRUE(fan.lab.drain());
  EXPECT_EQ(fan.destaged_to_targets(), again);
  fan.expect_images("overwritten again");
}

/// S changed between two T0s: each of the two images is kept once.
TEST(Loans, OnlyTheSameImageIsShared) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  std::vector<VolumeId> t;
  for (std::uint16_t i = 0; i < 4; ++i) t.push_back(lab.make(static_cast<std::uint16_t>(kOdd + i), kTracks));
  ASSERT_TRUE(lab.establish(s, t[0]));
  ASSERT_TRUE(lab.establish(s, t[1]));
  ASSERT_TRUE(lab.write(s, 5, 1, 'n'));
  ASSERT_TRUE(lab.establish(s, t[2]));
  ASSERT_TRUE(lab.establish(s, t[3]));
  ASSERT_TRUE(lab.write(s, 6, 1, 'm'));
  ASSERT_TRUE(lab.drain());
  const auto copies = [&](std::size_t i) { return lab.shard(0).find(t[i])->counters.tracks_destaged; };
  EXPECT_EQ(copies(0) + copies(1) + copies(2) + copies(3), 2U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.track(s, 0), "A*5 n*1 m*1 A*121");
    for (const std::size_t i : {0U, 1U}) EXPECT_EQ(lab.track(t[i], 0), "A*128") << i;
    for (const std::size_t i : {2U, 3U}) EXPECT_EQ(lab.track(t[i], 0), "A*5 n*1 A*122") << i;
    lab.crash();
  }
}

/// Whoever has borrowed from a target that a host writes gets the track first.
TEST(Loans, TheLenderIsOverwritten) {
  for (const bool whole : {false, true}) {
    Fan fan(4);
    fan.lend();
    ASSERT_TRUE(fan.lab.write(fan.t[3], whole ? 0 : 9, whole ? kTrackBlocks : 1, 't'));
    EXPECT_EQ(fan.lab.track(fan.t[0], 0), "A*128") << "before the destage";
    const std::uint64_t before = fan.destaged_to_targets();
    ASSERT_TRUE(fan.lab.drain());
    EXPECT_EQ(fan.destaged_to_targets() - before, 2U) << "the next one lends it on";
    EXPECT_EQ(fan.borrowed(2), 0U);
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(fan.lab.track(fan.t[3], 0), whole ? "t*128" : "A*9 t*1 A*118");
      for (const std::size_t i : {0U, 1U, 2U}) EXPECT_EQ(fan.lab.track(fan.t[i], 0), "A*128") << i;
      fan.lab.crash();
    }
  }
}

TEST(Loans, TheBorrowerIsOverwritten) {
  for (const bool whole : {false, true}) {
    Fan fan(3);
    fan.lend();
    ASSERT_TRUE(fan.lab.write(fan.t[0], whole ? 0 : 9, whole ? kTrackBlocks : 1, 't'));
    ASSERT_TRUE(fan.lab.drain());
    EXPECT_EQ(fan.borrowed(0), 0U);
    EXPECT_EQ(fan.borrowed(1), 1U);
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(fan.lab.track(fan.t[0], 0), whole ? "t*128" : "A*9 t*1 A*118");
      for (const std::size_t i : {1U, 2U}) EXPECT_EQ(fan.lab.track(fan.t[i], 0), "A*128") << i;
      fan.lab.crash();
    }
  }
}

/// What is lent stays when either relationship is withdrawn, and the loan ends when it holds nothing any more.
TEST(Loans, WithdrawsTakeNothingAway) {
  Fan fan(3);
  fan.lend();
  ASSERT_TRUE(fan.lab.withdraw(fan.s, fan.t[2]));
  fan.expect_images("the lender's");
  ASSERT_TRUE(fan.lab.withdraw(fan.s, fan.t[0]));
  fan.expect_images("a borrower's");
  EXPECT_EQ(fan.lab.track(fan.t[2], 1), "2*128");
  EXPECT_EQ(fan.lab.track(fan.t[0], 1), "0*128");
  ASSERT_TRUE(fan.lab.write(fan.s, kTrackBlocks, 1, 'n'));
  ASSERT_TRUE(fan.lab.drain());
  EXPECT_EQ(fan.borrowed(1), 1U) << "nothing is lent for a relationship that is gone";
  ASSERT_TRUE(fan.lab.fill(fan.t[0], 0, 't'));
  ASSERT_TRUE(fan.lab.fill(fan.t[1], 0, 't'));
  ASSERT_TRUE(fan.lab.drain());
  EXPECT_TRUE(fan.lab.run_until([&] { return fan.loans() == 0; }));
  EXPECT_EQ(fan.lab.track(fan.t[2], 0), "A*128");
}

/// The lender goes only when all have got what it lent.
TEST(Loans, TheLenderIsRemoved) {
  Fan fan(3);
  fan.lend();
  ASSERT_TRUE(fan.lab.withdraw(fan.s, fan.t[2]));
  ASSERT_TRUE(fan.lab.remove(fan.t[2]));
  fan.t.pop_back();
  EXPECT_EQ(fan.borrowed(0) + fan.borrowed(1), 0U);
  fan.expect_images("without it");
}

TEST(Loans, TheBorrowerIsRemoved) {
  Fan fan(3);
  fan.lend();
  ASSERT_TRUE(fan.lab.withdraw(fan.s, fan.t[0]));
  ASSERT_TRUE(fan.lab.remove(fan.t[0]));
  fan.t.erase(fan.t.begin());
  fan.expect_images("without it");
}

/// It still owed a track when it was withdrawn: that one is waited for, what it has borrowed is not.
TEST(Loans, TheBorrowerOwesAndIsRemoved) {
  Fan fan(3);
  fan.lend();
  ASSERT_TRUE(fan.lab.write(fan.t[0], kTrackBlocks, 1, 'w'));
  ASSERT_TRUE(fan.lab.withdraw(fan.s, fan.t[0]));
  EXPECT_EQ(fan.borrowed(0), 1U);
  ASSERT_TRUE(fan.lab.drain());
  EXPECT_EQ(fan.lab.track(fan.t[0], 1), "w*1 A*127");
  EXPECT_TRUE(fan.lab.run_until([&] { return fan.lab.control().config().relationships.size() == 2; }));
  fan.expect_images("withdrawn with a track owed");
  ASSERT_TRUE(fan.lab.remove(fan.t[0]));
  fan.t.erase(fan.t.begin());
  fan.expect_images("without it");
}

/// A new establish onto the lender or a borrower, from another source.
TEST(Loans, EstablishOntoEither) {
  for (const std::size_t which : {0U, 2U}) {
    Fan fan(3);
    const VolumeId other = fan.lab.make(kEven + 2, kTracks);
    ASSERT_TRUE(fan.lab.write(other, 0, kTracks * kTrackBlocks, 'o'));
    fan.lend();
    ASSERT_TRUE(fan.lab.withdraw(fan.s, fan.t[which]));
    ASSERT_TRUE(fan.lab.establish(other, fan.t[which]));
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(fan.lab.track(fan.t[i], 0), i == which ? "o*128" : "A*128") << which << " " << i;
      }
      if (round == 0) fan.lab.crash();
      if (round == 1) ASSERT_TRUE(fan.lab.drain());
    }
  }
}

/// A borrower is made equal to S again, or S to it.
TEST(Loans, ResyncAndReverseOfEither) {
  for (const std::size_t which : {0U, 2U}) {
    Fan fan(3);
    fan.lend();
    ASSERT_TRUE(fan.lab.resync(fan.s, fan.t[which], recording()));
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(fan.lab.track(fan.t[i], 0), i == which ? "A*5 n*1 A*122" : "A*128") << which << " " << i;
      }
      fan.lab.crash();
    }
    Fan turned(3);
    turned.lend();
    ASSERT_TRUE(turned.lab.withdraw(turned.s, turned.t[2 - which]));
    ASSERT_TRUE(turned.lab.withdraw(turned.s, turned.t[1]));
    ASSERT_TRUE(turned.lab.reverse(turned.s, turned.t[which], recording(), true));
    EXPECT_EQ(turned.lab.track(turned.s, 0), "A*128") << which;
    turned.expect_images("reversed");
    EXPECT_EQ(turned.lab.track(turned.s, 0), "A*128") << which;
  }
}

/// Revert shows what the target had before, borrowed or not.
TEST(Loans, RevertOfEither) {
  for (const std::size_t which : {0U, 2U}) {
    Fan fan(3);
    fan.lend();
    ASSERT_TRUE(fan.lab.set_revertible(fan.s, fan.t[which]));
    EXPECT_EQ(fan.lab.track(fan.t[which], 0), "A*5 n*1 A*122");
    ASSERT_TRUE(fan.lab.revert(fan.s));
    fan.expect_images("reverted");
  }
}

/// The background copy brings what was borrowed as well, and only then is the relationship at its end.
TEST(Loans, TheBackgroundCopyPays) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  ASSERT_TRUE(lab.write(s, 0, kTracks * kTrackBlocks, 'A'));
  ASSERT_TRUE(lab.drain());
  const VolumeId borrower = lab.make(kOdd, kTracks);
  const VolumeId lender = lab.make(kOdd + 1, kTracks);
  lab.hold_copies(true);
  ASSERT_TRUE(lab.establish(s, borrower, true));
  ASSERT_TRUE(lab.establish(s, lender));
  ASSERT_TRUE(lab.write(s, 5, 1, 'n'));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.uncopied(s, borrower), kTracks);
  lab.hold_copies(false);
  EXPECT_TRUE(lab.run_until([&] { return lab.relationship_count() == 1; }));
  for (const auto* loan : lab.shard(0).find(borrower)->loans) EXPECT_EQ(loan->uncopied.count(), 0U);
  EXPECT_EQ(lab.content(borrower, 0, kTracks * kTrackBlocks), "A*512");
  ASSERT_TRUE(lab.withdraw(s, lender));
  EXPECT_TRUE(lab.run_until([&] { return lab.control().config().loans.empty(); }));
}

/// A former target has borrowed what it never wrote itself; its copies get it (seed 1580 of the fans).
TEST(Loans, ABorrowerIsCopiedInItsTurn) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  const std::vector<VolumeId> t = {lab.make(kOdd, kTracks), lab.make(kOdd + 1, kTracks)};
  const VolumeId copy = lab.make(kEven + 2, kTracks);
  for (const VolumeId target : t) ASSERT_TRUE(lab.establish(s, target));
  ASSERT_TRUE(lab.fill(s, 0, 'n'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.withdraw(s, t[0]));
  ASSERT_TRUE(lab.establish(t[0], copy, true));
  EXPECT_TRUE(lab.run_until([&] { return !lab.copying(); }));
  EXPECT_EQ(lab.track(t[0], 0), "A*128");
  EXPECT_EQ(lab.track(copy, 0), "A*128");
}

/// A target of the borrower finds through it what was lent, whatever was established first.
TEST(Loans, ACascadeBelowEither) {
  for (const std::size_t which : {0U, 1U}) {
    for (const bool child_first : {false, true}) {
      Lab lab;
      const VolumeId s = lab.make(kEven, kTracks);
      const VolumeId child = lab.make(kEven + 2, kTracks);
      const std::vector<VolumeId> t = {lab.make(kOdd, kTracks), lab.make(kOdd + 1, kTracks)};
      ASSERT_TRUE(lab.fill(s, 0, 'A'));
      for (const VolumeId target : t) ASSERT_TRUE(lab.fill(target, 0, 'o'));
      ASSERT_TRUE(lab.drain());
      ASSERT_TRUE(lab.establish(s, t[0]));
      if (child_first) ASSERT_TRUE(lab.establish(t[which], child));
      ASSERT_TRUE(lab.establish(s, t[1]));
      if (!child_first) ASSERT_TRUE(lab.establish(t[which], child));
      const std::string image = child_first && which == 1 ? "o*128" : "A*128";
      ASSERT_TRUE(lab.write(s, 5, 1, 'n'));
      ASSERT_TRUE(lab.drain());
      EXPECT_EQ(lab.track(child, 0), image) << which << child_first;
      for (const VolumeId target : t) EXPECT_EQ(lab.track(target, 0), "A*128") << which << child_first;
      ASSERT_TRUE(lab.fill(t[1], 0, 'x'));
      ASSERT_TRUE(lab.drain());
      lab.crash();
      EXPECT_EQ(lab.track(child, 0), image) << which << child_first;
      EXPECT_EQ(lab.track(t[0], 0), "A*128") << which << child_first;
      EXPECT_EQ(lab.track(t[1], 0), "x*128") << which << child_first;
    }
  }
}

/// The lender's copy cannot be written: its relationship fails, and the others get the track all the same.
TEST(Loans, TheLendersCopyFails) {
  Lab lab;
  const VolumeId s = lab.make(kEven, kTracks);
  const VolumeId healthy = lab.make(kEven + 2, kTracks);
  const VolumeId broken = lab.make(kOdd, kTracks);
  ASSERT_TRUE(lab.fill(s, 0, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_TRUE(lab.establish(s, healthy));
  ASSERT_TRUE(lab.establish(s, broken));
  lab.fail("rank.1", sim::kWrites, true);
  ASSERT_TRUE(lab.write(s, 5, 1, 'n'));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.status(s, broken)->relationship.state, volume::RelationshipState::failed);
  EXPECT_EQ(lab.status(s, healthy)->relationship.state, volume::RelationshipState::valid);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab.track(healthy, 0), "A*128");
    EXPECT_EQ(lab.track(s, 0), "A*5 n*1 A*122");
    lab.crash();
  }
}

/// What was lent becomes unreadable: the borrower's relationship says so, and nobody else's.
TEST(Loans, TheLentTrackIsLost) {
  Fan fan(3);
  fan.lend();
  fan.lab.make_unreadable(fan.t[2], 0);
  EXPECT_EQ(fan.lab.track(fan.t[0], 0).substr(0, 5), "error");
  ASSERT_TRUE(fan.lab.write(fan.t[0], 9, 1, 't'));  // needs the rest of the track
  ASSERT_TRUE(fan.lab.drain());
  EXPECT_EQ(fan.lab.status(fan.s, fan.t[0])->relationship.state, volume::RelationshipState::failed);
  EXPECT_EQ(fan.lab.status(fan.s, fan.t[1])->relationship.state, volume::RelationshipState::valid);
  ASSERT_TRUE(fan.lab.fill(fan.t[1], 0, 'u'));  // does not
  ASSERT_TRUE(fan.lab.drain());
  fan.lab.crash();
  EXPECT_EQ(fan.lab.track(fan.t[1], 0), "u*128");
  EXPECT_EQ(fan.lab.track(fan.s, 0), "A*5 n*1 A*122");
  EXPECT_EQ(fan.lab.track(fan.s, 1), "A*128");
}

/// A command closes the loans while a batch is about to use them.
TEST(Loans, ClosedDuringTheBatch) {
  for (std::uint64_t delay = 1; delay <= 30; ++delay) {
    Fan fan(3, delay);
    ASSERT_TRUE(fan.lab.write(fan.s, 5, 1, 'n'));
    fan.lab.slow_once("rank.1", sim::kWrites, 500);
    fan.lab.destaging(true);
    fan.lab.run_for(static_cast<rt::TimeNs>(delay) * 200 * rt::kMicrosecond);
    const auto changed =
        fan.lab.start(fan.lab.control().set_revertible({{.source = fan.s, .target = fan.t[2], .options = {}}}));
    ASSERT_TRUE(fan.lab.wait(changed));
    for (int round = 0; round < 2; ++round) {
      for (const std::size_t i : {0U, 1U}) EXPECT_EQ(fan.lab.track(fan.t[i], 0), "A*128") << delay << " " << i;
      EXPECT_EQ(fan.lab.track(fan.t[2], 0), "A*5 n*1 A*122") << delay;
      if (round == 0) fan.lab.crash();
    }
    if (testing::Test::HasFailure()) return;
  }
}

/// Power losses at any moment of the batch that lends: the images are whole and no track is lent that is not there.
TEST(Loans, PowerLossWhileLending) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Fan fan(3, seed);
    ASSERT_TRUE(fan.lab.write(fan.s, 5, 1, 'n'));
    fan.lab.slow_once(seed % 2 == 0 ? "rank.0" : "rank.1", sim::kWrites, 20);
    fan.lab.destaging(true);
    fan.lab.run_for(static_cast<rt::TimeNs>(seed) * 150 * rt::kMicrosecond);
    fan.expect_images("power loss");
    EXPECT_EQ(fan.lab.track(fan.s, 0), "A*5 n*1 A*122");
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace tt::simulation
