// SPDX-License-Identifier: Apache-2.0
// The I/O matrix of a relationship, row by row: what a destage of one track does for U=1 and U=0.
#include "flashcopy/column_plan.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "sim/disk.h"
#include "sim/world.h"

namespace tt::flashcopy {
namespace {

constexpr std::uint64_t kTrack = 3;
constexpr Lsn kT0{100};
constexpr std::uint64_t kBefore = 50;
constexpr std::uint64_t kAfter = 150;

class ColumnPlanTest : public testing::Test {
 protected:
  ColumnPlanTest()
      : storage_(world_),
        reactor_(&world_.boot(1).reactor()),
        scope_(*reactor_),
        source_(*reactor_, 8),
        target_(*reactor_, 8),
        second_(*reactor_, 8),
        relationship_(Generation{9}, kT0, 8),
        later_(Generation{10}, Lsn{200}, 8) {
    mounted_ = storage_.mount(*reactor_);
    scope_.spawn(open_ring(std::move(mounted_->open("ring", rt::OpenMode::create, kRingBytes)).value()));
    world_.run_until([this] { return ring_ != nullptr; });
    ring_->start(scope_);
    index_.emplace(*ring_, 1000, 100);
    for (VolumeShare* v : {&source_, &target_, &second_}) v->block_count = 8 * kTrackBlocks;
    connect(relationship_, target_);
  }
  ~ColumnPlanTest() override {
    index_->clear();
    ring_->stop();
    world_.run_until([this] { return scope_.count() == 0; });
  }

  rt::Task<void> open_ring(std::unique_ptr<rt::Disk> disk) {
    auto ring = co_await journal::Ring::open(*reactor_, std::move(disk), {7, kRingBytes}, {}, 1, {});
    ring_ = std::move(*ring);
  }
  void connect(RelationshipShare& r, VolumeShare& target) {
    r.source = &source_;
    r.target = &target;
    target.parent = &r;
    source_.children.push_back(&r);
  }
  enum class What : std::uint8_t { data, zeros, unmap };
  journal::SlotSeq put(VolumeShare& volume, std::uint64_t lsn, std::uint16_t first, std::uint16_t count,
                       What what = What::data) {
    journal::RecordHeader header;
    header.lsn = lsn;
    const std::vector<std::byte> data(what == What::data ? std::size_t{count} * kBlockBytes : 0, std::byte{'x'});
    const journal::Appended appended = ring_->append(header, data, journal::SpaceClass::host);
    index_->insert(volume.dirty, &volume, kTrack, Lsn{lsn}, appended.slot, appended.payload, first, count,
                   what == What::unmap, 0);
    return appended.slot;
  }
  void copied() { relationship_.uncopied.set(kTrack, false); }
  ColumnPlan plan(std::initializer_list<RelationshipShare*> forced = {}) {
    const std::vector<RelationshipShare*> list(forced);
    return plan_column(*index_, kTrack, kTrack, limit_, list);
  }

