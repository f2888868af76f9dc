// SPDX-License-Identifier: Apache-2.0
// A volume that is target and source: X -> Y and Y -> Z, made in either order (section 1.6 of the FlashCopy
// specification).
#include <gtest/gtest.h>

#include <array>

#include "base/random.h"
#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 3;
constexpr std::uint64_t kBlocks = kTracks * kTrackBlocks;

volume::RelationshipOptions recording() {
  volume::RelationshipOptions options;
  options.background_copy = false;
  options.persistent = true;
  options.recording = true;
  return options;
}

/// Three volumes whose media hold X, Y and Z.
struct Chain {
  explicit Chain(std::uint64_t seed = 1)
      : lab(seed), x(lab.make(0x0000, kTracks)), y(lab.make(0x0100, kTracks)), z(lab.make(0x0002, kTracks)) {
    EXPECT_TRUE(lab.write(x, 0, kBlocks, 'X'));
    EXPECT_TRUE(lab.write(y, 0, kBlocks, 'Y'));
    EXPECT_TRUE(lab.write(z, 0, kBlocks, 'Z'));
    EXPECT_TRUE(lab.drain());
  }
  void parent_first() {
    ASSERT_TRUE(lab.establish(x, y));
    ASSERT_TRUE(lab.establish(y, z));
  }
  void child_first() {
    ASSERT_TRUE(lab.establish(y, z));
    ASSERT_TRUE(lab.establish(x, y));
  }
  Lab lab;
  VolumeId x;
  VolumeId y;
  VolumeId z;
};

/// Contents of volumes as a host must see them, by letters.
class Model {
 public:
  void write(std::size_t volume, std::uint64_t block, std::uint64_t blocks, char letter) {
    content_[volume].replace(block, blocks, blocks, letter);
  }
  void copy(std::size_t from, std::size_t to) { content_[to] = content_[from]; }
  [[nodiscard]] std::string runs(std::size_t volume) const {
    std::string text;
    const std::string& all = content_[volume];
    for (std::size_t i = 0; i < all.size();) {
      const std::size_t end = std::min(all.find_first_not_of(all[i], i), all.size());
      if (!text.empty()) text += ' ';
      text += all[i] + ("*" + std::to_string(end - i));
      i = end;
    }
    return text;
  }

 private:
  std::array<std::string, 4> content_{std::string(kBlocks, 'A'), std::string(kBlocks, 'B'), std::string(kBlocks, 'C'),
                                      std::string(kBlocks, 'D')};
};

/// Random relationships among four volumes, writes of all sizes, destage, power losses and restarts: after each step
/// every volume shows what the model says.
void play(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Lab lab(seed);
  Random random(seed);
  Model model;
  std::array<VolumeId, 4> volumes{};
  for (std::size_t i = 0; i < 4; ++i) {
    volumes[i] = lab.make(static_cast<std::uint16_t>(((i % 2) << 8U) | i), kTracks, random.chance(1, 3));
    ASSERT_TRUE(lab.write(volumes[i], 0, kBlocks, static_cast<char>('A' + i)));
  }
  char letter = 'a';
  for (int step = 0; step < 60; ++step) {
    const std::size_t v = random.below(4);
    switch (random.below(8)) {
      case 0:
      case 1: {
        const std::size_t target = random.below(4);
        if (v == target) break;
        if (lab.establish(volumes[v], volumes[target], random.chance(1, 3), random.chance(1, 2))) model.copy(v, target);
        break;
      }
      case 2:
        ASSERT_TRUE(lab.drain());
        break;
      case 3:
        lab.crash();
        break;
      case 4:
        lab.run_for(static_cast<rt::TimeNs>(random.below(20)) * rt::kMillisecond);
        break;
      default: {
        const bool whole = random.chance(1, 3);
        const std::uint64_t block = whole ? random.below(kTracks) * kTrackBlocks : random.below(kBlocks - 20);
        const std::uint64_t blocks = whole ? kTrackBlocks : 1 + random.below(20);
        ASSERT_TRUE(lab.write(volumes[v], block, blocks, letter));
        model.write(v, block, blocks, letter);
        letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1);
      }
    }
    for (std::size_t i = 0; i < 4; ++i) {
      ASSERT_EQ(lab.content(volumes[i], 0, kBlocks), model.runs(i)) << "volume " << i << " after step " << step;
    }
  }
}

TEST(En, EN26_CascadeMatrix) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    play(seed);
    if (testing::Test::HasFailure()) return;
  }
}

