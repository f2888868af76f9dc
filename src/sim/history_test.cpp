// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace tt::sim {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Block = std::array<std::byte, kBlockBytes>;

constexpr std::uint32_t kSource = 1;
constexpr std::uint32_t kTarget = 2;
constexpr std::uint64_t kSectors = 8;

/// A history with shorthand for single sectors.
class HistoryTest : public testing::Test {
 protected:
  struct Write {
    History::Operation operation;
    Block block;
  };
  Write begin(std::uint32_t volume, std::uint64_t sector) {
    Write write{};
    write.operation = history.begin_write(volume, sector, write.block);
    return write;
  }
  Block write(std::uint32_t volume, std::uint64_t sector, bool hardened = true) {
    const Write done = begin(volume, sector);
    history.acknowledge_write(done.operation, hardened);
    return done.block;
  }
  std::string read(std::uint32_t volume, std::uint64_t sector, const Block& seen) {
    const auto operation = history.begin_read(volume, sector, 1);
    return history.end_read(operation, seen);
  }
  History::Operation begin_copy(std::uint32_t source = kSource, std::uint32_t target = kTarget) {
    const CopyPair pair{source, target, 0, 0, kSectors};
    return history.begin_copy(std::span(&pair, 1));
  }
  History::Operation copy(std::uint32_t source = kSource, std::uint32_t target = kTarget) {
    const auto operation = begin_copy(source, target);
    history.acknowledge_copy(operation);
    return operation;
  }

  void withdraw(History::Operation operation, std::uint32_t target = kTarget) {
    history.begin_withdraw(operation, target);
    history.acknowledge_withdraw(operation, target);
  }

  History history;
  const Block zeros{};
};

TEST(Tag, every_byte_counts) {
  std::array<std::byte, 1_KiB> two{};
  make_tagged(two, 5, 70, 900);
  EXPECT_EQ(value_of(std::span(two).first(kBlockBytes)), (Value{Value::Kind::tagged, 5, 70, 900}));
  EXPECT_EQ(value_of(std::span(two).subspan(kBlockBytes)), (Value{Value::Kind::tagged, 5, 71, 900}));
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    auto damaged = two;
    damaged[i] ^= std::byte{4};
    EXPECT_EQ(value_of(std::span(damaged).first(kBlockBytes)).kind, Value::Kind::other) << i;
  }
  const Block zeros{};
  EXPECT_EQ(value_of(zeros), Value{});
}

TEST_F(HistoryTest, a_read_returns_the_latest_write) {
  EXPECT_THAT(read(kSource, 3, zeros), IsEmpty());
  const Block first = write(kSource, 3);
  EXPECT_THAT(read(kSource, 3, first), IsEmpty());
  EXPECT_THAT(read(kSource, 3, zeros), HasSubstr("not legal"));
  const Block second = write(kSource, 3);
  EXPECT_THAT(read(kSource, 3, first), HasSubstr("volume 1 sector 3"));
  EXPECT_THAT(read(kSource, 3, second), IsEmpty());
}

TEST_F(HistoryTest, content_of_another_sector_is_not_legal) {
  const Block here = write(kSource, 3);
  write(kSource, 4);
  EXPECT_THAT(read(kSource, 4, here), HasSubstr("not legal"));
}

TEST_F(HistoryTest, a_torn_sector_is_not_legal) {
  Block torn = write(kSource, 3);
  const Block second = write(kSource, 3);
  std::copy(second.begin() + 256, second.end(), torn.begin() + 256);
  EXPECT_THAT(read(kSource, 3, torn), HasSubstr("unknown bytes"));
}

TEST_F(HistoryTest, concurrent_writes_may_win_either_way_but_only_once) {
  const Write a = begin(kSource, 0);
  const Write b = begin(kSource, 0);
  history.acknowledge_write(a.operation, true);
  history.acknowledge_write(b.operation, true);
  EXPECT_THAT(read(kSource, 0, zeros), Not(IsEmpty()));
  EXPECT_THAT(read(kSource, 0, a.block), IsEmpty());
  EXPECT_THAT(read(kSource, 0, b.block), HasSubstr("not legal"));
}

TEST_F(HistoryTest, a_pending_write_may_be_seen_and_then_stays) {
  const Block old = write(kSource, 0);
  const Write pending = begin(kSource, 0);
  EXPECT_THAT(read(kSource, 0, old), IsEmpty());
  EXPECT_THAT(read(kSource, 0, pending.block), IsEmpty());
  EXPECT_THAT(read(kSource, 0, old), HasSubstr("not legal"));
}

