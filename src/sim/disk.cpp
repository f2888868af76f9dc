// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "base/crc32c.h"
#include "sim/sparse_crc.h"

namespace tt::sim {

class SimDisk final : public rt::Disk {
 public:
  SimDisk(SimFile& file, SimReactor& reactor) : file_(file), reactor_(reactor) {}
  /// Like every rt::Disk: nothing may be in flight, unless the machine has crashed.
  ~SimDisk() override { TT_ASSERT(!reactor_.alive() || !file_.is_used_by(this)); }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return file_.size_bytes(); }
  [[nodiscard]] std::uint32_t block_bytes() const noexcept override { return file_.options().block_bytes; }
  void submit(rt::DiskOp& op) noexcept override {
    op.backend = this;
    file_.submit(op, reactor_);
  }

 private:
  SimFile& file_;
  SimReactor& reactor_;
};

class MountedStorage final : public rt::Storage {
 public:
  MountedStorage(SimStorage& storage, SimReactor& reactor) : storage_(storage), reactor_(reactor) {}
  [[nodiscard]] bool exists(const std::string& name) override { return storage_.file(name) != nullptr; }
  Result<std::unique_ptr<rt::Disk>> open(const std::string& name, rt::OpenMode mode,
                                         std::uint64_t size_bytes) override {
    TT_TRY(SimFile * file, storage_.open(name, mode, size_bytes));
    return std::unique_ptr<rt::Disk>(std::make_unique<SimDisk>(*file, reactor_));
  }

 private:
  SimStorage& storage_;
  SimReactor& reactor_;
};

SimStorage::SimStorage(World& world, StorageOptions options) : world_(world), options_(options) {
  TT_ASSERT(options.block_bytes == 512 || options.block_bytes == 4096);
  world_.add_participant(*this);
}

SimStorage::~SimStorage() {
  std::vector<EventSink*> sinks;
  for (const auto& [name, file] : files_) sinks.push_back(file.get());
  world_.remove_participant(
      *this, [&](EventSink* sink) { return std::find(sinks.begin(), sinks.end(), sink) != sinks.end(); });
}

std::unique_ptr<rt::Storage> SimStorage::mount(SimReactor& reactor) {
  TT_ASSERT(machine_ == reactor.machine() || in_flight() == 0);
  machine_ = reactor.machine();
  return std::make_unique<MountedStorage>(*this, reactor);
}

SimFile* SimStorage::file(const std::string& name) {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second.get();
}

std::vector<SimFile*> SimStorage::files() {
  std::vector<SimFile*> all;
  for (const auto& [name, file] : files_) all.push_back(file.get());
  return all;
}

std::uint64_t SimStorage::allocated_bytes() const noexcept {
  std::uint64_t total = 0;
  for (const auto& [name, file] : files_) total += file->allocated_bytes();
  return total;
}

std::size_t SimStorage::in_flight() const noexcept {
  std::size_t count = 0;
  for (const auto& [name, file] : files_) count += file->in_flight();
  return count;
}

Result<SimFile*> SimStorage::open(const std::string& name, rt::OpenMode mode, std::uint64_t size_bytes) {
  if (SimFile* found = file(name); found != nullptr) {
    if (mode == rt::OpenMode::create) found->size_bytes_ = std::max(found->size_bytes_, size_bytes);
    return found;
  }
  if (mode == rt::OpenMode::must_exist) return {Errc::io_error, ENOENT};
  auto made = std::make_unique<SimFile>(*this, name, world_.next_file_id(), size_bytes);
  return files_.emplace(name, std::move(made)).first->second.get();
}

void SimStorage::on_crash(MachineId machine, CrashKind kind) {
  if (machine != kAllMachines && machine != machine_) return;
  for (const auto& [name, file] : files_) file->crash(kind);
}

SimFile::SimFile(SimStorage& storage, std::string name, std::uint32_t id, std::uint64_t size_bytes)
    : storage_(storage),
      name_(std::move(name)),
      full_name_(storage.options().label + name_),
      id_(id),
      size_bytes_(size_bytes),
      medium_(storage.options().block_bytes) {}

World& SimFile::world() const noexcept {
  return storage_.world_;
}
const StorageOptions& SimFile::options() const noexcept {
  return storage_.options_;
}
MachineId SimFile::machine() const noexcept {
  return storage_.machine_;
}

