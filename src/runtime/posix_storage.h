// SPDX-License-Identifier: Apache-2.0
// Disks by pread and pwrite on the threads of a pool; as many operations are in flight as the pool has threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/blocking_pool.h"
#include "runtime/disk_file.h"

namespace tt::rt {

class PosixDisk final : public Disk {
 public:
  PosixDisk(LoopReactor& reactor, BlockingPool& pool, DiskFile file);
  /// No operation may be in flight.
  ~PosixDisk() override;

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return file_.size_bytes; }
  [[nodiscard]] std::uint32_t block_bytes() const noexcept override { return file_.block_bytes; }
  void submit(DiskOp& op) noexcept override;

 private:
  struct DiskJob;
  void finish(DiskOp& op, int error) noexcept;

  LoopReactor& reactor_;
  BlockingPool& pool_;
  DiskFile file_;
  std::size_t in_flight_ = 0;
  std::vector<std::unique_ptr<DiskJob>> jobs_;  ///< Reused: their number is the largest depth seen.
  std::vector<DiskJob*> free_jobs_;
};

class PosixStorage final : public Storage {
 public:
  PosixStorage(LoopReactor& reactor, BlockingPool& pool, std::string directory, NoticeSink notice)
      : reactor_(reactor), pool_(pool), directory_(std::move(directory)), notice_(std::move(notice)) {}

  [[nodiscard]] bool exists(const std::string& name) override { return disk_file_exists(directory_, name); }
  Result<std::unique_ptr<Disk>> open(const std::string& name, OpenMode mode, std::uint64_t size_bytes) override;

 private:
  LoopReactor& reactor_;
  BlockingPool& pool_;
  std::string directory_;
  NoticeSink notice_;
};

}  // namespace tt::rt
