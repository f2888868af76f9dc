// SPDX-License-Identifier: Apache-2.0
// Volumes and ranks that change while they are in use. Each function is one turn, or only waits.
#include "image/shard.h"

namespace tt::image {

using flashcopy::VolumeShare;

/// Behind the end of a volume a written track holds zeros on its medium (it was written as a whole first), so a short
/// last track may simply become longer.
void Shard::grow_volume(const volume::VolumeConfig& config) {
  VolumeShare& volume = *find(config.id);
  TT_ASSERT(volume.parent == nullptr);
  const auto first_new = static_cast<std::ptrdiff_t>(volume.extents.size());
  volume.extents.insert(volume.extents.end(), config.extents.begin() + first_new, config.extents.end());
  volume.local_track_count = options_.stripes.local_count(options_.id, config.track_count());
  volume.written.grow(volume.local_track_count);
}

void Shard::set_block_count(VolumeId id, std::uint64_t block_count) noexcept {
  find(id)->block_count = block_count;
}

rt::Task<void> Shard::hold_volume(VolumeId id) {
  VolumeShare& volume = *find(id);
  volume.held = volume.untouchable = true;
  while (volume.in_use()) co_await volume.idle.wait();
}

void Shard::release_volume(VolumeId id) noexcept {
  VolumeShare& volume = *find(id);
  volume.held = volume.untouchable = false;
  volume.released.wake_all();
  room_.wake_all();
}

/// Entries of before are void from now on, as they are for a replay: the record made them so. The map gets a new key,
/// because bits of the old one in journal and checkpoint speak of extents that belong to others now.
void Shard::empty_volume(const volume::VolumeConfig& config) {
  VolumeShare& volume = *find(config.id);
  TT_ASSERT(volume.held);
  for (const flashcopy::RelationshipShare* child : volume.children) {
    TT_ASSERT(child->is_loan && child->uncopied.count() == 0);  // made by the same establish
  }
  index_->kill(volume.dirty, Lsn{~std::uint64_t{0}}, ~std::uint64_t{0});
  volume_of_generation_.erase(volume.map_generation);
  removed_maps_.push_back({volume.map_generation, journal::MapKind::written});
  volume.map_generation = config.map_generation();
  volume_of_generation_[volume.map_generation] = &volume;
  volume.written = volume::TrackMap(volume.local_track_count, false);
  volume.extents = config.extents;
  if (volume.parent == nullptr) remove_loans_onto(volume, {});
}

void Shard::remove_rank(std::uint16_t rank) noexcept {
  ranks_[rank] = RankShare{};
  if (read_cache_) read_cache_->forget_rank(rank);
}

}  // namespace tt::image
