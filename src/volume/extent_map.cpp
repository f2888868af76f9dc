// SPDX-License-Identifier: Apache-2.0
#include "volume/extent_map.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace tt::volume {

ExtentMap::ExtentMap(std::uint32_t extent_count)
    : words_((std::uint64_t{extent_count} + 63) / 64), size_(extent_count) {}

bool ExtentMap::operator[](std::uint32_t index) const noexcept {
  TT_ASSERT(index < size_);
  return ((words_[index / 64] >> (index % 64)) & 1U) != 0;
}

std::optional<std::uint32_t> ExtentMap::find_free(std::uint32_t from) const noexcept {
  from = std::max(from, first_candidate_);
  std::uint64_t skip = (std::uint64_t{1} << (from % 64)) - 1;
  for (std::size_t word = from / 64; word < words_.size(); ++word) {
    const std::uint64_t hits = ~words_[word] & ~skip;
    skip = 0;
    if (hits == 0) continue;
    const auto index = static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(hits));
    if (index >= size_) break;
    return index;
  }
  return std::nullopt;
}

void ExtentMap::take(std::uint32_t index) noexcept {
  TT_ASSERT(!(*this)[index]);
  words_[index / 64] |= std::uint64_t{1} << (index % 64);
  ++taken_;
  if (index == first_candidate_) ++first_candidate_;
}

void ExtentMap::release(std::uint32_t index) noexcept {
  TT_ASSERT((*this)[index]);
  words_[index / 64] &= ~(std::uint64_t{1} << (index % 64));
  --taken_;
  first_candidate_ = std::min(first_candidate_, index);
}

}  // namespace tt::volume
