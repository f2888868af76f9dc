// SPDX-License-Identifier: Apache-2.0
// The scrub of a shard reads what its volumes have on media, all of it, again and again: damage is found while there is
// still another copy to repair it from, and what nobody knows the checksum of is learned (media_sums.h). Where an image
// keeps no checksums it finds what cannot be read.
//
// It goes volume by volume in the order of their numbers, in pieces of neighbouring tracks, below hosts and never
// faster than its own rate. A pass begins some time after the start, and then every so often; a command begins one at
// once. Where it was is not kept over a restart: what a crash left open has to be learned anyway.
//
// What it meets is dealt with by others: damage is reported by the read itself and goes to the mender, so do tracks
// that the disk refuses. It holds no latch; a volume that goes away meanwhile waits for one piece.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "image/frames.h"
#include "image/pacer.h"
#include "image/scrub_status.h"
#include "image/shard.h"
#include "runtime/nap.h"
#include "runtime/scope.h"

namespace tt::image {

class Scrubber {
 public:
  Scrubber(Shard& shard, ScrubPace& pace, rt::TimeNs begin_after);
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  void start(rt::Scope& scope);
  void stop() noexcept;

  /// Begins a pass at once, from the front if one is under way.
  void begin() noexcept;
  /// False: none is under way.
  bool cancel() noexcept;
  [[nodiscard]] ScrubStatus status() const;

 private:
  /// Where it is: the next track to look at.
  struct Position {
    VolumeId volume;
    std::uint64_t local_track = 0;
  };
  /// Tracks that lie together on a medium.
  struct Piece {
    flashcopy::VolumeShare* volume = nullptr;
    MediaAddress at;
    std::uint64_t first = 0;
    std::uint64_t tracks = 0;
  };

  rt::Task<void> run();
  /// By itself; nullopt: never.
  [[nodiscard]] std::optional<rt::TimeNs> due() const noexcept;
  rt::Task<void> pass();
  /// The first at or after the position, which is then behind it; no volume: there is none.
  [[nodiscard]] Piece next_piece();
  rt::Task<void> scrub(Piece piece);
  rt::Task<Result<void>> read(const Piece& piece, ScrubCounts& counts);
  rt::Task<void> read_one_by_one(const Piece& piece, ScrubCounts& counts);
  rt::Task<void> pause_after(std::uint64_t bytes, rt::TimeNs began);
  [[nodiscard]] bool is_interrupted() const noexcept { return stopping_ || requested_ || cancelled_; }

  Shard& shard_;
  ScrubPace& pace_;
  Pacer pacer_;
  AlignedBytes memory_;
  flashcopy::CopyMeter meter_;
  Position position_;
  ScrubStatus status_;
  rt::TimeNs begin_after_;  ///< The start, so that hosts come first.
  rt::TimeNs started_ = 0;
  std::optional<rt::TimeNs> began_;
  rt::Nap nap_;
  bool requested_ = false;
  bool cancelled_ = false;
  bool stopping_ = false;
};

}  // namespace tt::image
