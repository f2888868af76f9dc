// SPDX-License-Identifier: Apache-2.0
// Invariants: bits of a page past the last track are zero; a mixed page holds at least one bit of each kind (so
// page_state() alone decides what a checkpoint stores); ones_ is the sum over all pages that are loaded.
#include "volume/track_map.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/assert.h"

namespace tt::volume {

struct TrackMap::Page {
  std::array<std::uint64_t, kPageWords> words;
  std::uint32_t ones;
};

namespace {

constexpr std::uint32_t kPageBytes = TrackMap::kPageBits / 8;
constexpr std::uint32_t kPagesPerSummaryByte = 4;

static_assert(std::endian::native == std::endian::little, "page_bytes() shows the words as they stand in memory");

constexpr std::uint32_t page_of(std::uint64_t track) {
  return static_cast<std::uint32_t>(track / TrackMap::kPageBits);
}
constexpr std::uint32_t bit_of(std::uint64_t track) {
  return static_cast<std::uint32_t>(track % TrackMap::kPageBits);
}
constexpr std::uint64_t ones_below(std::uint32_t bit) {
  return bit >= 64 ? ~0ULL : (1ULL << bit) - 1;
}

/// Sets bits [first, last) of the words; returns how many ones that added (negative: removed).
std::int64_t fill_bits(std::span<std::uint64_t> words, std::uint32_t first, std::uint32_t last, bool value) {
  std::int64_t change = 0;
  for (std::uint32_t word = first / 64; word * 64 < last; ++word) {
    const std::uint32_t begin = std::max(first, word * 64) - word * 64;
    const std::uint32_t end = std::min(last, word * 64 + 64) - word * 64;
    const std::uint64_t mask = ones_below(end) & ~ones_below(begin);
    const std::uint64_t old = words[word];
    words[word] = value ? old | mask : old & ~mask;
    change += std::popcount(words[word]) - std::popcount(old);
  }
  return change;
}

/// First bit in [first, last) equal to `value`, or `last`.
std::uint32_t find_bit(std::span<const std::uint64_t> words, std::uint32_t first, std::uint32_t last, bool value) {
  std::uint64_t skip = ones_below(first % 64);
  for (std::uint32_t word = first / 64; word * 64 < last; ++word) {
    const std::uint64_t hits = (value ? words[word] : ~words[word]) & ~skip;
    if (hits != 0) return std::min(last, word * 64 + static_cast<std::uint32_t>(std::countr_zero(hits)));
    skip = 0;
  }
  return last;
}

}  // namespace

TrackMap::TrackMap(std::uint64_t track_count, bool value)
    : track_count_(track_count),
      ones_(value ? track_count : 0),
      states_(divide_up(track_count, kPageBits), value ? PageState::ones : PageState::zeros),
      dirty_(states_.size()) {}

TrackMap::TrackMap(TrackMap&&) noexcept = default;
TrackMap& TrackMap::operator=(TrackMap&&) noexcept = default;
TrackMap::~TrackMap() = default;

/// A last page of ones that was short has zeros behind them now, so it is mixed: that must reach the checkpoint.
void TrackMap::grow(std::uint64_t track_count) {
  TT_ASSERT(track_count >= track_count_);
  if (track_count == track_count_) return;
  const bool short_page = track_count_ % kPageBits != 0;
  if (short_page && states_.back() == PageState::ones) {
    const std::uint32_t page = page_count() - 1;
    make_mixed(page);
    mark_dirty(page);
  }
  track_count_ = track_count;
  states_.resize(divide_up(track_count, kPageBits), PageState::zeros);
  dirty_.resize(states_.size());
  if (!mixed_.empty()) mixed_.resize(states_.size());
}

std::uint32_t TrackMap::page_bits(std::uint32_t page) const noexcept {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(kPageBits, track_count_ - std::uint64_t{page} * kPageBits));
}

const TrackMap::Page& TrackMap::mixed_page(std::uint32_t page) const noexcept {
  const Page* found = mixed_[page].get();
  TT_ASSERT(found != nullptr);  // named mixed by the summary, never loaded
  return *found;
}

/// The page as words, with the same bits as before.
TrackMap::Page& TrackMap::make_mixed(std::uint32_t page) {
  if (mixed_.empty()) mixed_.resize(states_.size());
  auto& slot = mixed_[page];
  if (states_[page] != PageState::mixed) {
    const bool value = states_[page] == PageState::ones;
    slot = std::make_unique<Page>();
    if (value) fill_bits(slot->words, 0, page_bits(page), true);
    slot->ones = value ? page_bits(page) : 0;
    ++mixed_pages_;
    states_[page] = PageState::mixed;
  }
  TT_ASSERT(slot != nullptr);
  return *slot;
}

