// SPDX-License-Identifier: Apache-2.0
#include "cache/dirty_index.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "sim/disk.h"
#include "sim/world.h"

namespace tt::cache {
namespace {

constexpr Lsn kNewest{~std::uint64_t{0}};

/// An index over a real ring; blocks of entries hold one letter.
class DirtyIndexTest : public testing::Test {
 protected:
  DirtyIndexTest() : storage_(world_), reactor_(&world_.boot(1).reactor()), scope_(*reactor_) {
    mounted_ = storage_.mount(*reactor_);
    scope_.spawn(open_ring(std::move(mounted_->open("ring", rt::OpenMode::create, kRingBytes)).value()));
    world_.run_until([this] { return ring_ != nullptr; });
    ring_->start(scope_);
    index_.emplace(*ring_, 1000, 8);
  }
  ~DirtyIndexTest() override {
    ring_->stop();
    world_.run_until([this] { return scope_.count() == 0; });
  }

  rt::Task<void> open_ring(std::unique_ptr<rt::Disk> disk) {
    auto ring = co_await journal::Ring::open(*reactor_, std::move(disk), {7, kRingBytes}, {}, 1, {});
    ring_ = std::move(*ring);
  }

  Entry& put(int owner, std::uint64_t track, std::uint64_t lsn, std::uint16_t first, std::uint16_t count, char letter) {
    journal::RecordHeader header;
    header.lsn = lsn;
    const std::vector<std::byte> data(letter == '.' ? 0 : std::size_t{count} * kBlockBytes,
                                      static_cast<std::byte>(letter));
    const journal::Appended appended = ring_->append(header, data, journal::SpaceClass::host);
    return index_->insert(lists_[static_cast<std::size_t>(owner)], &lists_[static_cast<std::size_t>(owner)], track,
                          Lsn{lsn}, appended.slot, appended.payload, first, count, false, 0);
  }
  DirtyTrack* at(int owner, std::uint64_t track) {
    return index_->find(&lists_[static_cast<std::size_t>(owner)], track);
  }
  OwnerList& list(int owner) { return lists_[static_cast<std::size_t>(owner)]; }

  /// The first `blocks` blocks from `first`, over a medium of '-'.
  std::string seen(const DirtyTrack* track, Lsn after, Lsn up_to, std::uint16_t first, std::size_t blocks) {
    std::vector<std::byte> out(blocks * kBlockBytes, std::byte{'-'});
    newest_slot_ = DirtyIndex::overlay(track, after, up_to, first, out);
    std::string text;
    for (std::size_t b = 0; b < blocks; ++b) {
      const char letter = static_cast<char>(out[b * kBlockBytes]);
      text += letter == 0 ? '.' : letter;
    }
    return text;
  }

  static constexpr std::uint64_t kRingBytes = 17_MiB;
  sim::World world_{1};
  sim::SimStorage storage_;
  sim::SimReactor* reactor_;
  rt::Scope scope_;
  std::unique_ptr<rt::Storage> mounted_;
  std::unique_ptr<journal::Ring> ring_;
  std::optional<DirtyIndex> index_;
  std::array<OwnerList, 3> lists_;
  journal::SlotSeq newest_slot_{0};
};

TEST_F(DirtyIndexTest, OverlayLaysNewerOverOlderWithinTheWindow) {
  put(0, 5, 10, 0, 4, 'a');
  put(0, 5, 20, 2, 4, 'b');
  put(0, 5, 30, 3, 1, '.');
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, kNewest, 0, 8), "aab.bb--");
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, Lsn{20}, 0, 8), "aabbbb--");
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, Lsn{19}, 0, 8), "aaaa----");
  EXPECT_EQ(seen(at(0, 5), Lsn{10}, kNewest, 0, 8), "--b.bb--");
  EXPECT_EQ(seen(at(0, 5), Lsn{20}, Lsn{29}, 0, 8), "--------");
  EXPECT_EQ(newest_slot_, journal::SlotSeq{0});
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, kNewest, 3, 2), ".b");
  EXPECT_NE(newest_slot_, journal::SlotSeq{0});
  EXPECT_EQ(seen(nullptr, Lsn{0}, kNewest, 0, 2), "--");
}

