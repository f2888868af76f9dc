// SPDX-License-Identifier: Apache-2.0
// On-disk structures of the journal ring (docs/formats.md has the byte tables). All integers are little-endian; the
// structs are written as they stand in memory, so their sizes and offsets are asserted.
//
// A slot is the unit of one durable write: a 4 KiB head (SlotHeader + record descriptors) followed by the payloads,
// each padded to 512 bytes. Slots follow each other in the ring; a slot never straddles the end: when less than
// kMaxSlotBytes is left before the end, the next slot starts at offset 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace tt::journal {

/// Number of a slot since the ring was made; consecutive, never reused within one chain of boots. 0 = none.
using SlotSeq = Strong<struct SlotSeqTag, std::uint64_t>;

inline constexpr std::uint32_t kSlotMagic = 0x544F4C53;  // "SLOT"
inline constexpr std::uint16_t kRingVersion = 4;  ///< 1 had no `placed`, 2 no preserved grains, 3 no mirrored pairs.
inline constexpr std::uint32_t kSlotHeadBytes = 4096;
inline constexpr std::uint32_t kPayloadUnit = 512;
inline constexpr std::uint64_t kMaxSlotBytes = 1_MiB + kSlotHeadBytes;

enum class RecordKind : std::uint8_t {
  write = 1,    ///< Host data of one volume track; payload = block_count * 512 bytes, or none with kFlagZero.
  bits = 2,     ///< Changes of track maps after a copy or destage batch (payload: map deltas).
  control = 3,  ///< A configuration or Copy Services mutation (payload: volume/mutation_codec).
  placed = 4,   ///< Whole tracks of a volume are durably in their place: what older records say of them is void.
};

inline constexpr std::uint8_t kFlagZero = 1;        ///< The blocks become zeros; no payload.
inline constexpr std::uint8_t kFlagRedo = 2;        ///< Copied forward from an older slot; `lsn` is the original one.
inline constexpr std::uint8_t kFlagDeallocate = 4;  ///< With kFlagZero: space may be given back.
inline constexpr std::uint8_t kFlagMirrored = 8;    ///< From the source of a mirrored pair, not from a host.

/// One record; 48 bytes on disk.
struct RecordHeader {
  std::uint64_t lsn = 0;
  std::uint64_t volume_generation = 0;
  std::uint64_t track = 0;
  std::uint32_t payload_bytes = 0;   ///< True length; the payload occupies round_up(payload_bytes, 512).
  std::uint32_t payload_offset = 0;  ///< From the start of the slot; set by the ring.
  std::uint16_t volume = 0;
  std::uint16_t first_block = 0;
  std::uint16_t block_count = 0;
  RecordKind kind = RecordKind::write;
  std::uint8_t flags = 0;
  std::uint64_t map_generation = 0;  ///< Of `placed`: of the volume's map of written tracks. Else 0.
};
static_assert(sizeof(RecordHeader) == 48 && offsetof(RecordHeader, volume) == 32 && offsetof(RecordHeader, kind) == 38);

struct SlotHeader {
  std::uint32_t magic = kSlotMagic;
  std::uint16_t version = kRingVersion;
  std::uint16_t record_count = 0;
  std::uint32_t ring_id = 0;
  std::uint32_t boot_epoch = 0;
  std::uint64_t sequence = 0;
  std::uint64_t ring_offset = 0;    ///< Its own address: a misdirected write is recognised.
  std::uint64_t known_durable = 0;  ///< Sequence up to which the ring was durable when this slot was sealed.
  std::uint32_t slot_bytes = 0;     ///< Head and payloads, a multiple of 4 KiB.
  std::uint32_t payload_crc = 0;    ///< CRC-32C of everything after the head.
  std::uint32_t previous_crc = 0;   ///< head_crc of the slot before it: no slot of a former life can follow.
  std::uint32_t head_crc = 0;       ///< CRC-32C of the 4 KiB head with this field as 0.
  std::uint8_t reserved[72] = {};
};
static_assert(sizeof(SlotHeader) == 128);

inline constexpr std::size_t kMaxRecordsPerSlot = (kSlotHeadBytes - sizeof(SlotHeader)) / sizeof(RecordHeader);

}  // namespace tt::journal
