// SPDX-License-Identifier: Apache-2.0
// The way of a host write: admission, then in one turn (no suspension in between) an Lsn, the journal, the index; then
// the answer, after the journal is durable if the write must be hardened.
#include <algorithm>

#include "flashcopy/pair_share.h"
#include "image/shard.h"

namespace tt::image {

using flashcopy::VolumeShare;

namespace {

/// Of a mirrored write; a host's waits as long as it takes.
constexpr rt::TimeNs kPatienceForRoom = 100 * rt::kMillisecond;

/// Counts a write that has room for a whole track.
class BigWrite {
 public:
  BigWrite(std::uint32_t& count, std::uint64_t bytes) noexcept : count_(bytes >= kTrackBytes ? &count : nullptr) {
    if (count_ != nullptr) ++*count_;
  }
  BigWrite(const BigWrite&) = delete;
  BigWrite& operator=(const BigWrite&) = delete;
  ~BigWrite() {
    if (count_ != nullptr) --*count_;
  }

 private:
  std::uint32_t* count_;
};

}  // namespace

Shard::Piece Shard::piece_at(std::uint64_t block, std::uint64_t blocks_left) const noexcept {
  const std::uint64_t track = block / kTrackBlocks;
  const std::uint64_t first = block % kTrackBlocks;
  const std::uint64_t count = std::min<std::uint64_t>(kTrackBlocks - first, blocks_left);
  return {options_.stripes.to_local(track), static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(count)};
}

rt::Task<Result<void>> Shard::write(VolumeHandle volume, std::uint64_t block, std::span<const std::byte> from,
                                    bool fua) {
  auto done = co_await write_pieces(volume, block, from.size() / kBlockBytes, from.data(), false, fua);
  co_return done;
}

rt::Task<Result<void>> Shard::zero(VolumeHandle volume, std::uint64_t block, std::uint64_t block_count, bool deallocate,
                                   bool fua) {
  auto done = co_await write_pieces(volume, block, block_count, nullptr, deallocate, fua);
  co_return done;
}

rt::Task<Result<void>> Shard::write_pieces(VolumeHandle handle, std::uint64_t block, std::uint64_t block_count,
                                           const std::byte* data, bool deallocate, bool fua, const MirrorFrame* frame) {
  const rt::TimeNs started = reactor_.now();
  host_load_.begin_operation();
  const std::uint64_t total_bytes = data != nullptr ? block_count * kBlockBytes : 0;
  const BigWrite big(big_writes_, total_bytes);
  journal::SlotSeq last{0};
  while (block_count > 0) {
    if (frame == nullptr && data != nullptr && may_place(block, block_count)) {
      auto placed = co_await place(handle, block, block_count, data);
      if (!placed) co_return placed.error();
      if (*placed > 0) {
        data += *placed * kTrackBytes;
        block += *placed * kTrackBlocks;
        block_count -= *placed * kTrackBlocks;
        continue;
      }
    }
    const Piece piece = piece_at(block, block_count);
    const std::uint64_t bytes = data != nullptr ? std::uint64_t{piece.block_count} * kBlockBytes : 0;
    const rt::TimeNs pause = pause_before(handle, bytes);
    if (pause > 0) co_await rt::sleep_for(reactor_, pause);
    for (;;) {
      auto admission = co_await admit_write(handle, piece, bytes, frame);
      if (!admission) co_return admission.error();
      if (*admission == Admission::again) continue;
      VolumeShare& volume = *find(handle);
      volume.last_host_io = reactor_.now();
      if (data == nullptr && is_noop_zero(volume, piece)) {
        if (frame != nullptr) note_marks(volume, piece, frame);
        break;
      }
      const std::span<const std::byte> payload(data, bytes);
      auto slot = insert_write(volume, piece, payload, deallocate, frame);
      if (!slot) co_return slot.error();
      last = *slot;
      break;
    }
    if (data != nullptr) data += bytes;
    block += piece.block_count;
    block_count -= piece.block_count;
  }
  if (last.value != 0 && (fua || options_.acknowledge == Acknowledge::hardened)) {
    auto hardened = co_await ring_->harden(last);
    if (!hardened) co_return hardened.error();
  }
  const rt::TimeNs took = reactor_.now() - started;
  host_load_.end_operation(took);
  if (VolumeShare* volume = find(handle)) {
    ++volume->counters.writes;
    volume->counters.write_bytes += total_bytes;
    volume->counters.write_ns += static_cast<std::uint64_t>(took);
  }
  co_return Result<void>{};
}

/// Everything a write may have to wait for. After each wait the whole admission is asked again (engine notes T6): `go`
/// is only answered in a turn in which nothing was waited for.
rt::Task<Result<Shard::Admission>> Shard::admit_write(VolumeHandle handle, Piece piece, std::uint64_t payload_bytes,
                                                      const MirrorFrame* frame) {
  VolumeShare* volume = find(handle);
  if (volume == nullptr) co_return Errc::volume_not_found;
  if (ring_->failed()) co_return Errc::journal_failed;
  if (frame != nullptr || !volume->pairs.empty()) TT_CO_CHECK(may_write(*volume, frame));
  // Its source asks again; an answer that does not come would cost it the line.
  if (frame != nullptr && (volume->held || volume->frozen != 0)) co_return Errc::busy;
  if (volume->held) {
    co_await volume->released.wait();
    co_return Admission::again;
  }
  if (volume->frozen != 0) {
    if (refusing_held_writes_) co_return Errc::shutting_down;
    co_await volume->thawed.wait();
    co_return Admission::again;
  }
  if (const auto* parent = volume->parent; parent != nullptr) {
    if (parent->failed) co_return Errc::io_error;
    if (parent->inhibit_target_writes && !parent->withdrawn_at) co_return Errc::write_inhibited;
    if (parent->revertible) co_return Errc::write_inhibited;
  }
  for (const auto* child : volume->children) {
    if (child->revertible || (child->source_inhibited && !child->withdrawn_at)) co_return Errc::write_inhibited;
  }
  if (const auto* child = child_without_space(*volume, piece.local_track); child != nullptr) {
    auto given = co_await give_space(child->generation, global_of(piece.local_track));
    if (!given) co_return given.error();
    co_return Admission::again;
  }
  if (const auto* range = flashcopy::pending_range(*volume, piece.local_track);
      range != nullptr && piece.block_count < kTrackBlocks) {
    auto filled = co_await fill_track(range->generation, global_of(piece.local_track));
    if (!filled) co_return filled.error();
    co_return Admission::again;
  }
  for (const auto* range : volume->ranges_from) {
    if (range->failed || !range->unasked.test(piece.local_track)) continue;
    auto served = co_await serve_ranges(range->generation, piece.local_track);
    if (!served) co_return served.error();
    co_return Admission::again;
  }
  if (frame != nullptr && no_room_for(payload_bytes)) {
    co_await rt::sleep_for(reactor_, kPatienceForRoom);
    if (no_room_for(payload_bytes)) co_return no_more_room() ? Errc::journal_failed : Errc::busy;
    co_return Admission::again;
  }
  auto space = co_await admit_space(handle, piece, payload_bytes);
  co_return space;
}

bool Shard::no_room_for(std::uint64_t payload_bytes) const noexcept {
  return index_->full() || !ring_->has_room(payload_bytes, journal::SpaceClass::host);
}

/// Of what hosts may fill: the journal or the index, whichever is fuller.
std::uint64_t Shard::fill_permille() const noexcept {
  const std::uint64_t journal = ring_->used_bytes() * 1000 / ring_->limit_bytes(journal::SpaceClass::host);
  const std::uint64_t entries = index_->entry_count() * 1000 / index_->entry_limit();
  return std::max(journal, entries);
}

/// What the write must wait so that the destager keeps up. Data of a failed rank fills the journal for good, and nobody
/// can be fast enough for it: then hosts wait only for room.
rt::TimeNs Shard::pause_before(VolumeHandle handle, std::uint64_t bytes) noexcept {
  const std::uint64_t fill = fill_permille();
  if (fill <= WriteThrottle::kFreePermille) return 0;
  if (std::any_of(ranks_.begin(), ranks_.end(), [](const RankShare& rank) { return rank.failed; })) return 0;
  const rt::TimeNs now = reactor_.now();
  const rt::TimeNs begin_at = throttle_.begin_at(now, bytes, fill);
  if (VolumeShare* volume = find(handle); volume != nullptr && begin_at > now) ++volume->counters.delayed_writes;
  return begin_at - now;
}

/// Room on the rank, in the index and in the journal; what the rules of FlashCopy say was asked before.
rt::Task<Result<Shard::Admission>> Shard::admit_space(VolumeHandle handle, Piece piece, std::uint64_t payload_bytes) {
  VolumeShare* volume = find(handle);
  if (volume == nullptr) co_return Errc::volume_not_found;
  if (ring_->failed()) co_return Errc::journal_failed;
  const auto extent = static_cast<std::uint32_t>(global_of(piece.local_track) / volume->tracks_per_extent);
  const bool needs_extent = payload_bytes != 0 && !volume->extents[extent];
  if (needs_extent) {
    // Space is taken before the write is accepted: no error after the answer (engine notes T44).
    auto allocated = co_await control_.allocate_extent(*this, handle, extent);
    if (!allocated) co_return allocated.error().code == Errc::no_space ? Error{Errc::media_full} : allocated.error();
    co_return Admission::again;
  }
  if (const MediaAddress at = address_of(*volume, piece.local_track); at.rank != nullptr && at.rank->failed) {
    co_return Error{Errc::rank_failed, at.rank->id};
  }
  if (no_room_for(payload_bytes)) {
    if (tail_stuck_) co_return Errc::journal_failed;
    ++volume->counters.delayed_writes;
    co_await room_.wait();
    co_return Admission::again;
  }
  co_return Admission::go;
}

/// A relationship that would rather have no write to its source than lose its target, and whose target has no extent
/// for the source's old track. Zeros that were never written need none.
const flashcopy::RelationshipShare* Shard::child_without_space(const VolumeShare& source,
                                                               std::uint64_t local_track) const noexcept {
  for (const flashcopy::RelationshipShare* child : source.children) {
    if (!child->inhibits_source || child->failed || child->withdrawn_at || !child->is_uncopied(local_track)) continue;
    const VolumeShare& target = *child->target;
    if (target.extents[global_of(local_track) / target.tracks_per_extent]) continue;
    const cache::DirtyTrack* dirty = index_->find(&source, local_track);
    const bool in_cache = dirty != nullptr && dirty->first != nullptr && dirty->first->lsn <= child->t0;
    const bool zeros = !source.written.test(local_track) && !in_cache;
    if (!zeros || flashcopy::uncopied_parent(source, local_track) != nullptr) return child;
  }
  return nullptr;
}

/// Space is taken before the write is accepted, so the copy at destage cannot want for it. If there is none every shard
/// knows afterwards that the source is not written any more; in either case the write is admitted anew.
rt::Task<Result<void>> Shard::give_space(Generation relationship, std::uint64_t global_track) {
  const auto found = relationships_.find(relationship);
  TT_ASSERT(found != relationships_.end());
  const VolumeShare& target = *found->second->target;
  const auto extent = static_cast<std::uint32_t>(global_track / target.tracks_per_extent);
  const VolumeHandle handle{target.id, target.generation};
  auto allocated = co_await control_.allocate_extent(*this, handle, extent);
  // A target that is gone has no relationship any more.
  if (allocated || allocated.error().code == Errc::volume_not_found) co_return Result<void>{};
  if (allocated.error().code != Errc::no_space) co_return allocated;
  auto inhibited = co_await control_.inhibit_source(*this, relationship);
  co_return inhibited;
}

/// One turn: Lsn, journal, index.
Result<journal::SlotSeq> Shard::insert_write(VolumeShare& volume, Piece piece, std::span<const std::byte> data,
                                             bool deallocate, const MirrorFrame* frame) {
  journal::RecordHeader header;
  header.kind = journal::RecordKind::write;
  header.lsn = lsns_.draw().value;
  header.volume = volume.id.value;
  header.volume_generation = volume.generation.value;
  header.track = piece.local_track;
  header.first_block = piece.first_block;
  header.block_count = piece.block_count;
  if (data.empty()) {
    header.flags = static_cast<std::uint8_t>(journal::kFlagZero | (deallocate ? journal::kFlagDeallocate : 0));
  }
  if (frame != nullptr) header.flags = static_cast<std::uint8_t>(header.flags | journal::kFlagMirrored);
  const journal::Appended appended = ring_->append(header, data, journal::SpaceClass::host);
  index_->insert(volume.dirty, &volume, piece.local_track, Lsn{header.lsn}, appended.slot, appended.payload,
                 piece.first_block, piece.block_count, deallocate, reactor_.now());
  recorded_tracks_.add(volume.id, piece.local_track, appended.slot);
  ++volume.counters.journal_records;
  flashcopy::record_change(volume, piece.local_track);
  if (!volume.pairs.empty()) note_marks(volume, piece, frame);
  imply_filled(volume, piece.local_track, piece.block_count, Lsn{header.lsn});
  report_if_filled(volume);
  return appended.slot;
}

/// Zeros over a track that reads as zeros already and on which nothing depends need no record.
bool Shard::is_noop_zero(const VolumeShare& volume, Piece piece) const noexcept {
  if (volume.written.test(piece.local_track) || index_->find(&volume, piece.local_track) != nullptr) return false;
  if (flashcopy::pending_range(volume, piece.local_track) != nullptr) return false;
  return flashcopy::uncopied_parent(volume, piece.local_track) == nullptr;
}

rt::Task<Result<void>> Shard::flush() {
  auto done = co_await harden_all();
  co_return done;
}

rt::Task<Result<void>> Shard::harden_all() {
  auto done = co_await ring_->harden(ring_->newest());
  co_return done;
}

}  // namespace tt::image
