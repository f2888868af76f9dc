// SPDX-License-Identifier: Apache-2.0
// Which extents of one rank are taken. A plain value, as the configuration that holds it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tt::volume {

class ExtentMap {
 public:
  ExtentMap() = default;
  /// All free.
  explicit ExtentMap(std::uint32_t extent_count);

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool operator[](std::uint32_t index) const noexcept;
  [[nodiscard]] std::uint32_t taken() const noexcept { return taken_; }
  [[nodiscard]] std::uint32_t free() const noexcept { return size_ - taken_; }
  /// Lowest free extent >= from. Free extents are sought from the lowest one that can be free, so filling a rank costs
  /// one pass in all.
  [[nodiscard]] std::optional<std::uint32_t> find_free(std::uint32_t from) const noexcept;

  /// The extent must be free.
  void take(std::uint32_t index) noexcept;
  /// The extent must be taken.
  void release(std::uint32_t index) noexcept;

  friend bool operator==(const ExtentMap& a, const ExtentMap& b) noexcept {
    return a.size_ == b.size_ && a.words_ == b.words_;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::uint32_t size_ = 0;
  std::uint32_t taken_ = 0;
  std::uint32_t first_candidate_ = 0;  // no extent below it is free
};

}  // namespace tt::volume
