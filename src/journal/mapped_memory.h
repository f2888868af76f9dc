// SPDX-License-Identifier: Apache-2.0
// Anonymous page-aligned memory that costs nothing until it is touched.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace tt::journal {

class MappedMemory {
 public:
  MappedMemory() noexcept = default;
  /// Zeros; empty if the address space is exhausted.
  static MappedMemory map(std::size_t bytes) noexcept;
  MappedMemory(MappedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedMemory& operator=(MappedMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedMemory();

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<std::byte> span(std::size_t offset, std::size_t length) const noexcept {
    return {data_ + offset, length};
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tt::journal
