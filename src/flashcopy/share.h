// SPDX-License-Identifier: Apache-2.0
// A shard's share of a volume and of a FlashCopy relationship: the bits and the short-lived facts of exactly the tracks
// that this shard owns. Durable truth is the image's configuration plus the track maps; everything else here can be
// rebuilt at restart.
//
// State of one track t of a relationship R: S -> T
//   U=1, not owed   T's content of t is S's content at T0; nothing newer waits on S or T
//   U=1, owed       a newer entry waits in the cache: the next destage of t copies first (engine notes C12)
//   U=0             T's medium holds t, or t is lent to T; S is never asked again
//
// A loan (decision 0011) is a share like that of a relationship, from the lender to the borrower, with a T0 of its own:
// U=1 means that the borrower finds t at the lender. Of all shares onto one volume at most one has U=1 for a track.
// U falls only in a BITS record that was appended after the target's data was flushed (order law).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/units.h"
#include "cache/dirty_index.h"
#include "flashcopy/copy_rate.h"
#include "flashcopy/range.h"
#include "runtime/sync.h"
#include "volume/config.h"
#include "volume/track_map.h"

namespace tt::flashcopy {

struct PairShare;
struct RelationshipShare;

/// What happened to a volume in this shard since the start; only for people. A request that several shards serve counts
/// in each of them.
struct VolumeCounters {
  std::uint64_t reads = 0;
  std::uint64_t read_hits = 0;             ///< Without a read of a medium.
  std::uint64_t sequential_reads = 0;      ///< Of all: those that belong to a stream.
  std::uint64_t sequential_read_hits = 0;  ///< Of these: without a read of a medium.
  std::uint64_t read_bytes = 0;
  std::uint64_t read_ns = 0;
  std::uint64_t writes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t write_ns = 0;
  std::uint64_t delayed_writes = 0;     ///< For room in journal or index, or for it to stay.
  std::uint64_t journal_records = 0;    ///< Pieces of writes, one track or less each.
  std::uint64_t tracks_staged = 0;      ///< Tracks of the medium that were read, by hosts and for copies.
  std::uint64_t tracks_prefetched = 0;  ///< Read for streams before they were asked for; not among those staged.
  std::uint64_t tracks_destaged = 0;    ///< Tracks of the medium that were written.
  std::uint64_t media_reads = 0;
  std::uint64_t media_read_bytes = 0;
  std::uint64_t media_read_ns = 0;
  std::uint64_t media_writes = 0;
  std::uint64_t media_write_bytes = 0;
};

struct VolumeShare {
  VolumeShare(rt::Reactor& reactor, std::uint64_t local_tracks)
      : written(local_tracks, false),
        local_track_count(local_tracks),
        idle(reactor),
        released(reactor),
        thawed(reactor) {}

  VolumeId id;
  Generation generation;
  Generation map_generation;  ///< Key of `written`; another one after the space was released.
  std::uint64_t block_count = 0;
  std::uint64_t tracks_per_extent = 0;
  std::vector<std::optional<volume::ExtentRef>> extents;

  /// 1 = the medium holds this track; 0 = it was never written and reads as zeros, whatever the medium says.
  volume::TrackMap written;
  std::uint64_t local_track_count;
  cache::OwnerList dirty;

  RelationshipShare* parent = nullptr;       ///< The relationship whose target this volume is.
  std::vector<RelationshipShare*> children;  ///< Those whose source it is, loans from it included.
  std::vector<RelationshipShare*> loans;     ///< Onto it.
  std::vector<RangeShare*> ranges_from;
  std::vector<RangeShare*> ranges_onto;
  std::vector<PairShare*> pairs;  ///< One end of each is this volume.

  VolumeCounters counters;

  bool held = false;         ///< A change of relationships holds all host I/O of this volume for a moment.
  bool untouchable = false;  ///< ... and has seen the last batch on it: none may begin.
  bool removed = false;      ///< Being deleted: no host, no batch.
  bool forgotten = false;    ///< Its removal is durable; the object goes with its last user.
  std::uint32_t host_operations = 0;
  std::optional<rt::TimeNs> last_host_io;  ///< "In use" for deletion: I/O in the last five minutes.
  std::uint32_t batches = 0;               ///< Destage or copy batches in flight that write this volume.
  std::uint32_t image_reads = 0;           ///< Reads of targets that find their data here.
  rt::WaitQueue idle;                      ///< Woken when one of these three falls to zero.
  rt::WaitQueue released;                  ///< Woken when `held` ends.
  std::uint64_t frozen = 0;                ///< Number of the hold that keeps hosts from writing it; 0 = none.
  rt::WaitQueue thawed;                    ///< Woken when `frozen` ends.

