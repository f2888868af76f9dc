// SPDX-License-Identifier: Apache-2.0
// Sealing, durable writes and the waiters for them.
#include <algorithm>

#include "journal/ring_state.h"

namespace tt::journal {

/// Slots a writer could take now. The window of `writers` slots beyond the hardened ones bounds how far the disk can be
/// ahead of a slot that is late, and with it where a restart must look for proof that a broken slot had been durable.
std::uint64_t Ring::State::writable() const noexcept {
  const std::uint64_t end = std::min(newest.value, durable.value + options.writers) + 1;
  return end > next_write.value ? end - next_write.value : 0;
}

void Ring::State::wake_writers(std::uint64_t count) noexcept {
  while (woken_writers < count && !idle_writers.empty()) {
    ++woken_writers;
    idle_writers.wake_one();
  }
}

/// Gives the next slot its place in the chain. From here on its memory does not change.
SlotEntry& Ring::State::seal_next() noexcept {
  if (open && next_write == newest) close_slot();
  SlotEntry& slot = entry(next_write);
  TT_ASSERT(slot.phase == SlotPhase::closed);
  SlotHeader header;
  header.record_count = slot.record_count;
  header.ring_id = geometry.ring_id;
  header.boot_epoch = boot_epoch;
  header.sequence = next_write.value;
  header.ring_offset = slot.offset;
  header.known_durable = durable.value;
  header.slot_bytes = slot.bytes;
  header.payload_crc = slot.payload_crc;
  header.previous_crc = last_head_crc;
  slot.head_crc = write_header(memory.span(slot.offset, kSlotHeadBytes), header);
  slot.phase = SlotPhase::writing;
  last_head_crc = slot.head_crc;
  ++next_write.value;
  return slot;
}

void Ring::State::completed(SlotEntry& slot) noexcept {
  slot.phase = SlotPhase::written;
  ++counters.slots_written;
  counters.bytes_written += slot.bytes;
  if (failed) return;  // the fence is down: whoever waited was told so
  SlotSeq next{durable.value + 1};
  while (next < next_write && entry(next).phase == SlotPhase::written) ++next.value;
  durable = SlotSeq{next.value - 1};
  hardening.wake_until(durable);
  if (stopping) return wake_writers(options.writers);
  const std::uint64_t more = writable();
  if (more > 1) wake_writers(more - 1);  // the caller, a writer itself, takes one
}

void Ring::State::fail() noexcept {
  failed = true;
  hardening.wake_all();
  room.wake_all();
  wake_writers(options.writers);
}

rt::Task<void> Ring::State::run_writer() {
  while (!failed) {
    if (writable() == 0) {
      if (stopping && next_write > newest) break;
      co_await idle_writers.wait();
      --woken_writers;
      continue;
    }
    SlotEntry& slot = seal_next();
    const std::span<const std::byte> bytes = memory_of(slot);
    auto written = co_await disk->write(slot.offset, bytes, rt::Durability::durable);
    if (written) {
      completed(slot);
    } else {
      fail();
    }
  }
  --running_writers;
}

rt::Task<Result<void>> Ring::harden(SlotSeq slot) {
  State& s = *state_;
  TT_ASSERT(slot <= s.newest);
  if (slot <= s.durable) co_return Result<void>{};
  const bool writers_gone = s.stopping && s.running_writers == 0;
  if (!s.failed && !writers_gone) co_await s.hardening.wait(slot);
  if (slot <= s.durable) co_return Result<void>{};
  co_return Errc::journal_failed;
}

}  // namespace tt::journal
