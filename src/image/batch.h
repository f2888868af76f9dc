// SPDX-License-Identifier: Apache-2.0
// A batch carries the plans of many columns out, in the order that keeps every image (engine notes 3.3):
//
//   1  space for thin targets; old tracks are read
//   2  phase 1: whole tracks, or the grains of them that will be overwritten, are written to targets; their ranks are
//      flushed
//   3  one BITS record (U cleared, target tracks written, grains preserved, tracks lent), hardened -- or FAILED for a
//      target that could not be written
//   4  image readers of the tracks to be overwritten are gone
//   5  phase 2: sources and plain volumes are written, their ranks are flushed
//   6  BITS for tracks that hold data for the first time, hardened
//   7  the entries are clean; latches and memory are given back
//
// Crash argument. Before 3 is hardened: U=1 is what replay finds, and no source medium has changed. After 3: targets
// hold what will be overwritten durably and no longer need the source for it; a grain goes the same way as a track, and
// no medium writes half of one. Between 5 and 6: every entry is still in the journal
// (nothing is clean before 7), so replay lays it over whatever the medium holds.
//
// A track is lent (decision 0011) in the record that makes the lender's copy valid, or not at all: if the lender is
// lost or the loan was closed meanwhile, the source keeps the track as it is and a later plan finds another way.
//
// Before data is written in 2 or 5 its tracks are announced to the checksums (media_sums.h); with the flush its sums
// are known. A copy takes over the sums of what it read. Where a write covers a grain in part the rest is read, and
// verified, first: a checksum speaks of whole grains.
//
// A failed write or flush is never repeated: phase 1 fails the relationships concerned, phase 2 fails the rank; the
// entries stay in the journal.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "flashcopy/column_plan.h"
#include "image/frames.h"
#include "image/media_sums.h"
#include "image/shard.h"
#include "journal/map_delta.h"
#include "runtime/task.h"

namespace tt::image {

class BitsBuilder;

class Batch {
 public:
  /// One batch at a time uses the arena.
  Batch(Shard& shard, FrameArena& arena);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// What the plans of further columns may need.
  [[nodiscard]] std::size_t free_bytes() const noexcept { return capacity_bytes() - bytes_reserved_; }
  /// Takes over the latch of the column.
  void add(flashcopy::ColumnPlan plan, cache::Column& latched);
  [[nodiscard]] bool empty() const noexcept { return columns_.empty(); }
  [[nodiscard]] std::size_t column_count() const noexcept { return columns_.size(); }

  /// Carries everything out and gives the latches back. An error (journal_failed) means that nothing more can be made
  /// durable: the batch stopped where it was, keeps its latches for good, and no further batch may be started.
  rt::Task<Result<void>> run();

#if defined(TWINTRACK_CANARY)
  /// Planted bugs, which the tests must find (docs/promises.md): BITS before the target's data; tracks lent before
  /// the lender has them.
  static inline bool bits_before_data = false;
  static inline bool lends_before_data = false;
#endif

 private:
  /// The works of one column, which lie together: indices into columns_' neighbours.
  struct ColumnWork {
    cache::Column* latched = nullptr;
    std::size_t first_copy = 0;
    std::size_t end_copy = 0;
    std::size_t first_update = 0;
    std::size_t end_update = 0;
  };
  struct BlockRun {
    std::uint32_t from = 0;
    std::uint32_t to = 0;  ///< The first block behind it.
  };
  struct CopyWork {
    flashcopy::Copy plan;
    std::uint64_t track = 0;
    std::size_t old = kNotRead;
    TrackWindow window;
    bool as_read = false;  ///< The window is that of the old track, which nobody changes.
    bool failed = false;
  };
  struct LendWork {
    flashcopy::Lend plan;
    std::uint64_t track = 0;
    std::size_t column = 0;
  };
  struct UpdateWork {
    flashcopy::Update plan;
    std::uint64_t track = 0;
    std::size_t old = kNotRead;
    GrainMask written = 0;
    GrainMask partial = 0;  ///< Of these: those whose rest stays as it is and is read first.
    bool failed = false;
  };
  struct OldTrack {
    flashcopy::VolumeShare* volume = nullptr;
    std::uint64_t track = 0;
    GrainMask grains = 0;  ///< Those that are read.
    TrackWindow window;
    Result<void> status;
    GrainMask lost = 0;    ///< Not what was written, ...
    GrainMask unread = 0;  ///< ... or refused by the disk.
    std::array<std::uint32_t, kTrackGrains> sums{};
  };
  /// One run of its grains.
  struct MediaRead {
    OldTrack* of = nullptr;
    std::size_t offset = 0;
    std::size_t length = 0;
  };
  /// One disk write; adjacent ones were merged. `owner` is an index into copies_ or updates_ of the first part.
  struct MediaWrite {
    RankShare* rank = nullptr;
    std::uint64_t offset = 0;
    std::span<const std::byte> bytes;
    Result<void> status;
  };

