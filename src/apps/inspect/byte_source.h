// SPDX-License-Identifier: Apache-2.0
// A file of a stopped image, read tolerantly: what the disk refuses reads as zeros and is remembered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace tt::inspect {

class ByteSource {
 public:
  /// io_error with the errno.
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path);
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ~ByteSource();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Exactly `length` bytes; zeros past the end and where the disk refuses.
  std::vector<std::byte> read(std::uint64_t offset, std::uint64_t length);
  /// Offsets of the 4 KiB pages that could not be read.
  [[nodiscard]] const std::set<std::uint64_t>& unreadable() const noexcept { return unreadable_; }

 private:
  ByteSource(std::string path, int fd, std::uint64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}
  bool read_exactly(std::uint64_t offset, std::span<std::byte> into) const;

  std::string path_;
  int fd_;
  std::uint64_t size_;
  std::set<std::uint64_t> unreadable_;
};

}  // namespace tt::inspect
