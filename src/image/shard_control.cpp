// SPDX-License-Identifier: Apache-2.0
// The shard's side of establish and withdraw (engine notes 3.5 and 3.7). The control plane serialises commands, so at
// most one fence is up.
//
//   prepare   hold T, drain reads and batches on T, fence := newest Lsn      nothing durable yet
//   own ends  what T holds in the source's short last track behind the source's end is read
//   install   U = all ones for every new pair; entries are classed by Lsn
//   own ends  are T's own writes now, with an Lsn above T0: U is a matter of whole tracks, the image is not
//   (control: harden all shards, append EST, harden: the commit point)
//   finish    committed: T's entries below T0 are void; fence and hold end
//             otherwise: the shares go as if nothing had been
//
// Crash argument: until EST is durable nothing on a medium has changed because of it: T is held, and destage of sources
// writes only entries at or below the fence, which are older than T0 and need no copy.
#include <algorithm>

#include "image/shard.h"

namespace tt::image {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

rt::Task<void> Shard::prepare_establish(std::span<const VolumeId> targets) {
  fence_ = lsns_.newest();
  for (const VolumeId id : targets) find(id)->held = true;
  for (const VolumeId id : targets) {
    VolumeShare& volume = *find(id);
    while (volume.host_operations > 0 || volume.batches > 0) co_await volume.idle.wait();
  }
}

rt::Task<Result<void>> Shard::read_own_ends(std::span<const volume::Relationship> relationships) {
  own_ends_.clear();
  for (const volume::Relationship& r : relationships) {
    const std::uint64_t track = r.track_count - 1;
    VolumeShare& target = *find(r.target);
    const std::uint16_t first = find(r.source)->blocks_of(track);
    const std::uint16_t end = target.blocks_of(track);
    if (options_.stripes.shard_of(track) != options_.id || first >= end) continue;
    OwnEnd own{r.target, {options_.stripes.to_local(track), first, static_cast<std::uint16_t>(end - first)}, {}};
    own.bytes.resize(std::size_t{own.piece.block_count} * kBlockBytes);
    auto read = co_await read_mixed(target, own.piece, own.bytes);
    if (!read) co_return read.error();
    // Behind its end a source reads as zeros, so zeros need no write.
    if (std::all_of(own.bytes.begin(), own.bytes.end(), [](std::byte b) { return b == std::byte{0}; })) continue;
    const auto extent = static_cast<std::uint32_t>(track / target.tracks_per_extent);
    if (!target.extents[extent]) {
      const VolumeHandle handle{target.id, target.generation};
      auto allocated = co_await control_.allocate_extent(*this, handle, extent);
      if (!allocated) co_return allocated;
    }
    own_ends_.push_back(std::move(own));
  }
  co_return Result<void>{};
}

/// If the establish is not committed the writes stay and change nothing: they are what the target held.
Result<void> Shard::write_own_ends() {
  for (const OwnEnd& own : std::exchange(own_ends_, {})) {
    if (no_more_room()) return Errc::journal_failed;
    // Not waited for: while targets are held, their dirty data may be what keeps the journal full.
    if (index_->full() || !ring_->has_room(own.bytes.size(), journal::SpaceClass::host)) return Errc::busy;
    auto written = insert_write(*find(own.target), own.piece, own.bytes, false);
    if (!written) return written.error();
  }
  return {};
}

void Shard::install(std::span<const volume::Relationship> relationships) {
  for (const volume::Relationship& r : relationships) {
    VolumeShare& source = *find(r.source);
    VolumeShare& target = *find(r.target);
    const std::uint64_t local = options_.stripes.local_count(options_.id, r.track_count);
    auto share = std::make_unique<RelationshipShare>(r.generation, r.t0, local);
    share->source = &source;
    share->target = &target;
    share->background_copy = r.options.background_copy;
    share->persistent = r.options.persistent;
    share->inhibit_target_writes = r.options.inhibit_target_writes;
    share->failed = r.state == volume::RelationshipState::failed;
    share->withdrawn_at = r.withdrawn_at;
    share->replaced = target.parent;  // a closing one; its fate depends on the commit
    target.parent = share.get();
    source.children.push_back(share.get());
    relationships_[r.generation] = std::move(share);
  }
}

void Shard::finish_establish(std::span<const volume::Relationship> relationships, std::span<const VolumeId> targets,
                             bool committed) {
  for (const volume::Relationship& r : relationships) {
    RelationshipShare& share = *relationships_.at(r.generation);
    RelationshipShare* replaced = std::exchange(share.replaced, nullptr);
    VolumeShare& target = *share.target;
    if (committed) {
      index_->kill(target.dirty, r.t0, share.uncopied.track_count());
      if (replaced != nullptr) remove_relationship(replaced->generation);
      report_if_drained(share);
    } else {
      remove_relationship(r.generation);
      target.parent = replaced;
    }
  }
  fence_ = Lsn{~std::uint64_t{0}};
  for (const VolumeId id : targets) {
    VolumeShare* volume = find(id);
    if (volume == nullptr) continue;
    volume->held = false;
    volume->released.wake_all();
  }
  room_.wake_all();
}

bool Shard::close_relationship(Generation generation, Lsn at) {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return true;
  RelationshipShare& share = *found->second;
  volume::TrackMap owed(share.uncopied.track_count(), false);
  if (!share.failed) {  // nothing is owed to a target that is lost
    for (const std::uint64_t track : flashcopy::owed_tracks(share, at)) owed.set(track, true);
  }
  share.uncopied = std::move(owed);
  share.withdrawn_at = at;
  share.background_copy = false;
  return share.uncopied.count() == 0;
}

void Shard::remove_relationship(Generation generation) {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return;
  drop_share(*found->second);
  removed_maps_.push_back({generation, journal::MapKind::uncopied});
  removed_relationships_.push_back(std::move(found->second));
  relationships_.erase(found);
  collect_garbage();
}

void Shard::drop_share(RelationshipShare& share) noexcept {
  share.removed = true;
  if (share.target->parent == &share) share.target->parent = nullptr;
  std::erase(share.source->children, &share);
}

void Shard::mark_relationship_failed(Generation generation) noexcept {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return;
  RelationshipShare& share = *found->second;
  share.failed = true;
  if (!share.withdrawn_at) return;
  share.uncopied.set_run(0, share.uncopied.track_count(), false);  // what it owed cannot be brought over any more
  report_if_drained(share);
}

std::optional<RelationshipCounts> Shard::counts(Generation generation) const {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return std::nullopt;
  const RelationshipShare& share = *found->second;
  RelationshipCounts counts;
  counts.uncopied = share.uncopied.count();
  // Nothing is owed to a target that is lost.
  if (counts.uncopied > 0 && !share.failed) counts.owed = flashcopy::owed_tracks(share, std::nullopt).size();
  counts.copied_in_background = share.tracks_copied;
  if (reactor_.now() - share.last_copied_at < 2 * rt::kSecond) {
    counts.copy_bytes_per_second = share.copy_bytes_per_second;
  }
  return counts;
}

/// The control shard decides what an empty share means; it is told once.
void Shard::report_if_drained(RelationshipShare& share) noexcept {
  if (share.end_reported || share.removed || share.uncopied.count() != 0) return;
  share.end_reported = true;
  control_.share_drained(*this, share.generation);
}

}  // namespace tt::image
