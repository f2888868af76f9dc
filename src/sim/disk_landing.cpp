// SPDX-License-Identifier: Apache-2.0
// How the units of writes in flight reach the medium: at completion, early because a read looked, or in a crash.
#include <algorithm>

#include "base/assert.h"
#include "sim/disk.h"

namespace tt::sim {
namespace {

constexpr std::uint64_t kChunk = Medium::kChunkBytes;

bool overlap(std::uint64_t a_begin, std::uint64_t a_end, std::uint64_t b_begin, std::uint64_t b_end) {
  return a_begin < b_end && b_begin < a_end;
}

/// A write in flight with this fault puts its bytes where they belong, sooner or later or in part.
bool reaches_medium(FaultKind fault) {
  return fault == FaultKind::none || fault == FaultKind::torn_crash || fault == FaultKind::io_error ||
         fault == FaultKind::slow || fault == FaultKind::latent_error;
}

}  // namespace

/// Each atomic unit of a chunk with probability one half.
Medium::Mask SimFile::random_units() {
  const std::uint64_t draw = world().random().next();
  if (options().block_bytes == Medium::kChunkBytes) return (draw & 1U) != 0 ? 0xFF : 0;
  return static_cast<Medium::Mask>(draw >> 56U);
}

/// Lands those of the sectors that belong to the write and have not landed yet.
void SimFile::land(Pending& pending, std::uint64_t chunk, Medium::Mask mask) {
  const WriteRecord& write = *pending.write;
  const std::uint64_t first = write.offset / kChunk;
  const std::uint64_t count = (write.end() - 1) / kChunk - first + 1;
  if (pending.landed.empty()) pending.landed.resize(count, 0);
  Medium::Mask& landed = pending.landed[chunk - first];
  const Medium::Mask covered = Medium::sectors_of(chunk, write.offset, write.end());
  mask = static_cast<Medium::Mask>(mask & covered & ~landed);
  if (mask == 0) return;
  landed |= mask;
  medium_.land(pending.write, chunk, mask);
  if (flushes_in_flight_ == 0) medium_.compact(chunk);
  if (unreadable_.empty()) return;
  const std::uint64_t unit = options().block_bytes;
  for (std::uint32_t sector = 0; sector < Medium::kSectorsPerChunk; ++sector) {
    if ((mask & (1U << sector)) != 0)
      unreadable_.erase((chunk * kChunk + std::uint64_t{sector} * kBlockBytes) / unit * unit);
  }
}

void SimFile::land_all(Pending& pending) {
  const WriteRecord& write = *pending.write;
  for (std::uint64_t chunk = write.offset / kChunk; chunk * kChunk < write.end(); ++chunk) land(pending, chunk, 0xFF);
}

/// Lands all, none, or a random choice of the units in the range.
void SimFile::land_some(Pending& pending, std::uint64_t offset, std::uint64_t end) {
  const std::uint64_t draw = world().random().below(3);
  if (draw == 0) return;
  const std::uint64_t from = std::max(offset, pending.write->offset);
  const std::uint64_t to = std::min(end, pending.write->end());
  for (std::uint64_t chunk = from / kChunk; chunk * kChunk < to; ++chunk) {
    const Medium::Mask units = draw == 1 ? random_units() : Medium::Mask{0xFF};
    land(pending, chunk, static_cast<Medium::Mask>(units & Medium::sectors_of(chunk, from, to)));
  }
}

/// Before a write lands, writes still in flight over the same range may have landed: then they lose.
void SimFile::land_rivals(const Pending& winner) {
  for (Pending& rival : pending_) {
    if (rival.write == nullptr || !reaches_medium(rival.verdict.kind)) continue;
    if (!overlap(rival.write->offset, rival.write->end(), winner.write->offset, winner.write->end())) continue;
    land_some(rival, winner.write->offset, winner.write->end());
  }
}

/// Lets a read see the medium as it is now; units of writes in flight may be seen, and then stay.
void SimFile::sample(const Pending& read, bool mixed) {
  const std::uint64_t offset = read.op->offset;
  const std::uint64_t length = read.op->length;
  for (Pending& write : pending_) {
    if (write.write == nullptr || !reaches_medium(write.verdict.kind)) continue;
    if (overlap(write.write->offset, write.write->end(), offset, offset + length)) {
      land_some(write, offset, offset + length);
    }
  }
  if (!mixed) return medium_.read(offset, {read.op->buffer, length});
  const std::uint64_t unit = options().block_bytes;
  for (std::uint64_t at = 0; at < length; at += unit) {
    // What is blank was seen by the sample before this one.
    if (world().random().chance(1, 2) && !medium_.is_blank((offset + at) / kChunk))
      medium_.read(offset + at, {read.op->buffer + at, unit});
  }
}

void SimFile::crash(CrashKind kind) {
  Random& random = world().random();
  std::vector<Pending> pending = std::move(pending_);
  pending_.clear();
  flushes_in_flight_ = 0;
  // Which of two overlapping writes in flight lands last is not defined either.
  for (std::size_t i = pending.size(); i > 1; --i) std::swap(pending[i - 1], pending[random.below(i)]);
  for (Pending& one : pending) {
    if (one.write != nullptr) {
      crash_write(one, kind);
    } else if (one.op->kind == rt::DiskOp::Kind::discard && random.chance(1, 2)) {
      finish_discard(one);
    } else if (one.op->kind == rt::DiskOp::Kind::allocate && random.chance(1, 2)) {
      finish_allocate(one);
    }
  }
  if (kind == CrashKind::power) {
    late_error_ = 0;
    medium_.lose_power(options().crash, random, [&](const WriteRecord& write, std::uint64_t offset, bool kept) {
      world().note(TraceKind::crash_unit, id_, write.id, offset, kept ? 1 : 0);
    });
  }
  if (!world().observed()) return;
  DiskEvent event;
  event.phase = DiskEvent::Phase::crash;
  event.file = id_;
  event.file_name = &name_;
  event.time = world().now();
  world().notify(event);
}

void SimFile::crash_write(Pending& pending, CrashKind kind) {
  if (!reaches_medium(pending.verdict.kind)) return;
  if (!reserve(pending.write->offset, pending.write->bytes.size())) return;
  if (kind == CrashKind::power) {
    land_all(pending);  // Medium::lose_power decides which of the units stay
  } else {
    land_some(pending, pending.write->offset, pending.write->end());
    pending.write->completed_at = ++clock_;
  }
}

}  // namespace tt::sim
