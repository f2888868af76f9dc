// SPDX-License-Identifier: Apache-2.0
// Consistency groups: sources that are frozen, by whom they are thawed, and that nothing else waits for their writes.
#include "volume/freeze.h"

#include <gtest/gtest.h>

#include "lab.h"
#include "volume/plan.h"
#include "volume/plan_change.h"

namespace tt::simulation {
namespace {

constexpr std::uint8_t kLss = 0x00;
constexpr std::uint64_t kTracks = 40;
constexpr rt::TimeNs kTimer = 60 * rt::kSecond;

Errc code_of(const Result<void>& result) {
  return result ? Errc::ok : result.error().code;
}

volume::PairRequest frozen(VolumeId s, VolumeId t, bool copy = false) {
  volume::PairRequest request = Lab::pair(s, t, copy);
  request.freeze = true;
  return request;
}

struct FreezeLab : Lab {
  explicit FreezeLab(std::uint64_t seed = 1, std::uint32_t shards = 2) : Lab(seed, sharded(shards)) {
    s = make(0x0000, kTracks);
    other = make(0x0001, kTracks);
    t = make(0x0100, kTracks);
    t2 = make(0x0101, kTracks);
    const Result<void> written = fill(s, 0, 'a');
    TT_ASSERT(written.has_value());
  }
  static LabOptions sharded(std::uint32_t shards) {
    LabOptions options;
    options.shards = shards;
    return options;
  }
  Errc unfreeze(std::uint8_t lss = kLss) { return code_of(run(control().unfreeze({lss})).front()); }
  void set_timer(std::uint32_t seconds) {
    const image::ControlPlane::Planner plan = [this, seconds]() -> Result<volume::Mutation> {
      volume::ChangeLssRequest request;
      request.id = kLss;
      request.long_busy_timeout_s = seconds;
      TT_TRY(auto change, volume::plan_change_lss(control().config(), request));
      return volume::Mutation(std::move(change));
    };
    const Result<void> set = record(plan);
    TT_ASSERT(set.has_value());
  }
  /// True if a write to the source is not answered for a while.
  bool holds(VolumeId source) {
    last_write = start_write(source, kTrackBlocks, 1, 'h');
    run_for(100 * rt::kMillisecond);
    return !last_write->has_value();
  }

  VolumeId s, other, t, t2;
  Pending<Result<void>> last_write;
};

TEST(Freeze, FC47_HoldsWritesToTheSourceAndNothingElse) {
  FreezeLab lab;
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  EXPECT_TRUE(lab.holds(lab.s));
  EXPECT_EQ(lab.track(lab.s, 0), "a*128");
  EXPECT_EQ(lab.content(lab.s, kTrackBlocks, 2), ".*2");
  EXPECT_TRUE(lab.fill(lab.other, 0, 'o'));
  EXPECT_TRUE(lab.fill(lab.t, 1, 't'));
  EXPECT_EQ(code_of(lab.run(lab.life->image().blocks(0).flush(lab.handle(lab.s)))), Errc::ok);
  EXPECT_EQ(code_of(lab.run(lab.life->image().blocks(0).flush(lab.handle(lab.other)))), Errc::ok);
  EXPECT_FALSE(lab.last_write->has_value());
}

TEST(Freeze, FC48_UnfreezeLetsThemGoOn) {
  FreezeLab lab;
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  ASSERT_TRUE(lab.holds(lab.s));
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
  ASSERT_TRUE(lab.wait(lab.last_write));
  EXPECT_TRUE((*lab.last_write)->has_value());
  EXPECT_EQ(lab.content(lab.s, kTrackBlocks, 1), "h*1");
  EXPECT_EQ(lab.content(lab.t, kTrackBlocks, 1), ".*1");
  EXPECT_EQ(lab.relationship_count(), 1U);
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
}

TEST(Freeze, FC49_TheTimerEndsItAndIsRemembered) {
  FreezeLab lab;
  lab.set_timer(5);
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  ASSERT_TRUE(lab.holds(lab.s));
  lab.run_for(4 * rt::kSecond);
  EXPECT_FALSE(lab.last_write->has_value());
  lab.run_for(rt::kSecond);
  ASSERT_TRUE(lab.last_write->has_value());
  EXPECT_EQ(lab.relationship_count(), 1U);
  EXPECT_EQ(lab.unfreeze(), Errc::freeze_expired);
  EXPECT_EQ(lab.unfreeze(), Errc::freeze_expired);
  lab.crash();
  EXPECT_EQ(lab.unfreeze(), Errc::freeze_expired);
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t2)}).front());
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
}

