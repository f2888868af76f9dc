// SPDX-License-Identifier: Apache-2.0
// Reads: L(v,t,now) of the engine notes. A run of tracks that have no dirty data, no uncopied parent and lie together
// on the medium is one disk read; every other track is put together from a medium (its own, or its source's) and the
// dirty entries that belong to it, those of the volumes between in a cascade included.
//
// Where a medium is named here the read cache may stand in for it: it holds what the medium would return
// (cache/read_cache.h). It answers in the turn in which it is asked, so nothing of the following concerns it.
//
// Why it is safe against a batch that runs at the same time:
//   * a track with entries registers as reader first, so entries that become clean meanwhile stay visible to the
//   overlay,
//     which is laid over *after* the media read (D3 of the dirty index);
//   * a read of a source's medium for an uncopied target registers as image reader: a batch that copied the track
//     overwrites the source's medium only when no image reader is left (engine notes T3).
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "image/shard.h"

namespace tt::image {

using flashcopy::VolumeShare;

namespace {

constexpr Lsn kNewest{~std::uint64_t{0}};

cache::Place place_of(MediaAddress at, std::uint64_t first_block) noexcept {
  return {at.rank->id, at.offset + first_block * kBlockBytes};
}

/// Those that single entries cover.
GrainMask whole_grains(const cache::DirtyTrack& track, Lsn after, Lsn up_to) noexcept {
  GrainMask grains = 0;
  for (const cache::Entry* e = track.first; e != nullptr; e = e->next) {
    if (e->lsn <= after || e->lsn > up_to) continue;
    const std::uint32_t end = (std::uint32_t{e->first_block} + e->block_count) / kGrainBlocks;
    for (std::uint32_t grain = (e->first_block + kGrainBlocks - 1) / kGrainBlocks; grain < end; ++grain) {
      grains = static_cast<GrainMask>(grains | (1U << grain));
    }
  }
  return grains;
}

}  // namespace

rt::Task<Result<void>> Shard::read(VolumeHandle handle, std::uint64_t block, std::span<std::byte> into) {
  const rt::TimeNs started = reactor_.now();
  host_load_.begin_operation();
  VolumeShare* volume = find(handle);
  while (volume != nullptr && volume->held) {
    co_await volume->released.wait();
    volume = find(handle);
  }
  if (volume == nullptr) co_return Errc::volume_not_found;
  if (!volume->pairs.empty() && !may_read(*volume)) co_return Error{Errc::mirror_target, volume->id.value};
  std::optional<flashcopy::HostOperation> operation(std::in_place, *volume);
  volume->last_host_io = reactor_.now();
  const Reader reader = reader_of(*volume, block, into.size() / kBlockBytes);
  auto done = co_await read_span(*volume, block, into, reader);
  if (done && !placed_runs_.empty()) {
    auto seen = co_await wait_for_placed(*volume, block, into.size() / kBlockBytes);
    if (!seen) done = seen.error();
  }
  const rt::TimeNs took = reactor_.now() - started;
  host_load_.end_operation(took);
  if (!done && may_be_mended(done.error())) {
    operation.reset();
    auto repaired = co_await read_again(handle, block, into);
    co_return repaired;
  }
  if (!done) co_return done.error();
  flashcopy::VolumeCounters& counters = volume->counters;
  ++counters.reads;
  counters.read_hits += *done ? 0 : 1;
  counters.sequential_reads += reader == Reader::stream ? 1 : 0;
  counters.sequential_read_hits += reader == Reader::stream && !*done ? 1 : 0;
  counters.read_bytes += into.size();
  counters.read_ns += static_cast<std::uint64_t>(took);
  co_return Result<void>{};
}

bool Shard::may_be_mended(const Error& error) const noexcept {
  return sums_->keeps() && (error.code == Errc::corrupt || error.code == Errc::io_error);
}

rt::Task<Result<void>> Shard::read_again(VolumeHandle handle, std::uint64_t block, std::span<std::byte> into) {
  co_await mender_->settled();
  VolumeShare* volume = find(handle);
  while (volume != nullptr && volume->held) {
    co_await volume->released.wait();
    volume = find(handle);
  }
  if (volume == nullptr) co_return Errc::volume_not_found;
  const flashcopy::HostOperation operation(*volume);
  auto done = co_await read_span(*volume, block, into, Reader::host);
  if (!done) co_return done.error();
  auto seen = co_await wait_for_placed(*volume, block, into.size() / kBlockBytes);
  co_return seen;
}

rt::Task<Result<bool>> Shard::read_span(VolumeShare& volume, std::uint64_t block, std::span<std::byte> into,
                                        Reader reader) {
  bool missed = false;
  while (!into.empty()) {
    const std::uint64_t blocks_left = into.size() / kBlockBytes;
    MediaAddress start;
    const std::uint64_t plain = plain_run(volume, block, blocks_left, start);
    std::uint64_t blocks = plain;
    if (plain > 0) {
      const std::span<std::byte> part = into.first(plain * kBlockBytes);
      const cache::Place place = place_of(start, block % kTrackBlocks);
      std::size_t found = read_cached(place, part, reader);
      if (found == 0 && reader == Reader::stream) {
        const ReadAhead::Found ahead = read_ahead_->read(place, part);
        if (ahead.coming != nullptr) {
          missed = true;
          co_await ReadAhead::arrival(*ahead.coming);
          continue;  // meanwhile a host may have written
        }
        found = ahead.bytes;
      }
      if (found > 0) {
        blocks = found / kBlockBytes;
      } else {
        auto done = co_await read_for_host(volume, start, block % kTrackBlocks, part, reader);
        if (!done) co_return done.error();
        missed = true;
      }
    } else {
      Piece piece = piece_at(block, blocks_left);
      piece.block_count = flashcopy::same_way(volume, piece.local_track, kNewest, piece.first_block, piece.block_count);
      blocks = piece.block_count;
      if (flashcopy::pending_range(volume, piece.local_track) != nullptr) {
        auto shown = co_await read_pending(volume, piece, into.first(blocks * kBlockBytes));
        if (!shown) co_return shown.error();
        missed = true;
        if (!*shown) continue;
        block += blocks;
        into = into.subspan(blocks * kBlockBytes);
        continue;
      }
      auto done = co_await read_mixed(volume, piece, into.first(blocks * kBlockBytes), reader);
      if (!done) co_return done.error();
      missed = missed || *done;
    }
    block += blocks;
    into = into.subspan(blocks * kBlockBytes);
  }
  co_return missed;
}

bool Shard::is_plain(const VolumeShare& volume, std::uint64_t local_track) const noexcept {
  return volume.written.test(local_track) && flashcopy::uncopied_parent(volume, local_track) == nullptr &&
         flashcopy::pending_range(volume, local_track) == nullptr && index_->find(&volume, local_track) == nullptr;
}

/// Number of blocks from `block` on that one read of the medium delivers; 0 if the first track is not plain.
std::uint64_t Shard::plain_run(VolumeShare& volume, std::uint64_t block, std::uint64_t block_count,
                               MediaAddress& start) {
  std::uint64_t blocks = 0;
  while (blocks < block_count) {
    const Piece piece = piece_at(block + blocks, block_count - blocks);
    if (!is_plain(volume, piece.local_track)) break;
    const MediaAddress at = address_of(volume, piece.local_track);
    TT_ASSERT(at.rank != nullptr);  // a written track has an extent
    if (blocks == 0) {
      start = at;
    } else {
      const std::uint64_t expected = start.offset + (block % kTrackBlocks + blocks) * kBlockBytes;
      if (at.rank != start.rank || at.offset != expected) break;
    }
    blocks += piece.block_count;
  }
  return blocks;
}

rt::Task<Result<void>> Shard::read_for_host(VolumeShare& volume, MediaAddress from, std::uint64_t first_block,
                                            std::span<std::byte> into, Reader reader, GrainMask laid_over) {
  const rt::TimeNs started = reactor_.now();
  const cache::Place place = place_of(from, first_block);
  const bool keeps = read_cache_ != nullptr && (reader == Reader::host || reader == Reader::stream);
  cache::Ticket ticket;
  if (keeps) ticket = read_cache_->look(place, into.size());
  auto done = co_await read_media(volume, from, first_block, into, laid_over != 0 ? &laid_over : nullptr);
  if (!done && done.error().code == Errc::io_error && sums_->keeps() && !from.rank->failed) {
    report_damage(volume.map_generation, *from.rank, from.offset + first_block * kBlockBytes, into.size());
  }
  if (keeps) {
    read_cache_counters_.missed_bytes += into.size();
    const auto pattern = reader == Reader::stream ? cache::Pattern::stream : cache::Pattern::random;
    if (done && laid_over == 0 && !from.rank->failed) read_cache_->offer(ticket, place, into, pattern);
  }
  const auto took = static_cast<std::uint64_t>(reactor_.now() - started);
  flashcopy::VolumeCounters& counters = volume.counters;
  ++counters.media_reads;
  counters.media_read_bytes += into.size();
  counters.media_read_ns += took;
  counters.tracks_staged += divide_up(first_block + into.size() / kBlockBytes, kTrackBlocks);
  RankCounters& rank = from.rank->counters;
  ++rank.reads;
  rank.read_bytes += into.size();
  rank.read_ns += took;
  co_return done;
}

/// Whole grains, if there are checksums of them.
rt::Task<Result<void>> Shard::read_media(const VolumeShare& volume, MediaAddress from, std::uint64_t first_block,
                                         std::span<std::byte> into, GrainMask* laid_over) {
  const std::uint64_t unit = sums_->keeps() ? kGrainBytes : from.rank->disk->block_bytes();
  const Generation owner = volume.map_generation;
  const std::uint64_t offset = from.offset + first_block * kBlockBytes;
  const auto address = reinterpret_cast<std::uintptr_t>(into.data());
  if ((offset | into.size()) % unit == 0 && address % from.rank->disk->block_bytes() == 0) {
    if (!sums_->keeps()) {  // as in sums_->read(), without its frame: this is the way of most reads
      if (laid_over != nullptr) *laid_over = 0;
      auto plain = co_await from.rank->disk->read(offset, into);
      co_return plain;
    }
    auto done = co_await sums_->read(*from.rank, owner, offset, into, nullptr, laid_over);
    co_return done;
  }
  const GrainMask covered = laid_over != nullptr ? std::exchange(*laid_over, 0) : GrainMask{0};
  while (!into.empty()) {  // through a frame, one track-sized piece at a time
    const std::uint64_t at = from.offset + first_block * kBlockBytes;
    const std::uint64_t begin = at / unit * unit;
    const std::uint64_t bytes = std::min<std::uint64_t>(into.size(), kTrackBytes - (at - begin));
    co_await frames_.wait();
    const std::span<std::byte> frame = frames_.take();
    const std::uint64_t length = round_up(at - begin + bytes, unit);
    GrainMask unmatched = covered;
    GrainMask* const may_differ = laid_over != nullptr ? &unmatched : nullptr;
    auto done = co_await sums_->read(*from.rank, owner, begin, frame.first(length), nullptr, may_differ);
    if (laid_over != nullptr) *laid_over = static_cast<GrainMask>(*laid_over | unmatched);
    if (done) std::memcpy(into.data(), frame.data() + (at - begin), bytes);
    frames_.give(frame);
    if (!done) co_return done.error();
    first_block += bytes / kBlockBytes;
    into = into.subspan(bytes);
  }
  co_return Result<void>{};
}

Reader Shard::reader_of(VolumeShare& volume, std::uint64_t block, std::uint64_t block_count) {
  if (read_ahead_ == nullptr) return Reader::host;
  const std::uint64_t local = options_.stripes.to_local(block / kTrackBlocks) * kTrackBlocks + block % kTrackBlocks;
  return read_ahead_->note(volume, local, block_count) ? Reader::stream : Reader::host;
}

std::size_t Shard::read_cached(cache::Place place, std::span<std::byte> into, Reader reader) noexcept {
  if (read_cache_ == nullptr || reader == Reader::medium) return 0;
  const std::size_t found = read_cache_->read(place, into);
  read_cache_counters_.hit_bytes += found;
  return found;
}

ReadCacheCounters Shard::read_cache_counters() const noexcept {
  ReadCacheCounters counters = read_cache_counters_;
  if (read_cache_ != nullptr) {
    counters.held_bytes = read_cache_->held_bytes();
    counters.capacity_bytes = read_cache_->capacity_bytes();
  }
  if (read_ahead_ != nullptr) counters.ahead = read_ahead_->counters();
  return counters;
}

rt::Task<Result<bool>> Shard::read_mixed(VolumeShare& volume, Piece piece, std::span<std::byte> into, Reader reader) {
  const flashcopy::Lineage lineage =
      flashcopy::lineage_of(volume, piece.local_track, piece.first_block / kGrainBlocks, kNewest);
  if (lineage.lost()) co_return Errc::io_error;
  const auto layers = lineage.layers();
  VolumeShare& base = lineage.base();
  const auto of_image = [&](std::size_t i) { return i > 0 && i + 1 == layers.size(); };

  std::array<cache::DirtyTrack*, flashcopy::Lineage::kMaxLayers> tracks{};
  bool covered = false;
  GrainMask laid_over = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& [at, after, up_to] = layers[i];
    tracks[i] = &index_->begin_read(at->dirty, at, piece.local_track, of_image(i));
    if (i > 0) ++at->image_reads;  // keeps sources from being deleted under the read
    covered = covered || cache::DirtyIndex::covers(tracks[i], after, up_to, piece.first_block, piece.block_count);
    laid_over = static_cast<GrainMask>(laid_over | whole_grains(*tracks[i], after, up_to));
  }