  rt::Task<Result<void>> carry_out();
  rt::Task<Result<void>> allocate_targets();
  rt::Task<void> read_old_tracks();
  void request_old_tracks();
  rt::Task<Result<void>> copy_phase();
  rt::Task<Result<void>> commit_copies();
  void commit_lends(BitsBuilder& deltas);
  [[nodiscard]] bool is_copied(const LendWork& lend) const noexcept;
  void leave_source(const LendWork& lend) noexcept;
  rt::Task<Result<void>> update_phase();
  void build_image(CopyWork& copy);
  void build_update(UpdateWork& update, std::vector<MediaWrite>& writes);
  void collect_runs(const cache::DirtyTrack& dirty, Lsn up_to, std::uint32_t unit_blocks);
  rt::Task<void> write_all(std::vector<MediaWrite>& writes);
  rt::Task<void> write_in_turn(std::vector<MediaWrite>& writes, std::size_t& next);
  rt::Task<void> write_one(MediaWrite& write);
  rt::Task<void> read_in_turn(const std::vector<MediaRead>& reads, std::size_t& next);
  rt::Task<void> read_one(const MediaRead& read);
  rt::Task<Result<void>> read_grains(OldTrack& old, std::size_t offset, std::size_t length);
  void add_writes(const CopyWork& copy, std::vector<MediaWrite>& writes);
  static MediaSums::Change change_of(const flashcopy::VolumeShare& volume, MediaAddress at, GrainMask grains) noexcept;
  bool lay_over_rest(UpdateWork& update, const TrackWindow& window, MediaSums::Change& change);
  rt::Task<void> flush_rank(RankShare& rank, Result<void>& status);
  /// Ranks whose write or flush failed.
  rt::Task<std::vector<RankShare*>> write_and_flush(std::vector<MediaWrite>& writes);
  rt::Task<Result<void>> fail_copies_on(const std::vector<RankShare*>& ranks);
  rt::Task<Result<void>> fail_copy(CopyWork& copy);
  rt::Task<Result<void>> fail_ranks(const std::vector<RankShare*>& ranks);
  rt::Task<void> wait_for_image_readers();
  rt::Task<void> wait_for_image_readers(const flashcopy::VolumeShare& volume, std::uint64_t track);
  void look_at_grains(UpdateWork& update) const noexcept;
  /// Among those from `first` on, which are of the same column; its index.
  std::size_t request_old_track(std::size_t first, flashcopy::VolumeShare& volume, std::uint64_t track,
                                GrainMask grains);
  void retire_entries();
  void finish() noexcept;

  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return shard_.options_.batch_frames * kTrackBytes; }

  static constexpr std::size_t kNotRead = ~std::size_t{0};

  Shard& shard_;
  FrameArena& arena_;
  std::vector<ColumnWork> columns_;
  std::vector<CopyWork> copies_;
  std::vector<LendWork> lends_;
  std::vector<UpdateWork> updates_;
  std::vector<OldTrack> old_tracks_;
  std::vector<MediaSums::Change> changes_;  ///< What the phase under way writes.
  std::vector<BlockRun> runs_;              ///< Of collect_runs(); keeps its capacity.
  std::size_t bytes_reserved_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace tt::image
