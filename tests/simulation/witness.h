// SPDX-License-Identifier: Apache-2.0
// Looks at an open image from outside, at the operations its disks are given, and compares them with what the image
// says:
//
//   I9   hosts and administrators are answered after their records, and all before these, are durable in the journal;
//        a host also when its whole tracks are in their place and a flush that began later has succeeded
//   I10  no medium gets data that is not hardened or is younger than the fence of an establish under way, and nothing
//   is
//        written to a target before its establish is durable
//
// What is durable it knows from completed writes to the journal's files, never from the image.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "image/image.h"
#include "journal/slot_codec.h"
#include "sim/disk.h"
#include "sim/world.h"

namespace tt::simulation {

class Witness {
 public:
  using Report = std::function<void(const std::string&)>;

  /// Of an image that has just been opened; what its journal holds by now is taken for durable.
  Witness(image::Image& image, sim::SimStorage& storage, Report report);
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness();

  /// To be told of all that happens to its disks from now on.
  void attach(sim::World& world);
  void see(const sim::DiskEvent& event);

  /// A host was told that this is safe. Every piece of data must be of a kind that was never written before.
  void answered_write(image::VolumeHandle volume, std::uint64_t block, std::span<const std::byte> data);
  void answered_establish(Generation relationship);
  void answered_withdraw(Generation relationship);

  /// Whether the journal says that it failed.
  [[nodiscard]] bool has_failed(Generation relationship) const { return failed_.contains(relationship); }
  /// Called when that is durable.
  void on_failure(std::function<void(Generation)> told) { on_failure_ = std::move(told); }

 private:
  using Piece = std::tuple<Generation, std::uint64_t, std::uint32_t>;  ///< Volume, first block, checksum.
  struct ShardView {
    journal::SlotSeq durable;  ///< This slot and all before it.
    std::set<std::uint64_t> ahead;
  };

  /// Whole tracks on the way to be durable in their place.
  struct RankView {
    std::uint64_t writes_seen = 0;
    std::uint64_t flush_began_at = 0;  ///< Of writes_seen.
    std::uint64_t durable_up_to = 0;
    std::map<std::pair<std::uint64_t, std::uint32_t>, std::uint64_t> tracks;  ///< Offset and checksum to writes_seen.
  };

  [[nodiscard]] bool is_of_storage(const sim::DiskEvent& event) const;
  [[nodiscard]] bool is_of_rank(const sim::DiskEvent& event) const;
  void see_rank(const sim::DiskEvent& event);
  [[nodiscard]] bool is_in_place(image::VolumeHandle volume, std::uint64_t track,
                                 std::span<const std::byte> data) const;
  /// Of a volume that has given its space back, perhaps between two pieces of the write: what was in its place then is
  /// gone, rightly, and nobody knows where that was.
  [[nodiscard]] bool was_in_some_place(std::uint32_t checksum) const;
  void see_slot(std::uint32_t shard, std::span<const std::byte> slot);
  void see_record(std::uint32_t shard, std::uint64_t slot, const journal::RecordHeader& record,
                  std::span<const std::byte> payload);
  void check_media_write(const sim::DiskEvent& event);
  void check_dirty_data(image::Shard& shard, const flashcopy::VolumeShare& volume, const sim::DiskEvent& event);
  [[nodiscard]] bool is_old_content(image::Shard& shard, const cache::DirtyTrack& track, const cache::Entry& entry,
                                    std::uint64_t block, const sim::DiskEvent& event) const;
  void check_target(image::Shard& shard, const flashcopy::VolumeShare& target, const sim::DiskEvent& event);
  [[nodiscard]] bool is_hardened(std::uint32_t shard, std::uint64_t slot) const;
  /// In shard 0's ring; also what was there when the image was opened.
  [[nodiscard]] bool is_hardened(const std::map<Generation, std::uint64_t>& commands, Generation relationship) const;
  void check(bool holds, const std::string& what) const;

  image::Image& image_;
  sim::SimStorage& storage_;
  Report report_;
  std::vector<ShardView> shards_;
  std::map<std::string, RankView> ranks_;                            ///< By file name.
  std::map<Piece, std::pair<std::uint32_t, std::uint64_t>> pieces_;  ///< To shard and slot; the first of its kind.
  std::map<Generation, std::uint64_t> established_;
  std::map<Generation, std::uint64_t> withdrawn_;
  std::set<Generation> failed_;
  std::function<void(Generation)> on_failure_;
  std::shared_ptr<Witness*> self_;  ///< What the world's observer holds; null once this is gone.
};

}  // namespace tt::simulation
