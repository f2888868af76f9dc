// SPDX-License-Identifier: Apache-2.0
// The read cache of one shard: grains of 4 KiB that equal what their place on a medium holds. Keyed by the place, not
// by a volume: what a source's reads brought in serves its uncopied targets too. Dirty data is no business of this
// cache; it is laid over whatever the medium, or the cache in its stead, says.
//
// States of a grain
//
//   absent --offer--> held --evict, forget--> absent
//   held --begin_write--> stale --end_write(good)--> held, with the new bytes
//                         stale --end_write(bad), evict, forget--> absent
//
// Invariants
//   R1  a held grain equals what a read of its place would return now, unless that read would fail;
//   R2  between begin_write() and end_write() none of the write's grains is held;
//   R3  bytes that were read while a write of their place was under way, or since one began, never become held;
//   R4  the memory in use never exceeds the budget, and nothing is allocated after construction.
//
// Why R1 stands: every writer of a rank's data area is in the table; each calls begin_write() before it submits and
// end_write() after the flush, so the old bytes are gone before the medium can differ. A read takes a Ticket in the
// turn in which it submits, and offers its bytes with it: if a write has begun meanwhile the ticket is void (R3),
// whether that write has ended or not.
//
//   writer                                         through
//   destage, copies before overwriting, background copy, loans   Batch::write_and_flush
//   whole tracks of streams                        Shard::write_in_place
//   a range copy, zeros, a release of space        none: they are entries of the index, or bits of a map
//   a rank that fails, goes or comes               forget_rank()
//
// Space may go from a volume to another one, and even from this shard to another one and back. What was held of it then
// is wrong, and nobody asks for it: a track is read from its medium when a bit says that it is there, and the bit of
// the new owner is set after this shard has written the track for it.
//
// A write that failed leaves nothing held of its place, and its rank is failed soon after, of which nothing is offered
// any more. A read that failed offers nothing. After a crash nothing is left: the cache is memory.
//
// What stays (decision 0017). While there is free memory everything that is read is kept. Later a grain gets in when it
// is read the second time before about as much else was read as the cache has room for (once_seen.h): a scan passes by
// and costs no copy. What is in stands in a queue; a track at its head goes if it was not read since it stood there
// last, else it goes to the end once more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cache/media_clock.h"
#include "cache/once_seen.h"
#include "cache/place.h"

namespace tt::cache {

/// How reads come: what a stream has read is soon far behind, so less of it is remembered at the door.
enum class Pattern : std::uint8_t { random, stream };

class ReadCache {
 public:
  /// What a held grain takes, all in all.
  static constexpr std::uint64_t kBytesPerGrain = kGrainBytes + 128;

  /// At least one grain.
  explicit ReadCache(std::uint64_t budget_bytes);
  ~ReadCache();
  ReadCache(const ReadCache&) = delete;
  ReadCache& operator=(const ReadCache&) = delete;

  /// Copies the longest first part of the range that is held; how many bytes. Counts as a use.
  std::size_t read(Place place, std::span<std::byte> into) noexcept;
  /// Whether all of it is held; no use.
  [[nodiscard]] bool holds(Place place, std::uint64_t bytes) const noexcept;

  /// When a read of the medium begins.
  [[nodiscard]] Ticket look(Place place, std::uint64_t bytes) const noexcept { return clock_.look(place, bytes); }
  [[nodiscard]] bool is_unchanged(Ticket then, Place place, std::uint64_t bytes) const noexcept {
    return clock_.is_unchanged(then, place, bytes);
  }
  /// What the medium returned for a read that began with that ticket. Whole grains of it may be kept.
  void offer(Ticket then, Place place, std::span<const std::byte> bytes, Pattern pattern) noexcept {
    if (clock_.is_unchanged(then, place, bytes.size())) admit(place, bytes, pattern);
  }
  /// The same for bytes of which is known that the medium holds them now.
  void admit(Place place, std::span<const std::byte> bytes, Pattern pattern) noexcept;

  void begin_write(Place place, std::uint64_t bytes) noexcept;
  /// `good`: written and flushed. Grains that were held before are held again.
  void end_write(Place place, std::span<const std::byte> bytes, bool good) noexcept;

  /// The end of a write that is under way finds nothing, and no read under way is kept.
  void forget_rank(std::uint16_t rank) noexcept;

  [[nodiscard]] std::uint64_t held_bytes() const noexcept { return std::uint64_t{used_frames_} * kGrainBytes; }
  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return std::uint64_t{frame_count_} * kGrainBytes; }
  /// Of grains, since the start.
  [[nodiscard]] std::uint64_t admitted() const noexcept { return admitted_; }
  [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::uint8_t kMostUses = 3;

  /// One track of which grains are held or stale: never none.
  struct Track {
    std::uint64_t key;
    std::uint32_t next_in_bucket;
    std::uint32_t behind;  ///< In the queue, towards its end.
    std::uint32_t before;
    GrainMask held;
    GrainMask stale;
    std::uint8_t uses;
    std::array<std::uint32_t, kTrackGrains> frames;
  };

  [[nodiscard]] std::byte* frame(std::uint32_t i) const noexcept {
    return memory_.get() + std::size_t{i} * kGrainBytes;
  }
  [[nodiscard]] std::uint32_t& bucket_of(std::uint64_t key) noexcept { return buckets_[spread(key) >> bucket_shift_]; }
  [[nodiscard]] std::uint32_t find(std::uint64_t key) const noexcept;
  void keep(const TrackPart& part, GrainMask grains, const std::byte* bytes) noexcept;
  std::uint32_t make_track(std::uint64_t key) noexcept;
  /// kNone if only `but` could go.
  std::uint32_t take_frame(std::uint32_t but) noexcept;
  bool evict_one(std::uint32_t but) noexcept;
  void drop(std::uint32_t track, GrainMask grains) noexcept;
  void link_last(std::uint32_t track) noexcept;
  void unlink(std::uint32_t track) noexcept;

  std::uint32_t frame_count_;
  std::uint32_t used_frames_ = 0;
  std::uint32_t touched_frames_ = 0;  ///< Those above were never used; nobody has touched their memory.
  std::uint32_t touched_tracks_ = 0;
  std::uint32_t free_track_ = kNone;  ///< Linked by next_in_bucket.
  std::uint32_t first_ = kNone;       ///< The head of the queue.
  std::uint32_t last_ = kNone;
  std::uint32_t bucket_shift_;
  std::unique_ptr<std::byte[]> memory_;
  std::unique_ptr<std::uint32_t[]> free_frames_;
  std::uint32_t free_count_ = 0;
  std::unique_ptr<Track[]> tracks_;
  std::vector<std::uint32_t> buckets_;
  MediaClock clock_;
  OnceSeen once_;
  OnceSeen once_in_runs_;  ///< Of most of a track at a time.
  std::uint64_t admitted_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace tt::cache