std::vector<std::byte> SimFile::visible(std::uint64_t offset, std::uint64_t length) const {
  std::vector<std::byte> bytes(length);
  medium_.read(offset, bytes);
  return bytes;
}

std::vector<std::byte> SimFile::durable(std::uint64_t offset, std::uint64_t length) const {
  std::vector<std::byte> bytes(length);
  medium_.read_durable(offset, bytes);
  return bytes;
}

bool SimFile::is_used_by(const void* disk) const noexcept {
  return std::any_of(pending_.begin(), pending_.end(), [&](const Pending& p) { return p.op->backend == disk; });
}

void SimFile::flip_bit(std::uint64_t offset, unsigned bit) {
  const std::uint64_t sector = offset / kBlockBytes * kBlockBytes;
  std::vector<std::byte> bytes = visible(sector, kBlockBytes);
  bytes[offset - sector] ^= static_cast<std::byte>(1U << (bit & 7U));
  medium_.overwrite(sector, bytes);
}

void SimFile::make_unreadable(std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t unit = options().block_bytes;
  for (std::uint64_t at = offset / unit * unit; at < offset + length; at += unit) unreadable_.insert(at);
}

void SimFile::on_event(std::uint64_t operation) {
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [&](const Pending& pending) { return pending.id == operation; });
  TT_ASSERT(found != pending_.end());
  Pending pending = std::move(*found);
  pending_.erase(found);
  answer(pending, finish(pending));
}

int SimFile::finish(Pending& pending) {
  switch (pending.op->kind) {
    case rt::DiskOp::Kind::read:
      return finish_read(pending);
    case rt::DiskOp::Kind::write:
      return finish_write(pending);
    case rt::DiskOp::Kind::flush:
      return finish_flush(pending);
    case rt::DiskOp::Kind::allocate:
      return finish_allocate(pending);
    case rt::DiskOp::Kind::discard:
      if (pending.verdict.kind == FaultKind::io_error) return EIO;
      finish_discard(pending);
      return 0;
  }
  return EINVAL;
}

void SimFile::answer(const Pending& pending, int result) {
  rt::DiskOp& op = *pending.op;
  op.result = result;
  const bool with_data = op.kind == rt::DiskOp::Kind::write || (op.kind == rt::DiskOp::Kind::read && result == 0);
  const std::span<const std::byte> data =
      with_data ? std::span<const std::byte>(op.buffer, op.length) : std::span<const std::byte>{};
  std::uint32_t crc = pending.crc;
  if (op.kind != rt::DiskOp::Kind::write) crc = with_data ? checksum_of_read(op) : 0;
  const std::uint64_t what = static_cast<std::uint64_t>(op.kind) | (static_cast<std::uint64_t>(result) << 8U);
  world().note(TraceKind::disk_complete, id_, what, op.offset, (op.length << 32U) ^ crc);
  if (world().observed()) {
    DiskEvent event;
    event.phase = DiskEvent::Phase::complete;
    event.file = id_;
    event.file_name = &name_;
    event.operation = pending.id;
    event.kind = op.kind;
    event.durability = op.durability;
    event.offset = op.offset;
    event.length = op.length;
    event.data = data;
    event.result = result;
    event.time = world().now();
    world().notify(event);
  }
  pending.reactor->post(op.waiter);
}

/// Of what has been read; most of a disk is blank.
std::uint32_t SimFile::checksum_of_read(const rt::DiskOp& op) const {
  std::uint32_t crc = 0;
  for (std::uint64_t done = 0; done < op.length;) {
    const std::uint64_t at = op.offset + done;
    const std::uint64_t bytes = std::min(Medium::kChunkBytes - at % Medium::kChunkBytes, op.length - done);
    const bool blank = medium_.is_blank(at / Medium::kChunkBytes);
    crc = blank ? crc_of_zeros(crc, bytes) : crc32c(crc, std::span(op.buffer + done, bytes));
    done += bytes;
  }
  return crc;
}

std::span<std::byte> SimFile::change(WriteRecord& write) {
  medium_.note_change(write);
  return write.owned();
}

