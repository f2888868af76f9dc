// SPDX-License-Identifier: Apache-2.0
// Reads of hosts that follow upon each other are a stream: what comes next of it is read before it is asked for, so far
// ahead as its *window* says. Several streams at a time, of one volume or of many.
//
// States of a piece:   free -> wanted (its worker will begin) -> reading -> ready -> free
//
//   * A piece is what the medium holds, and shows only while no write of its place has begun since its read began: it
//     carries the ticket of the read cache (invariants of cache/read_cache.h), so writers need not know of pieces.
//   * Only tracks are read ahead that are plain: written, with no uncopied parent and no dirty data. A stream's reads
//     decide anew in their turn whether its place may be shown at all; a piece only stands in for the medium.
//   * A piece in flight counts as an operation of a host on its volume, so nobody takes the volume or its rank away.
//   * Memory: the pieces, all there from the start. A stream takes those of another one only if that one has rested.
//   * A host never waits longer than for its own read: what it finds on its way here is in flight already. A piece is
//     begun in a later turn than the read that wanted it.
//   * The window starts small, doubles with each piece that was used up, and ends with its stream.
//
// What was used leaves its piece for the door of the read cache, like any other read.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cache/read_cache.h"
#include "cache/run_detector.h"
#include "flashcopy/share.h"
#include "image/frames.h"
#include "runtime/scope.h"
#include "runtime/sync.h"

namespace tt::image {

class Shard;
struct RankShare;

struct ReadAheadOptions {
  std::uint32_t pieces = 0;
  std::uint32_t piece_bytes = 0;  ///< A multiple of a grain.

  /// Of what a shard may use for its cache.
  static ReadAheadOptions within(std::uint64_t bytes) noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return std::uint64_t{pieces} * piece_bytes; }
};

struct ReadAheadCounters {
  std::uint64_t read_bytes = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t wasted_bytes = 0;
};

class ReadAhead {
 public:
  class Piece;

  ReadAhead(Shard& shard, cache::ReadCache& cache, ReadAheadOptions options);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  void start(rt::Scope& scope);
  void stop() noexcept;

  /// A host's read begins; `block` counts in the shard's tracks of the volume. True if it belongs to a stream: then its
  /// data may be here, and what follows has been ordered.
  bool note(flashcopy::VolumeShare& volume, std::uint64_t block, std::uint64_t block_count);

  struct Found {
    std::size_t bytes = 0;    ///< Copied, from the front on.
    Piece* coming = nullptr;  ///< If there are none: this one will have some; ask again after its arrival.
  };
  Found read(cache::Place place, std::span<std::byte> into) noexcept;
  static rt::WaitQueue::Awaiter arrival(Piece& piece) noexcept;

  [[nodiscard]] const ReadAheadCounters& counters() const noexcept { return counters_; }

 private:
  static constexpr std::size_t kStreams = 16;

  struct Stream {
    Generation volume;
    std::uint64_t next = 0;   ///< Where the host's next read begins.
    std::uint64_t ahead = 0;  ///< Where what was read ahead ends.
    std::uint64_t window = 0;
    std::uint64_t last_use = 0;
  };

  Stream& stream_at(const flashcopy::VolumeShare& volume, std::uint64_t block);
  void end(Stream& stream) noexcept;
  void extend(Stream& stream, flashcopy::VolumeShare& volume);
  Piece* take(const Stream& stream) noexcept;
  void free(Piece& piece) noexcept;
  void free_behind(const Stream& stream) noexcept;
  rt::Task<void> work(Piece& piece);

  Shard& shard_;
  cache::ReadCache& cache_;
  ReadAheadOptions options_;
  std::uint64_t most_ahead_;  ///< Of one stream, in blocks.
  AlignedBytes memory_;
  cache::RunDetector runs_;
  std::array<Stream, kStreams> streams_;
  std::vector<std::unique_ptr<Piece>> pieces_;
  std::uint64_t turn_ = 0;  ///< Of reads that belong to streams.
  bool stopping_ = false;
  ReadAheadCounters counters_;
};

}  // namespace tt::image
