// SPDX-License-Identifier: Apache-2.0
// A folder with a checkpoint and a ring, written with the codecs, then damaged part by part.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "apps/inspect/report.h"
#include "base/crc32c.h"
#include "journal/map_delta.h"
#include "journal/slot_codec.h"
#include "media/rank_header.h"
#include "media/sum_page.h"
#include "volume/config_blob.h"
#include "volume/mutation.h"
#include "volume/sample_image.h"

namespace tt::inspect {
namespace {

using namespace journal;

constexpr std::uint64_t kRingBytes = 16 * kMaxSlotBytes;
constexpr std::uint32_t kRingId = 4711;

class InspectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("inspect." + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    meta_.resize(kPageArea + 4 * kPageBytes);
    ring_.resize(kRingBytes);
    fill_checkpoint();
    for (std::uint32_t i = 0; i < 3; ++i) add_slot();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void fill_checkpoint() {
    Superblock superblock;
    superblock.sequence = 5;
    superblock.fields.image_uuid.fill(0xAB);
    superblock.fields.ring = {kRingId, kRingBytes};
    const std::vector<std::byte> page(kPageBytes, std::byte{7});
    const std::vector<std::byte> blob(100, std::byte{8});
    Index index;
    index.maps[{Generation{17}, MapKind::uncopied}][3] = {0, crc32c(0, page)};
    index.blobs[1] = {1, crc32c(0, blob), blob.size()};
    const auto encoded = encode_index(index);
    superblock.index = {2, crc32c(0, encoded), encoded.size()};
    put(meta_, slot_offset(0), page);
    put(meta_, slot_offset(1), blob);
    put(meta_, slot_offset(2), encoded);
    for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
      put(meta_, i * kSuperblockStride, encode_superblock(superblock, i));
    }
  }
  /// One slot of 8 KiB with a write and a bits record.
  void add_slot() {
    RecordHeader write;
    write.lsn = 100 + point_.sequence.value;
    write.volume = 0x0100;
    write.block_count = 2;
    write.payload_bytes = 1024;
    add_slot(write);
  }
  void add_slot(RecordHeader first) {
    std::vector<std::byte> slot(8192);
    const MapDelta delta{{Generation{17}, MapKind::uncopied}, BitChange::clear, {{5, 6}}};
    std::vector<std::byte> deltas;
    encode_map_deltas(std::span(&delta, 1), deltas);
    first.payload_offset = kSlotHeadBytes;
    write_record(slot, 0, first);
    RecordHeader bits;
    bits.kind = RecordKind::bits;
    bits.payload_bytes = static_cast<std::uint32_t>(deltas.size());
    bits.payload_offset = kSlotHeadBytes + first.payload_bytes;
    write_record(slot, 1, bits);
    put(slot, bits.payload_offset, deltas);
    SlotHeader header;
    header.record_count = 2;
    header.ring_id = kRingId;
    header.boot_epoch = 1;
    header.sequence = point_.sequence.value;
    header.ring_offset = point_.offset;
    header.known_durable = point_.sequence.value - 1;
    header.slot_bytes = 8192;
    header.payload_crc = crc32c(0, std::span(slot).subspan(kSlotHeadBytes));
    header.previous_crc = point_.previous_crc;
    header.head_crc = write_header(slot, header);
    put(ring_, point_.offset, slot);
    point_ = after(header, kRingBytes);
  }
  static void put(std::vector<std::byte>& file, std::uint64_t at, std::span<const std::byte> bytes) {
    std::memcpy(file.data() + at, bytes.data(), bytes.size());
  }
  Json inspect(ReportOptions options = {}, const std::string& file = {}) {
    save("meta.0", meta_);
    save("journal.0", ring_);
    auto report = report_path((folder_ / file).string(), options);
    EXPECT_TRUE(report);
    return report ? *report : Json{};
  }
  void save(const std::string& name, const std::vector<std::byte>& bytes) {
    if (bytes.empty()) return;
    std::ofstream out(folder_ / name, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  std::filesystem::path folder_;
  std::vector<std::byte> meta_;
  std::vector<std::byte> ring_;
  ChainPoint point_;
};

TEST_F(InspectTest, MediaOfAnImageThatIsServedAreNotJudged) {
  inspect();
  const std::string lock = (folder_ / "lock").string();
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  ReportOptions media;
  media.media = true;
  EXPECT_EQ(report_path(folder_.string(), media).error().code, Errc::busy);
  EXPECT_TRUE(report_path(folder_.string(), {})) << "journal and checkpoint judge themselves";
  ::close(fd);
  EXPECT_TRUE(report_path(folder_.string(), media)) << "whoever held the lock has gone";
}

TEST_F(InspectTest, AnIntactImage) {
  const Json report = inspect({true});
  EXPECT_FALSE(has_damage(report)) << report.dump(2);
  ASSERT_EQ(report["files"].size(), 2U);
  const Json& checkpoint = report["files"][0];
  EXPECT_EQ(checkpoint["superblock"]["ring_id"], kRingId);
  EXPECT_EQ(checkpoint["maps"][0]["pages"], 1);
  EXPECT_EQ(checkpoint["blobs"][0]["bytes"], 100);
  const Json& ring = report["files"][1];
  EXPECT_EQ(ring["slots"], 3);
  EXPECT_EQ(ring["records"], 6);
  EXPECT_EQ(ring["chain"][2]["records"][0]["lsn"], 103);
  EXPECT_EQ(ring["chain"][0]["records"][1]["deltas"][0]["tracks"], 6);
  const std::string text = as_text(report);
  EXPECT_NE(text.find("slot 3 at 16384"), std::string::npos) << text;
  EXPECT_NE(text.find("volume 0100"), std::string::npos) << text;
  EXPECT_NE(text.find("clear 6 tracks of map 17 uncopied"), std::string::npos) << text;
}

TEST_F(InspectTest, TracksThatWereWrittenInPlaceAreNamed) {
  RecordHeader placed;
  placed.kind = RecordKind::placed;
  placed.lsn = 200;
  placed.volume = 0x0100;
  placed.track = 7;
  placed.block_count = 256;
  placed.map_generation = 23;
  add_slot(placed);
  const Json record = inspect({true})["files"][1]["chain"][3]["records"][0];
  EXPECT_EQ(record["kind"], "placed");
  EXPECT_EQ(record["track"], 7);
  EXPECT_EQ(record["block_count"], 256);
  EXPECT_EQ(record["map_generation"], 23);
}

TEST_F(InspectTest, ADamagedSuperblockCopyIsNamed) {
  meta_[2 * kSuperblockStride + 50] ^= std::byte{1};
  const Json report = inspect();
  EXPECT_TRUE(has_damage(report));
  EXPECT_EQ(report["files"][0]["copies"][2]["state"], "checksum wrong");
  EXPECT_EQ(report["files"][0]["index"]["state"], "intact");
  EXPECT_EQ(report["files"][1]["slots"], 3);
}

TEST_F(InspectTest, WithoutAQuorumTheCopiesAreStillListed) {
  for (std::uint32_t i = 0; i < 3; ++i) meta_[i * kSuperblockStride + 50] ^= std::byte{1};
  const Json report = inspect();
  ASSERT_EQ(report["files"].size(), 1U);
  EXPECT_EQ(report["files"][0]["copies"][3]["state"], "intact");
  EXPECT_TRUE(has_damage(report));
  EXPECT_NE(as_text(report).find("no two copies"), std::string::npos);
}

TEST_F(InspectTest, DamagedContentIsNamed) {
  meta_[slot_offset(0)] ^= std::byte{1};
  meta_[slot_offset(1)] ^= std::byte{1};
  const Json report = inspect();
  EXPECT_EQ(report["files"][0]["maps"][0]["damaged_pages"][0]["page"], 3);
  EXPECT_EQ(report["files"][0]["blobs"][0]["state"], "checksum wrong");
  EXPECT_TRUE(has_damage(report));
  meta_[slot_offset(2)] ^= std::byte{1};
  EXPECT_EQ(inspect()["files"][0]["index"]["state"], "checksum wrong");
}

TEST_F(InspectTest, ATornTailIsNoDamageButAHoleIs) {
  ring_[2 * 8192 + 5000] ^= std::byte{1};
  Json report = inspect();
  EXPECT_FALSE(has_damage(report)) << report.dump(2);
  EXPECT_EQ(report["files"][1]["end"]["found"], "payload checksum wrong");
  ring_[8192 + 5000] ^= std::byte{1};
  report = inspect();  // the head of slot 3 is whole and knows of slot 2
  EXPECT_EQ(report["files"][1]["slots"], 1);
  EXPECT_EQ(report["files"][1]["end"]["proved_by_slot"], 3);
  EXPECT_TRUE(has_damage(report));
  EXPECT_NE(as_text(report).find("slot 3 at 16384 knows"), std::string::npos);
}

TEST_F(InspectTest, ARingWithoutCheckpointShowsItsSlots) {
  meta_.clear();
  ring_[5000] ^= std::byte{1};
  const Json report = inspect({}, "journal.0");
  ASSERT_EQ(report["files"][0]["chain"].size(), 3U);
  EXPECT_EQ(report["files"][0]["chain"][0]["state"], "payload checksum wrong");
  EXPECT_EQ(report["files"][0]["chain"][1]["state"], "intact");
  EXPECT_NE(as_text(report).find("slot 3 at 16384"), std::string::npos);
}

TEST_F(InspectTest, ARingUnderAnotherNameIsFoundByItsContent) {
  save("meta.0", meta_);
  save("somewhere", ring_);
  const auto report = report_path(folder_.string(), {});
  ASSERT_TRUE(report);
  EXPECT_EQ((*report)["files"][1]["slots"], 3);
}

/// A rank with one volume of 2 MiB of known content, and a checkpoint that tells of them.
class InspectMediaTest : public InspectTest {
 protected:
  void SetUp() override {
    InspectTest::SetUp();
    const std::uint16_t pool = image_.add_pool(0, {1}, volume::kSmallExtentBytes);
    image_.add_volume(0x0000, pool, 1);
    media::ImageUuid uuid{};
    uuid.fill(0xAB);
    layout_ = media::layout_for(1_GiB);
    const volume::VolumeConfig& volume = *image_.config.find_volume(VolumeId{0});
    rank_.resize(layout_.data_offset + media::kSumPageDataBytes, std::byte{0});
    put(rank_, 0, media::encode_header(uuid, 0, 0, layout_));
    page_.owner = volume.map_generation();
    page_.sequence = 2;
    for (std::uint32_t track = 0; track < 3; ++track) {
      const std::vector<std::byte> grain(kGrainBytes, std::byte{static_cast<unsigned char>(track + 1)});
      for (std::uint32_t g = 0; g < kTrackGrains; ++g) {
        put(rank_, layout_.data_offset + std::uint64_t{track} * kTrackBytes + std::uint64_t{g} * kGrainBytes, grain);
        page_.tracks[track].sums[g] = crc32c(0, grain);
      }
      page_.tracks[track].known = kAllGrains;
    }
    store_config();
    store_page();
  }
  void store_config() {
    Superblock superblock;
    superblock.sequence = 6;
    superblock.fields.image_uuid.fill(0xAB);
    superblock.fields.shard_count = 1;
    superblock.fields.ring = {kRingId, kRingBytes};
    const auto blob = volume::encode_config(image_.config);
    meta_.resize(kPageArea + (8 + blob.size() / kPageBytes) * kPageBytes);
    Index index;
    index.blobs[volume::kConfigBlob] = {3, crc32c(0, blob), blob.size()};
    const auto encoded = encode_index(index);
    superblock.index = {2, crc32c(0, encoded), encoded.size()};
    put(meta_, slot_offset(2), encoded);
    put(meta_, slot_offset(3), blob);
    for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
      put(meta_, i * kSuperblockStride, encode_superblock(superblock, i));
    }
  }
  void store_page() {
    media::ImageUuid uuid{};
    uuid.fill(0xAB);
    std::array<std::byte, media::kSumPageBytes> bytes{};
    media::encode_sum_page(page_, {uuid, 0, 0}, bytes);
    put(rank_, media::sum_page_offset(layout_, 0, page_.sequence), bytes);
  }
  Json rank_report() {
    save("rank0", rank_);
    return inspect({.media = true})["files"].back();
  }

  volume::SampleImage image_;
  media::RankLayout layout_;
  media::SumPage page_;
  std::vector<std::byte> rank_;
};

TEST_F(InspectMediaTest, WhatRanksHoldIsComparedWithItsChecksum) {
  Json rank = rank_report();
  EXPECT_EQ(rank["rank"], "R0");
  EXPECT_EQ(rank["state"], "intact") << rank.dump(2);
  EXPECT_EQ(rank["tracks_verified"], 3);
  EXPECT_EQ(rank["tracks_damaged"], 0);

  rank_[layout_.data_offset + kTrackBytes + std::uint64_t{5} * kGrainBytes + 9] ^= std::byte{4};
  rank = rank_report();
  EXPECT_EQ(rank["state"], "damaged");
  EXPECT_EQ(rank["damaged"], Json::parse(R"([{"volume": "0000", "track": 1, "grains": [5]}])"));
  EXPECT_TRUE(has_damage(inspect({.media = true})));
  EXPECT_NE(as_text(inspect({.media = true})).find("volume 0000 track 1: grains [5]"), std::string::npos);
  EXPECT_FALSE(has_damage(inspect()));
}

TEST_F(InspectMediaTest, OpenTracksAndThoseOfAFormerOwnerAreNotJudged) {
  rank_[layout_.data_offset + kTrackBytes] ^= std::byte{4};
  page_.open = 0b10;
  store_page();
  Json rank = rank_report();
  EXPECT_EQ(rank["state"], "intact");
  EXPECT_EQ(rank["tracks_open"], 1);
  EXPECT_EQ(rank["tracks_verified"], 2);
  page_.open = 0;
  page_.owner = Generation{4711};
  store_page();
  rank = rank_report();
  EXPECT_EQ(rank["state"], "intact");
  EXPECT_EQ(rank["tracks_verified"], 0);
}

TEST_F(InspectMediaTest, ARankThatIsMissingOrAnotherIsNamed) {
  EXPECT_EQ(inspect({.media = true})["files"].back()["state"], "not found");
  rank_[40] ^= std::byte{1};
  EXPECT_EQ(rank_report()["state"], "not this rank of the image");
}

TEST_F(InspectTest, NothingThere) {
  EXPECT_EQ(report_path(folder_.string(), {}).error().code, Errc::object_not_found);
  EXPECT_EQ(report_path((folder_ / "missing").string(), {}).error().code, Errc::io_error);
  save("zeros", std::vector<std::byte>(10'000));
  EXPECT_EQ(report_path((folder_ / "zeros").string(), {}).error().code, Errc::object_not_found);
}

}  // namespace
}  // namespace tt::inspect
