// SPDX-License-Identifier: Apache-2.0
// Many small pieces of a file at once: neighbours are joined into larger transfers through aligned buffers, several of
// which are in flight. One batch at a time; one reactor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "journal/mapped_memory.h"
#include "runtime/disk.h"
#include "runtime/scope.h"
#include "runtime/task.h"

namespace tt::journal {

class BatchIo {
 public:
  static constexpr std::uint32_t kPieceUnit = 4096;

  /// `offset` is a multiple of kPieceUnit. The last unit of a piece is padded with zeros when written; what a read
  /// finds there is dropped. Pieces do not overlap.
  struct WritePiece {
    std::uint64_t offset = 0;
    std::span<const std::byte> bytes;
  };
  struct ReadPiece {
    std::uint64_t offset = 0;
    std::span<std::byte> bytes;
  };

  BatchIo(rt::Reactor& reactor, rt::Disk& disk) noexcept : disk_(disk), workers_(reactor) {}
  /// A batch is only still under way when the simulated machine crashed.
  ~BatchIo() { workers_.kill(); }

  /// The bytes of the pieces must outlive the task. After the first error no further transfer starts; the error is
  /// given when none is in flight any more.
  rt::Task<Result<void>> write(std::vector<WritePiece> pieces);
  rt::Task<Result<void>> read(std::vector<ReadPiece> pieces);

 private:
  struct Transfer {
    std::uint64_t offset = 0;
    std::span<const std::byte> source;  ///< When writing.
    std::span<std::byte> target;        ///< When reading.
    [[nodiscard]] std::size_t size() const noexcept { return source.size() + target.size(); }
  };
  void add(Transfer whole);
  rt::Task<Result<void>> run_all();
  rt::Task<void> run_worker(std::size_t worker);
  std::size_t pick(std::size_t& count) noexcept;
  rt::Task<Result<void>> transfer(std::size_t first, std::size_t count, std::span<std::byte> buffer);

  rt::Disk& disk_;
  rt::Scope workers_;
  MappedMemory buffers_;
  std::vector<Transfer> transfers_;  // sorted by offset, none longer than a buffer
  std::size_t next_ = 0;
  Result<void> outcome_;
};

}  // namespace tt::journal
