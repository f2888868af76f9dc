// SPDX-License-Identifier: Apache-2.0
// What has to happen before the dirty data of one column may reach the medium (engine notes 3.3 and 3.4).
//
// Content is defined by L: a target's track with U=1 is M[S] with S's entries up to T0, under T's own entries; every
// other track is its medium under its entries. The plan keeps L of every volume the same while media change:
//   * S gets entries newer than T0 and U=1          -> copy L(S,t,T0) to T first
//   * T gets entries and U=1                        -> write the whole of L(S,t,T0) + entries to T
//   * S gets only entries up to T0                  -> they belong to the image: no copy
// Copies are phase 1 (data flushed, then BITS hardened), updates are phase 2.
//
// In a cascade a copy may itself change what a further target still reads: its target's medium (the parent is younger
// than the child), or its target's content at the child's T0 (with it go entries that are younger). Then the child's
// copy is planned, and the copy waits for a later plan: one level, one batch, one flush (C9).
//
// Only the grains that are about to be overwritten are copied where that is enough (decision 0015): the source's medium
// holds the track, no background copy will want it, and no other target of the source needs it just now. The track is
// partial then, and stays uncopied. Everything that wants a track whole (the target's own entries, a loan, a medium
// that is written as a whole, an image that would come over a partial track) has the missing grains copied first.
//
// Where several targets need the same content of a track because it is to be overwritten, only the youngest that can
// gets it. The others borrow it from there (decision 0011): their U falls and that of the loan rises, in the record
// that makes the lender's copy valid.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "cache/dirty_index.h"
#include "flashcopy/lineage.h"
#include "flashcopy/share.h"

namespace tt::flashcopy {

/// Entries that may be written to a medium now: hardened, and not younger than a T0 that is being drawn (I10).
struct PickLimit {
  journal::SlotSeq durable;
  Lsn fence{~std::uint64_t{0}};

  [[nodiscard]] bool allows(const cache::Entry& e) const noexcept {
    return !e.clean && e.slot <= durable && e.lsn <= fence;
  }
};

/// Phase 1: bring the image of one track, or of some of its grains, to the target.
struct Copy {
  RelationshipShare* relationship = nullptr;
  GrainMask grains = kAllGrains;  ///< Those that are written; the target holds none of them.
  bool completes = true;          ///< Afterwards the target holds all.
  Lsn target_entries_up_to{0};    ///< Own entries of T that go with it; 0 = none.
  bool reads_source_medium = false;
  bool image_is_zero = false;  ///< S never had the track and nothing is laid over it: T becomes "not written".
  bool lost = false;           ///< The image is gone, as a copy on the way to S has failed.
  bool forced = false;         ///< The background copy wants it: it is not borrowed.
  Lineage image;               ///< Of S at T0.
};

/// Phase 2: lay a volume's own entries over its medium.
struct Update {
  enum class Kind : std::uint8_t {
    runs,   ///< Write the covered runs of blocks.
    whole,  ///< The medium holds nothing valid yet: write the whole track, zeros included.
    clear,  ///< The track becomes "not written"; no medium write.
    drop,   ///< Data for the uncopied track of a failed target: it has nowhere to go.
  };
  VolumeShare* volume = nullptr;
  Lsn up_to{0};
  Kind kind = Kind::runs;
  GrainMask grains = kAllGrains;  ///< Of the kind runs: those that the entries say something about.
};

/// Phase 1: the target of `relationship` finds the track at the lender's, that is, the target of `copy`.
struct Lend {
  RelationshipShare* relationship = nullptr;  ///< Or another loan; its source is to be overwritten.
  RelationshipShare* loan = nullptr;
  RelationshipShare* copy = nullptr;  ///< Relationship or loan of the copy that the lender gets.
};

struct ColumnPlan {
  std::uint64_t track = 0;  ///< Local.
  std::vector<Copy> copies;
  std::vector<Lend> lends;
  std::vector<Update> updates;

  [[nodiscard]] bool empty() const noexcept { return copies.empty() && updates.empty(); }
  /// Memory the execution needs at the most.
  [[nodiscard]] std::size_t bytes() const noexcept;
  /// Leaves for a later plan what does not fit into so many bytes; true if something was left out. A track may be
  /// dirty in any number of volumes, so a plan may be larger than any batch. Steps of `first` come first, and no update
  /// stays without the copies it needs; with at least kMostStepBytes something always stays.
  bool limit(std::size_t max_bytes, const VolumeShare* first);

  /// Of one copy or update: what is written, and what was read for it.
  static constexpr std::size_t kMostStepBytes = std::size_t{2} * kTrackBytes;
};

/// Whether more tracks may become partial; the shard's memory for them has a limit.
enum class Preserve : std::uint8_t { grains, whole_tracks };

/// Decides for the column as it stands. `forced`: relationships whose background copy wants this track. Volumes that
/// are held or removed are left out. `global_track` is only used for the length of a volume's last track.
ColumnPlan plan_column(const cache::DirtyIndex& index, std::uint64_t track, std::uint64_t global_track, PickLimit limit,
                       std::span<RelationshipShare* const> forced, Preserve preserve = Preserve::grains);

}  // namespace tt::flashcopy