int SimFile::finish_read(Pending& pending) {
  const rt::DiskOp& op = *pending.op;
  if (pending.verdict.kind == FaultKind::latent_error) {
    const std::uint64_t units = op.length / options().block_bytes;
    make_unreadable(op.offset + world().random().below(units) * options().block_bytes, options().block_bytes);
  }
  if (pending.verdict.kind == FaultKind::io_error) return EIO;
  const auto bad = unreadable_.lower_bound(op.offset);
  if (bad != unreadable_.end() && *bad < op.offset + op.length) return EIO;
  if (pending.sample_late) sample(pending, pending.sample_mixed);
  return 0;
}

int SimFile::finish_write(Pending& pending) {
  Random& random = world().random();
  WriteRecord& write = *pending.write;
  check_buffer(pending);
  const FaultKind fault = pending.verdict.kind;
  if (fault == FaultKind::no_space || !reserve(write.offset, write.bytes.size())) return ENOSPC;
  write.completed_at = ++clock_;
  if (fault == FaultKind::lost_write) return 0;
  if (fault == FaultKind::io_error) {
    land_some(pending, write.offset, write.end());
    return EIO;
  }
  if (fault == FaultKind::misdirected_write && pending.landed.empty()) {
    const std::uint64_t unit = options().block_bytes;
    write.offset = random.below((size_bytes_ - write.bytes.size()) / unit + 1) * unit;
  }
  if (fault == FaultKind::bit_rot) {
    const auto bit = static_cast<std::byte>(1U << random.below(8));
    change(write)[random.below(write.bytes.size())] ^= bit;
  }
  if (fault == FaultKind::late_error) {
    write.damned = true;
    late_error_ = EIO;
  }
  land_rivals(pending);
  land_all(pending);
  if (pending.op->durability == rt::Durability::durable && !write.damned) medium_.harden(pending.write);
  if (fault == FaultKind::latent_error) make_unreadable(write.offset, options().block_bytes);
  return 0;
}

/// Engines must not touch a buffer that a write still reads. If one does, each unit may be the old or the new one.
void SimFile::check_buffer(Pending& pending) {
  WriteRecord& write = *pending.write;
  const std::span<const std::byte> now(pending.op->buffer, pending.op->length);
  if (write.zeros() ? is_zeros(now) : sparse_crc(0, now) == pending.crc) return;
  if (options().trap_changed_buffers) {
    world().fail("the buffer of a write in flight was changed: " + name_ + " offset " + std::to_string(write.offset) +
                 " length " + std::to_string(write.bytes.size()));
  }
  const std::size_t unit = options().block_bytes;
  for (std::size_t at = 0; at < now.size(); at += unit) {
    if (world().random().chance(1, 2))
      std::copy_n(now.begin() + static_cast<std::ptrdiff_t>(at), unit,
                  change(write).begin() + static_cast<std::ptrdiff_t>(at));
  }
}

int SimFile::finish_flush(Pending& pending) {
  --flushes_in_flight_;
  const bool fails = pending.verdict.kind == FaultKind::io_error || pending.verdict.kind == FaultKind::late_error;
  if (pending.forced_result == 0 && !fails) {
    medium_.flush(pending.submitted_at);
    return 0;
  }
  medium_.fail_flush(pending.submitted_at, world().random());
  return pending.forced_result != 0 ? pending.forced_result : EIO;
}

int SimFile::finish_allocate(Pending& pending) {
  if (pending.verdict.kind == FaultKind::io_error) return EIO;
  if (pending.verdict.kind == FaultKind::no_space) return ENOSPC;
  return reserve(pending.op->offset, pending.op->length) ? 0 : ENOSPC;
}

void SimFile::finish_discard(Pending& pending) {
  const std::uint64_t offset = pending.op->offset;
  const std::uint64_t length = pending.op->length;
  const std::uint64_t draw = world().random().below(3);
  if (draw == 0) return;  // a device may ignore it
  space_.remove(offset, offset + length);
  medium_.discard(offset, length, /*noise=*/draw == 1, world().random());
}

bool SimFile::reserve(std::uint64_t offset, std::uint64_t length) {
  if (options().capacity_bytes != 0) {
    const std::uint64_t missing = space_.missing(offset, offset + length);
    if (missing != 0 && storage_.allocated_bytes() + missing > options().capacity_bytes) return false;
  }
  space_.add(offset, offset + length);
  return true;
}

}  // namespace tt::sim
