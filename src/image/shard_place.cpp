// SPDX-License-Identifier: Apache-2.0
// Whole tracks of a big write go to their place at once, instead of through the journal and then to their place: each
// byte is written once (decision 0014). Only where nobody else can see the difference:
//
//   * a crash never shows this write without an earlier one that was answered: with volatile answers (--ack volatile)
//     everything answered so far is hardened first, and everything answered meanwhile before this one is;
//   * the volume is in no relationship, loan, range copy or mirrored pair: nobody needs what the track held, and no
//     mark has to come with the write;
//   * the track has no dirty entries and no readers that go by them, and its column is latched: nothing is laid over it
//     but what comes later, and no batch touches it;
//   * nobody is shown what may still be lost: a read of the track is answered after the placed write that it may have
//     seen (wait_for_placed);
//   * no fence is up, and a fence waits for placed writes in flight: at T0 none is half done.
//
// Order: draw L; (volatile: harden;) write the medium; flush; append PLACED(L), harden; answer. A write of the same
// track that arrives meanwhile has a larger Lsn and stays laid over it: as if it had been second.
//
// With volatile answers this is worth it once the journal fills up (PlaceOptions): until then it takes a burst at the
// speed of memory, from then on every byte would be written twice while hosts wait.
//
// A track that is known to hold data and of which the ring has no record needs no PLACED: there is nothing to void.
//
// Crash argument. Before PLACED is durable the write was not answered: each of its sectors may be old or new, and
// what the journal still knows of the track is laid over as before. After it, replay drops the track's entries below
// L: records of former writes may still stand in the ring, but never behind PLACED, because they had left the index
// before L was drawn. The tail cannot pass PLACED and leave one of them.
#include <algorithm>

#include "image/shard.h"

