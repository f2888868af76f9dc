// SPDX-License-Identifier: Apache-2.0
// Disks on io_uring. Every operation is its own submission, so any number of them are in flight on one descriptor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/blocking_pool.h"
#include "runtime/disk_file.h"
#include "runtime/uring_reactor.h"

namespace tt::rt {

class UringDisk final : public Disk, private UringTarget {
 public:
  /// The pool runs the only call that io_uring lacks: discarding on a block device.
  UringDisk(UringReactor& reactor, BlockingPool& pool, DiskFile file);
  /// No operation may be in flight.
  ~UringDisk() override;

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return file_.size_bytes; }
  [[nodiscard]] std::uint32_t block_bytes() const noexcept override { return file_.block_bytes; }
  void submit(DiskOp& op) noexcept override;

 private:
  struct DeviceDiscard;

  void prepare(void* op, io_uring_sqe& sqe) noexcept override;
  void complete(void* op, int result) noexcept override;
  /// True if the operation has to be submitted again for its remainder.
  bool continues(DiskOp& op, int moved) noexcept;
  void finish(DiskOp& op, int error) noexcept;
  void discard_in_pool(DiskOp& op);

  UringReactor& reactor_;
  BlockingPool& pool_;
  DiskFile file_;
  std::size_t in_flight_ = 0;
  std::vector<std::unique_ptr<DeviceDiscard>> discards_;
  std::vector<DeviceDiscard*> free_discards_;
};

class UringStorage final : public Storage {
 public:
  UringStorage(UringReactor& reactor, BlockingPool& pool, std::string directory, NoticeSink notice)
      : reactor_(reactor), pool_(pool), directory_(std::move(directory)), notice_(std::move(notice)) {}

  [[nodiscard]] bool exists(const std::string& name) override { return disk_file_exists(directory_, name); }
  Result<std::unique_ptr<Disk>> open(const std::string& name, OpenMode mode, std::uint64_t size_bytes) override;

 private:
  UringReactor& reactor_;
  BlockingPool& pool_;
  std::string directory_;
  NoticeSink notice_;
};

}  // namespace tt::rt
