// SPDX-License-Identifier: Apache-2.0
// Repairs what media have lost. Whoever meets damage -- a host's read, a copy, the scrub -- reports the grain; the
// mender of the shard looks for another place that holds what should be there, writes it back, or tells people.
//
// What is right. A grain is repaired only if its checksum is known, and with bytes that have this checksum: the same
// proof that every read of a medium relies on. Where they are looked for are the media of volumes that a FlashCopy
// relationship or a loan connects with the damaged one, at the same track, and the tracks that range copies connect
// with the damaged one, in whatever shard. Neither bitmaps nor writes since T0 matter: a place that holds something
// else has another checksum.
//
// Order. The column of the track is latched, so no batch and no placed write touches it; under the latch the grain is
// read again (somebody may have written it); then it is announced, written and flushed like any other write of a medium
// (media_sums.h). A crash at any point leaves the damage, or the right bytes, and a track that is open. A write that
// the disk refuses fails the rank, as everywhere.
//
// Nobody may wait for it who holds a latch, is registered as a reader of a track, or counts as a host's operation on a
// volume: a batch may wait for the reader, and a hold for the operation. Hosts wait, in Shard::read, after their read
// has ended. The mender waits for the end of holds only before it latches, because a hold may wait for that track's
// batch.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/block_service.h"
#include "image/frames.h"
#include "image/media_sums.h"
#include "runtime/scope.h"
#include "runtime/sync.h"

namespace tt::flashcopy {
struct VolumeShare;
}

namespace tt::image {

class Shard;

/// Of a rank, since the start.
struct MendCounts {
  std::uint64_t repaired = 0;  ///< Repairs of tracks.
  std::uint64_t damaged = 0;   ///< Tracks that could not be repaired, as far as is known now.
};

class Mender {
 public:
  explicit Mender(Shard& shard);
  Mender(const Mender&) = delete;
  Mender& operator=(const Mender&) = delete;

  void start(rt::Scope& scope);
  void stop() noexcept;

  /// Grains of a track that could not be read or were not right; `owner` as in MediaSums. False: it is not running, or
  /// has too much to do.
  bool request(Generation owner, std::uint64_t local_track, GrainMask grains);
  /// Everything that was requested before has been tried.
  rt::Task<void> settled();

  /// By rank.
  [[nodiscard]] std::map<std::uint16_t, MendCounts> counts() const;

 private:
  struct Damage {
    Generation owner;
    std::uint64_t track = 0;
    GrainMask grains = 0;
  };
  enum class Outcome : std::uint8_t { done, again };

  void note_damaged(const Damage& damage, const flashcopy::VolumeShare& volume, std::uint16_t rank);
  rt::Task<void> run();
  rt::Task<void> mend(Damage damage);
  rt::Task<Outcome> mend_latched(flashcopy::VolumeShare& volume, const Damage& damage);
  /// Fills in what is damaged now: `grains` with the sums they should have, `lost` where nobody knows that.
  rt::Task<void> look(MediaSums::Change& damaged, GrainMask grains);
  /// Those of the grains that were found somewhere; they are in the frame.
  rt::Task<GrainMask> find(const std::vector<Generation>& relatives, std::uint64_t track,
                           const MediaSums::Change& damaged);
  /// A track that a range copy says is the same.
  struct Twin {
    VolumeHandle volume;
    std::uint64_t track = 0;  ///< Global.
  };
  [[nodiscard]] std::vector<Twin> twins(const flashcopy::VolumeShare& volume, std::uint64_t local_track) const;
  /// Likewise; `busy`: one of them could not be looked at now.
  rt::Task<GrainMask> find_in(std::vector<Twin> twins, const MediaSums::Change& damaged, bool& busy);
  rt::Task<Result<void>> write(MediaSums::Change change);
  rt::Task<Result<void>> write_grains(MediaSums::Change& change);
  [[nodiscard]] std::vector<Generation> relatives(const flashcopy::VolumeShare& volume) const;
  [[nodiscard]] flashcopy::VolumeShare* find_volume(Generation owner) const noexcept;
  [[nodiscard]] flashcopy::VolumeShare* held_one(Generation owner, const std::vector<Generation>& relatives) const;
  [[nodiscard]] std::span<std::byte> frame_of(std::uint32_t grain) const noexcept;

  Shard& shard_;
  AlignedBytes frame_;  ///< The track being repaired.
  std::deque<Damage> queue_;
  std::uint64_t requested_ = 0;
  std::uint64_t tried_ = 0;
  bool running_ = false;
  bool stopping_ = false;
  rt::WaitQueue event_;  ///< Something was requested, or tried.
  std::map<std::uint16_t, std::uint64_t> repaired_;
  /// With the rank, those that are told of as damaged; at most so many.
  std::map<std::pair<Generation, std::uint64_t>, std::uint16_t> damaged_;
};

}  // namespace tt::image
