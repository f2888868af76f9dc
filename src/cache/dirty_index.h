// SPDX-License-Identifier: Apache-2.0
// Index of a shard's dirty data. States of an entry:
//
//   inserted (volatile) -> hardened (its slot is durable) -> clean (on the medium, flushed) -> removed
//
// Invariants
//   D1  the entries of a track are in ascending Lsn order (engine notes I5: every version is kept; two entries are
//   never
//       merged here, so no T0 can fall between merged versions);
//   D2  an entry pins its journal slot exactly once, until it is removed: the ring cannot release bytes that a reader
//   or
//       a batch still needs (I13);
//   D3  an entry that became clean while the track is being read stays visible until the last reader left: a reader
//       overlays *after* its media read and must find every entry that was there when it began;
//   D4  a column is latched by at most one batch; nothing else ever waits for a latch.
//
// Belongs to one reactor. Nothing here suspends or allocates in a steady state: objects come from pools that grow to
// the working set; the number of entries is bounded by the limit given at construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"
#include "journal/ring.h"
#include "runtime/reactor.h"
#include "volume/track_map.h"

namespace tt::cache {

struct DirtyTrack;
struct Column;

/// A piece of dirty data; its bytes live in the journal ring's memory.
struct Entry {
  Lsn lsn;
  journal::SlotSeq slot;
  const std::byte* data = nullptr;  ///< Null when the blocks are zeros.
  std::uint16_t first_block = 0;
  std::uint16_t block_count = 0;
  bool deallocate = false;
  bool clean = false;  ///< On the medium and flushed; still visible to readers that began earlier (D3).
  rt::TimeNs inserted_at = 0;
  DirtyTrack* track = nullptr;
  Entry* next = nullptr;   ///< In the track, by Lsn.
  Entry* older = nullptr;  ///< In the shard, by age.
  Entry* newer = nullptr;
};

/// One track of one volume that has dirty data or readers.
struct DirtyTrack {
  void* owner = nullptr;  ///< The volume share; opaque here.
  Column* column = nullptr;
  Entry* first = nullptr;
  Entry* last = nullptr;
  std::uint32_t readers = 0;        ///< Host reads between their start and their overlay.
  std::uint32_t image_readers = 0;  ///< Reads of this track's *medium* on behalf of an uncopied target.
  DirtyTrack* next_in_column = nullptr;
  DirtyTrack* next_of_owner = nullptr;
  DirtyTrack* previous_of_owner = nullptr;
};

/// All dirty tracks with one track number.
struct Column {
  std::uint64_t track = 0;
  bool latched = false;
  DirtyTrack* tracks = nullptr;
  Column* next = nullptr;  ///< In the hash bucket or the free list.
};

/// Head of a volume's list of dirty tracks; embedded in the volume share.
struct OwnerList {
  DirtyTrack* first = nullptr;
  std::uint64_t entry_count = 0;
};

class DirtyIndex {
 public:
  /// `max_tracks`: tracks of the largest possible volume in this shard.
  DirtyIndex(journal::Ring& ring, std::uint64_t max_tracks, std::uint64_t entry_limit);
  ~DirtyIndex();
  DirtyIndex(const DirtyIndex&) = delete;
  DirtyIndex& operator=(const DirtyIndex&) = delete;

  [[nodiscard]] bool full() const noexcept { return entry_count_ >= entry_limit_; }
  [[nodiscard]] std::uint64_t entry_count() const noexcept { return entry_count_; }
  [[nodiscard]] std::uint64_t entry_limit() const noexcept { return entry_limit_; }
  [[nodiscard]] std::uint64_t dirty_bytes() const noexcept { return dirty_bytes_; }

  /// The entry takes over one pin of `slot`. Lsns may arrive out of order only at replay.
  Entry& insert(OwnerList& list, void* owner, std::uint64_t track, Lsn lsn, journal::SlotSeq slot,
                std::span<const std::byte> data, std::uint16_t first_block, std::uint16_t block_count, bool deallocate,
                rt::TimeNs now);

