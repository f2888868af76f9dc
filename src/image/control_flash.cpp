// SPDX-License-Identifier: Apache-2.0
// Establish and withdraw across shards (engine notes 3.5 and 3.7); the shard's side is in shard_control.cpp.
#include <algorithm>
#include <set>

#include "image/control.h"

namespace tt::image {

// ---- establish ------------------------------------------------------------------------------------------------------

rt::Task<std::vector<Result<void>>> ControlPlane::establish(std::vector<volume::PairRequest> pairs) {
  co_await commands_.lock();
  const std::vector<Result<void>> settled = co_await settle_borrowed(pairs);
  co_await settle_closing_roles(pairs);
  std::vector<Result<void>> verdicts = volume::validate_pairs(config_, pairs);
  std::vector<std::size_t> positions;
  std::set<VolumeId> sources;  // of the pairs at `positions`
  std::set<VolumeId> targets;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (verdicts[i]) verdicts[i] = settled[i];
    if (verdicts[i] && closing_role_conflict(pairs[i])) verdicts[i] = Errc::other_relationships;
    if (!verdicts[i]) continue;
    // One T0 for all that can have it: what one pair of the command makes a copy of another one's target is younger.
    if (targets.contains(pairs[i].source) || sources.contains(pairs[i].target)) {
      std::vector<std::size_t> together = std::move(positions);
      positions.clear();
      sources.clear();
      targets.clear();
      co_await establish_group(pairs, std::move(together), verdicts);
    }
    positions.push_back(i);
    sources.insert(pairs[i].source);
    targets.insert(pairs[i].target);
  }
  co_await establish_group(pairs, std::move(positions), verdicts);
  commands_.unlock();
  co_return verdicts;
}

rt::Task<void> ControlPlane::establish_group(const std::vector<volume::PairRequest>& pairs,
                                             std::vector<std::size_t> positions, std::vector<Result<void>>& verdicts) {
  if (positions.empty()) co_return;
  RelationshipChange change;
  const std::int64_t now_s = home_.wall_seconds();
  for (const std::size_t i : positions) {
    volume::Relationship r;
    r.source = pairs[i].source;
    r.target = pairs[i].target;
    r.track_count = config_.find_volume(r.source)->track_count();
    r.options = pairs[i].options;
    r.frozen = pairs[i].freeze;
    r.created_s = r.synced_s = now_s;
    change.made.push_back(r);
    change.held.push_back(r.target);
    // What a new target holds may be the image of its own targets: that has to be on its medium (T14).
    if (is_source(r.target)) change.drained.push_back(r.target);
  }
  const std::vector<VolumeId> frozen = sources_to_hold(change.made);
  co_await hold_sources(frozen);
  auto done = co_await change_group(std::move(change));
  co_await settle_freezes(frozen);
  for (const std::size_t i : positions) verdicts[i] = done;
}

bool ControlPlane::is_source(VolumeId volume) const {
  return !config_.relationships.from(volume).empty();
}

bool ControlPlane::closing_role_conflict(const volume::PairRequest& pair) const {
  const auto closing = [](const volume::Relationship& r) { return r.closing(); };
  const auto& all = config_.relationships;
  return std::ranges::any_of(all.onto(pair.source), closing) || std::ranges::any_of(all.from(pair.target), closing) ||
         (is_source(pair.target) && std::ranges::any_of(all.onto(pair.target), closing));
}

/// What a withdrawn relationship still owes is pushed out before one of its volumes gets the other role as well, or
/// before its target, if that is a source, is taken from it. A closing relationship onto any other target needs no
/// waiting: the establish voids it.
rt::Task<void> ControlPlane::settle_closing_roles(std::span<const volume::PairRequest> pairs) {
  for (const volume::PairRequest& pair : pairs) {
    if (!closing_role_conflict(pair)) continue;
    auto source_settled = co_await wait_for_closing(pair.source);
    auto target_settled = co_await wait_for_closing(pair.target);
    static_cast<void>(source_settled);  // establish refuses what is still closing after the wait
    static_cast<void>(target_settled);
  }
}

// ---- withdraw and end -----------------------------------------------------------------------------------------------

rt::Task<std::vector<Result<void>>> ControlPlane::withdraw(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                                           std::optional<std::uint32_t> sequence_number) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  std::vector<Generation> group;
  const std::vector<Result<Generation>> chosen = co_await choose_to_withdraw(pairs, sequence_number);
  for (const Result<Generation>& found : chosen) {
    verdicts.push_back(found ? Result<void>{} : Result<void>{found.error()});
    if (found) group.push_back(*found);
  }
  if (!group.empty()) {
    auto done = co_await withdraw_group(std::move(group));
    for (Result<void>& verdict : verdicts) {
      if (verdict) verdict = done;
    }
  }
  commands_.unlock();
  co_return verdicts;
}

