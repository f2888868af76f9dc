// SPDX-License-Identifier: Apache-2.0
// Keeps the journal short: takes checkpoints, and moves the tail in the superblock when entries became clean.
//
// A checkpoint (engine notes 3.11) in one turn closes the open slot (the cut) and copies the pages that changed; map
// changes are applied in the turn in which their record is appended, so the copy is exactly the state after the cut.
// Then the journal is hardened up to the cut, pages and superblock are committed, and slots at or before the cut that
// no entry pins may go. Crash argument: the superblock names either the old pages with the old cut or the new with the
// new.
//
// Dirty data of a rank that takes no writes any more would hold the tail for ever. When the ring fills up it is copied
// forward (engine notes C13, T36), the oldest record first. That needs room for one slot, not for all the data of a
// track, of which there may be more than the ring has left. Replay goes by Lsn within a track, not by place, and no
// record of such a rank becomes clean, so a younger one cannot leave the ring before the copy of an older one (T50).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "image/shard.h"

namespace tt::image {

inline constexpr std::uint32_t kMapsBlob = 1;

class Keeper {
 public:
  /// `config_blob`: only for the control shard; called in the turn of the cut.
  Keeper(Shard& shard, std::function<std::vector<std::byte>()> config_blob);
  void start(rt::Scope& scope) { scope.spawn(run()); }
  void stop() noexcept { stopping_ = true; }

  rt::Task<Result<void>> checkpoint();

 private:
  rt::Task<void> run();
  rt::Task<Result<void>> raise_ceiling();
  rt::Task<Result<void>> move_tail();
  void copy_forward();
  bool copy_forward(cache::Entry& entry, const flashcopy::VolumeShare& volume);
  journal::Checkpoint collect();

  Shard& shard_;
  std::function<std::vector<std::byte>()> config_blob_;
  rt::Mutex mutex_;
  /// A checkpoint failed and took along the list of changed pages: a later one, also that of a clean stop, would lack
  /// them. The journal has them all, so the next start makes a good one.
  bool lost_changes_ = false;
  /// Entries have left slots for ones that may not be durable yet: the tail may not move before these are.
  bool copied_forward_ = false;
  bool stopping_ = false;
};

/// The states of all maps of a shard, as the checkpoint keeps them beside the mixed pages.
struct MapSummary {
  journal::MapKey map;
  std::uint64_t track_count = 0;
  std::vector<std::byte> states;
};
std::vector<std::byte> encode_summaries(const std::vector<MapSummary>& summaries);
/// corrupt for bytes that are no list of summaries.
Result<std::vector<MapSummary>> decode_summaries(std::span<const std::byte> bytes);

}  // namespace tt::image
