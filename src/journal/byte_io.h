// SPDX-License-Identifier: Apache-2.0
// Little-endian reading and writing of byte strings. The reader is for hostile bytes: every access is bounded, and one
// failure sticks, so that a decoder may read a whole structure and ask once.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::journal {

static_assert(std::endian::native == std::endian::little, "on-disk integers are written as they stand in memory");

/// Appends to a vector it does not own; a vector kept between uses makes encoding free of allocation.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) noexcept : out_(out) {}

  template <std::unsigned_integral T>
  void put(T value) {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof(T));
    std::memcpy(out_.data() + at, &value, sizeof(T));
  }
  void put_bytes(std::span<const std::byte> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void put_zeros(std::size_t count) { out_.resize(out_.size() + count); }
  /// Length (32 bit) and the bytes.
  void put_string(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    put_bytes(std::as_bytes(std::span(text)));
  }
  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }

 private:
  std::vector<std::byte>& out_;
};

/// A read past the end gives zeros and makes ok() false for good.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  template <std::unsigned_integral T>
  T get() noexcept {
    T value{};
    const auto bytes = get_bytes(sizeof(T));
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  /// Empty when fewer than `count` bytes are left.
  std::span<const std::byte> get_bytes(std::size_t count) noexcept {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto bytes = rest_.first(count);
    rest_ = rest_.subspan(count);
    return bytes;
  }
  void skip(std::size_t count) noexcept { (void)get_bytes(count); }
  std::string get_string() {
    const auto bytes = get_bytes(get<std::uint32_t>());
    std::string text(bytes.size(), '\0');
    if (!bytes.empty()) std::memcpy(text.data(), bytes.data(), bytes.size());
    return text;
  }
  /// True if `count` items of `item_bytes` each can still follow: asked before memory for them is reserved.
  [[nodiscard]] bool can_hold(std::uint64_t count, std::size_t item_bytes) const noexcept {
    return count <= rest_.size() / item_bytes;
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return ok_ && rest_.empty(); }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace tt::journal
