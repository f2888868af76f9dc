// SPDX-License-Identifier: Apache-2.0
// Verification of targets: no difference that is none, whatever hosts and batches do meanwhile; and every planted one.
#include <gtest/gtest.h>

#include "base/random.h"
#include "lab_test.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
constexpr std::uint64_t kTracks = 600;  // more than two stripes, so each of two shards has some

using Pairs = std::vector<std::pair<VolumeId, VolumeId>>;

class VerifyTest : public LabTest {
 protected:
  VolumeId filled(std::uint16_t id, std::uint64_t tracks = kTracks) { return LabTest::filled(id, tracks); }
  /// A recording copy of everything, in a new image.
  std::pair<VolumeId, VolumeId> complete_copy(std::uint32_t shards, std::uint64_t source_tracks = kTracks) {
    open(shards);
    const VolumeId s = filled(kEven, source_tracks);
    const VolumeId t = lab_->make(kOdd, kTracks);
    EXPECT_TRUE(copy(s, t));
    EXPECT_TRUE(copied());
    return {s, t};
  }
  static volume::RelationshipOptions recording() {
    volume::RelationshipOptions options;
    options.recording = options.persistent = true;
    return options;
  }
  Result<void> copy(VolumeId s, VolumeId t, volume::RelationshipOptions options = recording()) {
    volume::PairRequest pair = Lab::pair(s, t, true, true);
    pair.options = options;
    return lab_->establish(std::vector{pair}).front();
  }
  Result<void> begin(VolumeId s, VolumeId t) { return lab_->run(lab_->control().verify(Pairs{{s, t}})).front(); }
  std::optional<image::VerifyStatus> status(VolumeId s, VolumeId t) {
    for (const image::VerifyStatus& status : lab_->run(lab_->control().verify_status())) {
      if (status.relationship.source == s && status.relationship.target == t) return status;
    }
    return std::nullopt;
  }
  std::optional<image::VerifyStatus> verified(VolumeId s, VolumeId t) {
    const auto begun = begin(s, t);
    EXPECT_TRUE(begun);
    for (int polls = 0; polls < 10'000; ++polls) {
      const auto now = status(s, t);
      if (!now || now->state != image::VerifyState::running) return now;
      lab_->run_for(10 * rt::kMillisecond);
    }
    ADD_FAILURE() << "does not end";
    return std::nullopt;
  }
};

TEST_F(VerifyTest, AnUntouchedCopyIsEqual) {
  for (const std::uint32_t shards : {1U, 2U, 3U}) {
    const auto [s, t] = complete_copy(shards, kTracks - 50);
    const auto result = verified(s, t);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->state, image::VerifyState::complete);
    EXPECT_EQ(result->counts.equal, kTracks - 50);
    EXPECT_EQ(result->counts.looked_at(), kTracks - 50);
  }
}

TEST_F(VerifyTest, TellsWhatItCannotKnow) {
  const auto [s, t] = complete_copy(2);
  ASSERT_TRUE(lab_->fill(s, 3, 's'));
  ASSERT_TRUE(lab_->write(t, 300 * kTrackBlocks, 1, 't'));
  auto result = verified(s, t);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->counts.changed, 2U);
  EXPECT_EQ(result->counts.equal, kTracks - 2);
  lab_->hold_copies(true);
  ASSERT_TRUE(lab_->resync(s, t, recording()));
  result = verified(s, t);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->counts.uncopied, 2U);
  EXPECT_EQ(result->counts.equal, kTracks - 2);
}