  [[nodiscard]] bool in_use() const noexcept { return host_operations > 0 || batches > 0 || image_reads > 0; }
  /// Blocks of the given track that the volume really has (the last track may be short).
  [[nodiscard]] std::uint16_t blocks_of(std::uint64_t global_track) const noexcept {
    const std::uint64_t rest = block_count - global_track * kTrackBlocks;
    return static_cast<std::uint16_t>(rest < kTrackBlocks ? rest : kTrackBlocks);
  }
};

/// An operation of a host in flight on the volume; an establish onto it and its deletion wait until there is none.
class HostOperation {
 public:
  explicit HostOperation(VolumeShare& volume) noexcept : volume_(volume) { ++volume_.host_operations; }
  HostOperation(const HostOperation&) = delete;
  HostOperation& operator=(const HostOperation&) = delete;
  ~HostOperation() {
    if (--volume_.host_operations == 0) volume_.idle.wake_all();
  }

 private:
  VolumeShare& volume_;
};

struct RelationshipShare {
  RelationshipShare(Generation made_by, Lsn point_in_time, std::uint64_t local_tracks, bool all_uncopied = true)
      : generation(made_by), t0(point_in_time), since(point_in_time), uncopied(local_tracks, all_uncopied) {}

  Generation generation;
  Lsn t0;     ///< What the source shows at this time is the image.
  Lsn since;  ///< The target's own entries above it lie over the image. Below T0 only of a loan.
  VolumeShare* source = nullptr;
  VolumeShare* target = nullptr;
  volume::TrackMap uncopied;  ///< U of the specification.
  /// Tracks with a write younger than T0, when the relationship records; else nothing. A bit is implied by the write's
  /// record and never falls: a resync begins new maps.
  std::optional<volume::TrackMap> changed_source;
  std::optional<volume::TrackMap> changed_target;
  /// Grains of uncopied tracks that the target's medium holds already (decision 0015), as they were at T0. Made when
  /// there is one; a bit falls when its track is copied.
  std::optional<volume::TrackMap> preserved;
  std::uint64_t partial_tracks = 0;  ///< Those with a preserved grain.
  bool completing = false;           ///< Somebody waits until no track is partial: none becomes so, all are copied.
  bool background_copy = true;
  bool persistent = false;
  bool revertible = false;  ///< Hosts write neither volume, nothing is copied, until commit or revert.
  bool inhibit_target_writes = false;
  bool inhibits_source = false;   ///< Without space for the target the source is not written, rather than fail.
  bool source_inhibited = false;  ///< ... and so it is.
  bool failed = false;
  bool withdrawing = false;         ///< A withdraw is under way: nothing is copied in background any more.
  std::optional<Lsn> withdrawn_at;  ///< Closing: only owed tracks are left in `uncopied`.
  bool removed = false;             ///< Gone from the configuration; batches in flight may still look at it.
  bool end_reported = false;        ///< The control shard was told that this share is zero.
  RelationshipShare* replaced =
      nullptr;  ///< During a change: the relationship onto the same target that this one follows.
  std::uint64_t background_cursor = 0;
  bool is_loan = false;
  /// Of a loan that may get more tracks: the two relationships. Null once it may not.
  RelationshipShare* lender = nullptr;
  RelationshipShare* borrower = nullptr;
  bool paying = false;  ///< Of a loan: somebody waits until the borrower holds its tracks itself.
  /// Of the relationship's own limit. Follows none until the change that made it is decided, and is not copied before.
  RateTurns copy_turns;
  // For people: tracks brought over since start, and the recent rate of the background copy.
  std::uint64_t tracks_copied = 0;
  CopyMeter copy_meter;

