// SPDX-License-Identifier: Apache-2.0
#include "media/rank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/crc32c.h"
#include "media/rank_header.h"
#include "media/rank_lab.h"

namespace tt::media {
namespace {

constexpr ImageUuid kImage{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr ImageUuid kOtherImage{99};
constexpr std::uint64_t kData = 48_MiB;

template <class T>
Errc code_of(const std::optional<Result<T>>& result) {
  return !result ? Errc::cancelled : *result ? Errc::ok : result->error().code;
}

struct RankBench {
  Errc create(std::uint16_t rank = 3, const ImageUuid& image = kImage, std::uint64_t data_bytes = kData) {
    return code_of(lab.run(create_rank(lab.storage(), "rank", image, rank, data_bytes)));
  }
  std::optional<Result<RankLayout>> open(std::uint16_t rank = 3, const ImageUuid& image = kImage) {
    const auto disk = lab.open("rank");
    return lab.run(open_rank(*disk, image, rank));
  }
  sim::SimFile& file() { return *lab.files.file("rank"); }
  /// Overwrites the header's field of one copy; with_crc makes the checksum right again.
  template <class T>
  void damage(std::size_t copy, T RankHeader::* field, T value, bool with_crc) {
    auto block = file().visible(kHeaderOffsets[copy], kHeaderBlockBytes);
    RankHeader header;
    std::memcpy(&header, block.data(), sizeof header);
    header.*field = value;
    if (with_crc) header.crc = 0;
    std::memcpy(block.data(), &header, sizeof header);
    if (with_crc) {
      header.crc = crc32c(0, block);
      std::memcpy(block.data(), &header, sizeof header);
    }
    file().overwrite(kHeaderOffsets[copy], block);
  }

  RankLab lab;
};

class RankTest : public testing::Test, protected RankBench {};

TEST_F(RankTest, OpensWithTheGeometryItWasMadeWith) {
  ASSERT_EQ(create(), Errc::ok);
  const auto layout = open();
  ASSERT_EQ(code_of(layout), Errc::ok);
  EXPECT_EQ(**layout, layout_for(kData));
  EXPECT_EQ(file().size_bytes(), layout_for(kData).device_bytes());
}

TEST_F(RankTest, GeometryLeavesTheAreasApartAndAligned) {
  for (const std::uint64_t data : {64_KiB, 16_MiB, 16_MiB + kTrackBytes, 1_GiB, 16_TiB}) {
    const RankLayout layout = layout_for(data);
    EXPECT_EQ(layout.checksum_offset, kHeaderAreaBytes);
    EXPECT_EQ(layout.checksum_bytes, divide_up(data, 16_MiB) * 64_KiB);
    EXPECT_GE(layout.data_offset, layout.checksum_offset + layout.checksum_bytes);
    EXPECT_EQ(layout.data_offset % 1_MiB, 0U);
    EXPECT_EQ(layout.data_bytes, data);
  }
}

TEST_F(RankTest, DataThatFitsIsTheMostThatFits) {
  EXPECT_EQ(data_bytes_that_fit(0), 0U);
  EXPECT_EQ(data_bytes_that_fit(18_MiB - 1), 0U);
  for (const std::uint64_t device : {18_MiB, 100_MiB, 1_GiB, 1_GiB + 5, 4_TiB + 12345}) {
    const std::uint64_t data = data_bytes_that_fit(device);
    EXPECT_EQ(data % 16_MiB, 0U);
    EXPECT_LE(layout_for(data).device_bytes(), device);
    EXPECT_GT(layout_for(data + 16_MiB).device_bytes(), device);
  }
}

TEST_F(RankTest, TracksOfExtentsOfBothSizesLieSideBySide) {
  const RankLayout layout = layout_for(3_GiB);
  EXPECT_EQ(layout.track_offset(0, 1_GiB, 0), layout.data_offset);
  EXPECT_EQ(layout.track_offset(0, 1_GiB, 16383) + kTrackBytes, layout.track_offset(1, 1_GiB, 0));
  EXPECT_EQ(layout.track_offset(2, 1_GiB, 16383) + kTrackBytes, layout.device_bytes());
  EXPECT_EQ(layout.track_offset(7, 16_MiB, 255) + kTrackBytes, layout.track_offset(8, 16_MiB, 0));
  EXPECT_EQ(layout.track_offset(191, 16_MiB, 255) + kTrackBytes, layout.device_bytes());
  EXPECT_DEATH(static_cast<void>(layout.track_offset(3, 1_GiB, 0)), "invariant broken");
  EXPECT_DEATH(static_cast<void>(layout.track_offset(0, 16_MiB, 256)), "invariant broken");
}

TEST_F(RankTest, MakingItAgainIsNoErrorMakingAnotherOneIs) {
  ASSERT_EQ(create(), Errc::ok);
  EXPECT_EQ(create(), Errc::ok);
  EXPECT_EQ(create(4), Errc::id_taken);
  EXPECT_EQ(create(3, kOtherImage), Errc::id_taken);
  EXPECT_EQ(create(3, kImage, 2 * kData), Errc::id_taken);
  EXPECT_EQ(code_of(open()), Errc::ok);
}

TEST_F(RankTest, RefusesSizesThatAreNoTracks) {
  EXPECT_EQ(create(3, kImage, 0), Errc::invalid_argument);
  EXPECT_EQ(create(3, kImage, kTrackBytes + 512), Errc::invalid_argument);
  EXPECT_EQ(create(3, kImage, ~0ULL / kTrackBytes * kTrackBytes), Errc::invalid_argument);
  EXPECT_EQ(lab.files.file("rank"), nullptr);
}

TEST_F(RankTest, NeverWritesOverSomethingElse) {
  const std::vector<std::byte> block(512, std::byte{0x7F});
  for (const std::uint64_t place : {0_KiB, 1_KiB, 1_MiB - 512}) {
    RankLab fresh;
    ASSERT_TRUE(fresh.storage().open("rank", rt::OpenMode::create, 64_MiB));
    fresh.files.file("rank")->overwrite(place, block);
    EXPECT_EQ(code_of(fresh.run(create_rank(fresh.storage(), "rank", kImage, 3, kData))), Errc::still_in_use);
    EXPECT_TRUE(std::ranges::equal(fresh.files.file("rank")->visible(place, 512), block));
  }
  RankLab little;
  ASSERT_TRUE(little.storage().open("rank", rt::OpenMode::create, 4096));
  EXPECT_EQ(code_of(little.run(create_rank(little.storage(), "rank", kImage, 3, kData))), Errc::still_in_use);
}

TEST_F(RankTest, UsesAnEmptyFileThatIsThere) {
  ASSERT_TRUE(lab.storage().open("rank", rt::OpenMode::create, 2_MiB));
  EXPECT_EQ(create(), Errc::ok);
  EXPECT_EQ(code_of(open()), Errc::ok);
}

TEST_F(RankTest, RefusesStrangers) {
  ASSERT_EQ(create(), Errc::ok);
  EXPECT_EQ(code_of(open(3, kOtherImage)), Errc::images_differ);
  const auto other = open(4);
  EXPECT_EQ(code_of(other), Errc::invalid_argument);
  EXPECT_EQ(other->error().detail, 3U);
  ASSERT_TRUE(lab.storage().open("blank", rt::OpenMode::create, 64_MiB));
  const auto blank = lab.open("blank");
  EXPECT_EQ(code_of(lab.run(open_rank(*blank, kImage, 3))), Errc::object_not_found);
}

TEST_F(RankTest, OneGoodCopyOfTheHeaderIsEnough) {
  for (const std::size_t copy : {0U, 1U}) {
    RankLab fresh;
    ASSERT_EQ(code_of(fresh.run(create_rank(fresh.storage(), "rank", kImage, 3, kData))), Errc::ok);
    const auto disk = fresh.open("rank");
    fresh.files.file("rank")->flip_bit(kHeaderOffsets[copy] + 70, 2);
    EXPECT_EQ(code_of(fresh.run(open_rank(*disk, kImage, 3))), Errc::ok);
    fresh.files.file("rank")->make_unreadable(kHeaderOffsets[copy], kHeaderBlockBytes);
    EXPECT_EQ(code_of(fresh.run(open_rank(*disk, kImage, 3))), Errc::ok);
    fresh.files.file("rank")->make_unreadable(kHeaderOffsets[1 - copy], kHeaderBlockBytes);
    EXPECT_EQ(code_of(fresh.run(open_rank(*disk, kImage, 3))), Errc::io_error);
  }
}

TEST_F(RankTest, EveryBitOfTheHeaderIsProtected) {
  ASSERT_EQ(create(), Errc::ok);
  file().overwrite(kHeaderOffsets[1], std::vector<std::byte>(kHeaderBlockBytes));
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t offset = round < 100 ? random.below(80) : random.below(kHeaderBlockBytes);
    const auto bit = static_cast<unsigned>(random.below(8));
    file().flip_bit(offset, bit);
    ASSERT_EQ(code_of(open()), Errc::corrupt) << "byte " << offset;
    file().flip_bit(offset, bit);
  }
  EXPECT_EQ(code_of(open()), Errc::ok);
}

TEST_F(RankTest, NewerVersionsAreRefusedByNumber) {
  ASSERT_EQ(create(), Errc::ok);
  for (const std::size_t copy : {0U, 1U}) damage(copy, &RankHeader::version, std::uint32_t{7}, true);
  const auto newer = open();
  EXPECT_EQ(code_of(newer), Errc::version_not_supported);
  EXPECT_EQ(newer->error().detail, 7U);
  EXPECT_EQ(create(), Errc::id_taken);
}

TEST_F(RankTest, HeadersThatLieAreCorruptEvenWithARightChecksum) {
  const auto lie = [](auto field, auto value) {
    RankBench test;
    EXPECT_EQ(test.create(), Errc::ok);
    for (const std::size_t copy : {0U, 1U}) test.damage(copy, field, value, true);
    return code_of(test.open());
  };
  EXPECT_EQ(lie(&RankHeader::copy, std::uint16_t{2}), Errc::corrupt);
  EXPECT_EQ(lie(&RankHeader::track_bytes, std::uint32_t{4096}), Errc::corrupt);
  EXPECT_EQ(lie(&RankHeader::data_offset, std::uint64_t{0}), Errc::corrupt);
  EXPECT_EQ(lie(&RankHeader::data_bytes, std::uint64_t{0}), Errc::corrupt);
  EXPECT_EQ(lie(&RankHeader::data_bytes, ~std::uint64_t{0}), Errc::corrupt);
  EXPECT_EQ(lie(&RankHeader::checksum_offset, std::uint64_t{512}), Errc::corrupt);
  EXPECT_EQ(lie(&RankHeader::version, std::uint32_t{0}), Errc::corrupt);
}

TEST_F(RankTest, DeviceThatBecameSmallerIsRefused) {
  ASSERT_EQ(create(), Errc::ok);
  const auto header = file().visible(0, kHeaderBlockBytes);
  RankLab fresh;
  ASSERT_TRUE(fresh.storage().open("rank", rt::OpenMode::create, 2_MiB));
  fresh.files.file("rank")->overwrite(0, header);
  const auto disk = fresh.open("rank");
  const auto opened = fresh.run(open_rank(*disk, kImage, 3));
  EXPECT_EQ(code_of(opened), Errc::out_of_range);
  EXPECT_EQ(opened->error().detail, layout_for(kData).device_bytes());
}

TEST_F(RankTest, DiskErrorsArePassedOn) {
  lab.world.faults().add({.kind = sim::FaultKind::io_error, .operations = sim::kFlushes, .file = {}, .at = 1});
  EXPECT_EQ(create(), Errc::io_error);
}

/// Whatever a crash during the making leaves, making it again succeeds, and a rank that opens is whole.
TEST_F(RankTest, MakingSurvivesACrashAtEveryOperation) {
  for (const auto block_bytes : {512U, 4096U}) {
    for (const auto kind : {sim::FaultKind::crash_before, sim::FaultKind::crash_after, sim::FaultKind::torn_crash}) {
      for (std::uint64_t at = 1; at <= 3; ++at) {
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
          sim::StorageOptions options;
          options.block_bytes = block_bytes;
          RankLab lab2(seed, options);
          lab2.world.faults().add({.kind = kind, .operations = sim::kChanges, .file = {}, .at = at});
          ASSERT_EQ(code_of(lab2.run(create_rank(lab2.storage(), "rank", kImage, 3, kData))), Errc::cancelled);
          lab2.crash(sim::CrashKind::power);
          const auto disk = lab2.open("rank");
          const auto opened = lab2.run(open_rank(*disk, kImage, 3));
          EXPECT_TRUE(code_of(opened) == Errc::ok || code_of(opened) == Errc::object_not_found) << at;
          EXPECT_EQ(code_of(lab2.run(create_rank(lab2.storage(), "rank", kImage, 3, kData))), Errc::ok);
          EXPECT_EQ(code_of(lab2.run(open_rank(*disk, kImage, 3))), Errc::ok);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tt::media