TEST(Freeze, FC50_NothingIsFrozen) {
  FreezeLab lab;
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
  EXPECT_EQ(lab.unfreeze(0x55), Errc::ok);
  EXPECT_EQ(lab.unfreeze(0xFF), Errc::object_not_found);
}

TEST(Freeze, ALaterFreezeDoesNotStartTheTimerAgain) {
  FreezeLab lab;
  lab.set_timer(5);
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  lab.run_for(3 * rt::kSecond);
  ASSERT_TRUE(lab.establish({frozen(lab.other, lab.t2)}).front());
  ASSERT_TRUE(lab.holds(lab.other));
  lab.run_for(2 * rt::kSecond);
  EXPECT_TRUE(lab.last_write->has_value());
  EXPECT_EQ(lab.unfreeze(), Errc::freeze_expired);
}

TEST(Freeze, AFreezeAfterAnUnfreezeHasItsOwnTimer) {
  FreezeLab lab;
  lab.set_timer(5);
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  lab.run_for(4 * rt::kSecond);
  ASSERT_EQ(lab.unfreeze(), Errc::ok);
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t2)}).front());
  lab.run_for(3 * rt::kSecond);
  EXPECT_TRUE(lab.holds(lab.s));
  lab.run_for(2 * rt::kSecond);
  EXPECT_TRUE(lab.last_write->has_value());
}

TEST(Freeze, AnLssWithoutTimeHoldsNothingAndSaysSo) {
  FreezeLab lab;
  lab.set_timer(0);
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  EXPECT_FALSE(lab.holds(lab.s));
  EXPECT_EQ(lab.unfreeze(), Errc::freeze_expired);
}

TEST(Freeze, RemovingTheLastFrozenPairThaws) {
  FreezeLab lab;
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t), frozen(lab.s, lab.t2)}).front());
  ASSERT_TRUE(lab.holds(lab.s));
  ASSERT_TRUE(lab.withdraw(lab.s, lab.t));
  lab.run_for(100 * rt::kMillisecond);
  EXPECT_FALSE(lab.last_write->has_value());
  ASSERT_TRUE(lab.withdraw(lab.s, lab.t2));
  ASSERT_TRUE(lab.wait(lab.last_write));
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
}

TEST(Freeze, ACopyThatEndsByItselfDoesNotThaw) {
  FreezeLab lab;
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t, true)}).front());
  ASSERT_TRUE(lab.run_until([&] { return lab.relationship_count() == 0; }));
  EXPECT_TRUE(lab.holds(lab.s));
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
  EXPECT_TRUE(lab.wait(lab.last_write));
}

TEST(Freeze, ARefusedPairFreezesNothing) {
  FreezeLab lab;
  ASSERT_TRUE(lab.establish(lab.other, lab.t));
  EXPECT_EQ(code_of(lab.establish({frozen(lab.s, lab.t)}).front()), Errc::already_a_target);
  EXPECT_FALSE(lab.holds(lab.s));
}

TEST(Freeze, ADeletedSourceAnswersItsHeldWrites) {
  FreezeLab lab;
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  ASSERT_TRUE(lab.holds(lab.s));
  ASSERT_TRUE(lab.remove(lab.s));
  ASSERT_TRUE(lab.wait(lab.last_write));
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
  lab.run_for(2 * kTimer);
  EXPECT_EQ(lab.unfreeze(), Errc::ok);
}

