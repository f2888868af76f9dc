// SPDX-License-Identifier: Apache-2.0
#include "journal/ring.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "journal/ring_state.h"

namespace tt::journal {
namespace {

constexpr std::uint64_t percent_of(SpaceClass space_class) noexcept {
  switch (space_class) {
    case SpaceClass::host:
      return 85;
    case SpaceClass::control:
      return 88;
    case SpaceClass::destage:
      return 95;
    case SpaceClass::redo:
      return 100;
  }
  return 0;
}

}  // namespace

Ring::State::State(rt::Reactor& reactor_in, std::unique_ptr<rt::Disk> disk_in, RingGeometry geometry_in,
                   RingTail tail_in, std::uint32_t boot_epoch_in, RingOptions options_in)
    : reactor(reactor_in),
      disk(std::move(disk_in)),
      geometry(geometry_in),
      boot_epoch(boot_epoch_in),
      options(options_in),
      memory(MappedMemory::map(geometry_in.ring_bytes)),
      slots(geometry_in.ring_bytes / kSlotHeadBytes + 1),
      tail(tail_in),
      durable(SlotSeq{tail_in.sequence.value - 1}),
      next_write(tail_in.sequence),
      newest(durable),
      next_offset(tail_in.offset),
      last_head_crc(tail_in.previous_crc),
      checkpoint_cut(durable),
      pin_cursor(tail_in.sequence),
      idle_writers(reactor_in),
      room(reactor_in),
      hardening(reactor_in) {}

bool Ring::State::fits_open(std::uint64_t padded_payload) const noexcept {
  if (!open) return false;
  const SlotEntry& slot = entry(newest);
  return slot.record_count < kMaxRecordsPerSlot && slot.bytes + padded_payload <= kMaxSlotBytes;
}

std::uint64_t Ring::State::used_bytes() const noexcept {
  return kept_bytes + (open ? round_up(entry(newest).bytes, kSlotHeadBytes) : 0);
}

bool Ring::State::has_room(std::uint64_t payload_bytes, SpaceClass space_class) const noexcept {
  const std::uint64_t padded = round_up(payload_bytes, kPayloadUnit);
  const std::uint64_t limit = (geometry.ring_bytes - kMaxSlotBytes) / 100 * percent_of(space_class);
  if (fits_open(padded)) return kept_bytes + round_up(entry(newest).bytes + padded, kSlotHeadBytes) <= limit;
  return used_bytes() + kSlotHeadBytes + round_up(padded, kSlotHeadBytes) <= limit;
}

void Ring::State::open_slot() noexcept {
  newest = SlotSeq{newest.value + 1};
  SlotEntry& slot = entry(newest);
  slot = SlotEntry{};
  slot.offset = next_offset;
  std::memset(memory.data() + slot.offset, 0, kSlotHeadBytes);
  open = true;
}

void Ring::State::close_slot() noexcept {
  TT_ASSERT(open);
  SlotEntry& slot = entry(newest);
  const auto end = static_cast<std::uint32_t>(round_up(slot.bytes, kSlotHeadBytes));
  const auto padding = memory.span(slot.offset + slot.bytes, end - slot.bytes);
  std::fill(padding.begin(), padding.end(), std::byte{0});
  slot.payload_crc = crc32c(slot.payload_crc, padding);
  slot.bytes = end;
  slot.phase = SlotPhase::closed;
  open = false;
  kept_bytes += end;
  appended_bytes += end;
  next_offset = slot_start(slot.offset + end, geometry.ring_bytes);
}

Appended Ring::State::append(RecordHeader header, std::span<const std::byte> payload) {
  const std::uint64_t padded = round_up(payload.size(), kPayloadUnit);
  if (!fits_open(padded)) {
    if (open) close_slot();
    open_slot();
  }
  SlotEntry& slot = entry(newest);
  const auto place = memory.span(slot.offset + slot.bytes, padded);
  if (!payload.empty()) std::memcpy(place.data(), payload.data(), payload.size());
  std::fill(place.begin() + static_cast<std::ptrdiff_t>(payload.size()), place.end(), std::byte{0});
  slot.payload_crc = crc32c(slot.payload_crc, place);  // while it is still in the processor's cache

  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  header.payload_offset = slot.bytes;
  write_record(memory.span(slot.offset, kSlotHeadBytes), slot.record_count, header);
  slot.bytes += static_cast<std::uint32_t>(padded);
  ++slot.record_count;
  ++slot.pins;
  pin_cursor = std::min(pin_cursor, newest);  // it may have passed the open slot while nothing was pinned in it
  ++counters.records;
  replayable = false;
  wake_writers(writable());
  return {newest, place.first(payload.size())};
}

SlotSeq Ring::State::oldest_pinned() const noexcept {
  while (pin_cursor <= newest && entry(pin_cursor).pins == 0) ++pin_cursor.value;
  return pin_cursor <= newest ? pin_cursor : SlotSeq{0};
}

RingTail Ring::State::tail_at(SlotSeq sequence) const noexcept {
  if (sequence == tail.sequence) return tail;
  const std::uint32_t previous_crc = entry(SlotSeq{sequence.value - 1}).head_crc;
  return {sequence <= newest ? entry(sequence).offset : next_offset, sequence, previous_crc};
}

void Ring::State::release_until(const RingTail& new_tail) noexcept {
  if (new_tail.sequence <= tail.sequence) return;
  TT_ASSERT(new_tail.sequence.value <= durable.value + 1);
  for (SlotSeq s = tail.sequence; s < new_tail.sequence; ++s.value) {
    TT_ASSERT(entry(s).pins == 0);
    kept_bytes -= entry(s).bytes;
  }
  tail = new_tail;
  pin_cursor = std::max(pin_cursor, tail.sequence);
  room.wake_all();
}

Ring::Ring(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Ring::~Ring() = default;

const ReplaySummary& Ring::replay_summary() const noexcept {
  return state_->summary;
}

void Ring::replay(const std::function<void(const ReplayedRecord&)>& visit) const {
  const State& s = *state_;
  TT_ASSERT(s.replayable);
  for (SlotSeq seq = s.tail.sequence; seq <= s.newest; ++seq.value) {
    const auto slot = s.memory_of(s.entry(seq));
    const SlotHeader header = read_header(slot);
    for (std::size_t i = 0; i < header.record_count; ++i) {
      ReplayedRecord record{read_record(slot, i), seq, header.boot_epoch, {}};
      record.payload = slot.subspan(record.header.payload_offset, record.header.payload_bytes);
      visit(record);
    }
  }
}

void Ring::start(rt::Scope& scope) {
  TT_ASSERT(state_->running_writers == 0 && !state_->stopping);
  state_->running_writers = state_->options.writers;
  for (std::uint32_t i = 0; i < state_->options.writers; ++i) scope.spawn(state_->run_writer());
}

void Ring::stop() noexcept {
  state_->stopping = true;
  state_->wake_writers(state_->options.writers);
}

bool Ring::has_room(std::uint64_t payload_bytes, SpaceClass space_class) const noexcept {
  return state_->has_room(payload_bytes, space_class);
}

rt::WaitQueue::Awaiter Ring::room() noexcept {
  return state_->room.wait();
}

Appended Ring::append(RecordHeader header, std::span<const std::byte> payload, SpaceClass space_class) {
  TT_ASSERT(payload.size() <= kMaxSlotBytes - kSlotHeadBytes);
  TT_ASSERT(state_->has_room(payload.size(), space_class));
  return state_->append(header, payload);
}

SlotSeq Ring::newest() const noexcept {
  return state_->newest;
}
SlotSeq Ring::tail() const noexcept {
  return state_->tail.sequence;
}
SlotSeq Ring::durable() const noexcept {
  return state_->durable;
}
bool Ring::failed() const noexcept {
  return state_->failed;
}

void Ring::pin(SlotSeq slot) noexcept {
  TT_ASSERT(slot >= state_->tail.sequence && slot <= state_->newest);
  ++state_->entry(slot).pins;
  state_->pin_cursor = std::min(state_->pin_cursor, slot);
}

void Ring::unpin(SlotSeq slot) noexcept {
  TT_ASSERT(slot >= state_->tail.sequence && slot <= state_->newest);
  TT_ASSERT(state_->entry(slot).pins > 0);
  --state_->entry(slot).pins;
}

SlotSeq Ring::cut() noexcept {
  if (state_->open) state_->close_slot();
  state_->cut_mark = state_->appended_bytes;
  return state_->newest;
}

void Ring::set_checkpoint_cut(SlotSeq cut) noexcept {
  TT_ASSERT(cut <= state_->newest);
  state_->checkpoint_cut = std::max(state_->checkpoint_cut, cut);
}

RingTail Ring::needed_tail() const noexcept {
  const State& s = *state_;
  SlotSeq needed{std::min(s.durable.value, s.checkpoint_cut.value) + 1};
  if (const SlotSeq pinned = s.oldest_pinned(); pinned.value != 0) needed = std::min(needed, pinned);
  return s.tail_at(needed);
}

void Ring::release_until(const RingTail& tail) noexcept {
  state_->release_until(tail);
}
SlotSeq Ring::oldest_pinned() const noexcept {
  return state_->oldest_pinned();
}
std::uint64_t Ring::used_bytes() const noexcept {
  return state_->used_bytes();
}

std::uint64_t Ring::capacity_bytes() const noexcept {
  return state_->geometry.ring_bytes - kMaxSlotBytes;
}

std::uint64_t Ring::limit_bytes(SpaceClass space_class) const noexcept {
  return capacity_bytes() / 100 * percent_of(space_class);
}

std::uint64_t Ring::bytes_since_cut() const noexcept {
  const State& s = *state_;
  return s.appended_bytes - s.cut_mark + (s.open ? round_up(s.entry(s.newest).bytes, kSlotHeadBytes) : 0);
}

const Ring::Counters& Ring::counters() const noexcept {
  return state_->counters;
}

}  // namespace tt::journal
