// SPDX-License-Identifier: Apache-2.0
// One bit per track of one shard, in pages of 32 768 tracks. A page whose bits are all equal costs one byte, so a map of
// 64 TiB that is all ones costs next to nothing; the number of ones is kept as it changes. Pages that changed since the
// last checkpoint are remembered. Belongs to one reactor; no call suspends.
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

  [[nodiscard]] std::uint64_t track_count() const noexcept;
  [[nodiscard]] bool test(std::uint64_t track) const noexcept;
  /// Returns true if the bit changed.
  bool set(std::uint64_t track, bool value) noexcept;
  void set_run(std::uint64_t first, std::uint64_t count, bool value) noexcept;
  /// Number of ones.
  [[nodiscard]] std::uint64_t count() const noexcept;
  /// First track >= from whose bit is `value`; nullopt if none. Skips uniform pages at once.
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t from, bool value) const noexcept;
  /// Length of the run of equal bits that starts at `first`, at most `limit`.
  [[nodiscard]] std::uint64_t run_length(std::uint64_t first, std::uint64_t limit) const noexcept;

  // --- checkpoint ---
  [[nodiscard]] std::uint32_t page_count() const noexcept;
  enum class PageState : std::uint8_t { zeros, ones, mixed };
  [[nodiscard]] PageState page_state(std::uint32_t page) const noexcept;
  /// 4096 bytes, bit i of the page at byte i/8 bit i%8. Mixed pages only.
  [[nodiscard]] std::span<const std::byte> page_bytes(std::uint32_t page) const noexcept;
  /// Page numbers changed since the last call, ascending.
  std::vector<std::uint32_t> take_dirty_pages();
  /// For loading: neither marks the page dirty.
  void load_mixed(std::uint32_t page, std::span<const std::byte> bytes);
  void load_uniform(std::uint32_t page, bool value);
  /// State of every page, 2 bits each (0 zeros, 1 ones, 2 mixed), for the checkpoint's summary blob.
  [[nodiscard]] std::vector<std::byte> encode_summary() const;
  /// False if the bytes do not fit this map.
  bool load_summary(std::span<const std::byte> bytes);

  /// Bytes of memory in use, for the memory figures.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Page;
  std::uint64_t track_count_;
  std::uint64_t ones_;
  std::vector<std::unique_ptr<Page>> mixed_;  // null where the page is uniform
  std::vector<PageState> states_;
  std::vector<bool> dirty_;
  bool any_dirty_ = false;

 public:
  TrackMap(TrackMap&&) noexcept;
  TrackMap& operator=(TrackMap&&) noexcept;
  ~TrackMap();
};

}  // namespace tt::volume