/// With held writes: another copy of the source, its end, its withdraw, destage, and the writes of others.
TEST(Freeze, HeldWritesHoldUpNobody) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    FreezeLab lab(seed, 3);
    ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
    ASSERT_TRUE(lab.holds(lab.s));
    const auto held = lab.last_write;
    ASSERT_TRUE(lab.establish(lab.s, lab.t2, true, true));
    ASSERT_TRUE(lab.drain());
    ASSERT_TRUE(lab.run_until([&] { return !lab.copying(); }));
    ASSERT_TRUE(lab.withdraw(lab.s, lab.t2));
    ASSERT_TRUE(lab.fill(lab.other, 3, 'o'));
    EXPECT_FALSE(held->has_value());
    EXPECT_EQ(lab.unfreeze(), Errc::ok);
    ASSERT_TRUE(lab.wait(held));
    EXPECT_EQ(lab.content(lab.t2, kTrackBlocks, 1), ".*1");
  }
}

/// The first tracks of one request are in the journal when the freeze comes; what is said of it later is true.
TEST(Freeze, AStopRefusesWhatIsHeldAndKeepsWhatWasAnswered) {
  FreezeLab lab;
  ASSERT_TRUE(lab.fill(lab.s, 2, 'b'));
  ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
  ASSERT_TRUE(lab.holds(lab.s));
  const auto refused = lab.start([](Lab& l) -> rt::Task<Result<void>> {
    co_await l.control().refuse_held_writes();
    co_return Result<void>{};
  }(lab));
  ASSERT_TRUE(lab.wait(lab.last_write));
  EXPECT_EQ(code_of(**lab.last_write), Errc::shutting_down);
  ASSERT_TRUE(lab.wait(refused));
  EXPECT_EQ(code_of(lab.fill(lab.s, 3, 'x')), Errc::shutting_down);
  EXPECT_TRUE(lab.fill(lab.other, 3, 'o'));
  lab.restart();
  EXPECT_EQ(lab.track(lab.s, 2), "b*128");
  EXPECT_EQ(lab.content(lab.s, kTrackBlocks, 1), ".*1");
  EXPECT_FALSE(lab.holds(lab.s));
  EXPECT_EQ(lab.unfreeze(), Errc::freeze_expired);
}

/// After a restart nothing is held; a freeze that was answered is reported, one of a pair that is not there never was.
TEST(Freeze, ACrashAtAnyTimeEndsItAndIsReported) {
  int reported = 0;
  int never = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    FreezeLab lab(seed, 1 + static_cast<std::uint32_t>(seed % 3));
    const auto made = lab.start_establish({frozen(lab.s, lab.t)});
    const auto write = lab.start_write(lab.s, 2 * kTrackBlocks, 1, 'w');
    lab.run_for(static_cast<rt::TimeNs>(seed) * 15 * rt::kMicrosecond);
    const bool answered = write->has_value();
    lab.crash();
    const bool exists = lab.status(lab.s, lab.t).has_value();
    EXPECT_TRUE(exists || !made->has_value()) << "seed " << seed;
    if (answered) {
      EXPECT_EQ(lab.content(lab.s, 2 * kTrackBlocks, 1), "w*1") << "seed " << seed;
    }
    EXPECT_FALSE(lab.holds(lab.s)) << "seed " << seed;
    EXPECT_EQ(lab.unfreeze(), exists ? Errc::freeze_expired : Errc::ok) << "seed " << seed;
    EXPECT_TRUE(lab.control().config().frozen_sources.empty());
    ++(exists ? reported : never);
  }
  EXPECT_GT(reported, 3);
  EXPECT_GT(never, 3);
}

/// Thaws by timer, by command and by new freezes, as close together as they come.
TEST(Freeze, TimerAndCommandsAtTheSameTime) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    FreezeLab lab(seed, 3);
    lab.set_timer(1);
    ASSERT_TRUE(lab.establish({frozen(lab.s, lab.t)}).front());
    lab.run_for(990 * rt::kMillisecond + static_cast<rt::TimeNs>(seed) * 500 * rt::kMicrosecond);
    const auto thawed = lab.start(lab.control().unfreeze({kLss}));
    const auto again = lab.start_establish({frozen(lab.s, lab.t2)});
    ASSERT_TRUE(lab.wait(thawed));
    ASSERT_TRUE(lab.wait(again));
    ASSERT_TRUE((*again)->front());
    EXPECT_TRUE(lab.holds(lab.s)) << "seed " << seed;  // the new freeze is not the timer's
    EXPECT_EQ(lab.unfreeze(), Errc::ok) << "seed " << seed;
    ASSERT_TRUE(lab.wait(lab.last_write));
  }
}

