// SPDX-License-Identifier: Apache-2.0
#include "runtime/disk_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tt::rt {
namespace {

namespace fs = std::filesystem;

Error error_from(int error) {
  const auto detail = static_cast<std::uint64_t>(error);
  switch (error) {
    case ENOENT:
      return {Errc::object_not_found, detail};
    case ENOSPC:
    case EDQUOT:
      return {Errc::media_full, detail};
    case EBUSY:
      return {Errc::busy, detail};
    default:
      return {Errc::io_error, detail};
  }
}

/// Relative names stay below the directory; absolute ones are taken as they are.
Result<fs::path> resolve(const std::string& directory, const std::string& name) {
  const fs::path relative(name);
  if (relative.empty()) return {Errc::invalid_argument};
  if (relative.is_absolute()) return relative;
  for (const auto& part : relative) {
    if (part == ".." || part == ".") return {Errc::invalid_argument};
  }
  return fs::path(directory) / relative;
}

Result<void> sync_directory(const fs::path& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return error_from(errno);
  return {};
}

/// Makes the missing directories above `path`, each durable in its parent.
Result<void> make_parents(const fs::path& path) {
  const fs::path parent = path.parent_path();
  if (parent.empty() || fs::exists(parent)) return {};
  TT_CHECK(make_parents(parent));
  if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) return error_from(errno);
  return sync_directory(parent.has_parent_path() ? parent.parent_path() : fs::path("."));
}

struct OpenedFd {
  UniqueFd fd;
  bool direct = true;
};

Result<OpenedFd> open_direct_or_buffered(const fs::path& path, int flags, const NoticeSink& notice) {
  constexpr mode_t kMode = 0600;
  OpenedFd opened{UniqueFd(::open(path.c_str(), flags | O_DIRECT, kMode)), true};
  if (opened.fd) return opened;
  if (errno != EINVAL) return error_from(errno);
  opened = {UniqueFd(::open(path.c_str(), flags, kMode)), false};
  if (!opened.fd) return error_from(errno);
  if (notice) {
    notice(path.string() + ": the file system refuses direct I/O; using the page cache, which costs speed and memory");
  }
  return opened;
}

/// The logical block size of the device a file lies on, from sysfs; 0 if unknown.
std::uint32_t block_bytes_of_device(dev_t device) {
  const std::string base = "/sys/dev/block/" + std::to_string(major(device)) + ":" + std::to_string(minor(device));
  for (const char* queue : {"/queue/logical_block_size", "/../queue/logical_block_size"}) {
    std::ifstream file(base + queue);
    std::uint32_t bytes = 0;
    if (file >> bytes) return bytes;
  }
  return 0;
}

std::uint32_t block_bytes_of_file(int fd, bool direct) {
  std::uint32_t bytes = 0;
#ifdef STATX_DIOALIGN
  struct statx info{};
  if (direct && ::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) == 0 && (info.stx_mask & STATX_DIOALIGN) != 0) {
    bytes = std::max(info.stx_dio_offset_align, info.stx_dio_mem_align);
  }
#endif
  struct stat status{};
  if (bytes == 0 && direct && ::fstat(fd, &status) == 0) bytes = block_bytes_of_device(status.st_dev);
  if (bytes == 0) bytes = direct ? kDiskAlignment : 512;
  // Anything above would need buffers that kDiskAlignment does not promise.
  return std::clamp<std::uint32_t>(bytes, 512, kDiskAlignment);
}

Result<void> describe_device(DiskFile& file) {
  int logical = 0;
  if (::ioctl(file.fd.get(), BLKGETSIZE64, &file.size_bytes) != 0 || ::ioctl(file.fd.get(), BLKSSZGET, &logical) != 0) {
    return error_from(errno);
  }
  if (logical < 512 || logical > static_cast<int>(kDiskAlignment)) return {Errc::io_error, EINVAL};
  file.block_bytes = static_cast<std::uint32_t>(logical);
  return {};
}

/// Grows a file that shall be larger and makes its content and directory entry durable.
Result<void> settle_created_file(DiskFile& file, const fs::path& path, std::uint64_t size_bytes) {
  if (file.size_bytes < size_bytes) {
    if (::ftruncate(file.fd.get(), static_cast<off_t>(size_bytes)) != 0) return error_from(errno);
    file.size_bytes = size_bytes;
  }
  if (::fsync(file.fd.get()) != 0) return error_from(errno);
  return sync_directory(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace

Result<DiskFile> open_disk_file(const std::string& directory, const std::string& name, OpenMode mode,
                                std::uint64_t size_bytes, const NoticeSink& notice) {
  TT_TRY(const fs::path path, resolve(directory, name));
  int flags = O_RDWR | O_CLOEXEC;
  if (mode == OpenMode::create) {
    TT_CHECK(make_parents(path));
    flags |= O_CREAT;
  }
  TT_TRY(OpenedFd opened, open_direct_or_buffered(path, flags, notice));

  DiskFile file;
  file.fd = std::move(opened.fd);
  file.direct = opened.direct;
  struct stat status{};
  if (::fstat(file.fd.get(), &status) != 0) return error_from(errno);
  if (S_ISBLK(status.st_mode)) {
    file.block_device = true;
    TT_CHECK(describe_device(file));
    return file;
  }
  if (!S_ISREG(status.st_mode)) return {Errc::invalid_argument};
  file.size_bytes = static_cast<std::uint64_t>(status.st_size);
  file.block_bytes = block_bytes_of_file(file.fd.get(), file.direct);
  if (mode == OpenMode::create) TT_CHECK(settle_created_file(file, path, size_bytes));
  return file;
}

bool disk_file_exists(const std::string& directory, const std::string& name) {
  auto path = resolve(directory, name);
  struct stat status{};
  return path && ::stat(path->c_str(), &status) == 0;
}

int check_disk_op(const DiskOp& op, std::uint64_t size_bytes, std::uint32_t block_bytes) noexcept {
  if (op.kind == DiskOp::Kind::flush) return 0;
  const std::uint64_t places = op.offset | op.length | reinterpret_cast<std::uintptr_t>(op.buffer);
  TT_ASSERT(places % block_bytes == 0);
  return op.offset <= size_bytes && op.length <= size_bytes - op.offset ? 0 : EINVAL;
}

void fill_with_zeros(DiskOp& op) noexcept {
  std::memset(op.buffer, 0, op.length);
}

void advance(DiskOp& op, std::uint64_t bytes) noexcept {
  op.offset += bytes;
  op.buffer += bytes;
  op.length -= bytes;
}

int discard_on_device(int fd, std::uint64_t offset, std::uint64_t length) noexcept {
  std::uint64_t range[2] = {offset, length};
  if (::ioctl(fd, BLKDISCARD, range) == 0 || errno == EOPNOTSUPP) return 0;
  return errno;
}

}  // namespace tt::rt