TEST_F(HistoryTest, a_read_may_return_what_was_overwritten_after_it_began) {
  const Block old = write(kSource, 0);
  const auto slow = history.begin_read(kSource, 0, 1);
  const Block young = write(kSource, 0);
  EXPECT_THAT(history.end_read(slow, old), IsEmpty());
  EXPECT_THAT(read(kSource, 0, young), IsEmpty());
}

TEST_F(HistoryTest, a_refused_write_may_be_there_until_it_is_overwritten) {
  const Block old = write(kSource, 0);
  const Write refused = begin(kSource, 0);
  history.refuse_write(refused.operation);
  EXPECT_THAT(read(kSource, 0, old), IsEmpty());
  history.crash();
  EXPECT_THAT(read(kSource, 0, refused.block), IsEmpty());
  write(kSource, 0);
  EXPECT_THAT(read(kSource, 0, refused.block), HasSubstr("not legal"));
}

TEST_F(HistoryTest, zeroed_sectors_read_as_zeros) {
  const Block old = write(kSource, 2);
  const auto zero = history.begin_zero(kSource, 0, 4);
  history.acknowledge_write(zero, true);
  EXPECT_THAT(read(kSource, 2, old), HasSubstr("not legal"));
  EXPECT_THAT(read(kSource, 2, zeros), IsEmpty());
}

TEST_F(HistoryTest, hardened_writes_survive_a_crash) {
  const Block old = write(kSource, 0);
  const Block kept = write(kSource, 0);
  history.crash();
  EXPECT_THAT(read(kSource, 0, old), HasSubstr("not legal"));
  EXPECT_THAT(read(kSource, 0, kept), IsEmpty());
}

TEST_F(HistoryTest, unanswered_writes_are_decided_by_the_crash) {
  const Block old = write(kSource, 0);
  const Write pending = begin(kSource, 0);
  history.crash();
  EXPECT_THAT(read(kSource, 0, old), IsEmpty());
  EXPECT_THAT(read(kSource, 0, pending.block), HasSubstr("not legal"));
  history.crash();
  EXPECT_THAT(read(kSource, 0, pending.block), HasSubstr("not legal")) << "what recovery settled stays settled";
  EXPECT_THAT(read(kSource, 0, old), IsEmpty());
}

TEST(VolatileHistory, a_flush_hardens_exactly_what_was_acknowledged_before_it) {
  for (const bool flush_succeeds : {true, false}) {
    History history({.seen_is_hardened = false});
    Block first{};
    Block second{};
    history.acknowledge_write(history.begin_write(kSource, 0, first), false);
    const auto flush = history.begin_flush(kSource);
    history.acknowledge_write(history.begin_write(kSource, 0, second), false);
    if (flush_succeeds) history.acknowledge_flush(flush);
    const auto before = history.begin_read(kSource, 0, 1);
    EXPECT_THAT(history.end_read(before, second), IsEmpty());
    history.crash();
    const auto zeros_read = history.begin_read(kSource, 0, 1);
    EXPECT_EQ(history.end_read(zeros_read, Block{}).empty(), !flush_succeeds);
    const auto first_read = history.begin_read(kSource, 0, 1);
    EXPECT_EQ(history.end_read(first_read, first).empty(), flush_succeeds) << "or the zeros seen before stay";
  }
}

TEST(VolatileHistory, any_unflushed_version_may_come_back_once) {
  for (std::size_t survivor = 0; survivor < 4; ++survivor) {
    History history({.seen_is_hardened = false});
    std::array<Block, 4> blocks{};
    for (std::size_t i = 1; i < 4; ++i) history.acknowledge_write(history.begin_write(kSource, 0, blocks[i]), false);
    history.crash();
    for (int again = 0; again < 2; ++again) {
      const auto operation = history.begin_read(kSource, 0, 1);
      EXPECT_THAT(history.end_read(operation, blocks[survivor]), IsEmpty());
      history.crash();
    }
    const auto other = history.begin_read(kSource, 0, 1);
    EXPECT_THAT(history.end_read(other, blocks[(survivor + 1) % 4]), Not(IsEmpty()));
  }
}

TEST_F(HistoryTest, a_copy_shows_what_was_written_before_and_nothing_later) {
  const Block before = write(kSource, 0);
  write(kTarget, 1);
  copy();
  const Block after = write(kSource, 0);
  EXPECT_THAT(read(kTarget, 0, after), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 0, before), IsEmpty());
  EXPECT_THAT(read(kSource, 0, after), IsEmpty());
  EXPECT_THAT(read(kTarget, 1, zeros), IsEmpty()) << "the target's old content is replaced by zeros of the source";
}