/// On either side, in the first, a middle and the last track; of each shard.
TEST_F(VerifyTest, FindsAPlantedBit) {
  verifies_sums_ = false;  // as if the medium's checksum were right: it was written like this
  for (const bool of_target : {true, false}) {
    for (const std::uint64_t track : {std::uint64_t{0}, std::uint64_t{300}, kTracks - 1}) {
      const auto [s, t] = complete_copy(2);
      lab_->damage(of_target ? t : s, track, 12'345);
      const auto result = verified(s, t);
      ASSERT_TRUE(result.has_value());
      EXPECT_EQ(result->state, image::VerifyState::complete);
      EXPECT_EQ(result->counts.different, 1U);
      EXPECT_EQ(result->counts.equal, kTracks - 1);
      EXPECT_EQ(result->counts.first_different, track);
      const auto& problems = lab_->control().config().problems;
      ASSERT_EQ(problems.size(), 1U);
      EXPECT_EQ(problems.begin()->second.kind, volume::ProblemKind::image_differs);
      EXPECT_EQ(problems.begin()->second.object, "0000:0100 track " + std::to_string(track));
      // Written since, it is no longer known to be damaged.
      ASSERT_TRUE(lab_->fill(t, track, 'n'));
      EXPECT_EQ(verified(s, t)->counts.different, 0U);
    }
  }
}

TEST_F(VerifyTest, HundredsOfDamagedTracksAreCountedAndAFewAreProblems) {
  verifies_sums_ = false;
  const auto [s, t] = complete_copy(2);
  for (std::uint64_t track = 10; track < kTracks; ++track) lab_->damage(t, track, track);
  const auto result = verified(s, t);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->counts.different, kTracks - 10);
  EXPECT_EQ(result->counts.first_different, 10U);
  EXPECT_EQ(lab_->control().config().problems.size(), 8U);
}

/// Nobody recorded what hosts wrote, so nobody says that something is damaged.
TEST_F(VerifyTest, WithoutRecordingADifferenceIsNoProblem) {
  open(1);
  const VolumeId s = filled(kEven);
  const VolumeId t = lab_->make(kOdd, kTracks);
  volume::RelationshipOptions options;
  options.persistent = true;
  ASSERT_TRUE(copy(s, t, options));
  ASSERT_TRUE(copied());
  ASSERT_TRUE(lab_->fill(t, 7, 't'));
  const auto result = verified(s, t);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->counts.different, 1U);
  EXPECT_EQ(result->counts.equal, kTracks - 1);
  EXPECT_TRUE(lab_->control().config().problems.empty());
}

TEST_F(VerifyTest, TracksThatCannotBeReadAreCountedOneByOne) {
  const auto [s, t] = complete_copy(2);
  lab_->make_unreadable(t, 20);
  lab_->make_unreadable(s, 299);
  const auto result = verified(s, t);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->state, image::VerifyState::complete);
  EXPECT_EQ(result->counts.unreadable, 2U);
  EXPECT_EQ(result->counts.equal, kTracks - 2);
}

TEST_F(VerifyTest, CanBeCancelledAndEndsWithTheRelationshipAndTheImage) {
  const auto [s, t] = complete_copy(2);
  ASSERT_TRUE(lab_->run(lab_->control().change_copy_rates(1_MiB, std::nullopt)));
  ASSERT_TRUE(begin(s, t));
  EXPECT_EQ(begin(s, t).error().code, Errc::busy);
  lab_->run_for(2 * rt::kSecond);
  EXPECT_EQ(status(s, t)->state, image::VerifyState::running);
  EXPECT_LE(status(s, t)->counts.equal, 48U) << "below the limit of the image, that counts both sides";
  ASSERT_TRUE(lab_->control().cancel_verifications(Pairs{{s, t}}).front());
  lab_->run_for(rt::kSecond);
  EXPECT_EQ(status(s, t)->state, image::VerifyState::cancelled);
  EXPECT_EQ(lab_->control().cancel_verifications(Pairs{{s, t}}).front().error().code, Errc::object_not_found);

  ASSERT_TRUE(begin(s, t));
  lab_->run_for(rt::kSecond);
  ASSERT_TRUE(lab_->withdraw(s, t));
  lab_->run_for(rt::kSecond);
  EXPECT_FALSE(status(s, t).has_value());
  EXPECT_EQ(begin(s, t).error().code, Errc::no_such_relationship);

  ASSERT_TRUE(copy(s, t));
  ASSERT_TRUE(begin(s, t));
  lab_->run_for(100 * rt::kMillisecond);
  lab_->restart();
  EXPECT_FALSE(status(s, t).has_value()) << "known until the image stops";
}