  static constexpr std::uint64_t kRingBytes = 17_MiB;
  sim::World world_{1};
  sim::SimStorage storage_;
  sim::SimReactor* reactor_;
  rt::Scope scope_;
  std::unique_ptr<rt::Storage> mounted_;
  std::unique_ptr<journal::Ring> ring_;
  std::optional<cache::DirtyIndex> index_;
  VolumeShare source_;
  VolumeShare target_;
  VolumeShare second_;
  RelationshipShare relationship_;
  RelationshipShare later_;
  PickLimit limit_{journal::SlotSeq{~std::uint64_t{0}}, Lsn{~std::uint64_t{0}}};
};

TEST_F(ColumnPlanTest, ReadsNeedNothing) {
  EXPECT_TRUE(plan().empty());
}

TEST_F(ColumnPlanTest, WriteSourceUncopiedCopiesFirst) {
  source_.written.set(kTrack, true);
  put(source_, kAfter, 4, 2);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_EQ(p.copies[0].relationship, &relationship_);
  EXPECT_TRUE(p.copies[0].reads_source_medium);
  EXPECT_EQ(p.copies[0].target_entries_up_to, Lsn{0});
  ASSERT_EQ(p.updates.size(), 1U);
  EXPECT_EQ(p.updates[0].volume, &source_);
  EXPECT_EQ(p.updates[0].kind, Update::Kind::runs);
  EXPECT_EQ(p.updates[0].up_to, Lsn{kAfter});
}

TEST_F(ColumnPlanTest, WriteSourceWholeTrackCopiesToo) {
  source_.written.set(kTrack, true);
  put(source_, kAfter, 0, kTrackBlocks);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_TRUE(p.copies[0].reads_source_medium);
}

TEST_F(ColumnPlanTest, WriteSourceCopiedOnlyChangesTheSource) {
  source_.written.set(kTrack, true);
  copied();
  put(source_, kAfter, 4, 2);
  const ColumnPlan p = plan();
  EXPECT_TRUE(p.copies.empty());
  EXPECT_EQ(p.updates.size(), 1U);
}

TEST_F(ColumnPlanTest, SourceEntriesOfTheImageNeedNoCopy) {
  source_.written.set(kTrack, true);
  put(source_, kBefore, 4, 2);
  const ColumnPlan p = plan();
  EXPECT_TRUE(p.copies.empty());
  ASSERT_EQ(p.updates.size(), 1U);
  EXPECT_EQ(p.updates[0].up_to, Lsn{kBefore});
}

TEST_F(ColumnPlanTest, AnImageThatIsWhollyInTheCacheNeedsNoMediumRead) {
  source_.written.set(kTrack, true);
  put(source_, kBefore, 0, kTrackBlocks);
  put(source_, kAfter, 4, 2);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_FALSE(p.copies[0].reads_source_medium);
  EXPECT_FALSE(p.copies[0].image_is_zero);
}

TEST_F(ColumnPlanTest, AnImageOfNothingBecomesNotWritten) {
  put(source_, kAfter, 4, 2);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_TRUE(p.copies[0].image_is_zero);
  ASSERT_EQ(p.updates.size(), 1U);
  EXPECT_EQ(p.updates[0].kind, Update::Kind::whole);  // the source's medium holds nothing valid yet
}

TEST_F(ColumnPlanTest, WriteTargetFullTrackDoesNotReadTheSource) {
  source_.written.set(kTrack, true);
  put(target_, kAfter, 0, kTrackBlocks);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_FALSE(p.copies[0].reads_source_medium);
  EXPECT_EQ(p.copies[0].target_entries_up_to, Lsn{kAfter});
  EXPECT_TRUE(p.updates.empty());
}

TEST_F(ColumnPlanTest, WriteTargetPartialBuildsTheWholeTrack) {
  source_.written.set(kTrack, true);
  put(target_, kAfter, 4, 2);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_TRUE(p.copies[0].reads_source_medium);
  EXPECT_EQ(p.copies[0].target_entries_up_to, Lsn{kAfter});
  EXPECT_TRUE(p.updates.empty());
}

TEST_F(ColumnPlanTest, WriteTargetCopiedIsAnOrdinaryWrite) {
  copied();
  target_.written.set(kTrack, true);
  put(target_, kAfter, 4, 2);
  const ColumnPlan p = plan();
  EXPECT_TRUE(p.copies.empty());
  ASSERT_EQ(p.updates.size(), 1U);
  EXPECT_EQ(p.updates[0].kind, Update::Kind::runs);
}

TEST_F(ColumnPlanTest, UnmapSourceCopiesFirstThenClears) {
  source_.written.set(kTrack, true);
  put(source_, kAfter, 0, kTrackBlocks, What::unmap);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_TRUE(p.copies[0].reads_source_medium);
  ASSERT_EQ(p.updates.size(), 1U);
  EXPECT_EQ(p.updates[0].kind, Update::Kind::clear);
}

TEST_F(ColumnPlanTest, WriteSameOfZerosWithoutUnmapIsWritten) {
  source_.written.set(kTrack, true);
  put(source_, kAfter, 0, kTrackBlocks, What::zeros);
  EXPECT_EQ(plan().updates.at(0).kind, Update::Kind::runs);
}

TEST_F(ColumnPlanTest, UnmapTargetWholeOrInPart) {
  source_.written.set(kTrack, true);
  put(target_, kAfter, 4, 2, What::unmap);
  EXPECT_TRUE(plan().copies.at(0).reads_source_medium);
  put(target_, kAfter + 1, 0, kTrackBlocks, What::unmap);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_FALSE(p.copies[0].reads_source_medium);
  EXPECT_EQ(p.copies[0].target_entries_up_to, Lsn{kAfter + 1});
}

TEST_F(ColumnPlanTest, EachTargetHasItsOwnImage) {
  source_.written.set(kTrack, true);
  connect(later_, second_);
  put(source_, kAfter, 4, 2);  // after the first T0, before the second
  ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_EQ(p.copies[0].relationship, &relationship_);
  put(source_, 250, 4, 2);
  p = plan();
  EXPECT_EQ(p.copies.size(), 2U);
}

TEST_F(ColumnPlanTest, BothVolumesInOneColumnShareOneCopy) {
  source_.written.set(kTrack, true);
  put(source_, kAfter, 4, 2);
  put(target_, kAfter + 1, 8, 2);
  const ColumnPlan p = plan({&relationship_});
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_EQ(p.copies[0].target_entries_up_to, Lsn{kAfter + 1});
  EXPECT_EQ(p.updates.size(), 1U);
}

TEST_F(ColumnPlanTest, BackgroundCopyOfACleanTrack) {
  source_.written.set(kTrack, true);
  ColumnPlan p = plan({&relationship_});
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_TRUE(p.copies[0].reads_source_medium);
  EXPECT_TRUE(p.updates.empty());
  copied();
  EXPECT_TRUE(plan({&relationship_}).empty());
}

TEST_F(ColumnPlanTest, NothingIsPickedAboveTheFenceOrBeforeItIsDurable) {
  source_.written.set(kTrack, true);
  copied();
  put(source_, kBefore, 4, 2);
  ring_->cut();
  const journal::SlotSeq late = put(source_, kAfter, 8, 2);
  limit_.fence = Lsn{kAfter - 1};
  EXPECT_EQ(plan().updates.at(0).up_to, Lsn{kBefore});
  limit_.fence = Lsn{~std::uint64_t{0}};
  limit_.durable = journal::SlotSeq{late.value - 1};
  EXPECT_EQ(plan().updates.at(0).up_to, Lsn{kBefore});
  limit_.durable = late;
  EXPECT_EQ(plan().updates.at(0).up_to, Lsn{kAfter});
}

TEST_F(ColumnPlanTest, HeldAndRemovedVolumesAreLeftAlone) {
  source_.written.set(kTrack, true);
  put(target_, kAfter, 4, 2);
  target_.untouchable = true;
  EXPECT_TRUE(plan({&relationship_}).empty());
  target_.untouchable = false;
  target_.removed = true;
  EXPECT_TRUE(plan({&relationship_}).empty());
}

/// It is closing and owes the track; another establish holds the target.
TEST_F(ColumnPlanTest, ASourceWaitsForItsHeldTarget) {
  source_.written.set(kTrack, true);
  put(source_, kAfter, 4, 2);
  target_.untouchable = true;
  EXPECT_TRUE(plan().empty());
  copied();  // nothing is needed from the target any more
  EXPECT_EQ(plan().updates.size(), 1U);
  target_.untouchable = false;
  EXPECT_EQ(plan().updates.size(), 1U);
}

TEST_F(ColumnPlanTest, AFailedTargetHoldsNobodyUp) {
  source_.written.set(kTrack, true);
  relationship_.failed = true;
  put(source_, kAfter, 4, 2);
  put(target_, kAfter + 1, 4, 2);
  const ColumnPlan p = plan({&relationship_});
  EXPECT_TRUE(p.copies.empty());
  ASSERT_EQ(p.updates.size(), 2U);
  for (const Update& update : p.updates) {
    EXPECT_EQ(update.kind, update.volume == &target_ ? Update::Kind::drop : Update::Kind::runs);
  }
}

TEST_F(ColumnPlanTest, TracksBeyondTheRelationshipAreOrdinary) {
  RelationshipShare small(Generation{11}, kT0, 2);
  target_.parent = &small;
  small.source = &source_;
  small.target = &target_;
  put(target_, kBefore, 4, 2);
  const ColumnPlan p = plan();
  EXPECT_TRUE(p.copies.empty());
  EXPECT_EQ(p.updates.size(), 1U);
}

class GrainTest : public ColumnPlanTest {
 protected:
  GrainTest() {
    source_.written.set(kTrack, true);
    relationship_.background_copy = later_.background_copy = false;
  }
  void preserve(std::uint64_t grain) { change_preserved(relationship_, kTrack * kTrackGrains + grain, 1, true); }
  Copy only_copy() {
    const ColumnPlan p = plan();
    EXPECT_EQ(p.copies.size(), 1U);
    return p.copies.empty() ? Copy{} : p.copies[0];
  }
};

TEST_F(GrainTest, OnlyWhatWillBeOverwritten) {
  put(source_, kAfter, 15, 2);
  put(source_, kAfter + 1, 127, 1);
  const Copy copy = only_copy();
  EXPECT_EQ(copy.grains, 0x8006);
  EXPECT_FALSE(copy.completes);
  EXPECT_TRUE(copy.reads_source_medium);
}

TEST_F(GrainTest, NotWhatBelongsToTheImageNorWhatIsPreserved) {
  put(source_, kBefore, 0, 8);
  put(source_, kAfter, 16, 24);
  preserve(3);
  EXPECT_EQ(only_copy().grains, 0x0014);
  preserve(2);
  preserve(4);
  const ColumnPlan p = plan();
  EXPECT_TRUE(p.copies.empty());
  EXPECT_EQ(p.updates.size(), 1U);
}

TEST_F(GrainTest, TheLastOnesMakeItWhole) {
  for (std::uint64_t grain = 1; grain < kTrackGrains; ++grain) preserve(grain);
  put(source_, kAfter, 0, 1);
  const Copy copy = only_copy();
  EXPECT_EQ(copy.grains, 1);
  EXPECT_TRUE(copy.completes);
}

/// What a background copy, a withdrawn or turning relationship, or another target wants is whole.
TEST_F(GrainTest, WholeTracksWhereTheyAreWanted) {
  put(source_, kAfter, 0, 1);
  for (bool RelationshipShare::* fact : {&RelationshipShare::background_copy, &RelationshipShare::completing,
                                         &RelationshipShare::withdrawing, &RelationshipShare::revertible}) {
    relationship_.*fact = true;
    EXPECT_EQ(only_copy().grains, kAllGrains);
    relationship_.*fact = false;
  }
  relationship_.withdrawn_at = Lsn{500};
  EXPECT_EQ(only_copy().grains, kAllGrains);
  relationship_.withdrawn_at.reset();
  target_.block_count -= 5 * kTrackBlocks - 1;
  EXPECT_EQ(only_copy().grains, kAllGrains) << "a short last track";
  target_.block_count = 8 * kTrackBlocks;
  source_.written.set(kTrack, false);
  EXPECT_EQ(only_copy().grains, kAllGrains) << "the source's medium will be written as a whole";
  source_.written.set(kTrack, true);
  connect(later_, second_);
  put(source_, 250, 0, 1);
  for (const Copy& copy : plan().copies) EXPECT_EQ(copy.grains, kAllGrains);
  EXPECT_EQ(plan().copies.size(), 2U);
}

TEST_F(GrainTest, WithoutMemoryOnlyPartialTracksGetMoreGrains) {
  put(source_, kAfter, 0, 1);
  const auto grains = [this] {
    return plan_column(*index_, kTrack, kTrack, limit_, {}, Preserve::whole_tracks).copies.at(0).grains;
  };
  EXPECT_EQ(grains(), kAllGrains);
  preserve(7);
  EXPECT_EQ(grains(), 1);
}

/// The target's own entries lie over what it holds, so they wait until it holds all.
TEST_F(GrainTest, TheTargetsOwnEntriesWaitForTheWholeTrack) {
  preserve(7);
  put(target_, kAfter, 0, kTrackBlocks);
  const Copy copy = only_copy();
  EXPECT_EQ(copy.grains, kAllGrains & ~(1 << 7));
  EXPECT_TRUE(copy.completes);
  EXPECT_EQ(copy.target_entries_up_to, Lsn{0});
  EXPECT_TRUE(plan().updates.empty());
}

/// target_ is the source of second_: the image of that comes over a partial track.
TEST_F(GrainTest, ATrackOnTheWayIsCompletedFirst) {
  preserve(7);
  later_.source = &target_;
  later_.target = &second_;
  second_.parent = &later_;
  target_.children.push_back(&later_);
  const ColumnPlan p = plan({&later_});
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_EQ(p.copies[0].relationship, &relationship_);
  EXPECT_TRUE(p.copies[0].completes);
  relationship_.uncopied.set(kTrack, false);
  change_preserved(relationship_, kTrack * kTrackGrains, kTrackGrains, false);
  target_.written.set(kTrack, true);
  EXPECT_EQ(plan({&later_}).copies.at(0).relationship, &later_);
}

TEST_F(GrainTest, GrainsOfATrackComeTwoWays) {
  preserve(0);
  preserve(1);
  const Lsn now{~std::uint64_t{0}};
  EXPECT_EQ(&lineage_of(target_, kTrack, 0, now).base(), &target_);
  EXPECT_TRUE(lineage_of(target_, kTrack, 0, now).is_on_medium(kTrack));
  EXPECT_EQ(&lineage_of(target_, kTrack, 2, now).base(), &source_);
  EXPECT_EQ(same_way(target_, kTrack, now, 3, 125), 13);
  EXPECT_EQ(same_way(target_, kTrack, now, 16, 112), 112);
  EXPECT_EQ(same_way(source_, kTrack, now, 0, 128), 128);
}

TEST_F(GrainTest, PartialTracksAreCounted) {
  change_preserved(relationship_, 10, 30, true);  // of tracks 0, 1 and 2
  EXPECT_EQ(relationship_.partial_tracks, 3U);
  change_preserved(relationship_, 0, 16, false);
  EXPECT_EQ(relationship_.partial_tracks, 2U);
  change_preserved(relationship_, 1000, 16, true);  // behind the last track
  relationship_.partial_tracks = 99;
  count_partial_tracks(relationship_);
  EXPECT_EQ(relationship_.partial_tracks, 2U);
  EXPECT_EQ(owed_count(relationship_), 2U);
  EXPECT_EQ(owed_tracks(relationship_, Lsn{1}), (std::vector<std::uint64_t>{1, 2}));
}

/// Two targets with one content: the younger gets it and lends it to the older.
class SharingTest : public ColumnPlanTest {
 protected:
  SharingTest() : loan_(Generation{11}, Lsn{200}, 8, false) {
    source_.written.set(kTrack, true);
    connect(later_, second_);
    loan_.is_loan = true;
    loan_.since = kT0;
    loan_.source = &second_;
    loan_.target = &target_;
    loan_.lender = &later_;
    loan_.borrower = &relationship_;
    second_.children.push_back(&loan_);
    target_.loans.push_back(&loan_);
  }
  std::size_t copies() { return plan().copies.size(); }

