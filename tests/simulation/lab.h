// SPDX-License-Identifier: Apache-2.0
// One simulated image for tests that say step by step what happens. Nothing is destaged until drain() or
// destaging(true), so a test decides what is in the cache and what is on a medium. Volumes of even LSSes lie on rank.0,
// of odd ones on rank.1.
//
// Content is written as one letter per block and read back run by run: "a*8 t*1 a*119"; '.' are zeros, '?' is a block
// that is not of one letter, "error NAME" a read that failed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "life.h"

namespace tt::simulation {

inline constexpr rt::TimeNs kNeverDestage = 100'000 * rt::kSecond;

struct LabOptions {
  std::uint32_t shards = 1;
  std::size_t reactors = 1;
  std::uint64_t ring_bytes = 17_MiB;
  std::size_t batch_frames = 256;
  image::Acknowledge acknowledge = image::Acknowledge::hardened;
  /// Everything goes through the journal, unless a test is about what does not.
  image::PlaceOptions place{.long_run_tracks = ~0U, .many_writes = ~0U};
  std::uint32_t most_preserved_pages = 16384;
  std::uint32_t map_share = 64;
  /// So small that it is often full. 0: what a test does to a medium is what the next read finds.
  std::uint64_t read_cache_bytes = 200_KiB;
  image::MediaSumsOptions sums{.keep = true};
  bool made_with_sums = false;             ///< Whatever `sums` says at the start.
  rt::TimeNs scrub_after = kNeverDestage;  ///< No scrub begins by itself.
  image::DestagerOptions destage{.age_limit = kNeverDestage, .eager_percent = 40};
  std::string storage_image_id = "IBM.2107-75SIM01";
  std::string name;
  std::vector<std::uint64_t> rank_bytes = {256_MiB, 256_MiB};
  sim::StorageOptions storage;
};

/// Result of an operation that was started and may still be running.
template <class T>
using Pending = std::shared_ptr<std::optional<T>>;

class Lab {
  std::unique_ptr<sim::World> own_world_;

 public:
  explicit Lab(std::uint64_t seed = 1, const LabOptions& options = {});
  /// One image of several in a world.
  Lab(sim::World& shared_world, const LabOptions& options);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  VolumeId make(std::uint16_t id, std::uint64_t tracks, bool thin = false) {
    return make_blocks(id, tracks * kTrackBlocks, thin);
  }
  VolumeId make_blocks(std::uint16_t id, std::uint64_t blocks, bool thin = false);
  Result<void> remove(VolumeId volume);
  Result<void> write(VolumeId volume, std::uint64_t block, std::uint64_t blocks, char letter);
  Result<void> zero(VolumeId volume, std::uint64_t block, std::uint64_t blocks, bool deallocate);
  std::string content(VolumeId volume, std::uint64_t block, std::uint64_t blocks);
  std::string track(VolumeId volume, std::uint64_t track) {
    return content(volume, track * kTrackBlocks, kTrackBlocks);
  }
  Result<void> fill(VolumeId volume, std::uint64_t track, char letter) {
    return write(volume, track * kTrackBlocks, kTrackBlocks, letter);
  }

  Result<void> expand(VolumeId volume, std::uint64_t blocks);
  Result<void> release(VolumeId volume);
  Pending<Result<void>> start_expand(VolumeId volume, std::uint64_t blocks);
  Pending<Result<void>> start_release(VolumeId volume);
  /// Extents of the pool that volumes of this id's parity come from.
  [[nodiscard]] std::uint64_t free_extents(VolumeId volume);
  /// A new array site of that size, an array on it, and a rank in the pool of even volumes.
  Result<std::uint16_t> add_rank(const std::string& device, std::uint64_t bytes);
  Result<void> remove_rank(std::uint16_t rank);
  Result<void> record(const image::ControlPlane::Planner& plan);
  Result<void> add_site(const std::string& device, std::uint64_t bytes);
  Result<std::uint16_t> make_array(std::uint16_t site);
  /// In the pool of even volumes.
  Result<std::uint16_t> make_rank(std::uint16_t array);
  Pending<Result<std::uint16_t>> start_rank(std::uint16_t array);

