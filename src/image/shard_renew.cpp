// SPDX-License-Identifier: Apache-2.0
// The shard's side of resync, reverse and setrevertible (engine notes 3.8 to 3.10): a relationship R is followed by R'
// with a new T0 and a new generation.
//
//   hold       the new target (fast reverse and setrevertible: both volumes); its dirty data goes to the media
//   fence      as for an establish
//   install    R' beside R; its U begins with zeros, and a BITS record sets what must be copied:
//                resync        U | changed(S) | changed(T)     T shows S as of the new T0
//                reverse       changed(S) | changed(T)         U is all zeros: each side holds the image
//                fast reverse  not U                           what never left S is still there; no track is partial
//              of the first two a superset is as right: where both sides hold the same, either may be read
//   (control: harden all shards, append RENEW, harden: the commit point)
//   conclude   R goes, its bits and recordings with it; or R' goes as if nothing had been
//
// Crash argument. BITS of R' are durable before RENEW, and mean nothing without it: no map has the generation. Nothing
// of the new target is dirty, so nothing has to be forgotten in memory; in the journal RENEW makes void what is older
// than T0, and that is on the medium. Before RENEW batches work for R, whose image they keep; entries they may write
// are at or below the fence, and belong to the image of R' when it is the same source.
#include <algorithm>

#include "flashcopy/track_runs.h"
#include "image/shard.h"

