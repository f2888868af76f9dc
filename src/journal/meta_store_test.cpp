// SPDX-License-Identifier: Apache-2.0
#include "journal/meta_store.h"

#include <bit>
#include <cstring>

#include "base/crc32c.h"
#include "journal/meta_lab.h"

namespace tt::journal {
namespace {

using lab::MetaLab;
using lab::MetaModel;

constexpr MapKey kMap{Generation{7}, MapKind::uncopied};

std::vector<std::byte> filled(std::size_t bytes, int value) {
  return std::vector<std::byte>(bytes, static_cast<std::byte>(value));
}

Checkpoint one_page(std::uint32_t page, int value) {
  Checkpoint checkpoint;
  checkpoint.put_pages.push_back({kMap, page, filled(kPageBytes, value)});
  return checkpoint;
}

TEST(MetaStore, AllFieldsComeBack) {
  MetaLab lab(1);
  ASSERT_TRUE(lab.create());
  SuperblockFields fields;
  fields.image_uuid.fill(0xAB);
  fields.shard = 2;
  fields.shard_count = 3;
  fields.boot_epoch = 44;
  fields.lsn_ceiling = 1ULL << 40U;
  fields.ring = {77, 1_GiB};
  fields.tail = {8192, SlotSeq{12345}, 0xDEADBEEF};
  fields.checkpoint_cut = SlotSeq{12350};
  Superblock superblock{9, fields, {5, 6, 7000}};
  const SuperblockCopy copy = decode_superblock(encode_superblock(superblock, 3), 3);
  ASSERT_EQ(copy.fault, SuperblockFault::none);
  const SuperblockFields& got = copy.content.fields;
  EXPECT_EQ(copy.content.sequence, 9U);
  EXPECT_EQ(copy.content.index, superblock.index);
  EXPECT_EQ(got.image_uuid, fields.image_uuid);
  EXPECT_EQ(got.shard, 2U);
  EXPECT_EQ(got.shard_count, 3U);
  EXPECT_EQ(got.boot_epoch, 44U);
  EXPECT_EQ(got.lsn_ceiling, fields.lsn_ceiling);
  EXPECT_EQ(got.ring.ring_id, 77U);
  EXPECT_EQ(got.ring.ring_bytes, 1_GiB);
  EXPECT_EQ(got.tail.offset, 8192U);
  EXPECT_EQ(got.tail.sequence.value, 12345U);
  EXPECT_EQ(got.tail.previous_crc, 0xDEADBEEFU);
  EXPECT_EQ(got.checkpoint_cut.value, 12350U);
  EXPECT_EQ(decode_superblock(encode_superblock(superblock, 2), 3).fault, SuperblockFault::wrong_copy);
}

/// Programs that keep no checksums of tracks must refuse an image that has some, and only such a one.
TEST(MetaStore, TheVersionSaysWhetherSumsAreKept) {
  for (const bool keeps : {false, true}) {
    SuperblockFields fields;
    fields.keeps_sums = keeps;
    fields.ring = {1, 1_GiB};
    const auto bytes = encode_superblock({1, fields, {5, 6, 7000}}, 0);
    EXPECT_EQ(bytes[8], std::byte{keeps ? std::uint8_t{3} : std::uint8_t{2}});
    EXPECT_EQ(decode_superblock(bytes, 0).content.fields.keeps_sums, keeps);
  }
}

TEST(MetaStore, ACommitIsFoundAgain) {
  MetaLab lab(2);
  ASSERT_TRUE(lab.create());
  MetaModel model;
  Random random(2);
  for (std::uint64_t i = 1; i <= 40; ++i) {
    Checkpoint checkpoint = lab::random_checkpoint(random, model);
    Checkpoint copy = checkpoint;
    ASSERT_TRUE(lab.commit(std::move(copy), i));
    SuperblockFields fields;
    fields.lsn_ceiling = i;
    model.apply(checkpoint, fields);
    if (i % 5 != 0) continue;
    lab.crash();
    ASSERT_TRUE(lab.open());
    ASSERT_EQ(lab.found, model) << "after commit " << i;
  }
  // Space of old states is used again: 480 pages and 3 blobs of 0.9 MB at most are alive in two states.
  EXPECT_LT(lab.store->file_bytes(), 16_MiB);
}

TEST(MetaStore, OnlyTheSuperblock) {
  MetaLab lab(3);
  ASSERT_TRUE(lab.create());
  ASSERT_TRUE(lab.commit(one_page(1, 1), 10));
  ASSERT_TRUE(lab.update(20));
  lab.crash();
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.found.lsn_ceiling, 20U);
  EXPECT_EQ(lab.found.pages.size(), 1U);
}

TEST(MetaStore, CreateRefusesAFileThatHoldsOne) {
  MetaLab lab(4);
  ASSERT_TRUE(lab.create());
  lab.crash();
  for (std::uint32_t i = 0; i < 3; ++i) lab.damage_copy(i);
  EXPECT_EQ(lab.create().error().code, Errc::id_taken);
}

TEST(MetaStore, AnEmptyFileIsNoStore) {
  MetaLab lab(5);
  EXPECT_EQ(lab.open().error().code, Errc::corrupt);
}

TEST(MetaStore, TwoOfFourCopiesSuffice) {
  for (std::uint32_t damaged = 0; damaged < 16; ++damaged) {
    MetaLab lab(damaged + 1);
    ASSERT_TRUE(lab.create());
    ASSERT_TRUE(lab.commit(one_page(3, 3), 5));
    lab.crash();
    for (std::uint32_t i = 0; i < 4; ++i) {
      if ((damaged >> i & 1U) != 0) lab.damage_copy(i);
    }
    const auto opened = lab.open();
    if (std::popcount(damaged) > 2) {
      EXPECT_EQ(opened.error().code, Errc::corrupt) << damaged;
      continue;
    }
    ASSERT_TRUE(opened) << damaged;
    EXPECT_EQ(lab.found.lsn_ceiling, 5U);
    ASSERT_TRUE(lab.update(6));  // repairs all copies
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(lab.copy(i).content.fields.lsn_ceiling, 6U) << damaged;
  }
}

TEST(MetaStore, UnreadableCopiesAreDamagedCopies) {
  MetaLab lab(6);
  ASSERT_TRUE(lab.create());
  ASSERT_TRUE(lab.commit(one_page(3, 3), 5));
  lab.crash();
  lab.file().make_unreadable(0, 512);
  lab.file().make_unreadable(2 * kSuperblockStride, 512);
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.found.lsn_ceiling, 5U);
  ASSERT_TRUE(lab.update(6));
  EXPECT_EQ(lab.copy(0).content.fields.lsn_ceiling, 6U);
}

