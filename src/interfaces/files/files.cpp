// SPDX-License-Identifier: Apache-2.0
#include "interfaces/files/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tt::files {

namespace {

Error errno_error() {
  return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return Errc::object_not_found;
    return errno_error();
  }
  std::string content;
  char bytes[65536];
  while (true) {
    const ssize_t count = ::read(file.get(), bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error();
    if (count == 0) return content;
    content.append(bytes, static_cast<std::size_t>(count));
  }
}

Result<void> write_private_file(const std::string& path, std::string_view content, unsigned mode) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (::mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST) return errno_error();
  }
  const std::string fresh = path + ".new";
  {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0 || ::fchmod(file.get(), mode) != 0) return errno_error();
    while (!content.empty()) {
      const ssize_t written = ::write(file.get(), content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno_error();
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return errno_error();
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return errno_error();
  return {};
}

std::string describe(Error error) {
  if (error.code == Errc::object_not_found) return std::strerror(ENOENT);
  return error.detail == 0 ? name_of(error.code) : std::strerror(static_cast<int>(error.detail));
}

}  // namespace tt::files
