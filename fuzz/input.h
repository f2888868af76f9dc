// SPDX-License-Identifier: Apache-2.0
// The fuzzer's bytes as a source of decisions: 0 when they have come to an end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tt::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  template <class T>
  T number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{byte()} << (8 * i);
    return static_cast<T>(value);
  }
  std::uint64_t below(std::uint64_t bound) { return number<std::uint32_t>() % bound; }
  std::span<const std::byte> rest() { return std::as_bytes(bytes_); }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace tt::fuzz