  Result<void> done;
  bool missed = false;
  if (lineage.is_on_medium(piece.local_track) && !covered) {
    const MediaAddress at = address_of(base, piece.local_track);
    TT_ASSERT(at.rank != nullptr);
    const std::size_t found = read_cached(place_of(at, piece.first_block), into, reader);
    missed = found < into.size();
    if (missed) {
      done = co_await read_for_host(base, at, piece.first_block + found / kBlockBytes, into.subspan(found), reader,
                                    laid_over);
    }
  } else {
    std::memset(into.data(), 0, into.size());
  }

  journal::SlotSeq seen{0};
  for (std::size_t i = layers.size(); i-- > 0;) {
    const auto& [at, after, up_to] = layers[i];
    seen = std::max(seen, cache::DirtyIndex::overlay(tracks[i], after, up_to, piece.first_block, into));
    index_->end_read(at->dirty, *tracks[i], of_image(i));
    if (of_image(i)) image_read_done_.wake_all();
    if (i > 0 && --at->image_reads == 0) at->idle.wake_all();
  }
  if (!done) co_return done.error();
  // Nothing a reader has seen may be lost (engine notes, choice 3).
  if (options_.acknowledge == Acknowledge::hardened && seen > ring_->durable()) {
    auto hardened = co_await ring_->harden(seen);
    if (!hardened) co_return hardened.error();
  }
  co_return missed;
}

Result<Shard::TrackStatus> Shard::status(VolumeHandle handle, std::uint64_t track) const {
  VolumeShare* volume = find(handle);
  if (volume == nullptr) return Errc::volume_not_found;
  const std::uint64_t local = options_.stripes.to_local(track);
  if (flashcopy::pending_range(*volume, local) != nullptr) return TrackStatus{};
  const flashcopy::Lineage lineage = flashcopy::lineage_of(*volume, local, 0, kNewest);
  const auto has_entries = [&](const flashcopy::Layer& layer) {
    const cache::DirtyTrack* dirty = index_->find(layer.volume, local);
    return dirty != nullptr && dirty->first != nullptr;
  };
  const bool zero = lineage.partial() == nullptr && !lineage.base().written.test(local) &&
                    std::none_of(lineage.layers().begin(), lineage.layers().end(), has_entries);
  return TrackStatus{zero, zero};
}

}  // namespace tt::image