  RelationshipShare loan_;
};

TEST_F(SharingTest, TheYoungestGetsItAndLendsIt) {
  put(source_, 250, 4, 2);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_EQ(p.copies[0].relationship, &later_);
  ASSERT_EQ(p.lends.size(), 1U);
  EXPECT_EQ(p.lends[0].relationship, &relationship_);
  EXPECT_EQ(p.lends[0].loan, &loan_);
  EXPECT_EQ(p.lends[0].copy, &later_);
  EXPECT_EQ(p.updates.size(), 1U);
}

TEST_F(SharingTest, NotWhenTheSourceChangedBetweenTheTwo) {
  put(source_, kBefore, 0, 1);  // part of both
  put(source_, 250, 4, 2);
  EXPECT_EQ(copies(), 1U);
  put(source_, 200, 1, 1);  // of the younger one only
  EXPECT_EQ(copies(), 2U);
}

TEST_F(SharingTest, NotWhatATargetHasOverlaid) {
  put(source_, 250, 4, 2);
  put(target_, kAfter, 8, 1);
  EXPECT_EQ(copies(), 2U);
}

TEST_F(SharingTest, NotWhatTheBackgroundCopyWants) {
  put(source_, 250, 4, 2);
  EXPECT_EQ(plan({&relationship_}).copies.size(), 2U);
  EXPECT_EQ(plan({&later_}).copies.size(), 1U) << "it may lend what it gets";
}

TEST_F(SharingTest, NotThroughALoanThatIsClosed) {
  put(source_, 250, 4, 2);
  loan_.lender = loan_.borrower = nullptr;
  EXPECT_EQ(copies(), 2U);
}

TEST_F(SharingTest, NotByOrToAnyoneThatMayNotShare) {
  put(source_, 250, 4, 2);
  for (RelationshipShare* r : {&relationship_, &later_}) {
    for (bool RelationshipShare::* fact :
         {&RelationshipShare::withdrawing, &RelationshipShare::revertible, &RelationshipShare::inhibits_source}) {
      r->*fact = true;
      EXPECT_EQ(copies(), 2U);
      r->*fact = false;
    }
  }
  EXPECT_EQ(copies(), 1U);
}

/// Behind the end of the source targets hold data of their own; and nothing is saved on zeros.
TEST_F(SharingTest, NotAShortLastTrackNorZeros) {
  put(source_, 250, 4, 2);
  source_.block_count = (kTrack + 1) * kTrackBlocks - 1;
  EXPECT_EQ(copies(), 2U);
  source_.block_count = 8 * kTrackBlocks;
  source_.written.set(kTrack, false);
  EXPECT_EQ(copies(), 2U);
}

/// The lender is written: the borrower is served first, at its own cost.
TEST_F(SharingTest, TheBorrowerIsServedBeforeTheLenderIsOverwritten) {
  copied();
  later_.uncopied.set(kTrack, false);
  second_.written.set(kTrack, true);
  loan_.uncopied.set(kTrack, true);
  put(second_, 250, 4, 2);
  const ColumnPlan p = plan();
  ASSERT_EQ(p.copies.size(), 1U);
  EXPECT_EQ(p.copies[0].relationship, &loan_);
  EXPECT_TRUE(p.copies[0].reads_source_medium);
  ASSERT_EQ(p.updates.size(), 1U);
  EXPECT_EQ(p.updates[0].volume, &second_);
}

/// The borrower is written between the two T0s, and its child was made there: the child's image is that write.
TEST_F(SharingTest, TheBorrowersOwnEntriesLieOverWhatItBorrows) {
  copied();
  later_.uncopied.set(kTrack, false);
  loan_.uncopied.set(kTrack, true);
  put(target_, kAfter, 4, 2);
  const Lineage image = lineage_of(target_, kTrack, 0, Lsn{kAfter + 1});
  ASSERT_EQ(image.layers().size(), 2U);
  EXPECT_EQ(image.layers()[0].after, kT0);
  EXPECT_EQ(image.layers()[1].volume, &second_);
  EXPECT_EQ(image.layers()[1].up_to, Lsn{200});
}

/// What is left out comes in later plans; the order law holds in each of them.
TEST_F(ColumnPlanTest, ALargePlanGoesOutInParts) {
  connect(later_, second_);
  put(source_, 250, 0, 1);
  for (int copies_left = 2; copies_left > 0; --copies_left) {
    ColumnPlan part = plan();
    EXPECT_TRUE(part.limit(ColumnPlan::kMostStepBytes, &source_));
    ASSERT_EQ(part.copies.size(), 1U);
    EXPECT_TRUE(part.updates.empty());  // not before the last copy
    part.copies[0].relationship->uncopied.set(kTrack, false);
  }
  ColumnPlan rest = plan();
  EXPECT_FALSE(rest.limit(ColumnPlan::kMostStepBytes, &source_));
  EXPECT_TRUE(rest.copies.empty());
  EXPECT_EQ(rest.updates.size(), 1U);
}

TEST_F(ColumnPlanTest, TheVolumeAskedForComesFirst) {
  copied();
  put(source_, 250, 0, 1);
  put(second_, 260, 0, 1);
  put(target_, 270, 0, 1);
  for (VolumeShare* v : {&source_, &second_, &target_}) {
    ColumnPlan part = plan();
    ASSERT_EQ(part.updates.size(), 3U);
    EXPECT_FALSE(part.limit(part.bytes(), v));
    EXPECT_TRUE(part.limit(part.bytes() / 3 + 1, v));
    ASSERT_EQ(part.updates.size(), 1U);
    EXPECT_EQ(part.updates[0].volume, v);
  }
}

}  // namespace
}  // namespace tt::flashcopy
