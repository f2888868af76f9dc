// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring_storage.h"

#include <fcntl.h>
#include <linux/falloc.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"

namespace tt::rt {

struct UringDisk::DeviceDiscard final : Job {
  explicit DeviceDiscard(UringDisk& owner) noexcept : Job(owner.reactor_), disk(owner) {}
  void run() noexcept override { error = discard_on_device(disk.file_.fd.get(), op->offset, op->length); }
  void finish() noexcept override {
    disk.free_discards_.push_back(this);
    disk.finish(*op, error);
  }
  UringDisk& disk;
  DiskOp* op = nullptr;
  int error = 0;
};

UringDisk::UringDisk(UringReactor& reactor, BlockingPool& pool, DiskFile file)
    : reactor_(reactor), pool_(pool), file_(std::move(file)) {}

UringDisk::~UringDisk() {
  TT_ASSERT(in_flight_ == 0);
}

void UringDisk::submit(DiskOp& op) noexcept {
  ++in_flight_;
  op.backend = static_cast<UringTarget*>(this);
  const int error = check_disk_op(op, file_.size_bytes, file_.block_bytes);
  const bool allocated_anyway = op.kind == DiskOp::Kind::allocate && file_.block_device;
  if (error != 0 || allocated_anyway || (op.kind != DiskOp::Kind::flush && op.length == 0)) {
    finish(op, error);
  } else if (op.kind == DiskOp::Kind::discard && file_.block_device) {
    discard_in_pool(op);
  } else {
    reactor_.start(op);
  }
}

void UringDisk::discard_in_pool(DiskOp& op) {
  if (free_discards_.empty()) {
    free_discards_.push_back(discards_.emplace_back(std::make_unique<DeviceDiscard>(*this)).get());
  }
  DeviceDiscard& job = *free_discards_.back();
  free_discards_.pop_back();
  job.op = &op;
  pool_.submit(job);
}

void UringDisk::prepare(void* opaque, io_uring_sqe& sqe) noexcept {
  const auto& op = *static_cast<DiskOp*>(opaque);
  const int fd = file_.fd.get();
  const auto bytes = static_cast<unsigned>(std::min(op.length, kMaxTransferBytes));
  switch (op.kind) {
    case DiskOp::Kind::read:
      io_uring_prep_read(&sqe, fd, op.buffer, bytes, op.offset);
      break;
    case DiskOp::Kind::write:
      io_uring_prep_write(&sqe, fd, op.buffer, bytes, op.offset);
      if (op.durability == Durability::durable) sqe.rw_flags = RWF_DSYNC;
      break;
    case DiskOp::Kind::flush:
      io_uring_prep_fsync(&sqe, fd, IORING_FSYNC_DATASYNC);
      break;
    case DiskOp::Kind::allocate:
      io_uring_prep_fallocate(&sqe, fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(op.offset),
                              static_cast<off_t>(op.length));
      break;
    case DiskOp::Kind::discard:
      io_uring_prep_fallocate(&sqe, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(op.offset),
                              static_cast<off_t>(op.length));
      break;
  }
}

void UringDisk::complete(void* opaque, int result) noexcept {
  auto& op = *static_cast<DiskOp*>(opaque);
  const bool transfer = op.kind == DiskOp::Kind::read || op.kind == DiskOp::Kind::write;
  if (result < 0) {
    // An interrupted transfer has not been tried; a flush is never tried twice, whatever its error says.
    if (transfer && (result == -EINTR || result == -EAGAIN)) {
      reactor_.start(op);
      return;
    }
    finish(op, op.kind == DiskOp::Kind::discard && result == -EOPNOTSUPP ? 0 : -result);
  } else if (transfer && continues(op, result)) {
    reactor_.start(op);
  } else {
    finish(op, op.kind == DiskOp::Kind::write && op.length != 0 ? EIO : 0);
  }
}

bool UringDisk::continues(DiskOp& op, int moved) noexcept {
  advance(op, static_cast<std::uint64_t>(moved));
  if (op.length == 0) return false;
  // Nothing or an odd piece: for a read that is the end of the file; a write that makes no progress fails.
  if (moved != 0 && static_cast<unsigned>(moved) % file_.block_bytes == 0) return true;
  if (op.kind == DiskOp::Kind::read) {
    fill_with_zeros(op);
    op.length = 0;
  }
  return false;
}

void UringDisk::finish(DiskOp& op, int error) noexcept {
  --in_flight_;
  op.result = error;
  reactor_.post(op.waiter);
}

Result<std::unique_ptr<Disk>> UringStorage::open(const std::string& name, OpenMode mode, std::uint64_t size_bytes) {
  TT_TRY(DiskFile file, open_disk_file(directory_, name, mode, size_bytes, notice_));
  return std::unique_ptr<Disk>(std::make_unique<UringDisk>(reactor_, pool_, std::move(file)));
}

}  // namespace tt::rt