/// A withdrawn relationship from a target may still find what it owes through the one to be withdrawn.
rt::Task<void> ControlPlane::settle_closing_targets(std::span<const std::pair<VolumeId, VolumeId>> pairs) {
  const auto owed = [](const volume::Relationship& r) { return r.closing(); };
  for (const auto& [source, target] : pairs) {
    if (!std::ranges::any_of(config_.relationships.from(target), owed)) continue;
    auto settled = co_await wait_for_closing(target);
    static_cast<void>(settled);  // what is still closing after the wait keeps its parent
  }
}

rt::Task<std::vector<Result<Generation>>> ControlPlane::choose_to_withdraw(
    std::span<const std::pair<VolumeId, VolumeId>> pairs, std::optional<std::uint32_t> sequence_number) {
  co_await settle_closing_targets(pairs);
  std::vector<Result<Generation>> chosen = choose(pairs, sequence_number);
  for (Result<Generation>& found : chosen) {
    if (!found) continue;
    auto needed = co_await needed_by_a_child(*found);
    if (!needed) {
      found = needed.error();
      continue;
    }
    // What is copied from the target in parts must stay what it shows.
    const VolumeId target = config_.relationships.at(*found).target;
    if (volume::is_range_source(config_, target)) found = Error{Errc::other_relationships, target.value};
  }
  co_return chosen;
}

/// One record for all. Only after it is durable do shards forget tracks that are not owed: until then a source may not
/// be overwritten without a copy. And what is not owed is not being copied: what shows on the target after the withdraw
/// must not change any more.
rt::Task<Result<void>> ControlPlane::withdraw_group(std::vector<Generation> group) {
  if (group.empty()) co_return Result<void>{};
  for (const Generation generation : group) {
    auto needed = co_await needed_by_a_child(generation);
    if (!needed) co_return needed;
    // What is copied from the target in parts must stay what it shows.
    const VolumeId target = config_.relationships.at(generation).target;
    if (volume::is_range_source(config_, target)) co_return Error{Errc::other_relationships, target.value};
  }
  auto recorded = co_await record_logical_changes(group);
  if (!recorded) co_return recorded;
  std::vector<VolumeId> sources;
  for (const Generation generation : group) sources.push_back(config_.relationships.at(generation).source);
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    co_await shard->prepare_withdraw(group);
    co_await rt::hop(shard->reactor(), home_);
  }
  const Lsn at = lsns_.draw();
  auto done = co_await record_withdraw(group, at);
  std::set<Generation> owing;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const Generation generation : group) {
      if (done && !shard->close_relationship(generation, at)) owing.insert(generation);
    }
    shard->finish_withdraw(group);
    co_await rt::hop(shard->reactor(), home_);
  }
  if (done) co_await settle_freezes(std::move(sources));
  // Those that owe tracks end by themselves when these are out.
  std::erase_if(group, [&owing](Generation generation) { return owing.contains(generation); });
  if (done) done = co_await end_relationships(std::move(group));
  if (done) co_await end_closed_loans();
  co_return done;
}

/// A withdraw takes away what lies only on the source. Of a relationship that is older than one from its target this
/// may be what that one's target shows.
rt::Task<Result<void>> ControlPlane::needed_by_a_child(Generation generation) {
  const VolumeId target = config_.relationships.at(generation).target;
  if (!is_source(target)) co_return Result<void>{};
  bool needed = false;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    needed = needed || shard->serves_a_child(generation);
    co_await rt::hop(shard->reactor(), home_);
  }
  if (needed) co_return Error{Errc::other_relationships, target.value};
  co_return Result<void>{};
}