  [[nodiscard]] bool covers(std::uint64_t local_track) const noexcept { return local_track < uncopied.track_count(); }
  [[nodiscard]] bool is_uncopied(std::uint64_t local_track) const noexcept {
    return covers(local_track) && uncopied.test(local_track);
  }
  [[nodiscard]] GrainMask preserved_grains(std::uint64_t local_track) const noexcept {
    return partial_tracks != 0 ? preserved->test16(local_track * kTrackGrains) : GrainMask{0};
  }
};

/// The relationship or loan through which `volume` must be read on this track, or null.
inline RelationshipShare* uncopied_parent(const VolumeShare& volume, std::uint64_t local_track) noexcept {
  RelationshipShare* parent = volume.parent;
  if (parent != nullptr && parent->is_uncopied(local_track)) return parent;
  for (RelationshipShare* loan : volume.loans) {
    if (loan->uncopied.count() != 0 && loan->is_uncopied(local_track)) return loan;
  }
  return nullptr;
}

/// Likewise, for one grain of the track: null also if that is preserved.
inline RelationshipShare* uncopied_parent(const VolumeShare& volume, std::uint64_t local_track,
                                          std::uint32_t grain) noexcept {
  RelationshipShare* parent = uncopied_parent(volume, local_track);
  if (parent == nullptr || ((parent->preserved_grains(local_track) >> grain) & 1U) == 0) return parent;
  return nullptr;
}

/// Tracks may become partial. With a background copy each is read and written again before long, and a relationship
/// that ends or turns round wants whole ones.
inline bool may_preserve_grains(const RelationshipShare& r) noexcept {
  return !r.is_loan && !r.background_copy && !r.completing && !r.withdrawing && !r.withdrawn_at && !r.removed &&
         !r.revertible;
}

/// Its partial tracks are to be copied though nobody asked for a background copy: it is to end, or to turn round, or
/// nothing else is uncopied, so that it may end.
inline bool completes_tracks(const RelationshipShare& r) noexcept {
  if (r.failed || r.revertible || r.partial_tracks == 0) return false;
  return r.completing || r.withdrawn_at.has_value() || r.partial_tracks == r.uncopied.count();
}

/// Tracks may be lent by the target of this relationship and to it.
inline bool may_share(const RelationshipShare& r) noexcept {
  return !r.failed && !r.withdrawing && !r.withdrawn_at && !r.removed && !r.revertible && !r.inhibits_source;
}

/// More tracks may be lent.
inline bool is_open(const RelationshipShare& loan) noexcept {
  return loan.lender != nullptr && !loan.failed && !loan.removed && may_share(*loan.lender) &&
         may_share(*loan.borrower);
}

/// The open loan by which the target of `lender` may give a track to the target of `borrower`, or null.
inline RelationshipShare* loan_between(const RelationshipShare& lender, const RelationshipShare& borrower) noexcept {
  for (RelationshipShare* loan : borrower.target->loans) {
    if (loan->lender == &lender && loan->borrower == &borrower && is_open(*loan)) return loan;
  }
  return nullptr;
}

/// Tracks that the relationship's target finds at others. A withdrawn relationship does not wait for them: it goes when
/// it owes nothing, and they stay lent to its target.
inline std::uint64_t borrowed_tracks(const RelationshipShare& relationship) noexcept {
  if (relationship.is_loan || relationship.withdrawn_at || relationship.target->parent != &relationship) return 0;
  std::uint64_t count = 0;
  for (const RelationshipShare* loan : relationship.target->loans) count += loan->uncopied.count();
  return count;
}

/// No track is lent any more by the relationship's target nor to it; those that are lent stay so.
inline void close_loans(RelationshipShare& relationship) noexcept {
  const auto close = [&](RelationshipShare* share) {
    if (!share->is_loan || (share->lender != &relationship && share->borrower != &relationship)) return;
    share->lender = share->borrower = nullptr;
  };
  for (RelationshipShare* share : relationship.target->children) close(share);
  for (RelationshipShare* share : relationship.target->loans) close(share);
}

/// A host writes the track: every relationship that records changes of the volume learns of it, in the same turn as the
/// journal.
inline void record_change(VolumeShare& volume, std::uint64_t local_track) noexcept {
  for (RelationshipShare* child : volume.children) {
    if (child->changed_source && child->covers(local_track)) child->changed_source->set(local_track, true);
  }
  for (RelationshipShare* parent = volume.parent; parent != nullptr; parent = parent->replaced) {
    if (parent->changed_target && parent->covers(local_track)) parent->changed_target->set(local_track, true);
  }
}

/// Tracks of the relationship with U=1 that are partial, or have an entry newer than T0 (and older than `before`) on S
/// or T: a track that hosts changed counts as copied. Cost: the dirty tracks of the two volumes and the partial ones.
std::vector<std::uint64_t> owed_tracks(const RelationshipShare& relationship, std::optional<Lsn> before);
/// How many. Cost: the dirty tracks only.
std::uint64_t owed_count(const RelationshipShare& relationship);

/// Sets or clears a run of bits of `preserved`, which is made if needed.
void change_preserved(RelationshipShare& relationship, std::uint64_t first, std::uint64_t count, bool value);
/// Of all tracks; after opening.
void count_partial_tracks(RelationshipShare& relationship) noexcept;

}  // namespace tt::flashcopy
