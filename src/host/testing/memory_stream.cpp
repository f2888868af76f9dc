// SPDX-License-Identifier: Apache-2.0
#include "host/testing/memory_stream.h"

#include <algorithm>

namespace tt::host_testing {

void Pipe::push(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  readable_.wake_one();
}

std::vector<std::byte> Pipe::take(std::size_t bytes) {
  const std::size_t count = std::min(bytes, size());
  const auto start = bytes_.begin() + static_cast<std::ptrdiff_t>(begin_);
  std::vector<std::byte> taken(start, start + static_cast<std::ptrdiff_t>(count));
  begin_ += count;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
  }
  writable_.wake_all();
  return taken;
}

void Pipe::close_write_end() {
  write_closed_ = true;
  readable_.wake_all();
  writable_.wake_all();
}

void Pipe::close_read_end() {
  read_closed_ = true;
  readable_.wake_all();
  writable_.wake_all();
}

rt::Task<Result<std::size_t>> Pipe::read_some(std::span<std::byte> into) {
  while (!read_closed_ && size() == 0 && !write_closed_) co_await readable_.wait();
  if (read_closed_ || size() == 0) co_return Errc::disconnected;
  const std::vector<std::byte> taken = take(std::min(into.size(), largest_read));
  std::copy(taken.begin(), taken.end(), into.begin());
  co_return taken.size();
}

rt::Task<Result<void>> Pipe::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    while (!read_closed_ && !write_closed_ && size() >= capacity) co_await writable_.wait();
    if (read_closed_ || write_closed_) co_return Errc::disconnected;
    const std::size_t count = std::min(bytes.size(), capacity - size());
    push(bytes.first(count));
    bytes = bytes.subspan(count);
  }
  co_return Result<void>();
}

rt::Task<Result<std::size_t>> MemoryStream::read_some(std::span<std::byte> into) {
  auto count = co_await in_->read_some(into);
  co_return count;
}

rt::Task<Result<void>> MemoryStream::write_all(std::span<iovec> pieces) {
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  out_->writes.push_back(total);
  for (const iovec& piece : pieces) {
    auto written = co_await out_->write({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
    if (!written) co_return written;
  }
  co_return Result<void>();
}

rt::Task<Result<std::unique_ptr<rt::ByteStream>>> MemoryListener::accept() {
  while (queue_.empty() && !closed_) co_await arrived_.wait();
  if (queue_.empty()) co_return Errc::cancelled;
  auto stream = std::move(queue_.front());
  queue_.erase(queue_.begin());
  co_return stream;
}

}  // namespace tt::host_testing
