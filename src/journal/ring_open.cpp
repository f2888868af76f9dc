// SPDX-License-Identifier: Apache-2.0
// Finding the chain of slots after a restart. The ring's memory is filled from the tail on in large reads; the first
// slot that does not continue the chain ends it. Then pages after that point are searched for proof that the missing
// slot had been durable: a torn end is normal, a hole in what was answered is not.
#include <algorithm>

#include "journal/ring_state.h"

namespace tt::journal {
namespace {

/// Reads grow with what the chain turns out to be: most starts find little.
constexpr std::uint64_t kFirstReadBytes = 256_KiB;
constexpr std::uint64_t kMostReadBytes = 4_MiB;
constexpr std::uint64_t kLookAheadBytes = 256_KiB;

bool usable(const RingGeometry& geometry, const RingTail& tail, const RingOptions& options, const rt::Disk& disk) {
  return geometry.ring_bytes % kSlotHeadBytes == 0 && geometry.ring_bytes >= 16 * kMaxSlotBytes &&
         geometry.ring_bytes <= disk.size_bytes() && tail.offset % kSlotHeadBytes == 0 &&
         tail.offset < geometry.ring_bytes && tail.sequence.value != 0 && options.writers != 0 &&
         options.writers <= kMaxWriters;
}

}  // namespace

rt::Task<Result<std::unique_ptr<Ring>>> Ring::open(rt::Reactor& reactor, std::unique_ptr<rt::Disk> disk,
                                                   RingGeometry geometry, RingTail tail, std::uint32_t boot_epoch,
                                                   RingOptions options) {
  if (!usable(geometry, tail, options, *disk)) co_return Errc::invalid_argument;
  tail.offset = slot_start(tail.offset, geometry.ring_bytes);
  auto state = std::make_unique<State>(reactor, std::move(disk), geometry, tail, boot_epoch, options);
  if (state->memory.size() == 0) co_return Error{Errc::limit_reached, geometry.ring_bytes};
  TT_CO_CHECK(co_await state->scan());
  co_return std::unique_ptr<Ring>(new Ring(std::move(state)));
}

/// Bytes from the tail to `offset` in ring order.
std::uint64_t Ring::State::distance(std::uint64_t offset) const noexcept {
  return offset >= tail.offset ? offset - tail.offset : offset + geometry.ring_bytes - tail.offset;
}

bool Ring::State::unreadable_in(std::uint64_t offset, std::uint64_t length) const noexcept {
  return std::any_of(unreadable_pages.begin(), unreadable_pages.end(),
                     [&](std::uint64_t page) { return page >= offset && page < offset + length; });
}

/// Makes sure that [offset, offset + length), which lies before the tail comes round again, is in memory.
rt::Task<Result<void>> Ring::State::load(std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t wanted = distance(offset) + length;
  if (wanted > geometry.ring_bytes) co_return Errc::out_of_range;
  while (loaded_bytes < wanted) {
    const std::uint64_t at = (tail.offset + loaded_bytes) % geometry.ring_bytes;
    const std::uint64_t wish = std::clamp(loaded_bytes, kFirstReadBytes, kMostReadBytes);
    const std::uint64_t count = std::min({wish, geometry.ring_bytes - at, geometry.ring_bytes - loaded_bytes});
    co_await read_pages(at, memory.span(at, count));
    loaded_bytes += count;
  }
  co_return Result<void>{};
}

/// Page by page where the disk refuses, so that a bad sector outside of the chain does no harm.
rt::Task<void> Ring::State::read_pages(std::uint64_t offset, std::span<std::byte> into) {
  auto whole = co_await disk->read(offset, into);
  if (whole) co_return;
  for (std::uint64_t at = 0; at < into.size(); at += kSlotHeadBytes) {
    const auto page = into.subspan(at, kSlotHeadBytes);
    auto one = co_await disk->read(offset + at, page);
    if (one) continue;
    std::fill(page.begin(), page.end(), std::byte{0});
    unreadable_pages.push_back(offset + at);
  }
}

/// Pages after the chain are looked at, and nobody needs them afterwards: the ring's memory stays untouched.
rt::Task<std::span<const std::byte>> Ring::State::page_after_chain(std::uint64_t offset, LookAhead& ahead) {
  if (distance(offset) + kSlotHeadBytes <= loaded_bytes) co_return memory.span(offset, kSlotHeadBytes);
  if (offset < ahead.offset || offset >= ahead.offset + ahead.length) {
    ahead.offset = offset;
    ahead.length = std::min<std::uint64_t>(ahead.memory.size(), geometry.ring_bytes - offset);
    co_await read_pages(offset, ahead.memory.span(0, ahead.length));
  }
  co_return ahead.memory.span(offset - ahead.offset, kSlotHeadBytes);
}

/// A slot with our own epoch before we wrote anything: the superblock lost its last start.
bool Ring::State::of_this_life(std::span<const std::byte> page, std::uint64_t offset) const noexcept {
  if (check_head(page) != SlotFault::none) return false;
  const SlotHeader header = read_header(page);
  return header.ring_id == geometry.ring_id && header.ring_offset == offset && header.boot_epoch >= boot_epoch;
}

rt::Task<Result<SlotFault>> Ring::State::check_next(ChainPoint point) {
  TT_CO_CHECK(co_await load(point.offset, kSlotHeadBytes));
  const auto head = memory.span(point.offset, kSlotHeadBytes);
  SlotFault fault = check_head(head);
  if (fault != SlotFault::none) co_return fault;
  const SlotHeader header = read_header(head);
  fault = check_link(header, point, geometry.ring_id);
  if (fault != SlotFault::none) co_return fault;
  auto loaded = co_await load(point.offset, header.slot_bytes);
  if (!loaded) co_return SlotFault::layout;
  if (unreadable_in(point.offset, header.slot_bytes)) co_return SlotFault::payload_checksum;
  co_return check_payload(header, memory.span(point.offset, header.slot_bytes));
}

Result<void> Ring::State::accept(const SlotHeader& header) {
  if (header.boot_epoch >= boot_epoch) return {Errc::corrupt, header.ring_offset};
  newest = durable = SlotSeq{header.sequence};
  next_write = SlotSeq{header.sequence + 1};
  SlotEntry& slot = entry(newest);
  slot = SlotEntry{};
  slot.offset = header.ring_offset;
  slot.bytes = header.slot_bytes;
  slot.head_crc = header.head_crc;
  slot.payload_crc = header.payload_crc;
  slot.record_count = header.record_count;
  slot.phase = SlotPhase::written;
  kept_bytes += header.slot_bytes;
  // Whatever the superblock's cut: the next checkpoint is due as if all of it had been appended now. Else lives that
  // end before their first checkpoint would fill the ring between them, and no life would see a reason for one.
  appended_bytes += header.slot_bytes;
  ++summary.slot_count;
  summary.record_count += header.record_count;
  summary.bytes += header.slot_bytes;
  return {};
}

rt::Task<Result<void>> Ring::State::scan() {
  // A killed process may have left slots in the device's volatile cache: nothing read may be taken back by a power
  // failure after slots that build on it were written.
  TT_CO_CHECK(co_await disk->flush());
  ChainPoint point{tail.offset, tail.sequence, tail.previous_crc, 0};
  for (;;) {
    auto next = co_await check_next(point);
    // The whole ring was walked: nothing can follow, and nothing is left to look at.
    if (!next) break;
    if (*next != SlotFault::none) {
      TT_CO_CHECK(co_await judge_end(point, *next));
      break;
    }
    const SlotHeader header = read_header(memory.span(point.offset, kSlotHeadBytes));
    TT_CO_CHECK(accept(header));
    point = after(header, geometry.ring_bytes);
  }
  next_offset = point.offset;
  last_head_crc = point.previous_crc;
  summary.last = newest;
  unreadable_pages.clear();
  co_return Result<void>{};
}

/// Nothing is wrong if the broken slot was never hardened.
rt::Task<Result<void>> Ring::State::judge_end(ChainPoint point, SlotFault fault) {
  const auto head = memory.span(point.offset, kSlotHeadBytes);
  const bool for_this_place = check_link(read_header(head), point, geometry.ring_id) == SlotFault::none;
  if (fault == SlotFault::newer_version && for_this_place) co_return Errc::version_not_supported;
  LookAhead ahead{MappedMemory::map(kLookAheadBytes)};
  if (ahead.memory.size() == 0) co_return Error{Errc::limit_reached, kLookAheadBytes};
  for (std::uint64_t step = kSlotHeadBytes; step < kProofBytes; step += kSlotHeadBytes) {
    const std::uint64_t at = (point.offset + step) % geometry.ring_bytes;
    if (distance(at) < distance(point.offset)) break;
    const std::span<const std::byte> page = co_await page_after_chain(at, ahead);
    if (proves_durable(page, at, geometry.ring_id, point.sequence)) co_return Error{Errc::corrupt, point.offset};
    if (of_this_life(page, at)) co_return Error{Errc::corrupt, at};
  }
  if (newest < options.must_reach) co_return Error{Errc::corrupt, point.offset};
  const std::uint64_t needed = fault == SlotFault::payload_checksum ? read_header(head).slot_bytes : kSlotHeadBytes;
  if (unreadable_in(point.offset, needed)) co_return Error{Errc::io_error, point.offset};
  summary.torn_tail = fault == SlotFault::head_checksum || fault == SlotFault::payload_checksum;
  co_return Result<void>{};
}

}  // namespace tt::journal
