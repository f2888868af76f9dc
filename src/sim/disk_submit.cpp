// SPDX-License-Identifier: Apache-2.0
// The submitting half of SimFile: what is checked, what the fault plan decides, when it will complete.
#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "base/crc32c.h"
#include "sim/disk.h"
#include "sim/sparse_crc.h"

namespace tt::sim {
namespace {

void check_shape(const rt::DiskOp& op, std::uint32_t block_bytes, std::uint64_t size_bytes) {
  using Kind = rt::DiskOp::Kind;
  if (op.kind == Kind::flush) return;
  TT_ASSERT(op.offset % block_bytes == 0 && op.length % block_bytes == 0);
  TT_ASSERT(op.length > 0 && op.offset + op.length <= size_bytes);
  if (op.kind == Kind::read || op.kind == Kind::write) {
    TT_ASSERT(reinterpret_cast<std::uintptr_t>(op.buffer) % block_bytes == 0);
  }
}

std::uint64_t pack(std::uint64_t length, std::uint32_t crc) {
  return (length << 32U) ^ crc;
}

}  // namespace

void SimFile::submit(rt::DiskOp& op, SimReactor& reactor) {
  if (!reactor.alive()) return;
  check_shape(op, options().block_bytes, size_bytes_);
  op.result = 0;
  Pending pending;
  pending.op = &op;
  pending.reactor = &reactor;
  pending.id = next_id_++;
  pending.submitted_at = ++clock_;
  if (op.kind == rt::DiskOp::Kind::write) prepare_write(pending);
  note_submit(pending);

  pending.verdict = world().faults().decide({op.kind, id_, &full_name_}, world().random());
  switch (pending.verdict.kind) {
    case FaultKind::crash_before:
      return world().request_crash(machine());
    case FaultKind::crash_after:
      take_effect_at_once(pending);
      return world().request_crash(machine());
    case FaultKind::torn_crash:
      if (pending.write != nullptr) pending.write->fate = WriteRecord::Fate::each_unit;
      world().request_crash(machine());
      break;
    case FaultKind::slow:
      slow_until_ = world().now() + pending.verdict.slow_for;
      slow_factor_ = pending.verdict.slow_factor;
      break;
    default:
      break;
  }

  if (op.kind == rt::DiskOp::Kind::read) {
    const std::uint64_t draw = world().random().below(3);
    pending.sample_late = draw != 0;
    pending.sample_mixed = draw == 1;
    if (draw != 2) sample(pending, /*mixed=*/false);
  } else if (op.kind == rt::DiskOp::Kind::flush) {
    ++flushes_in_flight_;
    pending.forced_result = std::exchange(late_error_, 0);
  }
  world().schedule(world().now() + draw_latency(op.kind), *this, pending.id);
  pending_.push_back(std::move(pending));
}

void SimFile::prepare_write(Pending& pending) {
  const rt::DiskOp& op = *pending.op;
  pending.write = std::make_shared<WriteRecord>();
  pending.write->id = pending.id;
  pending.write->offset = op.offset;
  pending.write->take({op.buffer, op.length});
  const std::span<const std::byte> bytes = pending.write->bytes;
  pending.crc = pending.write->zeros() ? crc_of_zeros(0, bytes.size()) : crc32c(0, bytes);
}

void SimFile::take_effect_at_once(Pending& pending) {
  switch (pending.op->kind) {
    case rt::DiskOp::Kind::write:
      land_all(pending);
      pending.write->completed_at = ++clock_;
      pending.write->fate = WriteRecord::Fate::kept;
      if (pending.op->durability == rt::Durability::durable) medium_.harden(pending.write);
      break;
    case rt::DiskOp::Kind::flush:
      medium_.flush(pending.submitted_at);
      break;
    case rt::DiskOp::Kind::allocate:
      finish_allocate(pending);
      break;
    case rt::DiskOp::Kind::discard:
      finish_discard(pending);
      break;
    case rt::DiskOp::Kind::read:
      break;
  }
}

void SimFile::note_submit(const Pending& pending) {
  const rt::DiskOp& op = *pending.op;
  const std::uint64_t what = static_cast<std::uint64_t>(op.kind) | (static_cast<std::uint64_t>(op.durability) << 8U);
  world().note(TraceKind::disk_submit, id_, what, op.offset, pack(op.length, pending.crc));
  if (!world().observed()) return;
  DiskEvent event;
  event.file = id_;
  event.file_name = &name_;
  event.operation = pending.id;
  event.kind = op.kind;
  event.durability = op.durability;
  event.offset = op.offset;
  event.length = op.length;
  if (pending.write != nullptr) event.data = pending.write->bytes;
  event.time = world().now();
  world().notify(event);
}

rt::TimeNs SimFile::draw_latency(rt::DiskOp::Kind kind) {
  Latency range = options().write;
  if (kind == rt::DiskOp::Kind::read) range = options().read;
  if (kind == rt::DiskOp::Kind::flush) range = options().flush;
  Random& random = world().random();
  const auto spread = static_cast<std::uint64_t>(std::max<rt::TimeNs>(range.max - range.min, 0));
  rt::TimeNs latency = range.min + static_cast<rt::TimeNs>(random.below(spread + 1));
  if (random.chance(options().tail_per_mille, 1000)) latency *= options().tail_factor;
  if (world().now() < slow_until_) latency *= slow_factor_;
  return latency;
}

}  // namespace tt::sim