  static volume::PairRequest pair(VolumeId source, VolumeId target, bool copy = false, bool persistent = false);
  std::vector<Result<void>> establish(std::vector<volume::PairRequest> pairs);
  Result<void> establish(VolumeId source, VolumeId target, bool copy = false, bool persistent = false);
  Result<void> withdraw(VolumeId source, VolumeId target);
  Result<void> resync(VolumeId source, VolumeId target, volume::RelationshipOptions options);
  Result<void> reverse(VolumeId source, VolumeId target, volume::RelationshipOptions options, bool fast);
  Result<void> set_revertible(VolumeId source, VolumeId target, std::uint32_t sequence_number = 0);
  Result<void> commit(VolumeId source);
  Result<void> revert(VolumeId source);
  std::optional<image::FlashStatus> status(VolumeId source, VolumeId target);
  /// Tracks with U=1; 0 when there is no relationship.
  std::uint64_t uncopied(VolumeId source, VolumeId target);
  /// What administrators are shown: without those of which hosts changed a part, which count as copied.
  std::uint64_t out_of_sync(VolumeId source, VolumeId target);
  /// Relationships of the configuration, closing ones included.
  std::size_t relationship_count();

  Pending<Result<void>> start_write(VolumeId volume, std::uint64_t block, std::uint64_t blocks, char letter);
  Pending<std::string> start_read(VolumeId volume, std::uint64_t block, std::uint64_t blocks);
  Pending<std::vector<Result<void>>> start_establish(std::vector<volume::PairRequest> pairs);
  Pending<std::vector<Result<void>>> start_withdraw(VolumeId source, VolumeId target);
  template <class T>
  bool wait(const Pending<T>& pending) {
    return world.run_until([&] { return pending->has_value(); }) == sim::RunEnd::reached;
  }
  template <class T>
  Pending<T> start(rt::Task<T> task) {
    auto pending = std::make_shared<std::optional<T>>();
    life->scope(0).spawn(keep(std::move(task), pending));
    return pending;
  }
  template <class T>
  T run(rt::Task<T> task) {
    const Pending<T> pending = start(std::move(task));
    const bool ended = wait(pending);
    TT_ASSERT(ended);
    return std::move(**pending);
  }
  void run_for(rt::TimeNs duration) { world.run_for(duration); }
  bool run_until(const std::function<bool()>& condition) {
    return world.run_until(condition, 120 * rt::kSecond) == sim::RunEnd::reached;
  }

  /// While it is on every shard brings out what it can; calls nest.
  void destaging(bool on);
  /// Until nothing is left to be destaged.
  bool drain();
  [[nodiscard]] bool dirty();
  /// The background copy stands still.
  void hold_copies(bool on);
  /// Whether a background copy has something left to do.
  [[nodiscard]] bool copying();

  /// Writes to that track of the volume, which must be of the shard, until the shard has taken a checkpoint of all that
  /// was appended before.
  void pass_checkpoint(std::size_t shard, VolumeId volume, std::uint64_t track);
  /// First sequence that the shard's superblock still needs.
  [[nodiscard]] journal::SlotSeq durable_tail(std::size_t shard) {
    return this->shard(shard).store().fields().tail.sequence;
  }
  /// The first track of that shard at or after `from`.
  std::uint64_t track_of_shard(std::size_t shard, std::uint64_t from = 0);
  /// Reads of this track's place on its rank fail until it is written.
  void make_unreadable(VolumeId volume, std::uint64_t track);
  /// One bit of what this track's place on its rank holds is another one.
  void damage(VolumeId volume, std::uint64_t track, std::uint64_t byte = 0);

  /// Power loss and the next start.
  void crash(sim::CrashKind kind = sim::CrashKind::power);
  /// The two halves of crash(). Between them nothing of the image may be used.
  void power_loss(sim::CrashKind kind = sim::CrashKind::power);
  void power_on();
  void restart();
  /// From the next start on the image is told to keep checksums of media, or not.
  void tell_to_keep_sums(bool keep) noexcept { shape_.open.sums.keep = keep; }

  /// The next operation of that kind on the file takes so much longer; nothing else does.
  void slow_once(const std::string& file, sim::IoMask operations, std::uint32_t factor);
  void fail(const std::string& file, sim::IoMask operations, bool sticky);
  image::Shard& shard(std::size_t i) { return *life->image().shards()[i]; }
  image::ControlPlane& control() { return life->image().control(); }
  [[nodiscard]] image::VolumeHandle handle(VolumeId volume);

  sim::World& world;
  sim::SimStorage storage;
  std::unique_ptr<Life> life;

 private:
  template <class T>
  static rt::Task<void> keep(rt::Task<T> task, Pending<T> into) {
    auto result = co_await std::move(task);
    into->emplace(std::move(result));
  }
  rt::Task<Result<void>> write_task(VolumeId volume, std::uint64_t block, std::uint64_t blocks, char letter);
  rt::Task<std::string> read_task(VolumeId volume, std::uint64_t block, std::uint64_t blocks);
  void create(const LabOptions& options);
  std::pair<sim::SimFile*, std::uint64_t> place_of(VolumeId volume, std::uint64_t track);

  ImageShape shape_;
};

}  // namespace tt::simulation