/// The target of an incomplete relationship shows something else afterwards.
rt::Task<Result<void>> ControlPlane::record_logical_changes(const std::vector<Generation>& group) {
  for (const Generation generation : group) {
    const VolumeId target = config_.relationships.at(generation).target;
    if (!is_source(target)) continue;
    auto done = co_await wait_for_room(kRecordRoom);
    if (!done) co_return done;
    for (const auto& shard : shards_) {
      co_await rt::hop(home_, shard->reactor());
      done = shard->record_logical_change(target, group);
      while (!done && !shard->no_more_room()) {
        co_await rt::sleep_for(shard->reactor(), rt::kMillisecond);
        done = shard->record_logical_change(target, group);
      }
      co_await rt::hop(shard->reactor(), home_);
      if (!done) co_return Errc::journal_failed;
    }
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> ControlPlane::record_withdraw(std::vector<Generation> group, Lsn at) {
  const volume::Mutation record = volume::Withdraw{std::move(group), at};
  // What makes a track owed must be as durable as the record, and so must the fall of a bit: a restart has to find the
  // same tracks owed, or a target would show old bytes where it has shown the image.
  auto done = co_await harden_every_shard();
  if (!done) co_return done;
  done = co_await wait_for_room(kRecordRoom);
  if (!done) co_return done;
  done = co_await harden(append(record));
  co_return done;
}

/// A record each, and one wait for all.
rt::Task<Result<void>> ControlPlane::end_relationships(std::vector<Generation> ended) {
  if (ended.empty()) co_return Result<void>{};
  // The fall of the last bits (T24): they say that the target's medium holds the image.
  auto done = co_await harden_every_shard();
  journal::SlotSeq last{0};
  for (const Generation generation : ended) {
    if (!done) co_return done;
    done = co_await wait_for_room(kRecordRoom);
    if (!done) co_return done;
    if (!config_.relationships.contains(generation)) continue;
    const volume::Mutation record = volume::EndRelationship{generation};
    last = append(record);
  }
  if (last.value == 0) co_return Result<void>{};
  done = co_await harden(last);
  if (!done) co_return done;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const Generation generation : ended) shard->remove_relationship(generation);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return Result<void>{};
}

void ControlPlane::share_drained(Shard& from, Generation relationship) noexcept {
  if (stopping_) return;
  scopes_[from.options().id]->spawn(run_end_task(from, relationship));
}

rt::Task<void> ControlPlane::run_end_task(Shard& from, Generation generation) {
  co_await rt::hop(from.reactor(), home_);
  co_await commands_.lock();
  co_await end_if_drained(generation);
  commands_.unlock();
  co_await rt::hop(home_, from.reactor());
}

/// T24: decided by generation, and only if every shard is at zero. Bits of one generation only ever fall, so a zero
/// stays.
rt::Task<void> ControlPlane::end_if_drained(Generation generation) {
  if (config_.loans.contains(generation)) co_await end_closed_loans();
  co_await end_if_filled(generation);
  const auto found = config_.relationships.find(generation);
  if (found == config_.relationships.end()) co_return;
  const volume::Relationship& r = found->second;
  if (r.options.persistent && !r.removing && !r.closing()) co_return;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    const auto counts = shard->counts(generation);
    co_await rt::hop(shard->reactor(), home_);
    if (counts && counts->uncopied > 0) co_return;
  }
  std::vector<Generation> drained{generation};
  auto ended = co_await end_relationships(std::move(drained));
  if (ended) co_await end_closed_loans();  // otherwise the journal failed: nobody is told anything any more
}

// ---- start, stop, status --------------------------------------------------------------------------------------------

void ControlPlane::start() {
  look_at_pools();
  for (const auto& shard : shards_) {
    scopes_.push_back(std::make_unique<rt::Scope>(shard->reactor()));
    verify_turns_.push_back(std::make_unique<rt::Mutex>(shard->reactor()));
  }
  for (const auto& [generation, r] : config_.relationships) {
    scopes_.front()->spawn(run_end_task(control_shard(), generation));
  }
  for (const auto& [generation, loan] : config_.loans) {
    if (volume::is_open(config_, loan)) continue;
    scopes_.front()->spawn(run_end_task(control_shard(), generation));
    break;  // it looks at all of them
  }
  for (const auto& [generation, copy] : config_.range_copies) {
    scopes_.front()->spawn(run_end_task(control_shard(), generation));
  }
  if (!config_.frozen_sources.empty()) scopes_.front()->spawn(forget_freezes());
}

rt::Task<void> ControlPlane::stop() {
  stopping_ = true;
  co_await commands_.lock();
  commands_.unlock();
  for (const auto& [generation, verification] : verifications_) verification->cancelled = true;
  for (std::size_t i = 0; i < scopes_.size(); ++i) {
    rt::Reactor& reactor = shards_[i]->reactor();
    co_await rt::hop(home_, reactor);
    co_await scopes_[i]->join();
    co_await rt::hop(reactor, home_);
  }
}

void ControlPlane::kill() noexcept {
  for (const auto& scope : scopes_) scope->kill();
}

rt::Task<std::vector<FlashStatus>> ControlPlane::flash_status() {
  std::vector<FlashStatus> all;
  for (const auto& [generation, r] : config_.relationships) {
    if (!r.closing()) all.push_back({r, {}, false});
  }
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (FlashStatus& status : all) {
      const auto counts = shard->counts(status.relationship.generation);
      if (!counts) continue;
      status.counts.uncopied += counts->uncopied;
      status.counts.owed += counts->owed;
      status.counts.copied_in_background += counts->copied_in_background;
      status.counts.copy_bytes_per_second += counts->copy_bytes_per_second;
    }
    co_await rt::hop(shard->reactor(), home_);
  }
  std::uint32_t active = 0;
  for (FlashStatus& status : all) {
    const bool copying = status.relationship.options.background_copy && status.counts.uncopied > 0 &&
                         status.relationship.state == volume::RelationshipState::valid;
    status.active_copy = copying && active++ < control_shard().options().active_copies;
  }
  co_return all;
}

}  // namespace tt::image
