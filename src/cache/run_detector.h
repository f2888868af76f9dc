// SPDX-License-Identifier: Apache-2.0
// Finds reads that begin where another one ended, of many streams and volumes at a time. A small table remembers where
// the last reads ended; random reads push each other out of it and cost one look at it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cache/place.h"

namespace tt::cache {

class RunDetector {
 public:
  /// How many reads follow upon each other, the last of them this one.
  std::uint32_t note(std::uint64_t volume, std::uint64_t block, std::uint64_t block_count) noexcept {
    const std::uint64_t begin = key_of(volume, block);
    Slot& before = slots_[begin >> kShift];
    const std::uint32_t run = before.ends_at == begin ? before.run + 1 : 1;
    if (run > 1) before = {};
    const std::uint64_t end = key_of(volume, block + block_count);
    slots_[end >> kShift] = {end, run};
    return run;
  }

 private:
  struct Slot {
    std::uint64_t ends_at = 0;
    std::uint32_t run = 0;
  };
  static constexpr std::size_t kSlots = 256;
  static constexpr unsigned kShift = 56;
  static_assert(kSlots == 1U << (64 - kShift));
  static std::uint64_t key_of(std::uint64_t volume, std::uint64_t block) noexcept {
    return spread(spread(volume) ^ block);
  }

  std::array<Slot, kSlots> slots_{};
};

}  // namespace tt::cache
