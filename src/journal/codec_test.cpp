// SPDX-License-Identifier: Apache-2.0
// Bytes that are read back, and bytes that must be refused.
#include <gtest/gtest.h>

#include <cstring>

#include "journal/byte_io.h"
#include "journal/map_delta.h"
#include "journal/meta_codec.h"
#include "journal/slot_allocator.h"
#include "journal/slot_codec.h"

namespace tt::journal {
namespace {

std::vector<MapDelta> some_deltas() {
  return {{{Generation{5}, MapKind::uncopied}, BitChange::clear, {{0, 1}, {100, 32768}, {1ULL << 40U, 7}}},
          {{Generation{6}, MapKind::written}, BitChange::set, {}},
          {{Generation{7}, MapKind::written}, BitChange::set, {{~0ULL - 1, 1}}}};
}

TEST(MapDelta, RoundTrip) {
  std::vector<std::byte> bytes(100, std::byte{1});
  encode_map_deltas(some_deltas(), bytes);
  EXPECT_EQ(bytes.size(), map_deltas_bytes(3, 4));
  const auto decoded = decode_map_deltas(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, some_deltas());
  encode_map_deltas({}, bytes);
  ASSERT_TRUE(decode_map_deltas(bytes));
  EXPECT_TRUE(decode_map_deltas(bytes)->empty());
}

TEST(MapDelta, EveryTruncationIsRefused) {
  std::vector<std::byte> bytes;
  encode_map_deltas(some_deltas(), bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(decode_map_deltas(std::span(bytes).first(n))) << n;
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(decode_map_deltas(bytes));
}

TEST(MapDelta, ImpossibleValuesAreRefused) {
  const auto refused = [](MapDelta delta) {
    std::vector<std::byte> bytes;
    encode_map_deltas(std::span(&delta, 1), bytes);
    return !decode_map_deltas(bytes);
  };
  EXPECT_TRUE(refused({{Generation{5}, MapKind::uncopied}, BitChange::clear, {{0, 0}}}));
  EXPECT_TRUE(refused({{Generation{5}, MapKind::uncopied}, BitChange::clear, {{~0ULL, 2}}}));
  EXPECT_TRUE(refused({{Generation{5}, MapKind{0}}, BitChange::clear, {{0, 1}}}));
  EXPECT_TRUE(refused({{Generation{5}, MapKind::uncopied}, BitChange{2}, {{0, 1}}}));
  std::vector<std::byte> bytes;
  encode_map_deltas(some_deltas(), bytes);
  bytes[0] = std::byte{2};
  EXPECT_EQ(decode_map_deltas(bytes).error().code, Errc::version_not_supported);
}

TEST(MapDelta, AGreatCountDoesNotReserveMemory) {
  std::vector<std::byte> bytes;
  ByteWriter out(bytes);
  out.put(std::uint16_t{1});
  out.put(std::uint16_t{0});
  out.put(~std::uint32_t{0});
  EXPECT_EQ(decode_map_deltas(bytes).error().code, Errc::bad_message);
}

TEST(Index, RoundTripAndTruncation) {
  Index index;
  index.maps[{Generation{3}, MapKind::uncopied}] = {{0, {10, 11}}, {5, {12, 13}}};
  index.maps[{Generation{3}, MapKind::written}] = {{7, {14, 15}}};
  index.blobs = {{1, {20, 21, 22}}, {9, {0, 0, 0}}};
  const auto bytes = encode_index(index);
  EXPECT_EQ(bytes.size(), Index::encoded_bytes(2, 3, 2));
  const auto decoded = decode_index(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(encode_index(*decoded), bytes);
  EXPECT_EQ(decoded->page_count(), 3U);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(decode_index(std::span(bytes).first(n))) << n;
}

TEST(SlotAllocator, LowestPlaceThatFits) {
  SlotAllocator slots;
  EXPECT_FALSE(slots.take(1));
  slots.grow_to(200);
  EXPECT_EQ(slots.take(3), 0U);
  EXPECT_EQ(slots.take(1), 3U);
  EXPECT_EQ(slots.take(100), 4U);
  slots.release({1, 2});
  EXPECT_EQ(slots.take(3), 104U);
  EXPECT_EQ(slots.take(2), 1U);
  EXPECT_EQ(slots.take(1), 107U);
  EXPECT_FALSE(slots.take(93));
  EXPECT_EQ(slots.take(92), 108U);
  EXPECT_FALSE(slots.take(1));
  EXPECT_EQ(slots.taken(), 200U);
  slots.release({64, 128});
  EXPECT_EQ(slots.take(128), 64U);
  EXPECT_FALSE(slots.claim({199, 2}));
  EXPECT_FALSE(slots.claim({5, 1}));
  slots.release({5, 1});
  EXPECT_TRUE(slots.claim({5, 1}));
}

/// A slot with two records, 512 and 600 bytes.
std::vector<std::byte> make_slot() {
  std::vector<std::byte> slot(8192);
  RecordHeader record;
  record.lsn = 9;
  record.payload_offset = kSlotHeadBytes;
  record.payload_bytes = 512;
  write_record(slot, 0, record);
  record.payload_offset += 512;
  record.payload_bytes = 600;
  write_record(slot, 1, record);
  SlotHeader header;
  header.record_count = 2;
  header.ring_id = 3;
  header.boot_epoch = 4;
  header.sequence = 5;
  header.ring_offset = 8192;
  header.slot_bytes = 8192;
  header.payload_crc = 0;
  header.previous_crc = 77;
  write_header(slot, header);
  return slot;
}

TEST(SlotCodec, LinksAreExact) {
  const auto slot = make_slot();
  ASSERT_EQ(check_head(slot), SlotFault::none);
  const SlotHeader header = read_header(slot);
  const ChainPoint point{8192, SlotSeq{5}, 77, 4};
  EXPECT_EQ(check_link(header, point, 3), SlotFault::none);
  EXPECT_EQ(check_link(header, point, 2), SlotFault::foreign_ring);
  EXPECT_EQ(check_link(header, {4096, SlotSeq{5}, 77, 4}, 3), SlotFault::wrong_place);
  EXPECT_EQ(check_link(header, {8192, SlotSeq{6}, 77, 4}, 3), SlotFault::wrong_sequence);
  EXPECT_EQ(check_link(header, {8192, SlotSeq{5}, 78, 4}, 3), SlotFault::broken_chain);
  EXPECT_EQ(check_link(header, {8192, SlotSeq{5}, 77, 5}, 3), SlotFault::old_epoch);
  EXPECT_EQ(check_payload(header, slot), SlotFault::payload_checksum);
}

TEST(SlotCodec, EveryBitOfTheHeadCounts) {
  auto slot = make_slot();
  for (std::size_t bit = 0; bit < std::size_t{kSlotHeadBytes} * 8; bit += 7) {
    slot[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_NE(check_head(slot), SlotFault::none) << bit;
    slot[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

TEST(SlotCodec, RecordsThatDoNotFillTheSlotAreRefused) {
  const auto with = [](auto change) {
    auto slot = make_slot();
    SlotHeader header = read_header(slot);
    RecordHeader second = read_record(slot, 1);
    change(header, second);
    write_record(slot, 1, second);
    write_header(slot, header);
    return check_head(slot);
  };
  EXPECT_EQ(with([](SlotHeader&, RecordHeader&) {}), SlotFault::none);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.slot_bytes = 12288; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.slot_bytes = 8191; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.record_count = 0; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.record_count = kMaxRecordsPerSlot + 1; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.ring_offset = 100; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader&, RecordHeader& r) { r.payload_offset = 0; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader&, RecordHeader& r) { r.payload_bytes = ~0U; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.version = kRingVersion + 1; }), SlotFault::newer_version);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.version = 0; }), SlotFault::layout);
  EXPECT_EQ(with([](SlotHeader& h, RecordHeader&) { h.version = 1; }), SlotFault::none)
      << "what the first release wrote";
}

TEST(SlotCodec, ProofNeedsALaterSlotAtItsPlaceThatKnows) {
  auto slot = make_slot();
  SlotHeader header = read_header(slot);
  header.known_durable = 3;
  write_header(slot, header);
  EXPECT_TRUE(proves_durable(slot, 8192, 3, SlotSeq{3}));
  EXPECT_FALSE(proves_durable(slot, 8192, 3, SlotSeq{4}));
  EXPECT_FALSE(proves_durable(slot, 4096, 3, SlotSeq{3}));
  EXPECT_FALSE(proves_durable(slot, 8192, 2, SlotSeq{3}));
  header.known_durable = 9;
  write_header(slot, header);
  EXPECT_FALSE(proves_durable(slot, 8192, 3, SlotSeq{5}));  // not later than the broken one
}

TEST(ByteReader, OneFailureSticks) {
  const std::byte bytes[3] = {std::byte{1}, std::byte{2}, std::byte{3}};
  ByteReader in(bytes);
  EXPECT_EQ(in.get<std::uint16_t>(), 0x0201);
  EXPECT_EQ(in.get<std::uint32_t>(), 0U);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.get<std::uint8_t>(), 0U);
  EXPECT_FALSE(in.at_end());
}

}  // namespace
}  // namespace tt::journal