namespace tt::image {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

namespace {

constexpr rt::TimeNs kDrainLimit = 30 * rt::kSecond;
constexpr rt::TimeNs kDrainPoll = rt::kMillisecond;
constexpr std::size_t kRunsPerRecord = 4096;
constexpr std::uint64_t kLongestRun = 0x8000'0000;

std::vector<journal::TrackRun> uncopied_after(ChangeKind kind, const RelationshipShare& old) {
  volume::TrackMap next(old.uncopied.track_count(), false);
  if (kind == ChangeKind::fast_reverse) {
    flashcopy::add_runs(old.uncopied, false, next);
  } else {
    if (kind == ChangeKind::resync) {
      flashcopy::add_runs(old.uncopied, true, next);
      for (const RelationshipShare* loan : old.target->loans) flashcopy::add_runs(loan->uncopied, true, next);
    }
    if (old.changed_source) flashcopy::add_runs(*old.changed_source, true, next);
    if (old.changed_target) flashcopy::add_runs(*old.changed_target, true, next);
  }
  return flashcopy::runs_of(next);
}

}  // namespace

/// Hosts wait meanwhile. The data of a rank that takes no writes never leaves: then the change is refused.
rt::Task<Result<void>> Shard::drain_held(std::span<const VolumeId> volumes) {
  if (volumes.empty()) co_return Result<void>{};
  const rt::TimeNs give_up = reactor_.now() + kDrainLimit;
  Result<void> done;
  request_drain(true);
  for (const VolumeId id : volumes) {
    while (find(id)->dirty.entry_count > 0 && done) {
      co_await rt::sleep_for(reactor_, kDrainPoll);
      if (no_more_room()) done = Errc::journal_failed;
      const bool stuck = std::any_of(ranks_.begin(), ranks_.end(), [](const RankShare& rank) { return rank.failed; });
      if (stuck || reactor_.now() > give_up) done = Error{Errc::timed_out, id.value};
    }
  }
  request_drain(false);
  co_return done;
}

void Shard::install_saved(const volume::Relationship& relationship) {
  saved_relationships_[relationship.generation] = make_share(relationship);
}

Result<void> Shard::install_renewals(const RelationshipChange& change) {
  const std::size_t limit = std::max<std::size_t>(
      1, ring_->capacity_bytes() / options_.map_share / journal::map_deltas_bytes(0, 1) / change.made.size());
  std::vector<std::vector<journal::TrackRun>> uncopied;
  std::uint64_t bytes = 0;
  for (const Generation retired : change.retired) {
    uncopied.push_back(uncopied_after(change.kind, *relationships_.at(retired)));
    // Only the source holds the tracks between the runs of a fast reverse.
    if (change.kind != ChangeKind::fast_reverse) uncopied.back() = flashcopy::coarsen(uncopied.back(), limit);
    bytes += journal::kSlotHeadBytes + journal::map_deltas_bytes(2, uncopied.back().size() * 2);
  }
  if (!ring_->has_room(bytes, journal::SpaceClass::control)) return Errc::busy;

  for (std::size_t i = 0; i < change.made.size(); ++i) {
    const volume::Relationship& r = change.made[i];
    auto share = make_share(r);
    share->replaced = share->target->parent;
    link_share(*share);
    record_younger(*share);
    share->tracks_copied = 0;
    relationships_[r.generation] = std::move(share);
    for (std::size_t first = 0; first < uncopied[i].size(); first += kRunsPerRecord) {
      const std::size_t count = std::min(kRunsPerRecord, uncopied[i].size() - first);
      const auto begin = uncopied[i].begin() + static_cast<std::ptrdiff_t>(first);
      std::vector<journal::MapDelta> deltas(1);
      deltas[0] = {{r.generation, journal::MapKind::uncopied},
                   journal::BitChange::set,
                   {begin, begin + static_cast<std::ptrdiff_t>(count)}};
      append_bits(deltas);
    }
  }
  return {};
}

Result<void> Shard::record_logical_change(VolumeId id, std::span<const Generation> retired) {
  std::vector<journal::MapDelta> deltas;
  std::uint64_t bytes = 0;
  for (const RelationshipShare* child : find(id)->children) {
    if (!child->changed_source || child->withdrawn_at) continue;
    if (std::find(retired.begin(), retired.end(), child->generation) != retired.end()) continue;
    for (std::uint64_t first = 0; first < child->changed_source->track_count();) {
      const std::uint64_t count = std::min<std::uint64_t>(child->changed_source->track_count() - first, kLongestRun);
      deltas.push_back({{child->generation, journal::MapKind::changed_source},
                        journal::BitChange::set,
                        {{first, static_cast<std::uint32_t>(count)}}});
      bytes += journal::map_deltas_bytes(1, 1);
      first += count;
    }
  }
  if (deltas.empty()) return {};
  if (!ring_->has_room(journal::kSlotHeadBytes + bytes, journal::SpaceClass::control)) return Errc::busy;
  append_bits(deltas);
  return {};
}

bool Shard::serves_a_child(Generation generation) const {
  const auto found = relationships_.find(generation);
  if (found == relationships_.end()) return false;
  const RelationshipShare& share = *found->second;
  for (const RelationshipShare* child : share.target->children) {
    if (child->failed || child->is_loan || child->t0 < share.t0) continue;
    auto here = share.uncopied.find(0, true);
    while (here && *here < child->uncopied.track_count()) {
      const auto there = child->uncopied.find(*here, true);
      if (there == here) return true;
      if (!there) break;
      here = share.uncopied.find(*there, true);
    }
  }
  return false;
}

void Shard::link_share(RelationshipShare& share) noexcept {
  share.target->parent = &share;
  share.source->children.push_back(&share);
}

/// Its volumes are held and nothing of them is dirty: no batch and no reader knows the share.
void Shard::save_relationship(Generation generation) {
  const auto found = relationships_.find(generation);
  flashcopy::close_loans(*found->second);
  std::erase(found->second->source->children, found->second.get());
  saved_relationships_[generation] = std::move(found->second);
  relationships_.erase(found);
}

void Shard::commit_revertible(Generation relationship, Generation saved) {
  relationships_.at(relationship)->revertible = false;
  const auto found = saved_relationships_.find(saved);
  discard_share(std::move(found->second));
  saved_relationships_.erase(found);
  collect_garbage();
}

/// Hosts wrote neither volume meanwhile and nothing was copied, so the media are what they were.
void Shard::revert_relationship(Generation relationship, Generation saved) {
  remove_relationship(relationship);
  const auto found = saved_relationships_.find(saved);
  RelationshipShare& share = *found->second;
  relationships_[saved] = std::move(found->second);
  saved_relationships_.erase(found);
  link_share(share);
  report_if_drained(share);
}

/// Exact, however often: a bit means that a write younger than T0 is in the journal or was.
void Shard::imply_changes(VolumeShare& volume, std::uint64_t local_track, Lsn lsn) noexcept {
  const auto imply = [&](RelationshipShare& share, std::optional<volume::TrackMap>& map) {
    if (map && share.t0 < lsn && share.covers(local_track)) map->set(local_track, true);
  };
  for (RelationshipShare* child : volume.children) imply(*child, child->changed_source);
  if (volume.parent != nullptr) imply(*volume.parent, volume.parent->changed_target);
  for (const auto& [generation, share] : saved_relationships_) {
    if (share->source == &volume) imply(*share, share->changed_source);
    if (share->target == &volume) imply(*share, share->changed_target);
  }
}

}  // namespace tt::image
