// SPDX-License-Identifier: Apache-2.0
// One bit per track of one shard, in pages of 32 768 tracks. A page whose bits are all equal costs one byte as long as
// no page of the map is mixed (nine from then on), so a map of 64 TiB that is all ones costs next to nothing; the
// number of ones is kept as it changes. Pages that changed since the last checkpoint are remembered, also those that
// became uniform. Belongs to one reactor; no call suspends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"

namespace tt::volume {

class TrackMap {
 public:
  static constexpr std::uint32_t kPageBits = 32768;
  static constexpr std::uint32_t kPageWords = kPageBits / 64;

  /// All `track_count` bits equal `value`.
  TrackMap(std::uint64_t track_count, bool value);

  [[nodiscard]] std::uint64_t track_count() const noexcept { return track_count_; }
  [[nodiscard]] bool test(std::uint64_t track) const noexcept;
  /// Bits [first, first + 16), the first in bit 0; `first` is a multiple of 16, and all of them exist.
  [[nodiscard]] std::uint16_t test16(std::uint64_t first) const noexcept;
  /// Returns true if the bit changed.
  bool set(std::uint64_t track, bool value) noexcept;
  void set_run(std::uint64_t first, std::uint64_t count, bool value) noexcept;
  /// Number of ones.
  [[nodiscard]] std::uint64_t count() const noexcept { return ones_; }
  /// First track >= from and < end whose bit is `value`; nullopt if none. Skips uniform pages at once.
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t from, bool value,
                                                  std::uint64_t end = ~std::uint64_t{0}) const noexcept;
  /// Length of the run of equal bits that starts at `first`, at most `limit`.
  [[nodiscard]] std::uint64_t run_length(std::uint64_t first, std::uint64_t limit) const noexcept;

  /// The map of a volume that became larger; the new bits are zero.
  void grow(std::uint64_t track_count);

  // --- checkpoint ---
  [[nodiscard]] std::uint32_t page_count() const noexcept { return static_cast<std::uint32_t>(states_.size()); }
  enum class PageState : std::uint8_t { zeros, ones, mixed };
  [[nodiscard]] PageState page_state(std::uint32_t page) const noexcept;
  /// 4096 bytes, bit i of the page at byte i/8 bit i%8. Mixed pages only.
  [[nodiscard]] std::span<const std::byte> page_bytes(std::uint32_t page) const noexcept;
  /// Page numbers changed since the last call, ascending.
  std::vector<std::uint32_t> take_dirty_pages();
  /// State of every page, 2 bits each (0 zeros, 1 ones, 2 mixed), for the checkpoint's summary blob.
  [[nodiscard]] std::vector<std::byte> encode_summary() const;

  // --- loading: the summary first, then every mixed page of it; none of this marks a page dirty ---
  /// False, and nothing changed, if the bytes do not fit this map. Mixed pages must be loaded before their bits are
  /// used.
  [[nodiscard]] bool load_summary(std::span<const std::byte> bytes);
  /// Bits past the last track are ignored.
  void load_mixed(std::uint32_t page, std::span<const std::byte> bytes);
  void load_uniform(std::uint32_t page, bool value);
  /// Mixed pages of the summary that were not loaded; the map is whole when there are none.
  [[nodiscard]] std::uint32_t missing_pages() const noexcept;

  /// Pages whose bits are kept one by one.
  [[nodiscard]] std::uint32_t mixed_pages() const noexcept { return mixed_pages_; }
  /// Bytes of memory in use, for the memory figures.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Page;

  [[nodiscard]] std::uint32_t page_bits(std::uint32_t page) const noexcept;
  [[nodiscard]] const Page& mixed_page(std::uint32_t page) const noexcept;
  Page& make_mixed(std::uint32_t page);
  void make_uniform(std::uint32_t page, bool value) noexcept;
  void drop_if_uniform(std::uint32_t page) noexcept;
  void mark_dirty(std::uint32_t page) noexcept;
  [[nodiscard]] std::uint64_t find_until(std::uint64_t from, std::uint64_t end, bool value) const noexcept;

  std::uint64_t track_count_;
  std::uint64_t ones_;
  std::vector<PageState> states_;
  std::uint32_t mixed_pages_ = 0;
  std::vector<std::unique_ptr<Page>> mixed_;  // empty until the first page is mixed; null where a page is uniform
  std::vector<bool> dirty_;
  bool any_dirty_ = false;

 public:
  TrackMap(TrackMap&&) noexcept;
  TrackMap& operator=(TrackMap&&) noexcept;
  ~TrackMap();
};

}  // namespace tt::volume