/// What Y's cache holds is part of the older image of Z.
TEST(En, EN17_EstablishOverADirtyParent) {
  Chain c;
  ASSERT_TRUE(c.lab.write(c.y, 5, 2, 'w'));
  c.child_first();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(c.lab.track(c.z, 0), "Y*5 w*2 Y*121") << round;
    EXPECT_EQ(c.lab.track(c.y, 0), "X*128") << round;
    if (round == 0) c.lab.crash();
    if (round == 1) {
      ASSERT_TRUE(c.lab.drain());
    }
  }
}

/// The parent is younger: Z still needs what lies on Y's medium, so Z is served before Y is overwritten.
TEST(En, EN27_TheChildIsServedFirst) {
  Chain c;
  c.child_first();
  ASSERT_TRUE(c.lab.write(c.x, 0, 10, 'n'));
  ASSERT_TRUE(c.lab.drain());
  EXPECT_EQ(c.lab.out_of_sync(c.x, c.y), kTracks - 1);
  EXPECT_EQ(c.lab.uncopied(c.y, c.z), kTracks - 1);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(c.lab.track(c.x, 0), "n*10 X*118");
    EXPECT_EQ(c.lab.content(c.y, 0, kBlocks), "X*384");
    EXPECT_EQ(c.lab.content(c.z, 0, kBlocks), "Y*384");
    c.lab.crash();
  }
}

/// A read of Z is under way on Y's medium while Z gets its copy and Y is overwritten.
TEST(En, EN27_ATargetReadOutlivesTheCopies) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Chain c(seed);
    c.child_first();
    ASSERT_TRUE(c.lab.write(c.x, 0, 10, 'n'));
    c.lab.slow_once("rank.1", sim::kReads, 400);
    const auto read = c.lab.start_read(c.z, 0, kTrackBlocks);
    c.lab.run_for(10 * rt::kMicrosecond);
    ASSERT_FALSE(read->has_value());
    c.lab.destaging(true);
    ASSERT_TRUE(c.lab.wait(read));
    EXPECT_EQ(**read, "Y*128") << seed;
    c.lab.destaging(false);
    ASSERT_TRUE(c.lab.drain());
    EXPECT_EQ(c.lab.out_of_sync(c.x, c.y), kTracks - 1) << seed;
  }
}

/// The parent is older: what is copied to Y does not change it, so nothing is copied to Z, and no recording hears of
/// it.
TEST(En, EN28_NothingIsCopiedTwice) {
  Chain c;
  ASSERT_TRUE(c.lab.establish(c.x, c.y));
  volume::PairRequest child = Lab::pair(c.y, c.z);
  child.options = recording();
  ASSERT_TRUE(c.lab.establish({child}).front());
  ASSERT_TRUE(c.lab.write(c.x, 0, 10, 'n'));
  ASSERT_TRUE(c.lab.drain());
  EXPECT_EQ(c.lab.out_of_sync(c.x, c.y), kTracks - 1);
  EXPECT_EQ(c.lab.uncopied(c.y, c.z), kTracks);
  EXPECT_EQ(c.lab.content(c.z, 0, kBlocks), "X*384");
  ASSERT_TRUE(c.lab.write(c.y, kTrackBlocks, 1, 'y'));  // with X's old track below it, and Z still without
  ASSERT_TRUE(c.lab.drain());
  EXPECT_EQ(c.lab.uncopied(c.y, c.z), kTracks - 1);
  EXPECT_EQ(c.lab.content(c.y, 0, kBlocks), "X*128 y*1 X*255");
  EXPECT_EQ(c.lab.content(c.z, 0, kBlocks), "X*384");
}

/// While Z finds tracks through an older X -> Y, that one cannot go; a younger one can.
TEST(Cascade, AWithdrawThatWouldTakeAnImageAway) {
  Chain c;
  c.parent_first();
  const auto refused = c.lab.withdraw(c.x, c.y);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::other_relationships);
  EXPECT_EQ(c.lab.content(c.z, 0, kBlocks), "X*384");
  ASSERT_TRUE(c.lab.write(c.z, 0, 1, 'z'));  // owed to Z, and only X has the rest of the track
  ASSERT_TRUE(c.lab.withdraw(c.y, c.z));
  ASSERT_TRUE(c.lab.withdraw(c.x, c.y));
  EXPECT_EQ(c.lab.track(c.z, 0), "z*1 X*127");
  EXPECT_EQ(c.lab.track(c.z, 1), "Z*128");

  Chain other;
  other.child_first();
  ASSERT_TRUE(other.lab.withdraw(other.x, other.y));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(other.lab.content(other.y, 0, kBlocks), "Y*384");
    EXPECT_EQ(other.lab.content(other.z, 0, kBlocks), "Y*384");
    other.lab.crash();
  }
}

