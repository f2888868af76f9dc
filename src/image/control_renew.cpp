// SPDX-License-Identifier: Apache-2.0
// resyncflash, reverseflash, setflashrevertible, commitflash and revertflash (sections 3.2 to 3.6 of the FlashCopy
// specification). Each pair is a change of its own, so that one failure does not stop the rest.
#include <algorithm>

#include "image/control.h"
#include "image/patience.h"

namespace tt::image {

rt::Task<std::vector<Result<void>>> ControlPlane::resync(std::vector<RenewalRequest> pairs) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  for (const RenewalRequest& pair : pairs) {
    const auto found = volume::find_relationship(config_, pair.source, pair.target);
    volume::RelationshipOptions options = pair.options;
    if (found && pair.keeps_copy_kind) {
      options.background_copy = config_.relationships.at(*found).options.background_copy;
    }
    Result<void> done = found ? volume::validate_resync(config_, *found, options) : Result<void>{found.error()};
    if (done) done = co_await no_child_needs(*found);
    if (done) {
      done = co_await renew(ChangeKind::resync, *found, options, false, pair.freeze);
    }
    verdicts.push_back(done);
  }
  commands_.unlock();
  co_return verdicts;
}

/// Before the direction or the right to write changes, each volume holds what is its own.
rt::Task<Result<void>> ControlPlane::settle_both(const RenewalRequest& pair) {
  const VolumeId target = pair.target;
  auto done = co_await settle_loans(pair.source, LoanSide::borrower);
  if (done) done = co_await settle_loans(target, LoanSide::borrower);
  co_return done;
}

Result<void> ControlPlane::may_reverse(const RenewalRequest& pair, bool fast) const {
  const auto found = volume::find_relationship(config_, pair.source, pair.target);
  if (!found) return found.error();
  return volume::validate_reverse(config_, *found, pair.options, fast);
}

rt::Task<Result<void>> ControlPlane::settle_for_reverse(const RenewalRequest& pair, bool fast) {
  const volume::PairRequest turned{pair.target, pair.source, {}};
  co_await settle_closing_roles({&turned, 1});
  Result<void> settled;
  if (fast) settled = co_await complete_tracks(pair);
  if (!fast) settled = co_await bring_out_owed(pair);
  if (settled) settled = co_await settle_both(pair);
  if (settled && closing_role_conflict(turned)) settled = Errc::other_relationships;
  co_return settled;
}

/// What would be refused anyway is refused before anybody waits; and judged anew afterwards, as others went on.
rt::Task<std::vector<Result<void>>> ControlPlane::reverse(std::vector<RenewalRequest> pairs, bool fast) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  for (const RenewalRequest& pair : pairs) {
    Result<void> settled = may_reverse(pair, fast);
    if (settled) settled = co_await settle_for_reverse(pair, fast);
    const auto found = volume::find_relationship(config_, pair.source, pair.target);
    Result<void> done = may_reverse(pair, fast);
    if (done) done = settled;
    if (done && !fast) done = co_await copy_complete(*found);
    if (done) {
      const ChangeKind kind = fast ? ChangeKind::fast_reverse : ChangeKind::reverse;
      done = co_await renew(kind, *found, pair.options, false);
    }
    if (found && fast && !done) co_await let_tracks_be_partial(*found);
    verdicts.push_back(done);
  }
  commands_.unlock();
  co_return verdicts;
}

/// A fast reverse gives back what lies on the target, in whole tracks. Hosts go on meanwhile, and other commands too.
rt::Task<Result<void>> ControlPlane::complete_tracks(const RenewalRequest& pair) {
  Patience patience(home_.now());
  Result<void> done;
  co_await request_drain(true);
  for (;;) {
    const auto found = volume::find_relationship(config_, pair.source, pair.target);
    if (!found) break;
    std::uint64_t left = 0;
    for (const auto& shard : shards_) {
      co_await rt::hop(home_, shard->reactor());
      const std::uint64_t here = co_await shard->complete_tracks(*found);
      left += here;
      co_await rt::hop(shard->reactor(), home_);
    }
    if (left == 0) break;
    if (patience.is_over(home_.now(), left)) done = Error{Errc::timed_out, pair.source.value};
    if (control_shard().no_more_room()) done = Errc::journal_failed;
    if (stopping_) done = Errc::shutting_down;
    if (!done) {
      co_await let_tracks_be_partial(*found);
      break;
    }
    commands_.unlock();
    co_await rt::sleep_for(home_, Patience::kPoll);
    co_await commands_.lock();
  }
  co_await request_drain(false);
  co_return done;
}

rt::Task<void> ControlPlane::let_tracks_be_partial(Generation relationship) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->let_tracks_be_partial(relationship);
    co_await rt::hop(shard->reactor(), home_);
  }
}

rt::Task<std::vector<Result<void>>> ControlPlane::set_revertible(std::vector<RenewalRequest> pairs) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  for (const RenewalRequest& pair : pairs) {
    Result<void> done = co_await settle_both(pair);
    const auto found = volume::find_relationship(config_, pair.source, pair.target);
    if (!found) done = found.error();
    if (done) {
      // Only the tag and the inhibition are new: the relationship goes on recording.
      volume::RelationshipOptions options = config_.relationships.at(*found).options;
      options.sequence_number = pair.options.sequence_number;
      options.inhibit_target_writes = pair.options.inhibit_target_writes;
      done = volume::validate_revertible(config_, *found, options);
      if (done && in_cascade(*found)) done = Errc::other_relationships;
      if (done) done = co_await renew(ChangeKind::resync, *found, options, true);
    }
    verdicts.push_back(done);
  }
  commands_.unlock();
  co_return verdicts;
}