TEST_F(HistoryTest, a_sector_first_written_after_the_copy_is_zero_in_the_image) {
  copy();
  const Block after = write(kSource, 5);
  EXPECT_THAT(read(kTarget, 5, after), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 5, zeros), IsEmpty());
}

TEST_F(HistoryTest, a_write_concurrent_with_the_copy_is_in_or_out_for_ever) {
  for (const bool in : {true, false}) {
    const std::uint64_t sector = in ? 0 : 1;
    const Block old = write(kSource, sector);
    const auto operation = begin_copy();
    const Write concurrent = begin(kSource, sector);
    history.acknowledge_write(concurrent.operation, true);
    history.acknowledge_copy(operation);
    const Block& first = in ? concurrent.block : old;
    const Block& other = in ? old : concurrent.block;
    EXPECT_THAT(read(kTarget, sector, first), IsEmpty());
    EXPECT_THAT(read(kTarget, sector, other), HasSubstr("not legal"));
    history.crash();
    EXPECT_THAT(read(kTarget, sector, other), HasSubstr("not legal"));
    EXPECT_THAT(read(kTarget, sector, first), IsEmpty());
    EXPECT_THAT(read(kSource, sector, concurrent.block), IsEmpty());
  }
}

TEST_F(HistoryTest, a_group_of_copies_shares_one_instant) {
  constexpr std::uint32_t kOtherSource = 3;
  constexpr std::uint32_t kOtherTarget = 4;
  const Block old = write(kSource, 0);
  const std::array<CopyPair, 2> pairs{{{kSource, kTarget, 0, 0, 8}, {kOtherSource, kOtherTarget, 0, 0, 8}}};
  const auto operation = history.begin_copy(pairs);
  write(kSource, 0);                               // acknowledged ...
  const Block dependent = write(kOtherSource, 0);  // ... before this is issued
  history.acknowledge_copy(operation);
  EXPECT_THAT(read(kOtherTarget, 0, dependent), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, old), HasSubstr("no instant"));
}

TEST_F(HistoryTest, the_same_in_the_other_order_of_reading) {
  constexpr std::uint32_t kOtherSource = 3;
  constexpr std::uint32_t kOtherTarget = 4;
  const Block old = write(kSource, 0);
  const std::array<CopyPair, 2> pairs{{{kSource, kTarget, 0, 0, 8}, {kOtherSource, kOtherTarget, 0, 0, 8}}};
  const auto operation = history.begin_copy(pairs);
  write(kSource, 0);
  const Block dependent = write(kOtherSource, 0);
  history.acknowledge_copy(operation);
  EXPECT_THAT(read(kTarget, 0, old), IsEmpty());
  EXPECT_THAT(read(kOtherTarget, 0, dependent), HasSubstr("no instant"));
}

TEST_F(HistoryTest, the_targets_own_writes_lie_on_top) {
  write(kSource, 0);
  copy();
  const Block own = write(kTarget, 0);
  EXPECT_THAT(read(kTarget, 0, own), IsEmpty());
  const Block source = write(kSource, 0);
  EXPECT_THAT(read(kSource, 0, source), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, own), IsEmpty());
}

TEST_F(HistoryTest, a_cascade_agrees_with_its_parent) {
  constexpr std::uint32_t kGrandchild = 3;
  const Block old = write(kSource, 0);
  const auto operation = begin_copy();
  const Write concurrent = begin(kSource, 0);
  history.acknowledge_write(concurrent.operation, true);
  history.acknowledge_copy(operation);
  copy(kTarget, kGrandchild);
  write(kTarget, 0);
  EXPECT_THAT(read(kGrandchild, 0, old), IsEmpty());
  EXPECT_THAT(read(kGrandchild, 0, concurrent.block), HasSubstr("not legal"));
}

TEST_F(HistoryTest, twelve_copies_at_different_instants) {
  std::array<Block, 12> versions{};
  for (std::uint32_t i = 0; i < 12; ++i) {
    versions[i] = write(kSource, 0);
    copy(kSource, 10 + i);
  }
  for (std::uint32_t i = 0; i < 12; ++i) {
    for (std::uint32_t j = 0; j < 12; ++j) EXPECT_EQ(read(10 + i, 0, versions[j]).empty(), i == j) << i << " " << j;
  }
}