/// Whether a target may be compared has nothing to do with whether it may be copied in background.
TEST_F(VerifyTest, ATargetThatIsNeverCopiedWhole) {
  open(1);
  const VolumeId s = filled(kEven);
  const VolumeId t = lab_->make(kOdd, kTracks, true);
  volume::PairRequest pair = Lab::pair(s, t, false, true);
  pair.options.out_of_space = volume::OutOfSpace::inhibit_source;
  ASSERT_TRUE(lab_->establish(std::vector{pair}).front());
  ASSERT_TRUE(lab_->write(t, 0, 1, 't'));
  ASSERT_TRUE(lab_->drain());
  const auto result = verified(s, t);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->counts.uncopied, kTracks - 1);
  EXPECT_EQ(result->counts.different, 1U);
}

/// Hosts write both sides, copies run, relationships are refreshed and turned, a child hangs below, the power fails;
/// verification runs all the time.
class Turmoil : public VerifyTest {
 protected:
  void run(std::uint64_t seed) {
    Random random(seed);
    open(static_cast<std::uint32_t>(1 + seed % 3), seed);
    VolumeId s = filled(kEven);
    VolumeId t = lab_->make(kOdd, kTracks);
    const VolumeId child = lab_->make(kEven + 1, kTracks);
    lab_->destaging(true);
    ASSERT_TRUE(copy(s, t));
    ASSERT_TRUE(copy(t, child));
    std::vector<Pending<Result<void>>> writes;
    for (int step = 0; step < 200; ++step) {
      for (std::uint64_t i = random.below(4); i > 0; --i) {
        const VolumeId volume = random.chance(1, 3) ? t : s;
        const std::uint64_t block = random.below((kTracks - 2) * kTrackBlocks);
        writes.push_back(
            lab_->start_write(volume, block, 1 + random.below(200), static_cast<char>('a' + random.below(26))));
      }
      look(s, t);
      look(t, child);
      lab_->run_for(static_cast<rt::TimeNs>(random.below(20)) * rt::kMillisecond);
      if (random.chance(1, 30)) static_cast<void>(lab_->resync(s, t, recording()));
      if (random.chance(1, 30)) static_cast<void>(lab_->resync(t, child, recording()));
      if (random.chance(1, 60)) {
        static_cast<void>(lab_->withdraw(t, child));
        if (lab_->reverse(s, t, recording(), false)) std::swap(s, t);
        static_cast<void>(copy(t, child));
      }
      if (random.chance(1, 60)) {
        writes.clear();
        lab_->crash();
        lab_->destaging(true);
      }
    }
    look(s, t);
    look(t, child);
  }
  void look(VolumeId s, VolumeId t) {
    const auto now = status(s, t);
    if (now) {
      EXPECT_EQ(now->counts.different, 0U) << "track " << *now->counts.first_different;
      EXPECT_EQ(now->counts.unreadable, 0U);
      if (now->state == image::VerifyState::running) return;
      if (now->state == image::VerifyState::complete) {
        ++complete_;
        equal_ += now->counts.equal;
        changed_ += now->counts.changed;
        uncopied_ += now->counts.uncopied;
      }
    }
    static_cast<void>(begin(s, t));
  }

  std::uint64_t complete_ = 0;
  std::uint64_t equal_ = 0;
  std::uint64_t changed_ = 0;
  std::uint64_t uncopied_ = 0;
};

TEST_F(Turmoil, NoDifferenceIsFoundWhereNoneIs) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    run(seed);
    EXPECT_TRUE(lab_->control().config().problems.empty());
    if (HasFailure()) break;
  }
  EXPECT_GT(complete_, 50U);
  EXPECT_GT(equal_, 1000U);
  EXPECT_GT(changed_, 1000U);
  EXPECT_GT(uncopied_, 100U);
}

}  // namespace
}  // namespace tt::simulation
