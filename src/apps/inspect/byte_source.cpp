// SPDX-License-Identifier: Apache-2.0
#include "apps/inspect/byte_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tt::inspect {
namespace {

constexpr std::uint64_t kPage = 4096;

}  // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {Errc::io_error, static_cast<std::uint64_t>(errno)};
  const off_t end = ::lseek(fd, 0, SEEK_END);  // also right for block devices
  if (end < 0) {
    const auto cause = static_cast<std::uint64_t>(errno);
    ::close(fd);
    return {Errc::io_error, cause};
  }
  return std::unique_ptr<ByteSource>(new ByteSource(path, fd, static_cast<std::uint64_t>(end)));
}

ByteSource::~ByteSource() {
  ::close(fd_);
}

bool ByteSource::read_exactly(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty() && offset < size_) {
    const ssize_t count = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    offset += static_cast<std::uint64_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

std::vector<std::byte> ByteSource::read(std::uint64_t offset, std::uint64_t length) {
  std::vector<std::byte> bytes(length);
  if (read_exactly(offset, bytes)) return bytes;
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  for (std::uint64_t at = 0; at < length; at += kPage) {
    const auto page = std::span(bytes).subspan(at, std::min(kPage, length - at));
    if (!read_exactly(offset + at, page)) unreadable_.insert(offset + at);
  }
  return bytes;
}

}  // namespace tt::inspect