/// Keeps ones_ right for what the page held before.
void TrackMap::make_uniform(std::uint32_t page, bool value) noexcept {
  if (states_[page] == PageState::ones) ones_ -= page_bits(page);
  if (states_[page] == PageState::mixed && mixed_[page] != nullptr) {
    ones_ -= mixed_[page]->ones;
    mixed_[page].reset();
    --mixed_pages_;
  }
  states_[page] = value ? PageState::ones : PageState::zeros;
  if (value) ones_ += page_bits(page);
}

void TrackMap::drop_if_uniform(std::uint32_t page) noexcept {
  const std::uint32_t ones = mixed_[page]->ones;
  if (ones == 0)
    make_uniform(page, false);
  else if (ones == page_bits(page))
    make_uniform(page, true);
}

void TrackMap::mark_dirty(std::uint32_t page) noexcept {
  dirty_[page] = true;
  any_dirty_ = true;
}

bool TrackMap::test(std::uint64_t track) const noexcept {
  TT_ASSERT(track < track_count_);
  const std::uint32_t page = page_of(track);
  if (states_[page] != PageState::mixed) return states_[page] == PageState::ones;
  const std::uint32_t bit = bit_of(track);
  return ((mixed_page(page).words[bit / 64] >> (bit % 64)) & 1U) != 0;
}

std::uint16_t TrackMap::test16(std::uint64_t first) const noexcept {
  TT_ASSERT(first % 16 == 0 && first + 16 <= track_count_);
  const std::uint32_t page = page_of(first);
  if (states_[page] != PageState::mixed) return states_[page] == PageState::ones ? 0xFFFF : 0;
  const std::uint32_t bit = bit_of(first);
  return static_cast<std::uint16_t>(mixed_page(page).words[bit / 64] >> (bit % 64));
}

bool TrackMap::set(std::uint64_t track, bool value) noexcept {
  if (test(track) == value) return false;
  const std::uint32_t page = page_of(track);
  const std::uint32_t bit = bit_of(track);
  Page& words = make_mixed(page);
  words.words[bit / 64] ^= 1ULL << (bit % 64);
  if (value)
    ++words.ones, ++ones_;
  else
    --words.ones, --ones_;
  mark_dirty(page);
  drop_if_uniform(page);
  return true;
}

void TrackMap::set_run(std::uint64_t first, std::uint64_t count, bool value) noexcept {
  TT_ASSERT(first <= track_count_ && count <= track_count_ - first);
  const PageState wanted = value ? PageState::ones : PageState::zeros;
  const std::uint64_t end = first + count;
  while (first < end) {
    const std::uint32_t page = page_of(first);
    const std::uint32_t begin_bit = bit_of(first);
    const auto end_bit =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(page_bits(page), begin_bit + (end - first)));
    first += end_bit - begin_bit;
    if (states_[page] == wanted) continue;
    if (begin_bit == 0 && end_bit == page_bits(page)) {
      make_uniform(page, value);
      mark_dirty(page);
      continue;
    }
    Page& words = make_mixed(page);
    const std::int64_t change = fill_bits(words.words, begin_bit, end_bit, value);
    if (change == 0) continue;  // a page that was mixed before: it still is
    words.ones = static_cast<std::uint32_t>(words.ones + change);
    ones_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(ones_) + change);
    mark_dirty(page);
    drop_if_uniform(page);
  }
}

/// First track in [from, end) equal to `value`, or `end`.
std::uint64_t TrackMap::find_until(std::uint64_t from, std::uint64_t end, bool value) const noexcept {
  const PageState skip = value ? PageState::zeros : PageState::ones;
  while (from < end) {
    const std::uint32_t page = page_of(from);
    const std::uint64_t page_start = std::uint64_t{page} * kPageBits;
    const std::uint64_t page_end = std::min<std::uint64_t>(end, page_start + kPageBits);
    if (states_[page] == PageState::mixed) {
      const std::uint64_t hit = page_start + find_bit(mixed_page(page).words, bit_of(from),
                                                      static_cast<std::uint32_t>(page_end - page_start), value);
      if (hit < page_end) return hit;
    } else if (states_[page] != skip) {
      return from;
    }
    from = page_end;
  }
  return end;
}

