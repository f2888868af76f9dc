// SPDX-License-Identifier: Apache-2.0
// The journal ring of one shard: the non-volatile store. The whole ring is mirrored in memory at the same offsets, so a
// record's payload is copied once (into the ring's memory), stays readable there until the slot is trimmed, and dirty
// data of the write cache needs no other memory.
//
// Order. append() never suspends: it places the record in the open slot. A slot is sealed when a writer is idle and
// something is in it, or when it is full; up to `writers` slots are in flight. A slot is *hardened* when it and every
// slot before it are durable (a later slot may complete first: nobody is told before the gap is closed).
//
// Failure. The first failed write or flush fences the ring for good: waiters and all later calls get journal_failed;
// nothing is retried. append() still places records in memory while there is room, so that a caller in the middle of a
// step needs no second way out; room() and harden() wake up.
//
// Space. Slots leave the ring from the tail, in order, when (1) no pin is on them, (2) they are not younger than the
// checkpoint cut, and (3) the new tail was made durable by the caller (release_until). Until then their memory and
// their place in the ring are untouched.
//
// Belongs to one reactor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/record.h"
#include "runtime/disk.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/sync.h"
#include "runtime/task.h"

namespace tt::journal {

/// How far each kind of record may fill the ring (engine notes, choice 1): dirty data must never be able to block the
/// records that clean it.
enum class SpaceClass : std::uint8_t { host, control, destage, redo };

struct RingGeometry {
  std::uint32_t ring_id = 0;     ///< Shard number and image salt; a foreign ring is refused.
  std::uint64_t ring_bytes = 0;  ///< Multiple of 4 KiB; at least 16 * kMaxSlotBytes.
};

/// Where replay starts; kept in the shard's superblock.
struct RingTail {
  std::uint64_t offset = 0;
  SlotSeq sequence{1};             ///< Sequence of the first slot that is still needed.
  std::uint32_t previous_crc = 0;  ///< head_crc of the slot before it.
};

struct RingOptions {
  std::uint32_t writers = 4;  ///< Slots in flight, 1 to kMaxWriters (slot_codec.h).
  /// Slots up to here are known to have been durable (the superblock's checkpoint_cut): a chain that ends before is
  /// `corrupt`, not torn.
  SlotSeq must_reach{0};
};

/// What append() did. The payload is the copy in ring memory, valid until the slot is released.
struct Appended {
  SlotSeq slot;
  std::span<const std::byte> payload;
};

/// One record as replay (or inspect) sees it.
struct ReplayedRecord {
  RecordHeader header;
  SlotSeq slot;
  std::uint32_t boot_epoch = 0;
  std::span<const std::byte> payload;
};

struct ReplaySummary {
  SlotSeq last;  ///< Last valid slot, or tail - 1 when there is none.
  std::uint64_t slot_count = 0;
  std::uint64_t record_count = 0;
  std::uint64_t bytes = 0;
  bool torn_tail = false;  ///< A broken slot that nobody was answered for ended the scan.
};

class Ring {
 public:
  /// Reads the ring from `tail` into memory and validates the chain. A broken slot ends the scan, unless a later slot
  /// proves that it had been durable: then `corrupt` (engine notes T28). New slots carry `boot_epoch`, which must be
  /// larger than every epoch before and durable already. invalid_argument for an impossible geometry or tail; io_error
  /// if a slot that may be needed cannot be read. The ring begins at offset 0 of the disk; a new ring needs no
  /// formatting (whatever lies there is no slot of this ring_id).
  static rt::Task<Result<std::unique_ptr<Ring>>> open(rt::Reactor& reactor, std::unique_ptr<rt::Disk> disk,
                                                      RingGeometry geometry, RingTail tail, std::uint32_t boot_epoch,
                                                      RingOptions options);
  ~Ring();

  [[nodiscard]] const ReplaySummary& replay_summary() const noexcept;
  /// Every record between tail and head, in ring order. Before the first append only.
  void replay(const std::function<void(const ReplayedRecord&)>& visit) const;

  /// Starts the writers. `scope` owns them; stop() must be called and the scope joined before the ring is destroyed.
  void start(rt::Scope& scope);
  /// Writers end after everything appended is on disk (or the ring has failed).
  void stop() noexcept;

  /// True if a record with this payload may be appended now. Exact: slot rounding is counted, and the gap before the
  /// end of the ring is set aside from capacity_bytes(), so the answer does not depend on the position.
  [[nodiscard]] bool has_room(std::uint64_t payload_bytes, SpaceClass space_class) const noexcept;
  /// Woken whenever slots were released; re-check has_room().
  rt::WaitQueue::Awaiter room() noexcept;
  /// Places the record; payload_bytes <= kMaxSlotBytes - kSlotHeadBytes. has_room() must be true. The slot is pinned
  /// once for the caller (see unpin). After a failure it still returns, but nothing will harden.
  Appended append(RecordHeader header, std::span<const std::byte> payload, SpaceClass space_class);

  /// Suspends until the slot is hardened. journal_failed if that can no longer happen. Waiters of one slot are resumed
  /// in the order in which they came.
  rt::Task<Result<void>> harden(SlotSeq slot);
  /// Slot that the next append of an empty payload would go to, or the one before if none is open: hardening it hardens
  /// everything appended so far.
  [[nodiscard]] SlotSeq newest() const noexcept;
  [[nodiscard]] SlotSeq durable() const noexcept;
  [[nodiscard]] bool failed() const noexcept;

  void pin(SlotSeq slot) noexcept;
  void unpin(SlotSeq slot) noexcept;

  /// Closes the open slot, so that everything appended up to now is in slots <= the returned one and everything later
  /// is not: the cut of a checkpoint.
  SlotSeq cut() noexcept;
  /// Slots <= cut are covered by a durable checkpoint, as far as their maps and control records are concerned.
  void set_checkpoint_cut(SlotSeq cut) noexcept;
  /// First slot that replay would read now.
  [[nodiscard]] SlotSeq tail() const noexcept;
  /// First slot that must stay (oldest pin, younger than the checkpoint cut, or not hardened).
  [[nodiscard]] RingTail needed_tail() const noexcept;
  /// The caller has made `tail` durable in the superblock; the space before it may be used again.
  void release_until(const RingTail& tail) noexcept;

  /// Oldest slot still pinned; {0} if none. The destager's tail hand starts there.
  [[nodiscard]] SlotSeq oldest_pinned() const noexcept;
  [[nodiscard]] std::uint64_t used_bytes() const noexcept;
  /// What SpaceClass::redo may fill: ring_bytes - kMaxSlotBytes.
  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept;
  [[nodiscard]] std::uint64_t limit_bytes(SpaceClass space_class) const noexcept;
  /// Bytes appended since the last checkpoint cut; before the first cut of a life also all that replay found.
  [[nodiscard]] std::uint64_t bytes_since_cut() const noexcept;

  /// Counters for metrics and tests.
  struct Counters {
    std::uint64_t slots_written = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t records = 0;
  };
  [[nodiscard]] const Counters& counters() const noexcept;

 private:
  struct State;
  explicit Ring(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace tt::journal
