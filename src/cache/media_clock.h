// SPDX-License-Identifier: Apache-2.0
// Tells whether a place was written since somebody began to read it. Tracks share the counters of a small table, so
// now and then "written" is said of a place that was not; never the other way round.
//
// Every counter only grows, so equal sums over the same places mean that none of them has moved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "cache/place.h"

namespace tt::cache {

/// What a place was at some time.
struct Ticket {
  std::uint64_t stamp = 0;
  bool quiet = false;  ///< No write was under way then.
};

class MediaClock {
 public:
  /// `slots` is a power of two.
  explicit MediaClock(std::size_t slots) : slots_(slots), mask_(slots - 1) {
    TT_ASSERT(slots != 0 && (slots & mask_) == 0);
  }

  [[nodiscard]] Ticket look(Place place, std::uint64_t bytes) const noexcept {
    Ticket ticket{epoch_, true};
    while (bytes > 0) {
      const TrackPart part = first_part(place, bytes);
      const Slot& slot = slot_of(part.key);
      ticket.stamp += slot.changes;
      ticket.quiet = ticket.quiet && slot.writers == 0;
      place.offset += part.bytes();
      bytes -= part.bytes();
    }
    return ticket;
  }
  /// No write has begun or ended since `then`, and none was under way.
  [[nodiscard]] bool is_unchanged(Ticket then, Place place, std::uint64_t bytes) const noexcept {
    return then.quiet && look(place, bytes).stamp == then.stamp;
  }
  void begin_write(std::uint64_t track_key) noexcept {
    Slot& slot = slot_of(track_key);
    ++slot.changes;
    ++slot.writers;
  }
  void end_write(std::uint64_t track_key) noexcept {
    Slot& slot = slot_of(track_key);
    TT_ASSERT(slot.writers > 0);
    ++slot.changes;
    --slot.writers;
  }
  /// All places count as written.
  void change_all() noexcept { ++epoch_; }

 private:
  struct Slot {
    std::uint64_t changes = 0;
    std::uint64_t writers = 0;
  };
  [[nodiscard]] Slot& slot_of(std::uint64_t key) noexcept { return slots_[(spread(key) >> 32U) & mask_]; }
  [[nodiscard]] const Slot& slot_of(std::uint64_t key) const noexcept { return slots_[(spread(key) >> 32U) & mask_]; }

  std::vector<Slot> slots_;
  std::size_t mask_;
  std::uint64_t epoch_ = 0;
};

}  // namespace tt::cache