TEST_F(HistoryTest, an_undecided_copy_exists_fully_or_not_at_all) {
  for (const bool exists : {true, false}) {
    const std::uint64_t sector = exists ? 0 : 1;
    const Block source = write(kSource, sector);
    const Block target = write(kTarget, sector);
    const auto operation = begin_copy();
    history.crash();
    ASSERT_THAT(history.undecided_copies(), testing::ElementsAre(operation));
    history.decide_copy(operation, exists);
    EXPECT_EQ(read(kTarget, sector, source).empty(), exists);
    EXPECT_EQ(read(kTarget, sector, target).empty(), !exists);
    EXPECT_THAT(history.undecided_copies(), IsEmpty());
  }
}

/// Each may show what the other does (seed 5051 of failing_media).
TEST_F(HistoryTest, copies_in_opposite_directions_at_one_time) {
  const Block source = write(kSource, 0);
  const Block target = write(kTarget, 0);
  const Block elsewhere = write(kSource, 1);
  begin_copy();
  begin_copy(kTarget, kSource);
  EXPECT_THAT(read(kTarget, 0, elsewhere), HasSubstr("not legal"));
  EXPECT_THAT(read(kSource, 0, target), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, source), IsEmpty());
}

TEST_F(HistoryTest, a_refused_copy_leaves_the_target_alone) {
  const Block source = write(kSource, 0);
  const Block target = write(kTarget, 0);
  history.refuse_copy(begin_copy());
  EXPECT_THAT(read(kTarget, 0, source), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 0, target), IsEmpty());
}

TEST_F(HistoryTest, after_a_withdraw_the_first_read_decides) {
  const Block image = write(kSource, 0);
  const Block stale = write(kTarget, 0);
  write(kSource, 1);
  const auto operation = copy();
  const Block own = write(kTarget, 1);
  withdraw(operation);
  EXPECT_THAT(read(kTarget, 0, stale), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, image), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 1, zeros), HasSubstr("not legal")) << "the target's own write is not withdrawn";
  EXPECT_THAT(read(kTarget, 1, own), IsEmpty());
  const Block young = write(kTarget, 0);
  EXPECT_THAT(read(kTarget, 0, young), IsEmpty());
}

TEST_F(HistoryTest, old_bytes_after_a_withdraw_may_be_older_than_what_a_reader_saw) {
  const Block oldest = write(kTarget, 0);
  const Block seen = write(kTarget, 0);
  EXPECT_THAT(read(kTarget, 0, seen), IsEmpty());
  withdraw(copy());
  EXPECT_THAT(read(kTarget, 0, oldest), IsEmpty());
  history.crash();
  EXPECT_THAT(read(kTarget, 0, seen), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 0, oldest), IsEmpty());
}

TEST_F(HistoryTest, old_bytes_that_look_like_the_image_say_nothing_of_its_instant) {
  constexpr std::uint32_t kOther = 3;
  const std::array<CopyPair, 2> pairs{{{kSource, kTarget, 0, 0, 8}, {kSource, kOther, 0, 0, 8}}};
  const auto operation = history.begin_copy(pairs);
  write(kSource, 1);
  const Block dependent = write(kSource, 2);
  history.acknowledge_copy(operation);
  EXPECT_THAT(read(kOther, 2, dependent), IsEmpty());  // so the image of sector 1 is not zeros ...
  withdraw(operation);
  EXPECT_THAT(read(kTarget, 1, zeros), IsEmpty());  // ... but the target's old bytes are
  EXPECT_THAT(read(kOther, 1, zeros), HasSubstr("no instant"));
}

TEST_F(HistoryTest, old_bytes_after_a_withdraw_say_nothing_of_the_source) {
  constexpr std::uint32_t kGrandchild = 3;
  const Block image = write(kSource, 0);
  withdraw(copy());
  const Block old = write(kGrandchild, 0);
  withdraw(copy(kTarget, kGrandchild), kGrandchild);
  EXPECT_THAT(read(kGrandchild, 0, old), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, image), IsEmpty()) << "the grandchild's bytes need not be those of its source";
}

TEST_F(HistoryTest, a_copy_of_a_withdrawn_target_shows_what_that_held) {
  constexpr std::uint32_t kGrandchild = 3;
  const Block image = write(kSource, 0);
  const Block old = write(kTarget, 1);
  withdraw(copy());
  copy(kTarget, kGrandchild);
  EXPECT_THAT(read(kGrandchild, 0, image), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, zeros), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 1, old), IsEmpty());
  EXPECT_THAT(read(kGrandchild, 1, zeros), HasSubstr("not legal"));
}

