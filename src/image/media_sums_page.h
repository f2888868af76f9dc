// SPDX-License-Identifier: Apache-2.0
// A page of checksums in memory, and pages of neighbouring tracks: what the parts of MediaSums work with.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "image/media_sums.h"
#include "image/shard.h"

namespace tt::image {

namespace sum_pages {

constexpr std::uint32_t bit_of(std::uint32_t track) noexcept {
  return std::uint32_t{1} << track;
}

inline std::uint64_t data_place(const RankShare& rank, std::uint64_t offset) noexcept {
  return offset - rank.layout.data_offset;
}
inline std::uint64_t page_number(const RankShare& rank, std::uint64_t offset) noexcept {
  return data_place(rank, offset) / media::kSumPageDataBytes;
}
inline std::uint32_t track_in_page(const RankShare& rank, std::uint64_t offset) noexcept {
  return static_cast<std::uint32_t>(data_place(rank, offset) % media::kSumPageDataBytes / kTrackBytes);
}
inline std::uint32_t grain_in_track(const RankShare& rank, std::uint64_t offset) noexcept {
  return static_cast<std::uint32_t>(data_place(rank, offset) % kTrackBytes / kGrainBytes);
}
inline std::uint64_t place_key(const RankShare& rank, std::uint64_t number) noexcept {
  return (std::uint64_t{rank.id} << 48U) | number;
}

}  // namespace sum_pages

class MediaSums::Page {
 public:
  enum class State : std::uint8_t { fresh, loading, ready };
  struct Use {
    std::uint16_t holds = 0;    ///< Announced changes that have not ended.
    std::uint16_t writers = 0;  ///< Of these: the medium may change just now.
    std::uint32_t stamp = 0;    ///< Counts beginnings and ends.
  };

  explicit Page(rt::Reactor& reactor, RankShare& of, std::uint64_t at) : rank(&of), number(at), event(reactor) {}

  [[nodiscard]] std::uint32_t held_tracks() const noexcept {
    std::uint32_t held = 0;
    for (std::uint32_t i = 0; i < media::kSumPageTracks; ++i) held |= use[i].holds != 0 ? sum_pages::bit_of(i) : 0;
    return held;
  }
  /// The medium's page says something else, or leaves tracks open.
  [[nodiscard]] bool differs() const noexcept {
    return !rank->failed && state == State::ready && (content.open != 0 || changes != written);
  }
  [[nodiscard]] bool may_go() const noexcept { return users == 0 && !writing && state == State::ready && !changed; }

  RankShare* rank;
  std::uint64_t number;
  std::size_t slot = 0;
  media::SumPage content;  ///< `sequence` and `open` as they are on the medium.
  std::array<Use, media::kSumPageTracks> use{};
  std::uint32_t users = 0;
  std::uint64_t changes = 0;  ///< Of the sums since it was loaded ...
  std::uint64_t written = 0;  ///< ... and so many of them are on the medium.
  std::uint32_t wanted = 0;   ///< Tracks that the announcement being made opens.
  State state = State::fresh;
  bool writing = false;
  bool changed = false;  ///< As last counted.
  bool listed = false;   ///< In changed_pages_.
  bool used = false;     ///< Since the hand was here.
  rt::TimeNs touched = 0;
  rt::WaitQueue event;  ///< It is ready, a version is written, a write has ended.
};

/// Pages of neighbouring tracks; while it lives they stay.
class MediaSums::Range {
 public:
  Range(MediaSums& sums, RankShare& rank, std::uint64_t offset, std::uint64_t bytes)
      : first_(sum_pages::page_number(rank, offset)) {
    const std::uint64_t last = sum_pages::page_number(rank, offset + bytes - 1);
    TT_ASSERT(last - first_ < kMostPagesOfARange);
    for (std::uint64_t number = first_; number <= last; ++number) {
      Page& page = sums.page_at(rank, number);
      ++page.users;
      pages_[count_++] = &page;
    }
  }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
  ~Range() {
    for (Page* page : all()) --page->users;
  }

  [[nodiscard]] std::span<Page* const> all() const noexcept { return {pages_.data(), count_}; }
  [[nodiscard]] Page& of(const RankShare& rank, std::uint64_t offset) const noexcept {
    return *pages_[sum_pages::page_number(rank, offset) - first_];
  }
  [[nodiscard]] bool is_ready(Generation owner) const noexcept {
    return std::ranges::all_of(
        all(), [owner](const Page* page) { return page->state == Page::State::ready && page->content.owner == owner; });
  }

 private:
  /// A read lies within one stripe.
  static constexpr std::size_t kMostPagesOfARange = media::kChecksumGroupTracks / media::kSumPageTracks;

  std::uint64_t first_;
  std::size_t count_ = 0;
  std::array<Page*, kMostPagesOfARange> pages_{};
};

}  // namespace tt::image