TEST(MetaStore, TheNewestQuorumWinsAndAStrayNewerCopyDoesNot) {
  MetaLab lab(7);
  ASSERT_TRUE(lab.create());
  ASSERT_TRUE(lab.commit(one_page(3, 3), 5));
  lab.crash();
  Superblock stray = lab.copy(0).content;
  ++stray.sequence;
  stray.fields.lsn_ceiling = 99;
  lab.file().overwrite(0, encode_superblock(stray, 0));
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.found.lsn_ceiling, 5U);
  ASSERT_TRUE(lab.update(6));
  EXPECT_GT(lab.copy(0).content.sequence, stray.sequence);  // no number is used for two contents
  lab.crash();
  Superblock newer = lab.copy(0).content;
  ++newer.sequence;
  newer.fields.lsn_ceiling = 7;
  for (std::uint32_t i = 0; i < 2; ++i) lab.file().overwrite(i * kSuperblockStride, encode_superblock(newer, i));
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.found.lsn_ceiling, 7U);
}

TEST(MetaStore, AMisdirectedCopyDoesNotVote) {
  MetaLab lab(8);
  ASSERT_TRUE(lab.create());
  lab.crash();
  const auto first = lab.file().visible(0, kPageBytes);
  for (std::uint32_t i = 1; i < 4; ++i) lab.file().overwrite(i * kSuperblockStride, first);
  EXPECT_EQ(lab.open().error().code, Errc::corrupt);
}

TEST(MetaStore, ANewerFormatIsNamed) {
  MetaLab lab(9);
  ASSERT_TRUE(lab.create());
  lab.crash();
  for (std::uint32_t i = 0; i < 4; ++i) {
    auto bytes = encode_superblock(lab.copy(i).content, i);
    bytes[8] = std::byte{kMetaVersion + 1};
    const std::uint32_t crc = crc32c(crc32c(0, std::span(bytes).first(12)), std::span(bytes).subspan(20));
    std::memcpy(bytes.data() + 12, &crc, sizeof crc);
    lab.file().overwrite(i * kSuperblockStride, bytes);
  }
  EXPECT_EQ(lab.open().error().code, Errc::version_not_supported);
}

