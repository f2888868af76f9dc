// SPDX-License-Identifier: Apache-2.0
#include "journal/slot_allocator.h"

#include <algorithm>

#include "base/assert.h"
#include "base/units.h"

namespace tt::journal {

void SlotAllocator::grow_to(std::uint64_t slots) {
  if (slots <= size_) return;
  words_.resize(divide_up(slots, 64));
  size_ = slots;
}

void SlotAllocator::mark(SlotRun run, bool value) noexcept {
  for (std::uint64_t slot = run.first; slot < std::uint64_t{run.first} + run.count; ++slot) {
    const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
    TT_ASSERT(is_taken(slot) != value);
    words_[slot / 64] ^= bit;
  }
  taken_ = value ? taken_ + run.count : taken_ - run.count;
}

std::optional<std::uint32_t> SlotAllocator::take(std::uint32_t count) {
  TT_ASSERT(count > 0);
  std::uint64_t free_before = 0;
  bool none_skipped = true;  // every slot looked at so far was taken
  for (std::uint64_t slot = search_from_; slot < size_; ++slot) {
    if (free_before == 0 && slot % 64 == 0 && words_[slot / 64] == ~std::uint64_t{0}) {
      if (none_skipped) search_from_ = std::min(slot + 64, size_);
      slot += 63;
      continue;
    }
    if (is_taken(slot)) {
      free_before = 0;
      if (none_skipped) search_from_ = slot + 1;
      continue;
    }
    none_skipped = false;
    if (++free_before < count) continue;
    const SlotRun run{static_cast<std::uint32_t>(slot + 1 - count), count};
    mark(run, true);
    return run.first;
  }
  return std::nullopt;
}

bool SlotAllocator::claim(SlotRun run) noexcept {
  if (std::uint64_t{run.first} + run.count > size_) return false;
  for (std::uint64_t slot = run.first; slot < std::uint64_t{run.first} + run.count; ++slot) {
    if (is_taken(slot)) return false;
  }
  mark(run, true);
  return true;
}

void SlotAllocator::release(SlotRun run) noexcept {
  mark(run, false);
  search_from_ = std::min<std::uint64_t>(search_from_, run.first);
}

}  // namespace tt::journal