TEST_F(DirtyIndexTest, EntriesAreKeptByLsnEvenWhenTheyComeOutOfOrder) {
  put(0, 5, 30, 0, 2, 'c');
  put(0, 5, 10, 0, 4, 'a');
  put(0, 5, 20, 0, 3, 'b');
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, kNewest, 0, 5), "ccba-");
  Lsn last{0};
  for (const Entry* e = at(0, 5)->first; e != nullptr; e = e->next) {
    EXPECT_LT(last, e->lsn);
    last = e->lsn;
  }
  EXPECT_EQ(at(0, 5)->last->lsn, Lsn{30});
}

TEST_F(DirtyIndexTest, CoversNeedsEveryBlockWithinTheWindow) {
  put(0, 5, 10, 0, 64, 'a');
  put(0, 5, 20, 64, 64, 'b');
  EXPECT_TRUE(DirtyIndex::covers(at(0, 5), Lsn{0}, kNewest, 0, 128));
  EXPECT_FALSE(DirtyIndex::covers(at(0, 5), Lsn{0}, Lsn{19}, 0, 128));
  EXPECT_FALSE(DirtyIndex::covers(at(0, 5), Lsn{10}, kNewest, 0, 128));
  EXPECT_TRUE(DirtyIndex::covers(at(0, 5), Lsn{10}, kNewest, 64, 64));
  EXPECT_TRUE(DirtyIndex::covers(at(0, 5), Lsn{0}, Lsn{10}, 10, 5));
  EXPECT_FALSE(DirtyIndex::covers(at(0, 5), Lsn{0}, Lsn{10}, 60, 5));
  EXPECT_FALSE(DirtyIndex::covers(nullptr, Lsn{0}, kNewest, 0, 1));
}

TEST_F(DirtyIndexTest, RetireWithoutReadersRemovesAndGivesThePinBack) {
  Entry& a = put(0, 5, 10, 0, 1, 'a');
  const journal::SlotSeq slot = a.slot;
  EXPECT_EQ(ring_->oldest_pinned(), slot);
  EXPECT_EQ(index_->next_dirty(0), std::optional<std::uint64_t>(5));
  EXPECT_EQ(index_->dirty_bytes(), kBlockBytes);
  index_->retire(list(0), a);
  EXPECT_EQ(ring_->oldest_pinned(), journal::SlotSeq{0});
  EXPECT_EQ(index_->entry_count(), 0U);
  EXPECT_EQ(index_->dirty_bytes(), 0U);
  EXPECT_EQ(index_->next_dirty(0), std::nullopt);
  EXPECT_EQ(index_->find_column(5), nullptr);
  EXPECT_EQ(index_->oldest(), nullptr);
}

TEST_F(DirtyIndexTest, AnEntryStaysVisibleToReadersThatBeganEarlier) {
  Entry& a = put(0, 5, 10, 0, 1, 'a');
  DirtyTrack& first = index_->begin_read(list(0), &list(0), 5, false);
  DirtyTrack& second = index_->begin_read(list(0), &list(0), 5, true);
  EXPECT_EQ(&first, &second);
  EXPECT_EQ(first.image_readers, 1U);
  index_->retire(list(0), a);
  EXPECT_EQ(index_->next_dirty(0), std::nullopt);  // nothing is left for a batch
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, kNewest, 0, 2), "a-");
  index_->end_read(list(0), first, false);
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, kNewest, 0, 2), "a-");
  index_->end_read(list(0), second, true);
  EXPECT_EQ(at(0, 5), nullptr);
  EXPECT_EQ(index_->entry_count(), 0U);
}

TEST_F(DirtyIndexTest, AnEntryStaysVisibleToASingleReader) {
  Entry& a = put(0, 5, 10, 0, 1, 'a');
  DirtyTrack& track = index_->begin_read(list(0), &list(0), 5, false);
  index_->retire(list(0), a);
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, kNewest, 0, 2), "a-");
  index_->end_read(list(0), track, false);
  EXPECT_EQ(at(0, 5), nullptr);
}

