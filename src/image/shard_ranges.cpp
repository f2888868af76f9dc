// SPDX-License-Identifier: Apache-2.0
// The shard's side of range copies (decision 0012; states in flashcopy/range.h).
//
// Order: what fills a track of the target is in the target's journal, and durable if that is another shard's, before a
// write to the source's track is inserted. So whatever a crash takes of the source's journal, the target has its track,
// or the source still shows what it was.
#include <algorithm>

#include "image/shard.h"

namespace tt::image {

using flashcopy::RangeShare;
using flashcopy::VolumeShare;

namespace {

/// Calls `visit` with the first local track and the length of every piece of the run that the shard owns.
template <class Visit>
void for_each_local_run(const flashcopy::Stripes& stripes, std::uint32_t shard, std::uint64_t first,
                        std::uint64_t count, Visit visit) {
  while (count > 0) {
    const std::uint64_t in_stripe = std::min(flashcopy::kStripeTracks - first % flashcopy::kStripeTracks, count);
    if (stripes.shard_of(first) == shard) visit(stripes.to_local(first), in_stripe);
    first += in_stripe;
    count -= in_stripe;
  }
}

}  // namespace

RangeShare* Shard::find_range(Generation range_copy) const noexcept {
  const auto found = ranges_.find(range_copy);
  return found != ranges_.end() ? found->second.get() : nullptr;
}

void Shard::install_ranges(const volume::RangeCopy& copy) {
  VolumeShare& source = *find(copy.source);
  VolumeShare& target = *find(copy.target);
  auto range = std::make_unique<RangeShare>(copy, source.local_track_count, target.local_track_count);
  range->source = &source;
  range->target = &target;
  const auto& [id, stripes] = std::pair(options_.id, options_.stripes);
  for (const volume::TrackRun& run : copy.runs) {
    for_each_local_run(stripes, id, run.source, run.count,
                       [&](std::uint64_t first, std::uint64_t count) { range->unasked.set_run(first, count, true); });
    for_each_local_run(stripes, id, run.target, run.count,
                       [&](std::uint64_t first, std::uint64_t count) { range->pending.set_run(first, count, true); });
  }
  source.ranges_from.push_back(range.get());
  target.ranges_onto.push_back(range.get());
  ranges_[copy.generation] = std::move(range);
}

void Shard::change_ranges(Generation range_copy, std::span<const volume::TrackRun> runs) {
  RangeShare* range = find_range(range_copy);
  if (range == nullptr) return;
  range->runs.assign(runs.begin(), runs.end());
  if (runs.empty()) {
    std::erase(range->source->ranges_from, range);
    std::erase(range->target->ranges_onto, range);
    removed_maps_.push_back({range_copy, journal::MapKind::uncopied});
    ranges_.erase(range_copy);
  } else {
    for (auto track = range->pending.find(0, true); track; track = range->pending.find(*track + 1, true)) {
      if (!range->source_of(global_of(*track))) range->pending.set(*track, false);
    }
  }
  filled_.wake_all();
}

Shard::RangeCounts Shard::range_counts(Generation range_copy) const noexcept {
  const RangeShare* range = find_range(range_copy);
  return range != nullptr ? RangeCounts{range->pending.count(), range->tracks_copied} : RangeCounts{};
}

void Shard::imply_filled(VolumeShare& volume, std::uint64_t local_track, std::uint16_t block_count, Lsn lsn) {
  if (block_count < kTrackBlocks) return;
  for (RangeShare* range : volume.ranges_onto) {
    if (range->t0 < lsn) range->pending.set(local_track, false);
  }
}

/// The control shard decides what that means; it is told once.
void Shard::report_if_filled(const VolumeShare& target) {
  for (RangeShare* range : target.ranges_onto) {
    if (range->end_reported || range->pending.count() != 0) continue;
    range->end_reported = true;
    control_.share_drained(*this, range->generation);
  }
}

rt::Task<Result<void>> Shard::read_track(VolumeHandle handle, std::uint64_t track, std::span<std::byte> into) {
  VolumeShare* volume = find(handle);
  if (volume == nullptr) co_return Errc::volume_not_found;
  const flashcopy::HostOperation operation(*volume);
  auto done = co_await read_span(*volume, track * kTrackBlocks, into, Reader::copy);
  if (!done) co_return done.error();
  co_return Result<void>{};
}

rt::Task<Result<void>> Shard::read_medium(VolumeHandle handle, std::uint64_t track, std::span<std::byte> into) {
  VolumeShare* volume = find(handle);
  if (volume == nullptr) co_return Errc::volume_not_found;
  if (volume->held) co_return Errc::busy;
  const std::uint64_t local = options_.stripes.to_local(track);
  if (local >= volume->written.track_count() || !volume->written.test(local)) co_return Errc::object_not_found;
  const MediaAddress at = address_of(*volume, local);
  if (at.rank == nullptr) co_return Errc::object_not_found;
  const flashcopy::HostOperation operation(*volume);  // its space stays
  auto read = co_await at.rank->disk->read(at.offset, into);
  if (!read) co_return read.error();
  co_return Result<void>{};
}

/// The source is asked in the shard that owns its track. What comes back counts only if the track is still pending
/// then: a host may have written it meanwhile, and with less than a whole track only after it was filled.
rt::Task<Result<bool>> Shard::read_pending(VolumeShare& volume, Piece piece, std::span<std::byte> into) {
  const RangeShare* range = flashcopy::pending_range(volume, piece.local_track);
  if (range->failed) co_return Errc::io_error;
  const Generation generation = range->generation;
  const std::uint64_t from = *range->source_of(global_of(piece.local_track));
  const VolumeHandle source{range->source->id, range->source->generation};
  const AlignedBytes bytes = allocate_aligned(kTrackBytes);
  const std::span<std::byte> frame(bytes.get(), kTrackBytes);
  auto read = co_await control_.read_track(*this, source, from, frame);
  range = find_range(generation);
  if (range == nullptr || range->failed || !range->pending.test(piece.local_track)) co_return false;
  if (!read) co_return read.error();
  const std::span<std::byte> wanted =
      frame.subspan(std::size_t{piece.first_block} * kBlockBytes, std::size_t{piece.block_count} * kBlockBytes);
  std::copy(wanted.begin(), wanted.end(), into.begin());
  co_return true;
}

rt::Task<Result<void>> Shard::fill_track(Generation range_copy, std::uint64_t track) {
  const std::uint64_t local = options_.stripes.to_local(track);
  for (;;) {
    RangeShare* range = find_range(range_copy);
    if (range == nullptr || !range->pending.test(local)) co_return Result<void>{};
    if (range->failed) co_return Errc::io_error;
    if (!range->filling.insert(local).second) {
      co_await filled_.wait();
      continue;
    }
    auto filled = co_await fill_from_source(range_copy, track);
    range = find_range(range_copy);
    if (range != nullptr) range->filling.erase(local);
    filled_.wake_all();
    if (filled) continue;
    if (ring_->failed() || filled.error().code == Errc::shutting_down) co_return filled;
    auto failed = co_await control_.fail_relationship(*this, range_copy);
    if (!failed) co_return failed;
  }
}

/// Ends well also if the track is not pending any more, for whatever reason.
rt::Task<Result<void>> Shard::fill_from_source(Generation range_copy, std::uint64_t track) {
  const RangeShare* range = find_range(range_copy);
  const VolumeHandle source{range->source->id, range->source->generation};
  const VolumeHandle target{range->target->id, range->target->generation};
  const AlignedBytes bytes = allocate_aligned(kTrackBytes);
  const std::span<std::byte> frame(bytes.get(), kTrackBytes);
  auto read = co_await control_.read_track(*this, source, *range->source_of(track), frame);
  if (!read) co_return read;
  const bool zeros = std::all_of(frame.begin(), frame.end(), [](std::byte b) { return b == std::byte{0}; });
  const Piece piece{options_.stripes.to_local(track), 0, kTrackBlocks};
  for (;;) {
    auto admission = co_await admit_space(target, piece, zeros ? 0 : kTrackBytes);
    range = find_range(range_copy);
    if (range == nullptr || range->failed || !range->pending.test(piece.local_track)) co_return Result<void>{};
    if (!admission) co_return admission.error();
    if (*admission == Admission::again) continue;
    auto slot = insert_write(*range->target, piece, zeros ? std::span<std::byte>{} : frame, zeros);
    if (!slot) co_return slot.error();
    if (RangeShare* filled = find_range(range_copy)) ++filled->tracks_copied;
    co_return Result<void>{};
  }
}

rt::Task<Result<void>> Shard::serve_ranges(Generation range_copy, std::uint64_t local_track) {
  const RangeShare* range = find_range(range_copy);
  const std::vector<std::uint64_t> targets = range->targets_of(global_of(local_track));
  for (const std::uint64_t track : targets) {
    auto filled = co_await control_.fill_track(*this, range_copy, track);
    // A copy that has failed needs nothing any more.
    if (!filled && filled.error().code != Errc::io_error) co_return filled;
  }
  if (RangeShare* served = find_range(range_copy)) served->unasked.set(local_track, false);
  co_return Result<void>{};
}

}  // namespace tt::image