namespace tt::image {

using flashcopy::VolumeShare;

namespace {

/// Longer runs are written piece by piece, so that small requests get their turn on the disk.
constexpr std::uint64_t kMostTracks = 16;
/// Bounds what they can need of the journal's reserve (I17): each appends one record without payload.
constexpr std::uint32_t kMostPlacedWrites = 32;

/// One for each track of the data.
std::vector<MediaSums::Change> changes_of(const VolumeShare& volume, MediaAddress at, std::span<const std::byte> data) {
  std::vector<MediaSums::Change> changes;
  for (std::size_t begin = 0; begin < data.size(); begin += kTrackBytes) {
    MediaSums::Change& change = changes.emplace_back();
    change.rank = at.rank;
    change.owner = volume.map_generation;
    change.offset = at.offset + begin;
    change.grains = kAllGrains;
    for (std::size_t grain = 0; grain < kTrackGrains; ++grain) {
      change.sums[grain] = grain_sum(data.subspan(begin + grain * kGrainBytes, kGrainBytes));
    }
  }
  return changes;
}

bool stands_alone(const VolumeShare& volume) noexcept {
  return !volume.held && !volume.removed && volume.frozen == 0 && volume.parent == nullptr && volume.children.empty() &&
         volume.loans.empty() && volume.ranges_from.empty() && volume.ranges_onto.empty() && volume.pairs.empty();
}

}  // namespace

bool Shard::may_place(std::uint64_t block, std::uint64_t block_count) const noexcept {
  const std::uint64_t tracks = block % kTrackBlocks == 0 ? block_count / kTrackBlocks : 0;
  const bool is_long = tracks >= options_.place.long_run_tracks;
  const bool worth_it = options_.acknowledge == Acknowledge::hardened
                            ? is_long || (tracks > 0 && big_writes_ >= options_.place.many_writes)
                            : is_long && fill_permille() >= options_.place.volatile_from_permille;
  return worth_it && placed_runs_.size() < kMostPlacedWrites && !is_fenced() && !no_more_room() &&
         !sums_->too_many_changed();
}

/// Latches the tracks from `block` on that lie together and may be placed; how many.
std::uint64_t Shard::latch_placeable(VolumeShare& volume, std::uint64_t block, std::uint64_t block_count,
                                     const std::byte* data, MediaAddress& start) {
  if (!stands_alone(volume)) return 0;
  const std::uint64_t most = std::min(block_count / kTrackBlocks, kMostTracks);
  std::uint64_t count = 0;
  for (; count < most; ++count) {
    const std::uint64_t track = options_.stripes.to_local(block / kTrackBlocks + count);
    if (index_->find(&volume, track) != nullptr) break;
    const MediaAddress at = address_of(volume, track);
    if (at.rank == nullptr || at.rank->failed || at.rank->suspect) break;
    if (count == 0) {
      const auto address = reinterpret_cast<std::uintptr_t>(data);
      if ((address | at.offset) % at.rank->disk->block_bytes() != 0) break;
      start = at;
    } else if (at.rank != start.rank || at.offset != start.offset + count * kTrackBytes) {
      break;
    }
    if (index_->try_latch(track) == nullptr) break;
  }
  return count;
}

rt::Task<Result<std::uint64_t>> Shard::place(VolumeHandle handle, std::uint64_t block, std::uint64_t block_count,
                                             const std::byte* data) {
  VolumeShare* volume = find(handle);
  if (volume == nullptr) co_return std::uint64_t{0};
  MediaAddress start;
  const std::uint64_t count = latch_placeable(*volume, block, block_count, data, start);
  if (count == 0) co_return std::uint64_t{0};

  flashcopy::HostOperation operation(*volume);
  volume->last_host_io = reactor_.now();
  const std::uint64_t first = options_.stripes.to_local(block / kTrackBlocks);
  const std::uint64_t number = ++last_placed_run_;
  placed_runs_.push_back({number, volume->generation, first, count, {}});
  const Lsn lsn = lsns_.draw();
  const std::span<const std::byte> bytes(data, count * kTrackBytes);
  auto ready = co_await harden_answered();
  Result<void> done = ready;
  if (ready) {
    auto placed = co_await write_placed(*volume, start, first, bytes, lsn);
    done = placed;
  }
  for (std::uint64_t track = first; track < first + count; ++track) index_->unlatch(*index_->find_column(track));
  const auto run =
      std::find_if(placed_runs_.begin(), placed_runs_.end(), [&](const PlacedRun& r) { return r.number == number; });
  if (done || !ready) {
    placed_runs_.erase(run);
  } else {
    run->failed = done.error();
  }
  placed_run_ended_.wake_all();
  if (!done) co_return done.error();
  co_return count;
}

/// The run is known by now, so a read that still sees what was there waits for its end: whoever has seen that the write
/// is not there yet has seen it before everything that is hardened here was answered.
rt::Task<Result<void>> Shard::harden_answered() {
  if (options_.acknowledge == Acknowledge::hardened) co_return Result<void>{};
  auto hardened = co_await harden_all();
  co_return hardened;
}

rt::Task<Result<void>> Shard::write_placed(VolumeShare& volume, MediaAddress at, std::uint64_t first_track,
                                           std::span<const std::byte> data, Lsn lsn) {
  auto written = co_await write_in_place(volume, at, data);
  if (!written) {
    auto kept = co_await keep_unplaced(volume, *at.rank, first_track, data);
    co_return kept;
  }
  const std::uint64_t count = data.size() / kTrackBytes;
  if (needs_record(volume, first_track, count)) {
    const journal::SlotSeq slot = append_placed(volume, first_track, count, lsn);
    auto hardened = co_await ring_->harden(slot);
    if (!hardened) co_return hardened;
  }
  auto answered = co_await harden_answered();
  co_return answered;
}

rt::Task<Result<void>> Shard::wait_for_placed(const VolumeShare& volume, std::uint64_t block,
                                              std::uint64_t block_count) {
  const std::uint64_t first = options_.stripes.to_local(block / kTrackBlocks);
  const std::uint64_t end = options_.stripes.to_local((block + block_count - 1) / kTrackBlocks) + 1;
  const std::uint64_t last = last_placed_run_;  // those that begin later have not been seen
  const auto was_seen = [&](const PlacedRun& run) {
    return run.number <= last && run.volume == volume.generation && run.first_track < end &&
           first < run.first_track + run.track_count;
  };
  for (;;) {
    const auto seen = std::find_if(placed_runs_.begin(), placed_runs_.end(), was_seen);
    if (seen == placed_runs_.end()) co_return Result<void>{};
    if (seen->failed) co_return *seen->failed;
    co_await placed_run_ended_.wait();
  }
}

/// Failed ones stay: until the next start nobody knows what their tracks hold for good.
bool Shard::places_now() const noexcept {
  return std::any_of(placed_runs_.begin(), placed_runs_.end(), [](const PlacedRun& run) { return !run.failed; });
}

rt::Task<Result<void>> Shard::write_in_place(VolumeShare& volume, MediaAddress at, std::span<const std::byte> data) {
  const rt::TimeNs started = reactor_.now();
  std::vector<MediaSums::Change> changes;
  std::vector<RankShare*> broken;
  if (sums_->keeps()) {
    changes = changes_of(volume, at, data);
    co_await sums_->announce(changes, broken);
  }
  Result<void> done;
  if (broken.empty() && !at.rank->failed) {
    begin_media_write(*at.rank, at.offset, data.size());
    for (MediaSums::Change& change : changes) MediaSums::begin(change);
    done = co_await at.rank->disk->write(at.offset, data);
    if (done) {
      auto flushed = co_await control_.flush_rank(*this, at.rank->id);
      done = flushed;
    }
    end_media_write(*at.rank, at.offset, data, done.has_value());
  } else {
    done = Error{Errc::rank_failed, at.rank->id};
  }
  for (MediaSums::Change& change : changes) sums_->end(change, done.has_value());
  RankCounters& rank = at.rank->counters;
  ++rank.writes;
  rank.write_bytes += data.size();
  rank.write_ns += static_cast<std::uint64_t>(reactor_.now() - started);
  ++volume.counters.media_writes;
  volume.counters.media_write_bytes += data.size();
  volume.counters.tracks_destaged += data.size() / kTrackBytes;
  co_return done;
}

/// As in a batch nothing is repeated, and nobody relies on that rank's writes any more. What its medium shows now may
/// be lost, so the data goes into the journal, which keeps it for a failed rank.
rt::Task<Result<void>> Shard::keep_unplaced(VolumeShare& volume, RankShare& rank, std::uint64_t first_track,
                                            std::span<const std::byte> data) {
  journal::SlotSeq last{0};
  Result<void> kept;
  for (; kept && !data.empty(); data = data.subspan(kTrackBytes), ++first_track) {
    if (no_more_room() || index_->full() || !ring_->has_room(kTrackBytes, journal::SpaceClass::host)) {
      kept = Error{Errc::rank_failed, rank.id};
      break;
    }
    auto slot = insert_write(volume, {first_track, 0, kTrackBlocks}, data.first(kTrackBytes), false);
    if (slot) last = *slot;
    if (!slot) kept = slot.error();
  }
  if (!rank.failed) {
    auto recorded = co_await control_.fail_rank(*this, rank.id);
    if (!recorded) co_return recorded;
  }
  if (last.value != 0) {
    auto hardened = co_await ring_->harden(last);
    if (!hardened) co_return hardened;
  }
  co_return kept;
}

bool Shard::needs_record(const VolumeShare& volume, std::uint64_t first_track, std::uint64_t count) const noexcept {
  const journal::SlotSeq oldest = ring_->tail();
  for (std::uint64_t track = first_track; track < first_track + count; ++track) {
    if (!volume.written.test(track) || recorded_tracks_.may_be_recorded(volume.id, track, oldest)) return true;
  }
  return false;
}

journal::SlotSeq Shard::append_placed(VolumeShare& volume, std::uint64_t first_track, std::uint64_t count, Lsn lsn) {
  journal::RecordHeader header;
  header.kind = journal::RecordKind::placed;
  header.lsn = lsn.value;
  header.volume = volume.id.value;
  header.volume_generation = volume.generation.value;
  header.map_generation = volume.map_generation.value;
  header.track = first_track;
  header.block_count = static_cast<std::uint16_t>(count * kTrackBlocks);
  const journal::Appended appended = ring_->append(header, {}, journal::SpaceClass::destage);
  ring_->unpin(appended.slot);  // it stays as long as older records do
  volume.written.set_run(first_track, count, true);
  ++volume.counters.journal_records;
  return appended.slot;
}

}  // namespace tt::image
