// SPDX-License-Identifier: Apache-2.0
// Whole tracks of a big write go to their place at once, instead of through the journal and then to their place: each
// byte is written once (decision 0014). Only where nobody else can see the difference:
//
//   * every answer is durable (--ack hardened): with volatile answers a crash could show this write without an earlier
//     one that was answered from memory;
//   * the volume is in no relationship, loan or range copy: nobody needs what the track held;
//   * the track has no dirty entries and no readers that go by them, and its column is latched: nothing is laid over it
//     but what comes later, and no batch touches it;
//   * no fence is up, and a fence waits for placed writes in flight: at T0 none is half done.
//
// Order: draw L; write the medium; flush; append PLACED(L), harden; answer. A write of the same track that arrives
// meanwhile has a larger Lsn and stays laid over it: as if it had been second.
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
constexpr std::uint64_t kMostTracks = 64;
/// Shorter runs go through the journal while few are in flight: that answers them sooner.
constexpr std::uint64_t kLongRunTracks = 4;
constexpr std::uint32_t kManyWrites = 3;
/// Bounds what they can need of the journal's reserve (I17): each appends one record without payload.
constexpr std::uint32_t kMostPlacedWrites = 32;

bool stands_alone(const VolumeShare& volume) noexcept {
  return !volume.held && !volume.removed && volume.frozen == 0 && volume.parent == nullptr &&
         volume.children.empty() && volume.loans.empty() && volume.ranges_from.empty() && volume.ranges_onto.empty();
}

}  // namespace

bool Shard::may_place(std::uint64_t block, std::uint64_t block_count) const noexcept {
  const std::uint64_t tracks = block % kTrackBlocks == 0 ? block_count / kTrackBlocks : 0;
  const bool worth_it = tracks >= kLongRunTracks || (tracks > 0 && big_writes_ >= kManyWrites);
  return worth_it && options_.acknowledge == Acknowledge::hardened && placed_in_flight_ < kMostPlacedWrites &&
         !is_fenced() && !no_more_room();
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
  if (volume == nullptr || !may_place(block, block_count)) co_return std::uint64_t{0};
  MediaAddress start;
  const std::uint64_t count = latch_placeable(*volume, block, block_count, data, start);
  if (count == 0) co_return std::uint64_t{0};

  flashcopy::HostOperation operation(*volume);
  volume->last_host_io = reactor_.now();
  ++placed_in_flight_;
  const std::uint64_t first = options_.stripes.to_local(block / kTrackBlocks);
  const Lsn lsn = lsns_.draw();
  auto written = co_await write_in_place(*volume, start, std::span(data, count * kTrackBytes));
  Result<void> done = written;
  if (written && needs_record(*volume, first, count)) {
    const journal::SlotSeq slot = append_placed(*volume, first, count, lsn);
    auto hardened = co_await ring_->harden(slot);
    done = hardened;
  }
  for (std::uint64_t track = first; track < first + count; ++track) index_->unlatch(*index_->find_column(track));
  if (--placed_in_flight_ == 0) batch_ended_.wake_all();
  if (!done) co_return done.error();
  co_return count;
}

rt::Task<Result<void>> Shard::write_in_place(VolumeShare& volume, MediaAddress at, std::span<const std::byte> data) {
  const rt::TimeNs started = reactor_.now();
  auto done = co_await at.rank->disk->write(at.offset, data);
  if (done) {
    auto flushed = co_await control_.flush_rank(*this, at.rank->id);
    done = flushed;
  }
  RankCounters& rank = at.rank->counters;
  ++rank.writes;
  rank.write_bytes += data.size();
  rank.write_ns += static_cast<std::uint64_t>(reactor_.now() - started);
  ++volume.counters.media_writes;
  volume.counters.media_write_bytes += data.size();
  volume.counters.tracks_destaged += data.size() / kTrackBytes;
  if (done) co_return Result<void>{};
  // As in a batch: nothing is repeated, and nobody relies on that rank's writes any more.
  const std::uint16_t id = at.rank->id;
  if (!at.rank->failed) {
    auto recorded = co_await control_.fail_rank(*this, id);
    if (!recorded) co_return recorded;
  }
  co_return Error{Errc::rank_failed, id};
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
  volume.counters.journal_records += 1;
  return appended.slot;
}

}  // namespace tt::image
