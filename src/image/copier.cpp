// SPDX-License-Identifier: Apache-2.0
#include "image/copier.h"

#include <algorithm>
#include <utility>

namespace tt::image {

using flashcopy::RelationshipShare;

namespace {

constexpr std::uint64_t kUnitTracks = 64;  // 4 MiB: one flush and one BITS record
constexpr rt::TimeNs kIdlePause = 20 * rt::kMillisecond;
constexpr rt::TimeNs kBlockedPause = 2 * rt::kMillisecond;

}  // namespace

Copier::Copier(Shard& shard, PacerOptions pacing)
    : shard_(shard), arena_(shard.options_.batch_frames), pacer_(pacing) {}

/// The oldest relationships with something left to copy, at most as many as may work at once.
std::vector<RelationshipShare*> Copier::active() const {
  std::vector<RelationshipShare*> shares;
  for (const auto& [generation, share] : shard_.relationships_) {
    if (shares.size() == shard_.options_.active_copies) break;
    if (!share->background_copy || share->withdrawing || share->failed || share->target->untouchable ||
        share->revertible || share->uncopied.count() == 0)
      continue;
    shares.push_back(share.get());
  }
  return shares;
}

rt::Task<void> Copier::run() {
  while (!stopping_ && !shard_.ring_->failed()) {
    const std::vector<RelationshipShare*> shares = active();
    if (shares.empty() || shard_.copy_held_) {
      co_await rt::sleep_for(shard_.reactor_, kIdlePause);
      continue;
    }
    RelationshipShare& share = *shares[turn_++ % shares.size()];
    if (settle_unwritten(share)) {
      co_await rt::yield(shard_.reactor_);
      continue;
    }
    const Generation generation = share.generation;
    const rt::TimeNs started = shard_.reactor_.now();
    const std::uint64_t operations = shard_.host_operations_;
    shard_.host_latency_peak_ = 0;
    auto copied = co_await copy_unit(share);
    if (!copied) co_return;
    if (!*copied) {
      co_await rt::sleep_for(shard_.reactor_, kBlockedPause);
      continue;
    }
    const rt::TimeNs took = shard_.reactor_.now() - started;
    note_rate(generation);
    const bool hosts_active = shard_.host_operations_ != operations;
    const rt::TimeNs pause =
        pacer_.pause_after(kUnitTracks * kTrackBytes, took, hosts_active, shard_.host_latency_peak_);
    if (pause > 0) co_await rt::sleep_for(shard_.reactor_, pause);
  }
}

/// A moving average over the units of one relationship, pauses and turns of others included.
void Copier::note_rate(Generation generation) noexcept {
  const auto found = shard_.relationships_.find(generation);
  if (found == shard_.relationships_.end()) return;  // withdrawn while the unit was under way
  RelationshipShare& share = *found->second;
  const rt::TimeNs now = shard_.reactor_.now();
  const rt::TimeNs since = now - std::exchange(share.last_copied_at, now);
  if (since <= 0 || since > rt::kSecond) return;
  const auto rate = static_cast<std::uint64_t>(static_cast<unsigned __int128>(kUnitTracks * kTrackBytes) * rt::kSecond /
                                               static_cast<std::uint64_t>(since));
  share.copy_bytes_per_second = (share.copy_bytes_per_second * 7 + rate) / 8;
}

bool Copier::settle_unwritten(RelationshipShare& share) {
  auto first = share.uncopied.find(share.background_cursor, true);
  if (!first) first = share.uncopied.find(0, true);
  if (!first) return false;
  share.background_cursor = *first;
  flashcopy::VolumeShare& source = *share.source;
  if (source.written.test(*first)) return false;
  // In a cascade the source may show what another volume holds, and the target's medium what a further one needs.
  if (source.parent != nullptr || !share.target->children.empty()) return false;
  std::uint64_t run = share.uncopied.run_length(*first, share.uncopied.track_count() - *first);
  run = source.written.run_length(*first, run);
  if (const auto dirty = shard_.index_->next_dirty(*first)) run = std::min(run, *dirty - *first);
  run = std::min<std::uint64_t>(run, ~std::uint32_t{0});
  if (run == 0 || !shard_.ring_->has_room(kTrackBytes, journal::SpaceClass::control)) return false;

  // One turn, no medium involved: the source has nothing here, so neither has the target.
  const auto count = static_cast<std::uint32_t>(run);
  std::vector<journal::MapDelta> deltas;
  deltas.push_back({{share.generation, journal::MapKind::uncopied}, journal::BitChange::clear, {{*first, count}}});
  deltas.push_back(
      {{share.target->map_generation, journal::MapKind::written}, journal::BitChange::clear, {{*first, count}}});
  shard_.append_bits(deltas);
  share.tracks_copied += run;
  shard_.report_if_drained(share);
  return true;
}

void Copier::fill(Batch& batch, RelationshipShare& share) {
  std::optional<std::uint64_t> next = share.uncopied.find(share.background_cursor, true);
  if (!next) next = share.uncopied.find(0, true);
  RelationshipShare* const forced[] = {&share};
  const flashcopy::PickLimit limit{shard_.ring_->durable(), shard_.fence_};
  for (std::uint64_t tried = 0; next && tried < kUnitTracks; ++tried) {
    const std::uint64_t track = *next;
    share.background_cursor = track + 1;
    next = share.uncopied.find(track + 1, true);
    cache::Column* column = shard_.index_->try_latch(track);
    if (column == nullptr) continue;
    auto plan = flashcopy::plan_column(*shard_.index_, track, shard_.global_of(track), limit, forced);
    shard_.drop_unwritable(plan);
    const bool full = plan.limit(batch.free_frames(), share.target);
    if (plan.empty()) {
      shard_.index_->unlatch(*column);
    } else {
      batch.add(std::move(plan), *column);
    }
    if (full) return;
  }
}

rt::Task<Result<bool>> Copier::copy_unit(RelationshipShare& share) {
  Batch batch(shard_, arena_);
  fill(batch, share);
  if (batch.empty()) co_return false;
  auto done = co_await batch.run();
  if (!done) co_return done.error();
  co_return true;
}

}  // namespace tt::image