TEST_F(DirtyIndexTest, ReadersOfACleanTrackLeaveNothingBehind) {
  DirtyTrack& track = index_->begin_read(list(0), &list(0), 9, true);
  EXPECT_EQ(index_->next_dirty(0), std::nullopt);
  EXPECT_NE(at(0, 9), nullptr);
  index_->end_read(list(0), track, true);
  EXPECT_EQ(index_->find_column(9), nullptr);
  EXPECT_EQ(list(0).first, nullptr);
}

TEST_F(DirtyIndexTest, KillTakesOnlyOlderEntriesOfTheOwnerWithinTheRange) {
  put(0, 3, 10, 0, 1, 'a');
  put(0, 3, 30, 1, 1, 'b');
  put(0, 4, 11, 0, 1, 'c');
  put(1, 3, 12, 0, 1, 'd');
  index_->kill(list(0), Lsn{30}, 4);
  EXPECT_EQ(seen(at(0, 3), Lsn{0}, kNewest, 0, 2), "-b");
  EXPECT_EQ(seen(at(0, 4), Lsn{0}, kNewest, 0, 1), "c");  // beyond the range
  EXPECT_EQ(seen(at(1, 3), Lsn{0}, kNewest, 0, 1), "d");  // another volume
  EXPECT_EQ(list(0).entry_count, 2U);
  EXPECT_EQ(index_->entry_count(), 3U);
  EXPECT_EQ(index_->oldest()->lsn, Lsn{30});
}

TEST_F(DirtyIndexTest, AColumnIsLatchedOnceAndOutlivesItsEntries) {
  Entry& a = put(0, 5, 10, 0, 1, 'a');
  Column* column = index_->try_latch(5);
  ASSERT_NE(column, nullptr);
  EXPECT_EQ(index_->try_latch(5), nullptr);
  index_->retire(list(0), a);
  EXPECT_EQ(index_->find_column(5), column);
  EXPECT_EQ(index_->try_latch(5), nullptr);
  index_->unlatch(*column);
  EXPECT_EQ(index_->find_column(5), nullptr);
  Column* again = index_->try_latch(5);  // also for a column without data: the background copy latches those
  ASSERT_NE(again, nullptr);
  index_->unlatch(*again);
}

TEST_F(DirtyIndexTest, ARelocatedEntryKeepsItsLsnAndLooksTheSame) {
  Entry& a = put(0, 5, 10, 0, 2, 'a');
  put(0, 5, 20, 1, 1, 'b');
  journal::RecordHeader header;
  header.lsn = 10;
  ring_->cut();
  const journal::Appended copy = ring_->append(header, {a.data, 2 * kBlockBytes}, journal::SpaceClass::redo);
  index_->relocate(a, copy.slot, copy.payload);
  EXPECT_EQ(a.data, copy.payload.data());
  EXPECT_EQ(a.slot, copy.slot);
  EXPECT_EQ(seen(at(0, 5), Lsn{0}, kNewest, 0, 3), "ab-");
  EXPECT_EQ(index_->oldest()->lsn, Lsn{20});  // the moved one does not hold the tail any more
}

TEST_F(DirtyIndexTest, LimitAndAge) {
  for (std::uint64_t i = 1; i <= 8; ++i) {
    EXPECT_FALSE(index_->full());
    put(static_cast<int>(i % 3), i, i, 0, 1, 'a');
  }
  EXPECT_TRUE(index_->full());
  EXPECT_EQ(index_->oldest()->lsn, Lsn{1});
  EXPECT_EQ(index_->next_dirty(4), std::optional<std::uint64_t>(4));
  index_->retire(list(1), *at(1, 1)->first);
  EXPECT_FALSE(index_->full());
  EXPECT_EQ(index_->oldest()->lsn, Lsn{2});
  index_->clear();
  EXPECT_EQ(index_->entry_count(), 0U);
}

}  // namespace
}  // namespace tt::cache
