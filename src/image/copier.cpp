// SPDX-License-Identifier: Apache-2.0
#include "image/copier.h"

#include <algorithm>

namespace tt::image {

using flashcopy::RelationshipShare;

namespace {

constexpr rt::TimeNs kIdlePause = 20 * rt::kMillisecond;
constexpr rt::TimeNs kBlockedPause = 2 * rt::kMillisecond;
/// A changed limit, a new relationship and the end of the image are noticed after this time.
constexpr rt::TimeNs kLongestPause = 50 * rt::kMillisecond;

}  // namespace

Copier::Copier(Shard& shard, CommonPace& pace)
    : shard_(shard), arena_(shard.options_.batch_frames), pace_(pace), pacer_(pace) {}

/// Relationships with background copy, and what their targets have borrowed.
bool Copier::wants_copy(const RelationshipShare& share) noexcept {
  const RelationshipShare* of = share.is_loan ? share.target->parent : &share;
  return of != nullptr && of->background_copy && !of->withdrawing && !of->failed && !of->revertible &&
         of->copy_turns.rate() != nullptr;
}

RelationshipShare* Copier::payer_of(RelationshipShare& share) const noexcept {
  RelationshipShare* payer = share.is_loan ? share.target->parent : &share;
  return payer != nullptr && payer->copy_turns.rate() != nullptr && !is_urgent(share) ? payer : nullptr;
}

/// Somebody waits for it.
bool Copier::is_urgent(const RelationshipShare& share) const noexcept {
  return share.paying || (shard_.drain_requests_ > 0 && flashcopy::completes_tracks(share));
}

/// The oldest relationships with something left to copy, at most as many as may work at once, and one beside them whose
/// partial tracks are to be whole: nobody asked for that copy, so it takes no other's place. Those that somebody waits
/// for come first.
std::vector<RelationshipShare*> Copier::active() const {
  std::vector<RelationshipShare*> shares;
  RelationshipShare* completing = nullptr;
  for (const auto& [generation, share] : shard_.relationships_) {
    const flashcopy::VolumeShare& target = *share->target;
    if (share->failed || target.untouchable || target.removed || share->uncopied.count() == 0) continue;
    if (is_urgent(*share)) return {share.get()};
    if (wants_copy(*share)) {
      if (shares.size() < shard_.options_.active_copies) shares.push_back(share.get());
    } else if (completing == nullptr && flashcopy::completes_tracks(*share)) {
      completing = share.get();
    }
  }
  if (completing != nullptr) shares.push_back(completing);
  return shares;
}

RelationshipShare* Copier::choose(const std::vector<RelationshipShare*>& shares, rt::TimeNs& soonest) {
  const rt::TimeNs now = shard_.reactor_.now();
  soonest = now + kLongestPause;
  for (std::size_t tried = 0; tried < shares.size(); ++tried) {
    RelationshipShare* share = shares[turn_++ % shares.size()];
    const RelationshipShare* payer = payer_of(*share);
    const rt::TimeNs next = payer != nullptr ? payer->copy_turns.next() : now;
    if (next <= now) return share;
    soonest = std::min(soonest, next);
  }
  return nullptr;
}

rt::Task<void> Copier::run() {
  while (!stopping_ && !shard_.ring_->failed()) {
    const std::vector<RelationshipShare*> shares = active();
    if (shares.empty() || shard_.sums_->too_many_changed() || (shard_.copy_held_ && !is_urgent(*shares.front()))) {
      co_await rt::sleep_for(shard_.reactor_, kIdlePause);
      continue;
    }
    const rt::TimeNs began = shard_.reactor_.now();
    rt::TimeNs soonest = 0;
    RelationshipShare* share = choose(shares, soonest);
    if (share == nullptr) {
      co_await rt::sleep_for(shard_.reactor_, soonest - began);
      continue;
    }
    if (settle_unwritten(*share)) {
      co_await rt::yield(shard_.reactor_);
      continue;
    }
    const Generation generation = share->generation;
    const bool urgent = is_urgent(*share);
    shard_.host_load_.begin_piece(HostLoad::copier);
    auto copied = co_await copy_unit(*share);
    if (!copied) co_return;
    if (copied->all == 0) {
      co_await rt::sleep_for(shard_.reactor_, kBlockedPause);
      continue;
    }
    if (urgent) continue;
    settle_accounts(generation, *copied, began);
    const rt::TimeNs next =
        pacer_.next_begin(copied->all, began, shard_.reactor_.now(), shard_.host_load_.active_since(HostLoad::copier),
                          shard_.host_load_.worst_latency_since(HostLoad::copier));
    co_await wait_until(next);
  }
}

/// Not longer than the limits of now want it.
rt::Task<void> Copier::wait_until(rt::TimeNs begin) {
  const std::uint32_t epoch = pace_.limit().epoch();
  for (;;) {
    const rt::TimeNs rest = begin - shard_.reactor_.now();
    if (rest <= 0 || stopping_ || pace_.limit().epoch() != epoch) co_return;
    co_await rt::sleep_for(shard_.reactor_, std::min(rest, kLongestPause));
  }
}

void Copier::settle_accounts(Generation generation, const Unit& unit, rt::TimeNs began) noexcept {
  const auto found = shard_.relationships_.find(generation);
  if (found == shard_.relationships_.end()) return;  // withdrawn while the unit was under way
  RelationshipShare* payer = payer_of(*found->second);
  if (payer == nullptr) return;
  payer->copy_meter.note(unit.own, shard_.reactor_.now());
  payer->copy_turns.pay(unit.own, began);
}

bool Copier::settle_unwritten(RelationshipShare& share) {
  if (!wants_copy(share) && !share.is_loan) return false;  // only partial tracks are copied: nobody asked for more
  auto first = share.uncopied.find(share.background_cursor, true);
  if (!first) first = share.uncopied.find(0, true);
  if (!first) return false;
  share.background_cursor = *first;
  flashcopy::VolumeShare& source = *share.source;
  if (source.written.test(*first)) return false;
  // The source may show what another volume holds, and the target's medium what a further one needs.
  if (source.parent != nullptr || !source.loans.empty() || !share.target->children.empty()) return false;
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

std::optional<std::uint64_t> Copier::next_wanted(const RelationshipShare& share, std::uint64_t from) noexcept {
  if (!share.completing || share.partial_tracks == 0) return share.uncopied.find(from, true);
  const auto grain = share.preserved->find(from * kTrackGrains, true);
  if (!grain) return std::nullopt;
  return *grain / kTrackGrains;
}

/// Ascending from where the last unit ended, once around. What the destager works on just now comes in a later unit.
Copier::Unit Copier::fill(Batch& batch, RelationshipShare& share) {
  const flashcopy::CopyRate none;
  const RelationshipShare* payer = payer_of(share);
  const std::uint64_t tracks = pacer_.unit_tracks(payer != nullptr ? *payer->copy_turns.rate() : none);
  const std::uint64_t first = share.background_cursor;
  bool wrapped = false;
  const auto next_after = [&](std::uint64_t from) {
    std::optional<std::uint64_t> found = next_wanted(share, from);
    if (!found && !wrapped) {
      wrapped = true;
      found = next_wanted(share, 0);
    }
    if (found && wrapped && *found >= first) found.reset();
    return found;
  };
  std::optional<std::uint64_t> next = next_after(first);
  RelationshipShare* const forced[] = {&share};
  const flashcopy::PickLimit limit{shard_.ring_->durable(), shard_.fence_};
  Unit unit;
  for (std::uint64_t tried = 0; next && tried < 2 * tracks && batch.column_count() < tracks; ++tried) {
    const std::uint64_t track = *next;
    share.background_cursor = track + 1;
    next = next_after(track + 1);
    cache::Column* column = shard_.index_->try_latch(track);
    if (column == nullptr) continue;
    auto plan = flashcopy::plan_column(*shard_.index_, track, shard_.global_of(track), limit, forced);
    shard_.drop_unwritable(plan);
    const bool full = plan.limit(batch.free_bytes(), share.target);
    if (plan.empty()) {
      shard_.index_->unlatch(*column);
    } else {
      for (const flashcopy::Copy& copy : plan.copies) unit.own += copy.relationship == &share ? kTrackBytes : 0;
      unit.all += std::max<std::uint64_t>(plan.copies.size(), 1) * kTrackBytes;
      batch.add(std::move(plan), *column);
    }
    if (full) break;
  }
  return unit;
}

rt::Task<Result<Copier::Unit>> Copier::copy_unit(RelationshipShare& share) {
  Batch batch(shard_, arena_);
  const Unit unit = fill(batch, share);
  if (batch.empty()) co_return unit;
  auto done = co_await batch.run();
  if (!done) co_return done.error();
  co_return unit;
}

}  // namespace tt::image