std::optional<std::uint64_t> TrackMap::find(std::uint64_t from, bool value, std::uint64_t end) const noexcept {
  end = std::min(end, track_count_);
  const std::uint64_t hit = find_until(from, end, value);
  if (hit >= end) return std::nullopt;
  return hit;
}

std::uint64_t TrackMap::run_length(std::uint64_t first, std::uint64_t limit) const noexcept {
  TT_ASSERT(first < track_count_);
  const std::uint64_t end = first + std::min(limit, track_count_ - first);
  return find_until(first, end, !test(first)) - first;
}

TrackMap::PageState TrackMap::page_state(std::uint32_t page) const noexcept {
  TT_ASSERT(page < states_.size());
  return states_[page];
}

std::span<const std::byte> TrackMap::page_bytes(std::uint32_t page) const noexcept {
  TT_ASSERT(page_state(page) == PageState::mixed);
  return std::as_bytes(std::span(mixed_page(page).words));
}

std::vector<std::uint32_t> TrackMap::take_dirty_pages() {
  std::vector<std::uint32_t> pages;
  if (!any_dirty_) return pages;
  for (std::uint32_t page = 0; page < dirty_.size(); ++page) {
    if (dirty_[page]) pages.push_back(page);
  }
  dirty_.assign(dirty_.size(), false);
  any_dirty_ = false;
  return pages;
}

std::vector<std::byte> TrackMap::encode_summary() const {
  std::vector<std::byte> bytes(divide_up(states_.size(), kPagesPerSummaryByte));
  for (std::size_t page = 0; page < states_.size(); ++page) {
    const auto shift = static_cast<unsigned>(page % kPagesPerSummaryByte * 2);
    bytes[page / kPagesPerSummaryByte] |= static_cast<std::byte>(static_cast<unsigned>(states_[page]) << shift);
  }
  return bytes;
}

bool TrackMap::load_summary(std::span<const std::byte> bytes) {
  if (bytes.size() != divide_up(states_.size(), kPagesPerSummaryByte)) return false;
  std::vector<PageState> states(bytes.size() * kPagesPerSummaryByte);
  for (std::size_t page = 0; page < states.size(); ++page) {
    const auto shift = static_cast<unsigned>(page % kPagesPerSummaryByte * 2);
    const unsigned state = (std::to_integer<unsigned>(bytes[page / kPagesPerSummaryByte]) >> shift) & 3U;
    if (state > 2 || (page >= states_.size() && state != 0)) return false;
    states[page] = static_cast<PageState>(state);
  }
  for (std::uint32_t page = 0; page < states_.size(); ++page) {
    make_uniform(page, states[page] == PageState::ones);
    if (states[page] != PageState::mixed) continue;
    if (mixed_.empty()) mixed_.resize(states_.size());
    states_[page] = PageState::mixed;  // without words: missing until load_mixed()
  }
  return true;
}

void TrackMap::load_mixed(std::uint32_t page, std::span<const std::byte> bytes) {
  TT_ASSERT(page < states_.size() && bytes.size() == kPageBytes);
  make_uniform(page, false);
  Page& words = make_mixed(page);
  std::memcpy(words.words.data(), bytes.data(), kPageBytes);
  const std::uint32_t bits = page_bits(page);
  if (bits < kPageBits) fill_bits(words.words, bits, kPageBits, false);
  for (const std::uint64_t word : words.words) words.ones += static_cast<std::uint32_t>(std::popcount(word));
  ones_ += words.ones;
  drop_if_uniform(page);
}

void TrackMap::load_uniform(std::uint32_t page, bool value) {
  TT_ASSERT(page < states_.size());
  make_uniform(page, value);
}

std::uint32_t TrackMap::missing_pages() const noexcept {
  std::uint32_t missing = 0;
  for (std::size_t page = 0; page < states_.size(); ++page) {
    if (states_[page] == PageState::mixed && mixed_[page] == nullptr) ++missing;
  }
  return missing;
}

std::size_t TrackMap::memory_bytes() const noexcept {
  const auto pages = static_cast<std::size_t>(
      std::count_if(mixed_.begin(), mixed_.end(), [](const auto& page) { return page != nullptr; }));
  return sizeof *this + states_.capacity() * sizeof(PageState) + mixed_.capacity() * sizeof(std::unique_ptr<Page>) +
         dirty_.capacity() / 8 + pages * sizeof(Page);
}

}  // namespace tt::volume
