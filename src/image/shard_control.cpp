// SPDX-License-Identifier: Apache-2.0
// The shard's side of establish and withdraw (engine notes 3.5 and 3.7). The control plane serialises commands, so at
// most one fence is up.
//
//   hold      no host I/O on T; reads in flight end
//   fence     no batch on T; fence := newest Lsn                             nothing durable yet
//   own ends  what T holds in the source's short last track behind the source's end is read
//   install   U = all ones for every new pair; entries are classed by Lsn
//   own ends  are T's own writes now, with an Lsn above T0: U is a matter of whole tracks, the image is not
//   (control: harden all shards, append EST, harden: the commit point)
//   conclude  committed: T's entries below T0 are void; then fence and hold end
//             otherwise: the shares go as if nothing had been
//
// Crash argument: until EST is durable nothing on a medium has changed because of it: T is held, and destage of sources
// writes only entries at or below the fence, which are older than T0 and need no copy.
#include <algorithm>

#include "image/shard.h"

namespace tt::image {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

rt::Task<Result<void>> Shard::hold(std::span<const VolumeId> held, std::span<const VolumeId> drained) {
  for (const VolumeId id : held) find(id)->held = true;
  for (const VolumeId id : held) {
    VolumeShare& volume = *find(id);
    while (volume.host_operations > 0) co_await volume.idle.wait();
  }
  auto done = co_await drain_held(drained);
  co_return done;
}

rt::Task<void> Shard::fence(std::span<const VolumeId> held) {
  for (const VolumeId id : held) find(id)->untouchable = true;
  for (const VolumeId id : held) {
    VolumeShare& volume = *find(id);
    while (volume.batches > 0) co_await volume.idle.wait();
  }
  raise_fence();
  while (places_now()) co_await placed_run_ended_.wait();
}

void Shard::raise_fence() noexcept {
  if (!stays_fenced_) fence_ = lsns_.newest();
}

void Shard::lower_fence() noexcept {
  if (!stays_fenced_) fence_ = Lsn{~std::uint64_t{0}};
}

void Shard::stay_fenced() noexcept {
  stays_fenced_ = tail_stuck_ = true;
  room_.wake_all();
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
    auto read = co_await read_mixed(target, own.piece, own.bytes, Reader::copy);
    if (!read) co_return read.error();
    if (std::all_of(own.bytes.begin(), own.bytes.end(), [](std::byte b) { return b == std::byte{0}; })) {
      // Behind its end a source reads as zeros. Only if something else lies on the target's own medium, which would
      // show after a withdraw, do zeros need a write.
      if (!target.written.test(own.piece.local_track)) continue;
      own.bytes.clear();
    }
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

std::unique_ptr<RelationshipShare> Shard::make_share(const volume::Relationship& r) {
  const std::uint64_t local = options_.stripes.local_count(options_.id, r.track_count);
  auto share = std::make_unique<RelationshipShare>(r.generation, r.t0, local, !r.renewed);
  share->source = find(r.source);
  share->target = find(r.target);
  share->background_copy = r.options.background_copy;
  share->persistent = r.options.persistent;
  share->inhibit_target_writes = r.options.inhibit_target_writes;
  share->failed = r.state == volume::RelationshipState::failed;
  share->withdrawn_at = r.withdrawn_at;
  share->revertible = r.revertible();
  share->inhibits_source = r.options.out_of_space == volume::OutOfSpace::inhibit_source;
  share->source_inhibited = r.source_inhibited;
  if (r.options.recording && !r.closing()) {
    share->changed_source.emplace(local, false);
    share->changed_target.emplace(local, false);
  }
  return share;
}

void Shard::install(std::span<const volume::Relationship> relationships) {
  for (const volume::Relationship& r : relationships) {
    auto share = make_share(r);
    share->replaced = share->target->parent;  // a closing one; its fate depends on the commit
    share->target->parent = share.get();
    share->source->children.push_back(share.get());
    record_younger(*share);
    relationships_[r.generation] = std::move(share);
  }
}

/// Writes younger than T0 that were inserted here before the shard heard of it.
void Shard::record_younger(RelationshipShare& share) noexcept {
  const auto record = [&](const VolumeShare& volume, std::optional<volume::TrackMap>& map) {
    if (!map) return;
    for (const cache::DirtyTrack* t = volume.dirty.first; t != nullptr; t = t->next_of_owner) {
      const bool younger = t->last != nullptr && t->last->lsn > share.t0;
      if (younger && share.covers(t->column->track)) map->set(t->column->track, true);
    }
  };
  record(*share.source, share.changed_source);
  record(*share.target, share.changed_target);
}

void Shard::conclude_change(const RelationshipChange& change, bool committed) {
  if (!committed) {
    for (const volume::Loan& loan : change.loans) remove_relationship(loan.generation);
  }
  for (std::size_t i = 0; i < change.made.size(); ++i) {
    const volume::Relationship& r = change.made[i];
    const auto found = relationships_.find(r.generation);
    if (found == relationships_.end()) continue;  // the change failed before it was installed here
    RelationshipShare& share = *found->second;
    RelationshipShare* replaced = std::exchange(share.replaced, nullptr);
    VolumeShare& target = *share.target;
    if (!committed) {
      remove_relationship(r.generation);
      target.parent = replaced;
      continue;
    }
    remove_loans_onto(target, change.loans);
    index_->kill(target.dirty, r.t0, share.uncopied.track_count());
    if (r.revertible()) {
      save_relationship(change.retired[i]);
    } else if (!change.retired.empty()) {
      remove_relationship(change.retired[i]);
    } else if (replaced != nullptr) {
      remove_relationship(replaced->generation);
    }
    share.copy_turns.follow(change.copy_rates[i]);
    report_if_drained(share);
  }
}

void Shard::follow_copy_rates(const CopyRateTable& rates) {
  for (auto* shares : {&relationships_, &saved_relationships_}) {
    for (const auto& [generation, share] : *shares) {
      const auto found = rates.find(generation);
      if (found != rates.end()) share->copy_turns.follow(found->second);
    }
  }
}

void Shard::release(std::span<const VolumeId> held) {
  lower_fence();
  for (const VolumeId id : held) {
    VolumeShare* volume = find(id);
    if (volume == nullptr) continue;
    volume->held = volume->untouchable = false;
    volume->released.wake_all();
  }
  room_.wake_all();
}

/// Afterwards only entries at or below the fence are destaged, which are older than the withdraw: a track that is
/// copied on their account is owed.
rt::Task<void> Shard::prepare_withdraw(std::span<const Generation> relationships) {
  raise_fence();
  for (const Generation generation : relationships) {
    const auto found = relationships_.find(generation);
    if (found != relationships_.end()) found->second->withdrawing = true;
  }
  co_await running_batches_end();
}

/// Those that began before now.
rt::Task<void> Shard::running_batches_end() {
  const std::uint64_t last = last_batch_;
  while (std::any_of(running_batches_.begin(), running_batches_.end(), [&](std::uint64_t n) { return n <= last; })) {
    co_await batch_ended_.wait();
  }
}

rt::Task<std::uint64_t> Shard::complete_tracks(Generation generation) {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end() || found->second->failed) co_return 0;
  if (!std::exchange(found->second->completing, true)) co_await running_batches_end();
  const auto still = relationships_.find(generation);
  if (still == relationships_.end() || still->second->failed) co_return 0;
  co_return still->second->partial_tracks;
}

void Shard::let_tracks_be_partial(Generation generation) noexcept {
  const auto found = relationships_.find(generation);
  if (found != relationships_.end()) found->second->completing = false;
}

void Shard::finish_withdraw(std::span<const Generation> relationships) {
  lower_fence();
  for (const Generation generation : relationships) {
    const auto found = relationships_.find(generation);
    if (found != relationships_.end()) found->second->withdrawing = false;
  }
}

bool Shard::close_relationship(Generation generation, Lsn at) {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return true;
  RelationshipShare& share = *found->second;
  flashcopy::close_loans(share);
  volume::TrackMap owed(share.uncopied.track_count(), false);
  if (!share.failed) {
    for (const std::uint64_t track : flashcopy::owed_tracks(share, at)) owed.set(track, true);
  } else {
    drop_preserved(share);  // nothing is owed to a target that is lost
  }
  share.uncopied = std::move(owed);
  share.withdrawn_at = at;
  for (RelationshipShare* loan : share.target->loans) forget_failed_loan(*loan);
  share.background_copy = false;
  share.revertible = false;
  if (share.changed_source) removed_maps_.push_back({generation, journal::MapKind::changed_source});
  if (share.changed_target) removed_maps_.push_back({generation, journal::MapKind::changed_target});
  share.changed_source.reset();
  share.changed_target.reset();
  return share.uncopied.count() == 0;
}

void Shard::freeze(VolumeId source, std::uint64_t number) noexcept {
  if (VolumeShare* volume = find(source)) volume->frozen = number;
}

void Shard::thaw(VolumeId source, std::uint64_t number) noexcept {
  VolumeShare* volume = find(source);
  if (volume == nullptr || volume->frozen > number) return;
  volume->frozen = 0;
  volume->thawed.wake_all();
}

void Shard::refuse_held_writes() noexcept {
  refusing_held_writes_ = true;
  for_each_volume([](VolumeShare& volume) { volume.thawed.wake_all(); });
}

bool Shard::writes_wait(VolumeHandle handle) const noexcept {
  const VolumeShare* volume = find(handle);
  return volume != nullptr && volume->frozen != 0 && !refusing_held_writes_;
}

void Shard::start_background_copy(Generation generation) noexcept {
  const auto found = relationships_.find(generation);
  if (found != relationships_.end() && !found->second->withdrawn_at) found->second->background_copy = true;
}

void Shard::remove_relationship(Generation generation) {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return;
  drop_share(*found->second);
  discard_share(std::move(found->second));
  relationships_.erase(found);
  collect_garbage();
}

void Shard::discard_share(std::unique_ptr<RelationshipShare> share) {
  share->removed = true;
  drop_preserved(*share);
  for (const auto kind :
       {journal::MapKind::uncopied, journal::MapKind::changed_source, journal::MapKind::changed_target}) {
    removed_maps_.push_back({share->generation, kind});
  }
  removed_relationships_.push_back(std::move(share));
}

void Shard::drop_share(RelationshipShare& share) noexcept {
  share.removed = true;
  if (share.is_loan) {
    std::erase(share.target->loans, &share);
  } else {
    flashcopy::close_loans(share);
  }
  if (share.target->parent == &share) share.target->parent = nullptr;
  std::erase(share.source->children, &share);
}

void Shard::mark_relationship_failed(Generation generation) noexcept {
  if (flashcopy::RangeShare* range = find_range(generation)) {
    range->failed = true;
    filled_.wake_all();
    return;
  }
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return;
  RelationshipShare& share = *found->second;
  share.failed = true;
  if (share.is_loan) {
    if (share.borrower != nullptr) share.borrower->failed = true;
    forget_failed_loan(share);
    report_if_paid(share);
    return;
  }
  if (!share.withdrawn_at) return;
  share.uncopied.set_run(0, share.uncopied.track_count(), false);  // what it owed cannot be brought over any more
  drop_preserved(share);
  report_if_drained(share);
}

void Shard::mark_source_inhibited(Generation generation) noexcept {
  const auto found = relationships_.find(generation);
  if (found != relationships_.end()) found->second->source_inhibited = true;
}

std::optional<RelationshipCounts> Shard::counts(Generation generation) const {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return std::nullopt;
  const RelationshipShare& share = *found->second;
  RelationshipCounts counts;
  counts.uncopied = share.uncopied.count();
  // Nothing is owed to a target that is lost.
  if (counts.uncopied > 0 && !share.failed) counts.owed = flashcopy::owed_count(share);
  const std::uint64_t borrowed = flashcopy::borrowed_tracks(share);
  counts.uncopied += borrowed;
  counts.owed += borrowed;
  counts.copied_in_background = share.tracks_copied;
  counts.copy_bytes_per_second = share.copy_meter.bytes_per_second(reactor_.now());
  return counts;
}

/// The control shard decides what an empty share means; it is told once.
void Shard::report_if_drained(RelationshipShare& share) noexcept {
  if (share.is_loan) {
    report_if_paid(share);
    return;
  }
  if (flashcopy::borrowed_tracks(share) != 0) return;
  if (share.end_reported || share.removed || share.uncopied.count() != 0) return;
  share.end_reported = true;
  control_.share_drained(*this, share.generation);
}

}  // namespace tt::image
