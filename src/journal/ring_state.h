// SPDX-License-Identifier: Apache-2.0
// The inside of Ring (ring.h). Slots are numbered without gaps:
//
//   tail.sequence <= ... <= durable < ... < next_write <= ... <= newest
//   [ hardened, kept ]      [ in flight ]   [ closed, and the last one perhaps open ]
//
// Invariants: next_write <= durable + 1 + writers; at most `newest` is open, and an open slot has at least one record;
// kept_bytes is the sum over all closed slots from the tail on; everything kept plus the one gap at the end of the ring
// is less than ring_bytes, so the head never reaches the tail.
#pragma once

#include <vector>

#include "journal/mapped_memory.h"
#include "journal/ring.h"
#include "journal/slot_codec.h"
#include "journal/slot_waiters.h"

namespace tt::journal {

enum class SlotPhase : std::uint8_t { open, closed, writing, written };

struct SlotEntry {
  std::uint64_t offset = 0;
  std::uint32_t bytes = kSlotHeadBytes;  ///< While open: filled up to here. Then rounded up to 4 KiB.
  std::uint32_t head_crc = 0;            ///< Known from `writing` on.
  std::uint32_t payload_crc = 0;         ///< Of bytes [4 KiB, bytes).
  std::uint32_t pins = 0;
  std::uint16_t record_count = 0;
  SlotPhase phase = SlotPhase::open;
};

struct Ring::State {
  State(rt::Reactor& reactor_in, std::unique_ptr<rt::Disk> disk_in, RingGeometry geometry_in, RingTail tail_in,
        std::uint32_t boot_epoch_in, RingOptions options_in);

  // --- opening (ring_open.cpp) ---
  rt::Task<Result<void>> scan();
  rt::Task<Result<SlotFault>> check_next(ChainPoint point);
  rt::Task<Result<void>> judge_end(ChainPoint point, SlotFault fault);
  rt::Task<Result<void>> load(std::uint64_t offset, std::uint64_t length);
  rt::Task<void> read_pages(std::uint64_t offset, std::span<std::byte> into);
  struct LookAhead {
    MappedMemory memory;
    std::uint64_t offset = 0;  ///< In the ring, of what is in memory.
    std::uint64_t length = 0;
  };
  rt::Task<std::span<const std::byte>> page_after_chain(std::uint64_t offset, LookAhead& ahead);
  Result<void> accept(const SlotHeader& header);
  [[nodiscard]] std::uint64_t distance(std::uint64_t offset) const noexcept;
  [[nodiscard]] bool of_this_life(std::span<const std::byte> page, std::uint64_t offset) const noexcept;
  [[nodiscard]] bool unreadable_in(std::uint64_t offset, std::uint64_t length) const noexcept;

  // --- appending and space (ring.cpp) ---
  [[nodiscard]] bool has_open() const noexcept { return open; }
  [[nodiscard]] bool fits_open(std::uint64_t padded_payload) const noexcept;
  [[nodiscard]] std::uint64_t used_bytes() const noexcept;
  [[nodiscard]] bool has_room(std::uint64_t payload_bytes, SpaceClass space_class) const noexcept;
  Appended append(RecordHeader header, std::span<const std::byte> payload);
  void open_slot() noexcept;
  void close_slot() noexcept;
  [[nodiscard]] SlotSeq oldest_pinned() const noexcept;
  [[nodiscard]] RingTail tail_at(SlotSeq sequence) const noexcept;
  void release_until(const RingTail& new_tail) noexcept;

  // --- writing (ring_writer.cpp) ---
  rt::Task<void> run_writer();
  [[nodiscard]] std::uint64_t writable() const noexcept;
  SlotEntry& seal_next() noexcept;
  void completed(SlotEntry& slot) noexcept;
  void fail() noexcept;
  void wake_writers(std::uint64_t count) noexcept;

  SlotEntry& entry(SlotSeq slot) noexcept { return slots[slot.value % slots.size()]; }
  [[nodiscard]] const SlotEntry& entry(SlotSeq slot) const noexcept { return slots[slot.value % slots.size()]; }
  [[nodiscard]] std::span<std::byte> memory_of(const SlotEntry& slot) const noexcept {
    return memory.span(slot.offset, slot.bytes);
  }

  rt::Reactor& reactor;
  std::unique_ptr<rt::Disk> disk;
  RingGeometry geometry;
  std::uint32_t boot_epoch;
  RingOptions options;
  MappedMemory memory;
  std::vector<SlotEntry> slots;  ///< By sequence modulo size; more places than slots fit into the ring.

  RingTail tail;
  SlotSeq durable;
  SlotSeq next_write;
  SlotSeq newest;
  bool open = false;
  bool replayable = true;           ///< No append yet: the memory from the tail on is what was read.
  std::uint64_t next_offset = 0;    ///< Where the slot after `newest` starts. Unknown (old) while one is open.
  std::uint32_t last_head_crc = 0;  ///< Of slot next_write - 1.
  std::uint64_t kept_bytes = 0;
  SlotSeq checkpoint_cut;
  std::uint64_t cut_mark = 0;        ///< appended_bytes at the last cut().
  std::uint64_t appended_bytes = 0;  ///< Of closed slots, replayed ones included.
  mutable SlotSeq pin_cursor;        ///< No pin before it.

  bool failed = false;
  bool stopping = false;
  std::uint32_t running_writers = 0;
  std::uint64_t woken_writers = 0;  ///< Posted, not yet running.
  rt::WaitQueue idle_writers;
  rt::WaitQueue room;
  SlotWaiters hardening;

  ReplaySummary summary;
  Counters counters;
  std::uint64_t loaded_bytes = 0;               ///< Ring bytes from the tail on that are in memory.
  std::vector<std::uint64_t> unreadable_pages;  ///< Offsets of 4 KiB pages the disk would not give.
};

}  // namespace tt::journal