  [[nodiscard]] DirtyTrack* find(const void* owner, std::uint64_t track) const noexcept;
  [[nodiscard]] Column* find_column(std::uint64_t track) const noexcept;

  /// Copies what the entries with after < lsn <= up_to say about [first_block, ...) over `out`; returns the newest slot
  /// that was used ({0} if none).
  static journal::SlotSeq overlay(const DirtyTrack* track, Lsn after, Lsn up_to, std::uint16_t first_block,
                                  std::span<std::byte> out) noexcept;
  /// Whether overlay() of the whole track would find any.
  static bool has_entries(const DirtyTrack* track, Lsn after, Lsn up_to) noexcept;
  /// True if those entries cover every block of the range.
  static bool covers(const DirtyTrack* track, Lsn after, Lsn up_to, std::uint16_t first_block,
                     std::uint16_t block_count) noexcept;

  /// A reader of (owner, track); pair with end_read. The reference stays valid in between.
  DirtyTrack& begin_read(OwnerList& list, void* owner, std::uint64_t track, bool of_image);
  void end_read(OwnerList& list, DirtyTrack& track, bool of_image);

  /// The entry's bytes were copied forward in the ring: it moves to the new place, takes over the pin there, gives the
  /// old one back, and counts as the youngest of the shard. Its Lsn stays.
  void relocate(Entry& entry, journal::SlotSeq slot, std::span<const std::byte> data);

  /// Removes the entry and its pin, at once or when the last reader leaves.
  void retire(OwnerList& list, Entry& entry);
  /// Removes every entry of the owner with lsn < limit on tracks < track_limit (an establish onto it). No batch may be
  /// writing the owner and nobody may be reading it.
  void kill(OwnerList& list, Lsn limit, std::uint64_t track_limit);

  /// Removes the track's entries with lsn < limit; at replay only: nobody reads the track.
  void drop_below(OwnerList& list, const void* owner, std::uint64_t track, Lsn limit);

  /// Latches the column (made if needed); nullptr if it is latched already.
  Column* try_latch(std::uint64_t track);
  void unlatch(Column& column);

  /// First dirty column at or after `from`; columns without entries are skipped.
  [[nodiscard]] std::optional<std::uint64_t> next_dirty(std::uint64_t from) const noexcept {
    return dirty_columns_.find(from, true, dirty_end_);
  }
  [[nodiscard]] Entry* oldest() const noexcept { return oldest_; }

  /// Everything goes, pins included; only before destruction.
  void clear();

 private:
  template <class T>
  struct Pool {
    std::deque<T> storage;
    std::vector<T*> free;
    T* take() {
      if (free.empty()) return &storage.emplace_back();
      T* object = free.back();
      free.pop_back();
      *object = T{};
      return object;
    }
    void give(T* object) { free.push_back(object); }
  };

  Column& column_at(std::uint64_t track);
  DirtyTrack& track_at(OwnerList& list, void* owner, std::uint64_t track);
  void remove(OwnerList& list, Entry& entry);
  /// The track may go with its last entry.
  void remove_below(OwnerList& list, DirtyTrack& track, Lsn limit);
  void link_youngest(Entry& entry) noexcept;
  void unlink_age(Entry& entry) noexcept;
  void drop_if_idle(OwnerList& list, DirtyTrack& track);
  void drop_if_idle(Column& column);
  void update_dirty_bit(const Column& column);
  void set_dirty(std::uint64_t track, bool dirty) noexcept;
  [[nodiscard]] std::size_t bucket_of(std::uint64_t track) const noexcept;

  journal::Ring& ring_;
  std::uint64_t entry_limit_;
  std::uint64_t entry_count_ = 0;
  std::uint64_t dirty_bytes_ = 0;
  std::vector<Column*> buckets_;
  volume::TrackMap dirty_columns_;
  std::uint64_t dirty_end_ =
      0;  ///< No column at or above it is dirty: searches end there, not at the longest volume's.
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
  Pool<Entry> entries_;
  Pool<DirtyTrack> tracks_;
  Pool<Column> columns_;
};

}  // namespace tt::cache
