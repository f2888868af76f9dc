// SPDX-License-Identifier: Apache-2.0
#include "journal/slot_codec.h"

#include <cstring>

#include "base/assert.h"
#include "base/crc32c.h"

namespace tt::journal {
namespace {

std::uint32_t head_checksum(std::span<const std::byte> head) noexcept {
  constexpr std::size_t kAt = offsetof(SlotHeader, head_crc);
  constexpr std::byte kZeros[sizeof(SlotHeader::head_crc)] = {};
  const std::uint32_t before = crc32c(crc32c(0, head.first(kAt)), kZeros);
  return crc32c(before, head.subspan(kAt + sizeof kZeros, kSlotHeadBytes - kAt - sizeof kZeros));
}

constexpr std::size_t record_at(std::size_t index) {
  return sizeof(SlotHeader) + index * sizeof(RecordHeader);
}

/// Records fill the slot without gaps, in the order in which they were appended.
bool layout_fits(const SlotHeader& header, std::span<const std::byte> head) noexcept {
  if (header.record_count == 0 || header.record_count > kMaxRecordsPerSlot) return false;
  if (header.slot_bytes > kMaxSlotBytes || header.ring_offset % kSlotHeadBytes != 0) return false;
  std::uint64_t at = kSlotHeadBytes;
  for (std::size_t i = 0; i < header.record_count; ++i) {
    const RecordHeader record = read_record(head, i);
    if (record.payload_offset != at) return false;
    at += round_up(record.payload_bytes, kPayloadUnit);
  }
  return round_up(at, kSlotHeadBytes) == header.slot_bytes;
}

}  // namespace

const char* name_of(SlotFault fault) noexcept {
  switch (fault) {
    case SlotFault::none:
      return "intact";
    case SlotFault::not_a_slot:
      return "not a slot";
    case SlotFault::newer_version:
      return "newer format version";
    case SlotFault::head_checksum:
      return "head checksum wrong";
    case SlotFault::layout:
      return "impossible layout";
    case SlotFault::foreign_ring:
      return "slot of another ring";
    case SlotFault::wrong_place:
      return "slot of another place";
    case SlotFault::wrong_sequence:
      return "slot of another lap";
    case SlotFault::broken_chain:
      return "follows another slot";
    case SlotFault::old_epoch:
      return "written by a former life";
    case SlotFault::payload_checksum:
      return "payload checksum wrong";
  }
  return "unknown fault";
}

ChainPoint after(const SlotHeader& header, std::uint64_t ring_bytes) noexcept {
  return {slot_start(header.ring_offset + header.slot_bytes, ring_bytes), SlotSeq{header.sequence + 1}, header.head_crc,
          header.boot_epoch};
}

SlotHeader read_header(std::span<const std::byte> head) noexcept {
  SlotHeader header;
  std::memcpy(&header, head.data(), sizeof header);
  return header;
}

RecordHeader read_record(std::span<const std::byte> head, std::size_t index) noexcept {
  TT_ASSERT(index < kMaxRecordsPerSlot);
  RecordHeader record;
  std::memcpy(&record, head.data() + record_at(index), sizeof record);
  return record;
}

void write_record(std::span<std::byte> head, std::size_t index, const RecordHeader& record) noexcept {
  TT_ASSERT(index < kMaxRecordsPerSlot);
  std::memcpy(head.data() + record_at(index), &record, sizeof record);
}

std::uint32_t write_header(std::span<std::byte> head, SlotHeader header) noexcept {
  header.head_crc = 0;
  std::memcpy(head.data(), &header, sizeof header);
  header.head_crc = head_checksum(head);
  std::memcpy(head.data(), &header, sizeof header);
  return header.head_crc;
}

SlotFault check_head(std::span<const std::byte> head) noexcept {
  TT_ASSERT(head.size() >= kSlotHeadBytes);
  const SlotHeader header = read_header(head);
  if (header.magic != kSlotMagic) return SlotFault::not_a_slot;
  if (header.head_crc != head_checksum(head)) return SlotFault::head_checksum;
  if (header.version == 0) return SlotFault::layout;
  if (header.version > kRingVersion) return SlotFault::newer_version;
  return layout_fits(header, head) ? SlotFault::none : SlotFault::layout;
}

SlotFault check_link(const SlotHeader& header, const ChainPoint& point, std::uint32_t ring_id) noexcept {
  if (header.ring_id != ring_id) return SlotFault::foreign_ring;
  if (header.ring_offset != point.offset) return SlotFault::wrong_place;
  if (header.sequence != point.sequence.value) return SlotFault::wrong_sequence;
  if (header.previous_crc != point.previous_crc) return SlotFault::broken_chain;
  if (header.boot_epoch < point.boot_epoch) return SlotFault::old_epoch;
  return SlotFault::none;
}

SlotFault check_payload(const SlotHeader& header, std::span<const std::byte> slot) noexcept {
  TT_ASSERT(slot.size() == header.slot_bytes);
  return crc32c(0, slot.subspan(kSlotHeadBytes)) == header.payload_crc ? SlotFault::none : SlotFault::payload_checksum;
}

bool proves_durable(std::span<const std::byte> page, std::uint64_t offset, std::uint32_t ring_id,
                    SlotSeq sequence) noexcept {
  if (check_head(page) != SlotFault::none) return false;
  const SlotHeader header = read_header(page);
  return header.ring_id == ring_id && header.ring_offset == offset && header.sequence > sequence.value &&
         header.known_durable >= sequence.value;
}

}  // namespace tt::journal