TEST(Cascade, NoLoopsAndNoRevertiblePairs) {
  Chain c;
  c.parent_first();
  const auto loop = c.lab.establish(c.z, c.x);
  ASSERT_FALSE(loop);
  EXPECT_EQ(loop.error().code, Errc::other_relationships);

  Chain other;
  volume::PairRequest pair = Lab::pair(other.x, other.y);
  pair.options = recording();
  ASSERT_TRUE(other.lab.establish({pair}).front());
  ASSERT_TRUE(other.lab.set_revertible(other.x, other.y));
  const auto revertible = other.lab.establish(other.y, other.z);
  ASSERT_FALSE(revertible);
  EXPECT_EQ(revertible.error().code, Errc::revertible);
}

/// FC-82: what Y shows changes when it becomes a target, so a resync of Y -> Z brings all of it.
TEST(Cascade, BecomingATargetIsAChange) {
  for (const bool crash : {false, true}) {
    Chain c;
    volume::PairRequest pair = Lab::pair(c.y, c.z);
    pair.options = recording();
    pair.options.background_copy = true;
    ASSERT_TRUE(c.lab.establish({pair}).front());
    ASSERT_TRUE(c.lab.run_until([&] { return !c.lab.copying(); }));
    ASSERT_TRUE(c.lab.establish(c.x, c.y));
    if (crash) c.lab.crash();
    ASSERT_TRUE(c.lab.resync(c.y, c.z, recording()));
    EXPECT_EQ(c.lab.content(c.z, 0, kBlocks), "X*384");
    EXPECT_EQ(c.lab.content(c.y, 0, kBlocks), "X*384");
  }
}

/// And so does the end of an incomplete copy onto it.
TEST(Cascade, AWithdrawIsAChange) {
  Chain c;
  ASSERT_TRUE(c.lab.establish(c.x, c.y));
  volume::PairRequest pair = Lab::pair(c.y, c.z);
  pair.options = recording();
  pair.options.background_copy = true;
  ASSERT_TRUE(c.lab.establish({pair}).front());
  ASSERT_TRUE(c.lab.run_until([&] { return !c.lab.copying(); }));
  ASSERT_TRUE(c.lab.withdraw(c.x, c.y));
  c.lab.crash();
  ASSERT_TRUE(c.lab.resync(c.y, c.z, recording()));
  EXPECT_EQ(c.lab.content(c.y, 0, kBlocks), "Y*384");
  EXPECT_EQ(c.lab.content(c.z, 0, kBlocks), "Y*384");
}

/// The pairs of one command are made in their order where one builds on the other.
TEST(Cascade, InOneCommand) {
  Chain c;
  for (const auto& made : c.lab.establish({Lab::pair(c.x, c.y), Lab::pair(c.y, c.z)})) EXPECT_TRUE(made);
  EXPECT_EQ(c.lab.content(c.z, 0, kBlocks), "X*384");
  Chain other;
  for (const auto& made : other.lab.establish({Lab::pair(other.y, other.z), Lab::pair(other.x, other.y)})) {
    EXPECT_TRUE(made);
  }
  EXPECT_EQ(other.lab.content(other.z, 0, kBlocks), "Y*384");
}

/// Y's rank fails while a copy is brought there: what Z still found through it is lost with it, and said to be.
TEST(Cascade, AFailureOnTheWay) {
  Chain c;
  c.parent_first();
  c.lab.fail("rank.1", sim::kWrites, true);
  ASSERT_TRUE(c.lab.write(c.x, 0, 10, 'n'));
  ASSERT_TRUE(c.lab.drain());
  EXPECT_EQ(c.lab.track(c.x, 0), "n*10 X*118");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(c.lab.track(c.y, 0).substr(0, 5), "error");
    EXPECT_EQ(c.lab.track(c.z, 0).substr(0, 5), "error");
    c.lab.crash();
  }
  ASSERT_TRUE(c.lab.write(c.z, 0, 1, 'z'));  // there is nothing any more that it could be laid over
  ASSERT_TRUE(c.lab.drain());
  const auto status = c.lab.status(c.y, c.z);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->relationship.state, volume::RelationshipState::failed);
  EXPECT_EQ(c.lab.track(c.x, 0), "n*10 X*118");
}

}  // namespace
}  // namespace tt::simulation
