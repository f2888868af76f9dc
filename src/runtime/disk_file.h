// SPDX-License-Identifier: Apache-2.0
// Opening a file or block device as a Disk: what both backends share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/unique_fd.h"

namespace tt::rt {

/// Where one-sentence remarks for the operator go.
using NoticeSink = std::function<void(const std::string&)>;

struct DiskFile {
  UniqueFd fd;
  std::uint64_t size_bytes = 0;
  std::uint32_t block_bytes = kDiskAlignment;
  bool direct = true;
  bool block_device = false;
};

/// Storage::open() for the files below `directory`. A file system that refuses direct I/O gets buffered I/O and a
/// notice. Errors: invalid_argument for a name that leaves the directory, object_not_found, media_full, io_error with
/// the errno.
Result<DiskFile> open_disk_file(const std::string& directory, const std::string& name, OpenMode mode,
                                std::uint64_t size_bytes, const NoticeSink& notice);

bool disk_file_exists(const std::string& directory, const std::string& name);

/// Whether the operation is one the contract of Disk allows: aligned and inside the disk. A misaligned one is a
/// programmer error and aborts; one outside the disk gets EINVAL as its result, 0 means go on.
int check_disk_op(const DiskOp& op, std::uint64_t size_bytes, std::uint32_t block_bytes) noexcept;

/// Sets op.length bytes at op.buffer to zero: what lies past the end of a file.
void fill_with_zeros(DiskOp& op) noexcept;
/// The operation did its first `bytes`; the rest remains.
void advance(DiskOp& op, std::uint64_t bytes) noexcept;

/// One system call moves at most this much; it is a multiple of every alignment.
inline constexpr std::uint64_t kMaxTransferBytes = 1U << 30U;

/// Gives back the space of a range of a block device (blocking). 0 or errno; a device that cannot is 0.
int discard_on_device(int fd, std::uint64_t offset, std::uint64_t length) noexcept;

}  // namespace tt::rt
