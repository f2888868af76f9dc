// SPDX-License-Identifier: Apache-2.0
// Direct I/O on one file or block device, bound to one reactor. Any number of operations may be in flight. Buffers,
// offsets and lengths are multiples of block_bytes() and buffers are aligned to it (kDiskAlignment always suffices).
//
// Durability: a completed write is durable only after a later flush() succeeded, or at once if it carried
// Durability::durable. A failed write or flush is never retried by this layer.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace tt::rt {

inline constexpr std::size_t kDiskAlignment = 4096;

enum class Durability : std::uint8_t { cached, durable };

/// One operation; lives in the frame of the coroutine that awaits it. `result` is 0 or a positive errno.
struct DiskOp {
  enum class Kind : std::uint8_t { read, write, flush, allocate, discard };
  Kind kind = Kind::flush;
  Durability durability = Durability::cached;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;     ///< Bytes; equals the buffer's size for read and write.
  std::byte* buffer = nullptr;  ///< Not written to by Kind::write.
  int result = 0;
  std::coroutine_handle<> waiter;
  DiskOp* next = nullptr;  ///< For the backend's queues.
  void* backend = nullptr;
};

class Disk;

class DiskAwaiter {
 public:
  DiskAwaiter(Disk& disk, DiskOp op) noexcept : disk_(disk), op_(op) {}
  DiskAwaiter(const DiskAwaiter&) = delete;
  DiskAwaiter& operator=(const DiskAwaiter&) = delete;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  /// io_error with the errno as detail; media_full for ENOSPC and EDQUOT.
  Result<void> await_resume() const noexcept;

 private:
  Disk& disk_;
  DiskOp op_;
};

class Disk {
 public:
  virtual ~Disk() = default;

  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;
  /// The smallest unit that the medium writes at once (512 or 4096): after a crash such a unit is old or new.
  [[nodiscard]] virtual std::uint32_t block_bytes() const noexcept = 0;

  /// Reads the whole buffer; a read past the end of a file that is shorter than size_bytes() yields zeros.
  DiskAwaiter read(std::uint64_t offset, std::span<std::byte> into) noexcept;
  DiskAwaiter write(std::uint64_t offset, std::span<const std::byte> from,
                    Durability durability = Durability::cached) noexcept;
  DiskAwaiter flush() noexcept;
  /// Makes sure that later writes to the range cannot fail for lack of space. Content stays as it is.
  DiskAwaiter allocate(std::uint64_t offset, std::uint64_t length) noexcept;
  /// Gives space back; the range reads as anything afterwards. May do nothing.
  DiskAwaiter discard(std::uint64_t offset, std::uint64_t length) noexcept;

  /// Backend entry point. Never resumes the waiter inline.
  virtual void submit(DiskOp& op) noexcept = 0;
};

enum class OpenMode : std::uint8_t { must_exist, create };

/// The files and devices an image lives on. Names are paths relative to the image's directory or absolute paths of
/// block devices. Opening is a start-up or configuration matter and may block.
class Storage {
 public:
  virtual ~Storage() = default;
  [[nodiscard]] virtual bool exists(const std::string& name) = 0;
  /// `create` makes a file of size_bytes (sparse) and makes its directory entry durable; an existing file is kept and
  /// grown if shorter. must_exist ignores size_bytes. Several reactors may open the same name.
  virtual Result<std::unique_ptr<Disk>> open(const std::string& name, OpenMode mode, std::uint64_t size_bytes) = 0;
};

}  // namespace tt::rt
