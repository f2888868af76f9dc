// SPDX-License-Identifier: Apache-2.0
// What makes bytes a slot, and a slot the next one of a chain. Pure; used by the ring, by inspect and by the fuzzer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "journal/record.h"

namespace tt::journal {

/// Upper limit of RingOptions::writers. A slot is only written when the one kMaxWriters before it is durable, so this
/// also bounds how far beyond a torn slot the proof of its durability can lie.
inline constexpr std::uint32_t kMaxWriters = 8;

enum class SlotFault : std::uint8_t {
  none,
  not_a_slot,     ///< No magic.
  newer_version,  ///< Intact, but of a format this program does not know.
  head_checksum,
  layout,  ///< Intact checksum, impossible numbers.
  foreign_ring,
  wrong_place,     ///< Written for another offset.
  wrong_sequence,  ///< Of another lap, or of the future.
  broken_chain,    ///< Follows another slot than the one found before it.
  old_epoch,       ///< Written by an earlier life than its predecessor.
  payload_checksum,
};
const char* name_of(SlotFault fault) noexcept;

/// What the next slot of a chain must look like. `boot_epoch` is that of the slot before it.
struct ChainPoint {
  std::uint64_t offset = 0;
  SlotSeq sequence{1};
  std::uint32_t previous_crc = 0;
  std::uint32_t boot_epoch = 0;
};

/// Where a slot may start when everything before `end` is taken: there, or at 0 if a slot of the largest size would not
/// fit before the end of the ring. Writer and scan share this rule.
constexpr std::uint64_t slot_start(std::uint64_t end, std::uint64_t ring_bytes) noexcept {
  return ring_bytes - end >= kMaxSlotBytes ? end : 0;
}

/// How far after a broken slot a page can lie that proves that the slot had been durable: the slot kMaxWriters after a
/// durable one knows of it, each slot in between is at most kMaxSlotBytes long, and one gap may be on the way.
inline constexpr std::uint64_t kProofBytes = (kMaxWriters + 1) * kMaxSlotBytes;

/// The point after this slot.
ChainPoint after(const SlotHeader& header, std::uint64_t ring_bytes) noexcept;

SlotHeader read_header(std::span<const std::byte> head) noexcept;
RecordHeader read_record(std::span<const std::byte> head, std::size_t index) noexcept;
void write_record(std::span<std::byte> head, std::size_t index, const RecordHeader& record) noexcept;
/// Places the header and its checksum over a head whose records are complete; returns the checksum.
std::uint32_t write_header(std::span<std::byte> head, SlotHeader header) noexcept;

/// The 4 KiB head by itself: magic, checksum, version, and that the records describe exactly slot_bytes.
SlotFault check_head(std::span<const std::byte> head) noexcept;
/// An intact header as the slot at `point` of ring `ring_id`.
SlotFault check_link(const SlotHeader& header, const ChainPoint& point, std::uint32_t ring_id) noexcept;
/// `slot` holds slot_bytes of the intact header.
SlotFault check_payload(const SlotHeader& header, std::span<const std::byte> slot) noexcept;

/// True if this page, found at `offset`, is the head of a slot that was sealed when slot `sequence` was durable.
bool proves_durable(std::span<const std::byte> page, std::uint64_t offset, std::uint32_t ring_id,
                    SlotSeq sequence) noexcept;

}  // namespace tt::journal