TEST_F(HistoryTest, a_write_after_the_withdraw_is_told_from_old_bytes) {
  withdraw(copy());
  const Write pending = begin(kTarget, 0);
  EXPECT_THAT(read(kTarget, 0, pending.block), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, zeros), HasSubstr("not legal"));
}

TEST_F(HistoryTest, a_withdraw_leaves_other_copies_of_the_command_exact) {
  constexpr std::uint32_t kOther = 3;
  const Block image = write(kSource, 0);
  const std::array<CopyPair, 2> pairs{{{kSource, kTarget, 0, 0, 8}, {kSource, kOther, 0, 0, 8}}};
  const auto operation = history.begin_copy(pairs);
  history.acknowledge_copy(operation);
  withdraw(operation);
  EXPECT_THAT(read(kTarget, 0, zeros), IsEmpty());
  EXPECT_THAT(read(kOther, 0, zeros), HasSubstr("not legal"));
  EXPECT_THAT(read(kOther, 0, image), IsEmpty());
}

TEST_F(HistoryTest, beside_a_withdraw_nothing_is_concluded) {
  const Block image = write(kSource, 0);
  const auto operation = copy();
  const auto slow = history.begin_read(kTarget, 0, 1);
  history.begin_withdraw(operation, kTarget);
  EXPECT_THAT(read(kTarget, 0, image), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, zeros), IsEmpty());
  history.acknowledge_withdraw(operation, kTarget);
  EXPECT_THAT(history.end_read(slow, image), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, zeros), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, image), HasSubstr("not legal"));
}

TEST_F(HistoryTest, a_withdraw_that_did_not_happen_leaves_the_image_exact) {
  const Block image = write(kSource, 0);
  const auto operation = copy();
  history.begin_withdraw(operation, kTarget);
  history.crash();
  history.refuse_withdraw(operation, kTarget);
  EXPECT_THAT(read(kTarget, 0, zeros), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 0, image), IsEmpty());
}

TEST_F(HistoryTest, the_targets_own_write_beside_a_withdraw_stays) {
  const auto operation = copy();
  history.begin_withdraw(operation, kTarget);
  const Block own = write(kTarget, 0);
  history.acknowledge_withdraw(operation, kTarget);
  EXPECT_THAT(read(kTarget, 0, zeros), HasSubstr("not legal"));
  EXPECT_THAT(read(kTarget, 0, own), IsEmpty());
}

TEST_F(HistoryTest, what_a_failed_target_held_is_unknown_until_it_is_read) {
  const Block before = write(kTarget, 1);
  const Block image = write(kSource, 1);
  const auto operation = copy();
  const Block own = write(kTarget, 1);
  withdraw(operation);
  history.lose(kTarget);
  history.crash();
  EXPECT_THAT(read(kTarget, 1, before), IsEmpty());
  EXPECT_THAT(read(kTarget, 1, own), Not(IsEmpty()));
  const Block later = write(kTarget, 1);
  EXPECT_THAT(read(kTarget, 1, before), Not(IsEmpty()));
  EXPECT_THAT(read(kTarget, 1, later), IsEmpty());
  EXPECT_THAT(read(kSource, 1, image), IsEmpty());
}

/// Where media fail: what was seen came out of a volatile cache that nothing could be made to write.
TEST(HistoryOfFailingMedia, unknown_content_may_be_another_after_a_crash) {
  for (const bool may_change : {false, true}) {
    History history({.seen_is_hardened = true, .unknown_may_change_in_crash = may_change});
    std::array<Block, 2> blocks{};
    for (Block& block : blocks) history.acknowledge_write(history.begin_write(kTarget, 0, block), true);
    history.lose(kTarget);
    const auto read = [&](const Block& block) {
      const auto operation = history.begin_read(kTarget, 0, 1);
      return history.end_read(operation, block);
    };
    EXPECT_THAT(read(blocks[1]), IsEmpty());
    EXPECT_THAT(read(blocks[0]), Not(IsEmpty())) << "not without a crash";
    history.crash();
    EXPECT_EQ(read(blocks[0]).empty(), may_change);
  }
}

TEST_F(HistoryTest, a_new_volume_of_an_old_number_is_empty) {
  const Block old = write(kSource, 0);
  copy();
  history.reset_volume(kSource);
  EXPECT_THAT(read(kSource, 0, old), HasSubstr("not legal"));
  EXPECT_THAT(read(kSource, 0, zeros), IsEmpty());
  EXPECT_THAT(read(kTarget, 0, old), IsEmpty()) << "the image outlives its source";
}

}  // namespace
}  // namespace tt::sim
