// SPDX-License-Identifier: Apache-2.0
#include "image/read_ahead.h"

#include <algorithm>
#include <cstring>

#include "image/shard.h"

namespace tt::image {

using flashcopy::VolumeShare;

namespace {

/// So many reads in a row make a stream.
constexpr std::uint32_t kLeastRun = 3;
/// Longer reads keep the disk busy themselves.
constexpr std::uint64_t kLongestReadBlocks = 128_KiB / kBlockBytes;
constexpr std::uint64_t kFirstWindowBlocks = 128_KiB / kBlockBytes;
constexpr std::uint64_t kLastWindowBlocks = 1_MiB / kBlockBytes;
/// A stream that was not read while others were so many times has rested.
constexpr std::uint64_t kRest = 256;

constexpr std::uint64_t kLargestShare = 8_MiB;
constexpr std::uint64_t kPieceBytes = 256_KiB;
constexpr std::uint64_t kSmallestPieceBytes = 8_KiB;

}  // namespace

class ReadAhead::Piece {
 public:
  explicit Piece(rt::Reactor& reactor, std::span<std::byte> bytes)
      : memory(bytes), ordered(reactor), arrived(reactor) {}

  enum class State : std::uint8_t { free, wanted, reading, ready };
  State state = State::free;
  std::span<std::byte> memory;
  std::uint64_t bytes = 0;
  std::uint64_t used = 0;
  cache::Place place;
  MediaAddress address;
  cache::Ticket ticket;
  Stream* stream = nullptr;
  std::uint64_t end = 0;  ///< Where it ends on its volume, as streams count.
  VolumeShare* volume = nullptr;
  std::optional<flashcopy::HostOperation> operation;
  rt::WaitQueue ordered;
  rt::WaitQueue arrived;
};

ReadAheadOptions ReadAheadOptions::within(std::uint64_t bytes) noexcept {
  const std::uint64_t share = std::min(bytes / 8, kLargestShare);
  const std::uint64_t piece = std::clamp(share / 8 / kGrainBytes * kGrainBytes, kSmallestPieceBytes, kPieceBytes);
  return {static_cast<std::uint32_t>(share / piece), static_cast<std::uint32_t>(piece)};
}

ReadAhead::ReadAhead(Shard& shard, cache::ReadCache& cache, ReadAheadOptions options)
    : shard_(shard),
      cache_(cache),
      options_(options),
      most_ahead_(std::min(options.bytes() / kBlockBytes, kLastWindowBlocks)),
      memory_(allocate_aligned(options.bytes())) {
  for (std::uint32_t i = 0; i < options_.pieces; ++i) {
    std::byte* const begin = memory_.get() + std::size_t{i} * options_.piece_bytes;
    pieces_.push_back(std::make_unique<Piece>(shard.reactor(), std::span(begin, options_.piece_bytes)));
  }
}

ReadAhead::~ReadAhead() = default;

void ReadAhead::start(rt::Scope& scope) {
  for (const auto& piece : pieces_) scope.spawn(work(*piece));
}

void ReadAhead::stop() noexcept {
  stopping_ = true;
  for (const auto& piece : pieces_) piece->ordered.wake_all();
}

bool ReadAhead::note(VolumeShare& volume, std::uint64_t block, std::uint64_t block_count) {
  if (block_count > kLongestReadBlocks) return false;
  if (runs_.note(volume.generation.value, block, block_count) < kLeastRun) return false;
  Stream& stream = stream_at(volume, block);
  stream.next = std::max(stream.next, block + block_count);
  stream.last_use = ++turn_;
  if (!stopping_) extend(stream, volume);
  return true;
}

/// The one the read goes on with, or a new one in the place of the one that rests longest.
ReadAhead::Stream& ReadAhead::stream_at(const VolumeShare& volume, std::uint64_t block) {
  Stream* oldest = &streams_.front();
  for (Stream& stream : streams_) {
    const bool is_near = stream.next <= block + kLongestReadBlocks && block <= std::max(stream.next, stream.ahead);
    if (stream.volume == volume.generation && is_near && stream.last_use != 0) return stream;
    if (stream.last_use < oldest->last_use) oldest = &stream;
  }
  end(*oldest);
  *oldest = {volume.generation, block, 0, std::min(kFirstWindowBlocks, most_ahead_), 0};
  return *oldest;
}

void ReadAhead::end(Stream& stream) noexcept {
  for (const auto& piece : pieces_) {
    if (piece->stream != &stream) continue;
    piece->stream = nullptr;
    if (piece->state == Piece::State::ready) free(*piece);
  }
  stream = {};
}

void ReadAhead::extend(Stream& stream, VolumeShare& volume) {
  const std::uint64_t grain_of_next = stream.next / kGrainBlocks * kGrainBlocks;
  if (stream.ahead < grain_of_next) stream.ahead = grain_of_next;
  const std::uint64_t piece_blocks = std::min<std::uint64_t>(std::max<std::uint64_t>(stream.window / 4, kTrackBlocks),
                                                             options_.piece_bytes / kBlockBytes);
  while (stream.ahead - grain_of_next + piece_blocks <= stream.window) {
    const std::uint64_t track = stream.ahead / kTrackBlocks;
    if (track >= volume.local_track_count) return;
    const std::uint64_t stripe_end = (track / flashcopy::kStripeTracks + 1) * flashcopy::kStripeTracks;
    const std::uint64_t end = std::min(stripe_end, volume.local_track_count) * kTrackBlocks;
    const std::uint64_t block = shard_.global_of(track) * kTrackBlocks + stream.ahead % kTrackBlocks;
    MediaAddress at;
    const std::uint64_t run = shard_.plain_run(volume, block, std::min(piece_blocks, end - stream.ahead), at);
    if (run == 0 || at.rank->failed) return;
    const cache::Place place{at.rank->id, at.offset + block % kTrackBlocks * kBlockBytes};
    if (!cache_.holds(place, run * kBlockBytes)) {
      Piece* const piece = take(stream);
      if (piece == nullptr) return;
      piece->state = Piece::State::wanted;
      piece->bytes = run * kBlockBytes;
      piece->used = 0;
      piece->place = place;
      piece->address = {at.rank, place.offset};
      piece->stream = &stream;
      piece->end = stream.ahead + run;
      piece->volume = &volume;
      piece->operation.emplace(volume);
      piece->ordered.wake_one();
    }
    stream.ahead += run;
  }
}

/// One that is free, or that nobody is going to use.
ReadAhead::Piece* ReadAhead::take(const Stream& stream) noexcept {
  free_behind(stream);
  Piece* useless = nullptr;
  for (const auto& piece : pieces_) {
    if (piece->state == Piece::State::free) return piece.get();
    if (piece->state != Piece::State::ready) continue;
    const bool rests = piece->stream == nullptr || piece->stream->last_use + kRest < turn_;
    if (rests || !cache_.is_unchanged(piece->ticket, piece->place, piece->bytes)) useless = piece.get();
  }
  if (useless == nullptr) return nullptr;
  if (useless->stream != nullptr && useless->stream->last_use + kRest < turn_) {
    end(*useless->stream);
  } else {
    free(*useless);
  }
  return useless;
}

/// The host has left them out, or found them elsewhere.
void ReadAhead::free_behind(const Stream& stream) noexcept {
  for (const auto& piece : pieces_) {
    const bool is_behind = piece->stream == &stream && piece->end + most_ahead_ < stream.next;
    if (is_behind && piece->state == Piece::State::ready) free(*piece);
  }
}

void ReadAhead::free(Piece& piece) noexcept {
  counters_.wasted_bytes += piece.bytes - std::min(piece.used, piece.bytes);
  piece.state = Piece::State::free;
  piece.stream = nullptr;
}

ReadAhead::Found ReadAhead::read(cache::Place place, std::span<std::byte> into) noexcept {
  for (const auto& entry : pieces_) {
    Piece& piece = *entry;
    if (piece.state == Piece::State::free || piece.place.rank != place.rank || place.offset < piece.place.offset ||
        place.offset >= piece.place.offset + piece.bytes) {
      continue;
    }
    if (piece.state != Piece::State::ready) return {0, &piece};
    if (!cache_.is_unchanged(piece.ticket, piece.place, piece.bytes)) {
      free(piece);
      continue;
    }
    const std::uint64_t from = place.offset - piece.place.offset;
    const std::size_t bytes = std::min<std::size_t>(into.size(), piece.bytes - from);
    std::memcpy(into.data(), piece.memory.data() + from, bytes);
    cache_.admit(place, into.first(bytes), cache::Pattern::stream);
    piece.used += bytes;
    counters_.used_bytes += bytes;
    if (piece.used >= piece.bytes) {
      if (piece.stream != nullptr) piece.stream->window = std::min(2 * piece.stream->window, most_ahead_);
      free(piece);
    }
    return {bytes, nullptr};
  }
  return {};
}

rt::WaitQueue::Awaiter ReadAhead::arrival(Piece& piece) noexcept {
  return piece.arrived.wait();
}

rt::Task<void> ReadAhead::work(Piece& piece) {
  for (;;) {
    while (piece.state != Piece::State::wanted) {
      if (stopping_) co_return;
      co_await piece.ordered.wait();
    }
    piece.state = Piece::State::reading;
    piece.ticket = cache_.look(piece.place, piece.bytes);
    const rt::TimeNs started = shard_.reactor().now();
    auto done = co_await shard_.read_media(*piece.volume, piece.address, 0, piece.memory.first(piece.bytes));
    const auto took = static_cast<std::uint64_t>(shard_.reactor().now() - started);
    flashcopy::VolumeCounters& volume = piece.volume->counters;
    ++volume.media_reads;
    volume.media_read_bytes += piece.bytes;
    volume.media_read_ns += took;
    volume.tracks_prefetched += divide_up(piece.bytes, kTrackBytes);
    RankShare& rank = *piece.address.rank;
    ++rank.counters.reads;
    rank.counters.read_bytes += piece.bytes;
    rank.counters.read_ns += took;
    counters_.read_bytes += piece.bytes;
    piece.state = Piece::State::ready;
    if (!done || rank.failed) free(piece);
    piece.operation.reset();
    piece.arrived.wake_all();
  }
}

}  // namespace tt::image