rt::Task<Result<void>> ControlPlane::renew(ChangeKind kind, Generation old, volume::RelationshipOptions options,
                                           bool revertible, bool freeze) {
  const volume::Relationship before = config_.relationships.at(old);
  volume::Relationship made = before;
  const bool turns = kind != ChangeKind::resync;
  if (turns) std::swap(made.source, made.target);
  made.frozen = !turns && (before.frozen || freeze);
  made.options = options;
  made.options.persistent = options.persistent || options.recording;
  made.options.copy_limit = before.options.copy_limit;
  made.renewed = true;
  made.source_inhibited = false;
  made.synced_s = home_.wall_seconds();
  if (revertible) made.saved = old;

  RelationshipChange change;
  change.kind = kind;
  change.made.push_back(made);
  change.retired.push_back(old);
  change.held.push_back(made.target);
  if (revertible || kind == ChangeKind::fast_reverse) change.held.push_back(made.source);
  change.drained = change.held;
  std::vector<VolumeId> frozen;
  if (freeze) frozen = sources_to_hold(change.made);
  co_await hold_sources(frozen);
  auto done = co_await change_group(std::move(change));
  co_await settle_freezes(std::move(frozen));
  co_return done;
}

bool ControlPlane::in_cascade(Generation generation) const {
  const volume::Relationship& r = config_.relationships.at(generation);
  return is_source(r.target) || !config_.relationships.onto(r.source).empty();
}

/// A target that is a source itself gets a new image only if the old one is all there: then what its own targets still
/// need lies on its medium, and is copied before that is overwritten.
rt::Task<Result<void>> ControlPlane::no_child_needs(Generation generation) {
  const VolumeId target = config_.relationships.at(generation).target;
  if (!is_source(target)) co_return Result<void>{};
  const RelationshipCounts counts = co_await counts_of(generation);
  if (counts.uncopied > 0) co_return Error{Errc::other_relationships, target.value};
  co_return Result<void>{};
}

/// FC-33: owed tracks count as copied. If nothing else is left they are pushed out before the answer is given; hosts go
/// on meanwhile, and other commands too.
rt::Task<Result<void>> ControlPlane::bring_out_owed(const RenewalRequest& pair) {
  Patience patience(home_.now());
  Result<void> done;
  co_await request_drain(true);
  while (done) {
    const auto found = volume::find_relationship(config_, pair.source, pair.target);
    if (!found) break;
    const RelationshipCounts left = co_await counts_of(*found);
    if (left.uncopied == 0 || left.uncopied > left.owed) break;
    if (patience.is_over(home_.now(), left.uncopied)) done = Error{Errc::timed_out, pair.source.value};
    if (control_shard().no_more_room()) done = Errc::journal_failed;
    if (stopping_) done = Errc::shutting_down;
    commands_.unlock();
    co_await rt::sleep_for(home_, Patience::kPoll);
    co_await commands_.lock();
  }
  co_await request_drain(false);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::copy_complete(Generation generation) {
  const VolumeId source = config_.relationships.at(generation).source;
  const RelationshipCounts counts = co_await counts_of(generation);
  if (counts.uncopied > 0) co_return Error{Errc::copy_not_complete, source.value};
  co_return Result<void>{};
}

rt::Task<std::vector<Result<void>>> ControlPlane::commit_flash(std::vector<VolumeId> sources,
                                                               std::optional<std::uint32_t> sequence) {
  auto verdicts = co_await settle_revertibles(std::move(sources), sequence, true);
  co_return verdicts;
}

rt::Task<std::vector<Result<void>>> ControlPlane::revert_flash(std::vector<VolumeId> sources,
                                                               std::optional<std::uint32_t> sequence) {
  auto verdicts = co_await settle_revertibles(std::move(sources), sequence, false);
  co_return verdicts;
}

rt::Task<std::vector<Result<void>>> ControlPlane::settle_revertibles(std::vector<VolumeId> sources,
                                                                     std::optional<std::uint32_t> sequence,
                                                                     bool commit) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  for (const VolumeId source : sources) {
    const auto found = volume::find_revertible(config_, source, sequence);
    Result<void> done = found.has_value() ? Result<void>{} : Result<void>{found.error()};
    if (done) done = co_await settle_revertible(*found, commit);
    verdicts.push_back(done);
  }
  commands_.unlock();
  co_return verdicts;
}

/// One record, then the shards: until they are told nobody writes and nothing is copied, so both views are whole.
rt::Task<Result<void>> ControlPlane::settle_revertible(std::vector<Generation> group, bool commit) {
  std::vector<Generation> saved;
  for (const Generation generation : group) saved.push_back(*config_.relationships.at(generation).saved);
  auto done = co_await wait_for_room(kRecordRoom);
  if (!done) co_return done;
  volume::Mutation record = volume::CommitRevertible{group};
  if (!commit) record = volume::RevertRelationships{group};
  done = co_await harden(append(record));
  if (!done) co_return done;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (std::size_t i = 0; i < group.size(); ++i) {
      commit ? shard->commit_revertible(group[i], saved[i]) : shard->revert_relationship(group[i], saved[i]);
    }
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return Result<void>{};
}

}  // namespace tt::image
