// SPDX-License-Identifier: Apache-2.0
// Reading and writing little-endian integers in byte strings. The reader never leaves its bytes: the first read that
// would makes it fail for good, and every read from then on yields zeros, so a decoder may check ok() once at the end.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace tt {

static_assert(std::endian::native == std::endian::little, "on-disk structures are written as they stand in memory");

class ByteWriter {
 public:
  void u8(std::uint8_t value) { put(value); }
  void u16(std::uint16_t value) { put(value); }
  void u32(std::uint32_t value) { put(value); }
  void u64(std::uint64_t value) { put(value); }
  /// Base-128, least significant group first: 1 byte below 128, 10 at most.
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<std::byte>(value | 0x80U));
      value >>= 7U;
    }
    bytes_.push_back(static_cast<std::byte>(value));
  }
  void bytes(std::span<const std::byte> value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
  void text(std::string_view value) { bytes(std::as_bytes(std::span(value))); }
  void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }

  /// Overwrites four bytes written before, e.g. a length or checksum known only at the end.
  void patch_u32(std::size_t offset, std::uint32_t value) { std::memcpy(bytes_.data() + offset, &value, sizeof value); }

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::span<const std::byte> view() const noexcept { return bytes_; }
  std::vector<std::byte> take() noexcept { return std::exchange(bytes_, {}); }

 private:
  template <std::unsigned_integral T>
  void put(T value) {
    const auto at = bytes_.size();
    bytes_.resize(at + sizeof value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  std::uint8_t u8() noexcept { return get<std::uint8_t>(); }
  std::uint16_t u16() noexcept { return get<std::uint16_t>(); }
  std::uint32_t u32() noexcept { return get<std::uint32_t>(); }
  std::uint64_t u64() noexcept { return get<std::uint64_t>(); }
  /// Fails on more than 64 bits and on encodings longer than needed, so each value has exactly one encoding.
  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t group = u8();
      if (shift == 63 && group > 1) break;
      value |= static_cast<std::uint64_t>(group & 0x7FU) << shift;
      if ((group & 0x80U) == 0) {
        if (group == 0 && shift != 0) break;
        return ok_ ? value : 0;
      }
    }
    fail();
    return 0;
  }
  /// A view into the source; empty after a failure.
  std::span<const std::byte> bytes(std::uint64_t count) noexcept {
    if (count > rest_.size()) fail();
    if (!ok_) return {};
    const auto result = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(static_cast<std::size_t>(count));
    return result;
  }
  std::string_view text(std::uint64_t count) noexcept {
    const auto view = bytes(count);
    return {reinterpret_cast<const char*>(view.data()), view.size()};
  }
  /// For values that can be read but make no sense.
  void fail() noexcept {
    ok_ = false;
    rest_ = {};
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }
  /// Nothing failed and nothing is left over.
  [[nodiscard]] bool complete() const noexcept { return ok_ && rest_.empty(); }

 private:
  template <std::unsigned_integral T>
  T get() noexcept {
    T value = 0;
    const auto source = bytes(sizeof value);
    if (!source.empty()) std::memcpy(&value, source.data(), sizeof value);
    return value;
  }

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace tt
