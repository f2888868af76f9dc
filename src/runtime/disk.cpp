// SPDX-License-Identifier: Apache-2.0
#include "runtime/disk.h"

#include <cerrno>

namespace tt::rt {

void DiskAwaiter::await_suspend(std::coroutine_handle<> waiter) noexcept {
  op_.waiter = waiter;
  disk_.submit(op_);
}

Result<void> DiskAwaiter::await_resume() const noexcept {
  if (op_.result == 0) return {};
  const auto detail = static_cast<std::uint64_t>(op_.result);
  if (op_.result == ENOSPC || op_.result == EDQUOT) return {Errc::media_full, detail};
  return {Errc::io_error, detail};
}

DiskAwaiter Disk::read(std::uint64_t offset, std::span<std::byte> into) noexcept {
  DiskOp op;
  op.kind = DiskOp::Kind::read;
  op.offset = offset;
  op.length = into.size();
  op.buffer = into.data();
  return {*this, op};
}

DiskAwaiter Disk::write(std::uint64_t offset, std::span<const std::byte> from, Durability durability) noexcept {
  DiskOp op;
  op.kind = DiskOp::Kind::write;
  op.durability = durability;
  op.offset = offset;
  op.length = from.size();
  op.buffer = const_cast<std::byte*>(from.data());
  return {*this, op};
}

DiskAwaiter Disk::flush() noexcept {
  return {*this, DiskOp{}};
}

DiskAwaiter Disk::allocate(std::uint64_t offset, std::uint64_t length) noexcept {
  DiskOp op;
  op.kind = DiskOp::Kind::allocate;
  op.offset = offset;
  op.length = length;
  return {*this, op};
}

DiskAwaiter Disk::discard(std::uint64_t offset, std::uint64_t length) noexcept {
  DiskOp op;
  op.kind = DiskOp::Kind::discard;
  op.offset = offset;
  op.length = length;
  return {*this, op};
}

}  // namespace tt::rt
