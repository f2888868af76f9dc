// SPDX-License-Identifier: Apache-2.0
// Simulated storage. SimStorage owns the files and outlives every crash; SimStorage::mount gives an engine the
// rt::Storage of one reactor. What the device does with concurrent, un-flushed and torn writes is written down in
// docs/simulator.md and medium.h. Ways in which the model is as unkind as the interface allows:
//  - operations complete in random order; a read may be sampled at submission, at completion, or torn between both;
//  - overlapping writes in flight together win or lose per atomic unit, and a read may see any units of them early
//    (what was seen stays seen);
//  - a write whose buffer changes while it is in flight fails the run (or lands mixed, see trap_changed_buffers).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "runtime/disk.h"
#include "sim/medium.h"
#include "sim/world.h"

namespace tt::sim {

struct Latency {
  rt::TimeNs min = 0;
  rt::TimeNs max = 0;
};

struct StorageOptions {
  std::uint32_t block_bytes = 512;   ///< The atomic unit: 512 or 4096.
  std::uint64_t capacity_bytes = 0;  ///< 0 = without limit.
  std::string label;                 ///< Before the names of its files, where faults are meant for one of several.
  Latency read{20 * rt::kMicrosecond, 200 * rt::kMicrosecond};
  Latency write{20 * rt::kMicrosecond, 300 * rt::kMicrosecond};
  Latency flush{50 * rt::kMicrosecond, 2 * rt::kMillisecond};
  std::uint32_t tail_per_mille = 5;  ///< So many operations take tail_factor times as long.
  std::uint32_t tail_factor = 20;
  bool trap_changed_buffers = true;
  CrashOdds crash;
};

class SimStorage;

/// One file or device. Tests use it to look at and to damage the medium.
class SimFile final : private EventSink {
 public:
  SimFile(SimStorage& storage, std::string name, std::uint32_t id, std::uint64_t size_bytes);
  SimFile(const SimFile&) = delete;
  SimFile& operator=(const SimFile&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  /// What a read would see now, writes in flight apart.
  [[nodiscard]] std::vector<std::byte> visible(std::uint64_t offset, std::uint64_t length) const;
  /// What a power failure would leave at least.
  [[nodiscard]] std::vector<std::byte> durable(std::uint64_t offset, std::uint64_t length) const;
  [[nodiscard]] std::size_t in_flight() const noexcept { return pending_.size(); }
  /// Parts of writes that a power failure could still take.
  [[nodiscard]] std::size_t volatile_layers() const { return medium_.volatile_layers(); }
  [[nodiscard]] std::uint64_t allocated_bytes() const noexcept { return space_.total(); }

  /// Inverts one bit on the medium.
  void flip_bit(std::uint64_t offset, unsigned bit);
  /// Reads of these units fail until they are written.
  void make_unreadable(std::uint64_t offset, std::uint64_t length);
  /// Replaces content behind the engine's back.
  void overwrite(std::uint64_t offset, std::span<const std::byte> from) { medium_.overwrite(offset, from); }

 private:
  friend class SimStorage;
  friend class SimDisk;

  struct Pending {
    rt::DiskOp* op = nullptr;
    SimReactor* reactor = nullptr;
    std::uint64_t id = 0;
    std::uint64_t submitted_at = 0;
    Verdict verdict;
    int forced_result = 0;
    std::uint32_t crc = 0;      ///< Of a write's data at submission.
    bool sample_late = true;    ///< A read looks at the medium when it completes ...
    bool sample_mixed = false;  ///< ... or there for some units only.
    WriteRef write;
    std::vector<Medium::Mask> landed;  ///< By chunk of the write; empty = nothing yet.
  };

  [[nodiscard]] bool is_used_by(const void* disk) const noexcept;

  // Submission (disk_submit.cpp).
  void submit(rt::DiskOp& op, SimReactor& reactor);
  void prepare_write(Pending& pending);
  void take_effect_at_once(Pending& pending);
  void note_submit(const Pending& pending);
  rt::TimeNs draw_latency(rt::DiskOp::Kind kind);

  // Completion (disk.cpp).
  void on_event(std::uint64_t operation) override;
  [[nodiscard]] MachineId machine() const noexcept override;
  int finish(Pending& pending);
  int finish_read(Pending& pending);
  int finish_write(Pending& pending);
  int finish_flush(Pending& pending);
  int finish_allocate(Pending& pending);
  void finish_discard(Pending& pending);
  void answer(const Pending& pending, int result);
  void check_buffer(Pending& pending);
  [[nodiscard]] std::uint32_t checksum_of_read(const rt::DiskOp& op) const;
  std::span<std::byte> change(WriteRecord& write);
  bool reserve(std::uint64_t offset, std::uint64_t length);

  // Landing.
  void land(Pending& pending, std::uint64_t chunk, Medium::Mask mask);
  void land_all(Pending& pending);
  void land_some(Pending& pending, std::uint64_t offset, std::uint64_t end);
  void land_rivals(const Pending& winner);
  void sample(const Pending& read, bool mixed);
  [[nodiscard]] Medium::Mask random_units();

  void crash(CrashKind kind);
  void crash_write(Pending& pending, CrashKind kind);
  [[nodiscard]] World& world() const noexcept;
  [[nodiscard]] const StorageOptions& options() const noexcept;

  SimStorage& storage_;
  std::string name_;
  std::string full_name_;  ///< With the label of the storage.
  std::uint32_t id_;
  std::uint64_t size_bytes_;
  Medium medium_;
  RangeSet space_;
  std::set<std::uint64_t> unreadable_;  ///< Offsets of units.
  std::vector<Pending> pending_;        ///< In order of submission.
  std::uint64_t clock_ = 0;             ///< Counts submissions and completions: the order flushes go by.
  std::uint64_t next_id_ = 1;
  std::size_t flushes_in_flight_ = 0;
  int late_error_ = 0;
  rt::TimeNs slow_until_ = 0;
  std::uint32_t slow_factor_ = 1;
};

class SimStorage final : private CrashParticipant {
 public:
  /// The world must outlive the storage.
  explicit SimStorage(World& world, StorageOptions options = {});
  SimStorage(const SimStorage&) = delete;
  SimStorage& operator=(const SimStorage&) = delete;
  ~SimStorage() override;

  /// The rt::Storage for one reactor; the disks it opens complete there. All mounts at one time are of one machine.
  [[nodiscard]] std::unique_ptr<rt::Storage> mount(SimReactor& reactor);

  /// nullptr if there is none.
  [[nodiscard]] SimFile* file(const std::string& name);
  [[nodiscard]] std::vector<SimFile*> files();
  void set_capacity(std::uint64_t bytes) noexcept { options_.capacity_bytes = bytes; }
  [[nodiscard]] std::uint64_t allocated_bytes() const noexcept;
  [[nodiscard]] std::size_t in_flight() const noexcept;
  [[nodiscard]] const StorageOptions& options() const noexcept { return options_; }
  [[nodiscard]] World& world() const noexcept { return world_; }

 private:
  friend class SimFile;
  friend class MountedStorage;
  void on_crash(MachineId machine, CrashKind kind) override;
  Result<SimFile*> open(const std::string& name, rt::OpenMode mode, std::uint64_t size_bytes);

  World& world_;
  StorageOptions options_;
  MachineId machine_ = kAllMachines;
  std::map<std::string, std::unique_ptr<SimFile>> files_;
};

}  // namespace tt::sim
