// SPDX-License-Identifier: Apache-2.0
// Which free extents a volume gets. Only plans use it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "volume/config.h"

namespace tt::volume {

/// Chooses free extents of a pool for a volume of the method, without taking them: its own choices are remembered by a
/// cursor per rank.
class ExtentChooser {
 public:
  ExtentChooser(const ImageConfig& config, std::uint16_t pool, AllocationMethod method) {
    for (const auto& [id, rank] : config.ranks) {
      if (rank.pool != pool || rank.failed || rank.reserved) continue;
      const ExtentMap& taken = config.taken_extents.at(id);
      cursors_.push_back({.rank = id, .taken = &taken, .next = 0, .left = taken.free()});
    }
    left_ = config.free_extents(pool, method);
  }

  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

  /// The next extent comes from the rank at this position, counted over the usable ranks.
  void start_at(std::uint64_t position) noexcept {
    if (!cursors_.empty()) current_ = static_cast<std::size_t>(position % cursors_.size());
  }
  /// The next extent comes from the rank that follows this one.
  void start_after(std::uint16_t rank) noexcept { start_at(position_from(std::uint32_t{rank} + 1)); }
  void start_at_rank(std::uint16_t rank) noexcept { start_at(position_from(rank)); }
  void next_rank() noexcept { start_at(current_ + 1); }

  /// From the current rank, or from the first one after it that has a free extent. left() must not be 0.
  ExtentRef choose() {
    TT_ASSERT(left_ > 0);
    while (cursors_[current_].left == 0) next_rank();
    Cursor& cursor = cursors_[current_];
    const auto index = cursor.taken->find_free(cursor.next);
    TT_ASSERT(index.has_value());
    cursor.next = *index + 1;
    --cursor.left;
    --left_;
    return {.rank = cursor.rank, .index = *index};
  }

 private:
  [[nodiscard]] std::uint64_t position_from(std::uint32_t rank) const noexcept {
    const auto at = std::find_if(cursors_.begin(), cursors_.end(), [rank](const Cursor& c) { return c.rank >= rank; });
    return static_cast<std::uint64_t>(at - cursors_.begin());
  }

  struct Cursor {
    std::uint16_t rank;
    const ExtentMap* taken;
    std::uint32_t next;
    std::uint32_t left;
  };
  std::vector<Cursor> cursors_;
  std::uint64_t left_ = 0;
  std::size_t current_ = 0;
};

inline bool rotates_extents(const ImageConfig& config, ExtentRotation rotation) noexcept {
  if (rotation == ExtentRotation::automatic) return config.personality == Personality::ds8000;
  return rotation == ExtentRotation::extents;
}

}  // namespace tt::volume