TEST(MetaStore, DamagedContentIsRecognised) {
  MetaLab lab(10);
  ASSERT_TRUE(lab.create());
  Checkpoint checkpoint = one_page(1, 1);
  checkpoint.put_blobs.push_back({4, filled(10'000, 4)});
  ASSERT_TRUE(lab.commit(std::move(checkpoint), 2));
  lab.crash();
  const std::uint64_t index_slot = lab.copy(0).content.index.slot;
  for (std::uint64_t slot = 0; slot <= index_slot; ++slot) {  // the page, three slots of the blob, the index
    lab.file().flip_bit(slot_offset(slot) + 9, 1);
    EXPECT_EQ(lab.open().error().code, Errc::corrupt) << slot;
    lab.file().flip_bit(slot_offset(slot) + 9, 1);
  }
  EXPECT_TRUE(lab.open());
}

TEST(MetaStore, AStalePageIsRecognised) {
  MetaLab lab(11);
  ASSERT_TRUE(lab.create());
  ASSERT_TRUE(lab.commit(one_page(1, 1), 2));
  const auto stale = lab.file().visible(slot_offset(0), kPageBytes);
  ASSERT_TRUE(lab.commit(one_page(1, 2), 3));
  ASSERT_TRUE(lab.commit(one_page(1, 3), 4));  // in the first place again
  lab.crash();
  ASSERT_EQ(lab.file().visible(slot_offset(0), 512)[0], std::byte{3});
  lab.file().overwrite(slot_offset(0), stale);
  EXPECT_EQ(lab.open().error().code, Errc::corrupt);
}

TEST(MetaStore, AFullDiskChangesNothing) {
  sim::StorageOptions options;
  options.capacity_bytes = 8_MiB;
  MetaLab lab(12, options);
  ASSERT_TRUE(lab.create());
  ASSERT_TRUE(lab.commit(one_page(1, 1), 2));
  Checkpoint big;
  big.put_blobs.push_back({1, filled(20_MiB, 1)});
  EXPECT_EQ(lab.commit(std::move(big), 3).error().code, Errc::media_full);
  ASSERT_TRUE(lab.commit(one_page(2, 2), 4));  // a smaller one goes
  lab.crash();
  ASSERT_TRUE(lab.open());
  EXPECT_EQ(lab.found.lsn_ceiling, 4U);
  EXPECT_EQ(lab.found.pages.size(), 2U);
  EXPECT_TRUE(lab.found.blobs.empty());
}

TEST(MetaStore, TheEndOfTheFileIsAFullDisk) {
  MetaLab lab(13);
  lab.file_bytes = kPageArea + 1_MiB;
  ASSERT_TRUE(lab.create());
  Checkpoint big;
  big.put_blobs.push_back({1, filled(1_MiB, 1)});
  EXPECT_EQ(lab.commit(std::move(big), 3).error().code, Errc::media_full);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(lab.commit(one_page(static_cast<std::uint32_t>(i), i), 4));
}

TEST(MetaStore, AFailedWriteOrFlushFences) {
  for (const auto operations : {sim::kWrites, sim::kFlushes}) {
    for (std::uint64_t at = 1; at <= 3; ++at) {
      MetaLab lab(at);
      ASSERT_TRUE(lab.create());
      ASSERT_TRUE(lab.commit(one_page(1, 1), 2));
      sim::FaultRule rule;
      rule.kind = sim::FaultKind::io_error;
      rule.operations = operations;
      rule.at = at;
      lab.world.faults().add(rule);
      EXPECT_EQ(lab.commit(one_page(1, 2), 3).error().code, Errc::io_error);
      const std::uint64_t writes = lab.world.faults().io_count(sim::kChanges);
      EXPECT_EQ(lab.commit(one_page(1, 3), 4).error().code, Errc::io_error);
      EXPECT_EQ(lab.update(5).error().code, Errc::io_error);
      EXPECT_EQ(lab.world.faults().io_count(sim::kChanges), writes);
      lab.crash();
      ASSERT_TRUE(lab.open());
      ASSERT_EQ(lab.found.pages.size(), 1U);
      const std::byte value = lab.found.pages.begin()->second[0];
      EXPECT_TRUE((lab.found.lsn_ceiling == 2 && value == std::byte{1}) ||
                  (lab.found.lsn_ceiling == 3 && value == std::byte{2}));
    }
  }
}

/// The old or the new state, whole, whatever I/O the crash hits; and the survivor can go on.
void crash_in_commit(sim::FaultKind kind, std::uint64_t at, bool power) {
  sim::StorageOptions options;
  options.block_bytes = at % 2 == 0 ? 512 : 4096;
  MetaLab lab(at * 3 + 1, options);
  Random random(at);
  ASSERT_TRUE(lab.create());
  MetaModel before;
  SuperblockFields fields;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    Checkpoint checkpoint = lab::random_checkpoint(random, before);
    fields.lsn_ceiling = i;
    before.apply(checkpoint, fields);
    ASSERT_TRUE(lab.commit(std::move(checkpoint), i));
  }
  for (int round = 0; round < 3; ++round) {
    MetaModel after = before;
    Checkpoint checkpoint = lab::random_checkpoint(random, before);
    fields.lsn_ceiling = before.lsn_ceiling + 1;
    after.apply(checkpoint, fields);
    sim::FaultRule rule;
    rule.kind = kind;
    rule.operations = sim::kChanges;
    rule.at = at;
    lab.world.faults().add(rule);
    const auto done = lab.commit(std::move(checkpoint), fields.lsn_ceiling);
    lab.crash(power ? sim::CrashKind::power : sim::CrashKind::process);
    ASSERT_TRUE(lab.open()) << "at " << at << " round " << round;
    if (done) {
      ASSERT_EQ(lab.found, after);
    } else {
      ASSERT_TRUE(lab.found == before || lab.found == after) << "at " << at << " round " << round;
    }
    before = lab.found;
  }
}

TEST(MetaStore, CrashAtEveryIoOfACommit) {
  for (std::uint64_t at = 1; at <= 24; ++at) {
    for (const auto kind : {sim::FaultKind::torn_crash, sim::FaultKind::crash_before, sim::FaultKind::crash_after}) {
      crash_in_commit(kind, at, true);
      crash_in_commit(kind, at, false);
      if (HasFatalFailure()) return;
    }
  }
}

// Power failures one after another, each in the middle of an update, with every write in flight torn: damage must not
// add up until no two copies agree.
TEST(MetaStore, TornUpdatesInARowNeverCostTheQuorum) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    sim::StorageOptions options;
    options.crash = {0, 0, 0, 0, 0, 60};  // all that a copy holds is in its first sector: make noise of it
    MetaLab lab(seed, options);
    ASSERT_TRUE(lab.create());
    for (int round = 0; round < 12; ++round) {
      const std::uint64_t before = round == 0 ? 1 : lab.found.lsn_ceiling;
      sim::FaultRule rule;
      rule.kind = sim::FaultKind::torn_crash;
      rule.operations = sim::kChanges;
      rule.at = 1 + lab.world.random().below(9);  // an update is six to nine
      lab.world.faults().add(rule);
      const bool done = static_cast<bool>(lab.update(before + 1));
      lab.crash();
      ASSERT_TRUE(lab.open()) << "seed " << seed << " round " << round;
      ASSERT_GE(lab.found.lsn_ceiling, before + (done ? 1 : 0)) << "seed " << seed << " round " << round;
      ASSERT_LE(lab.found.lsn_ceiling, before + 1);
    }
  }
}

TEST(MetaStore, CrashAtEveryIoOfCreate) {
  for (std::uint64_t at = 1; at <= 12; ++at) {
    MetaLab lab(at);
    sim::FaultRule rule;
    rule.kind = sim::FaultKind::torn_crash;
    rule.at = at;
    lab.world.faults().add(rule);
    const auto made = lab.create();
    lab.crash();
    const auto opened = lab.open();
    EXPECT_TRUE(!made || opened) << at;
    EXPECT_TRUE(opened || opened.error().code == Errc::corrupt) << at;
  }
}

}  // namespace
}  // namespace tt::journal