// ---- dependent writers ----------------------------------------------------------------------------------------------

struct Copied {
  Lab& lab;
  VolumeId s;
  VolumeId t;
};

/// Write n to S1, after its answer write n to S2, and so on; meanwhile one command for each pair makes the group. The
/// number that each copy shows.
std::pair<int, int> copy_while_writing(sim::World& world, std::uint64_t seed, Copied first, Copied last, bool freeze) {
  Lab& one = first.lab;
  Lab& two = last.lab;
  const auto request = [freeze](const Copied& pair) {
    volume::PairRequest asked = Lab::pair(pair.s, pair.t);
    asked.freeze = freeze;
    return std::vector<volume::PairRequest>{asked};
  };
  int n = 1;
  bool second = false;
  auto write = one.start_write(first.s, 0, 1, '\1');
  Pending<std::vector<Result<void>>> commands[2];
  Pending<std::vector<Result<void>>> thaws[2];
  for (std::uint64_t step = 0; !(thaws[1] && thaws[1]->has_value()) && step < 100'000; ++step) {
    world.run_for(20 * rt::kMicrosecond);
    if (write->has_value()) {
      if (second) ++n;
      second = !second;
      const Copied& next = second ? last : first;
      write = next.lab.start_write(next.s, 0, 1, static_cast<char>(n));
    }
    if (step == 20 + seed) commands[0] = one.start_establish(request(first));
    if (commands[0] && commands[0]->has_value() && !commands[1]) commands[1] = two.start_establish(request(last));
    if (!commands[1] || !commands[1]->has_value() || thaws[0]) continue;
    thaws[0] = one.start(one.control().unfreeze({static_cast<std::uint8_t>(first.s.value >> 8U)}));
    thaws[1] = two.start(two.control().unfreeze({static_cast<std::uint8_t>(last.s.value >> 8U)}));
  }
  TT_ASSERT(thaws[1] && thaws[1]->has_value());
  const auto number = [](const Copied& pair) {
    const std::string shown = pair.lab.content(pair.t, 0, 1);
    return shown[0] == '.' ? 0 : static_cast<int>(static_cast<unsigned char>(shown[0]));
  };
  return {number(first), number(last)};
}

std::pair<int, int> copy_two_images(std::uint64_t seed, bool freeze) {
  sim::World world(seed);
  LabOptions options = FreezeLab::sharded(1 + static_cast<std::uint32_t>(seed % 2));
  Lab one(world, options);
  options.storage_image_id = "IBM.2107-75SIM02";
  Lab two(world, options);
  for (Lab* lab : {&one, &two}) {
    lab->make(0x0000, 4);
    lab->make(0x0100, 4);
  }
  const VolumeId s{0x0000};
  const VolumeId t{0x0100};
  return copy_while_writing(world, seed, {one, s, t}, {two, s, t}, freeze);
}

/// Sources in two LSSs of one image.
TEST(Freeze, FC51_DependentWritesAreInTheGroupInTheirOrder) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    Lab lab(seed, FreezeLab::sharded(2));
    const VolumeId s1 = lab.make(0x0000, 4);
    const VolumeId t1 = lab.make(0x0100, 4);
    const VolumeId s2 = lab.make(0x0200, 400);
    const VolumeId t2 = lab.make(0x0300, 400);
    const auto [first, second] = copy_while_writing(lab.world, seed, {lab, s1, t1}, {lab, s2, t2}, true);
    EXPECT_GE(first, second) << "seed " << seed;
    EXPECT_LE(first, second + 1) << "seed " << seed;
  }
}

TEST(En, EN13_FreezeTwoImages) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const auto [first, second] = copy_two_images(seed, true);
    EXPECT_GE(first, second) << "seed " << seed << ": the second copy has a write whose predecessor the first lacks";
    EXPECT_LE(first, second + 1) << "seed " << seed;
  }
}

/// Without the freeze the same history does show it.
TEST(En, EN13_WithoutAFreezeTheOrderIsLost) {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const auto [first, second] = copy_two_images(seed, false);
    lost += second > first ? 1 : 0;
  }
  EXPECT_GT(lost, 0);
}

}  // namespace
}  // namespace tt::simulation
