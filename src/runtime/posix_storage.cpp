// SPDX-License-Identifier: Apache-2.0
#include "runtime/posix_storage.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"

namespace tt::rt {
namespace {

/// 0 or errno.
int read_fully(const DiskFile& file, DiskOp& op) noexcept {
  while (op.length != 0) {
    const ssize_t moved =
        ::pread(file.fd.get(), op.buffer, std::min(op.length, kMaxTransferBytes), static_cast<off_t>(op.offset));
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return errno;
    advance(op, static_cast<std::uint64_t>(moved));
    // Nothing or an odd piece is the end of the file.
    if (moved == 0 || static_cast<std::uint64_t>(moved) % file.block_bytes != 0) {
      fill_with_zeros(op);
      return 0;
    }
  }
  return 0;
}

int write_fully(const DiskFile& file, DiskOp& op) noexcept {
  const int flags = op.durability == Durability::durable ? RWF_DSYNC : 0;
  while (op.length != 0) {
    const iovec piece{op.buffer, std::min(op.length, kMaxTransferBytes)};
    const ssize_t moved = ::pwritev2(file.fd.get(), &piece, 1, static_cast<off_t>(op.offset), flags);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return errno;
    if (moved == 0) return EIO;
    advance(op, static_cast<std::uint64_t>(moved));
  }
  return 0;
}

int change_allocation(const DiskFile& file, const DiskOp& op, int mode) noexcept {
  const int result = ::fallocate(file.fd.get(), mode | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(op.offset),
                                 static_cast<off_t>(op.length));
  return result == 0 ? 0 : errno;
}

int perform(const DiskFile& file, DiskOp& op) noexcept {
  switch (op.kind) {
    case DiskOp::Kind::read:
      return read_fully(file, op);
    case DiskOp::Kind::write:
      return write_fully(file, op);
    case DiskOp::Kind::flush:
      return ::fdatasync(file.fd.get()) == 0 ? 0 : errno;
    case DiskOp::Kind::allocate:
      return file.block_device ? 0 : change_allocation(file, op, 0);
    case DiskOp::Kind::discard: {
      if (file.block_device) return discard_on_device(file.fd.get(), op.offset, op.length);
      const int error = change_allocation(file, op, FALLOC_FL_PUNCH_HOLE);
      return error == EOPNOTSUPP ? 0 : error;
    }
  }
  return EINVAL;
}

}  // namespace

struct PosixDisk::DiskJob final : Job {
  explicit DiskJob(PosixDisk& owner) noexcept : Job(owner.reactor_), disk(owner) {}
  void run() noexcept override { error = perform(disk.file_, *op); }
  void finish() noexcept override {
    disk.free_jobs_.push_back(this);
    disk.finish(*op, error);
  }
  PosixDisk& disk;
  DiskOp* op = nullptr;
  int error = 0;
};

PosixDisk::PosixDisk(LoopReactor& reactor, BlockingPool& pool, DiskFile file)
    : reactor_(reactor), pool_(pool), file_(std::move(file)) {}

PosixDisk::~PosixDisk() {
  TT_ASSERT(in_flight_ == 0);
}

void PosixDisk::submit(DiskOp& op) noexcept {
  ++in_flight_;
  const int error = check_disk_op(op, file_.size_bytes, file_.block_bytes);
  if (error != 0 || (op.kind != DiskOp::Kind::flush && op.length == 0)) {
    finish(op, error);
    return;
  }
  if (free_jobs_.empty()) free_jobs_.push_back(jobs_.emplace_back(std::make_unique<DiskJob>(*this)).get());
  DiskJob& job = *free_jobs_.back();
  free_jobs_.pop_back();
  job.op = &op;
  pool_.submit(job);
}

void PosixDisk::finish(DiskOp& op, int error) noexcept {
  --in_flight_;
  op.result = error;
  reactor_.post(op.waiter);
}

Result<std::unique_ptr<Disk>> PosixStorage::open(const std::string& name, OpenMode mode, std::uint64_t size_bytes) {
  TT_TRY(DiskFile file, open_disk_file(directory_, name, mode, size_bytes, notice_));
  return std::unique_ptr<Disk>(std::make_unique<PosixDisk>(reactor_, pool_, std::move(file)));
}

}  // namespace tt::rt
