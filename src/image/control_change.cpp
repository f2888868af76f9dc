// SPDX-License-Identifier: Apache-2.0
// One T0 for a group of relationships in all shards: the step order of engine notes 3.5, which establish, resync,
// reverse and setrevertible share. What a shard does in each step is told in shard_control.cpp and shard_renew.cpp.
#include "image/control.h"

namespace tt::image {

rt::Task<Result<void>> ControlPlane::change_group(RelationshipChange change) {
  for (;;) {
    // No share in any shard has it until this attempt draws one: a failed attempt must not take another's share away.
    for (volume::Relationship& made : change.made) made.generation = Generation{};
    change.loans.clear();
    auto done = co_await prepare_change(change);
    if (done) done = co_await commit_change(change);
    if (done) give_rates(change);
    for (const auto& shard : shards_) {
      co_await rt::hop(home_, shard->reactor());
      shard->conclude_change(change, done.has_value());
      shard->release(change.held);
      co_await rt::hop(shard->reactor(), home_);
    }
    if (done) co_await end_closed_loans();
    if (done || done.error().code != Errc::busy) co_return done;
    co_await rt::sleep_for(home_, rt::kMillisecond);  // the volumes were released; room will come
  }
}

/// Every shard is fenced before T0 is drawn (C4).
rt::Task<Result<void>> ControlPlane::prepare_change(const RelationshipChange& change) {
  // After the journal failed the configuration may be ahead of the shards: nothing may be built on it.
  auto room = co_await wait_for_room(kRecordRoom);
  if (!room) co_return room;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    auto held = co_await shard->hold(change.held, change.drained);
    co_await rt::hop(shard->reactor(), home_);
    if (!held) co_return held;
  }
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    co_await shard->fence(change.held);
    auto read = co_await shard->read_own_ends(change.made);
    co_await rt::hop(shard->reactor(), home_);
    if (!read) co_return read;
  }
  co_return Result<void>{};
}

/// The journal failed with the record in it: only a restart can tell whether the change happened. Until then no medium
/// may hold anything that is right in one of the two cases only.
rt::Task<void> ControlPlane::stay_fenced() {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->stay_fenced();
    co_await rt::hop(shard->reactor(), home_);
  }
}

rt::Task<Result<void>> ControlPlane::commit_change(RelationshipChange& change) {
  const Lsn t0 = lsns_.draw(change.made.size());
  for (std::size_t i = 0; i < change.made.size(); ++i) {
    change.made[i].t0 = t0;
    change.made[i].generation = Generation{t0.value + i};
  }
  make_loans(change);
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    Result<void> done;
    for (const volume::Relationship& made : change.made) {
      if (done) done = shard->record_logical_change(made.target, change.retired);
    }
    if (!done) {
      co_await rt::hop(shard->reactor(), home_);
      co_return done;
    }
    if (change.kind == ChangeKind::establish) {
      shard->install(change.made);
    } else {
      done = shard->install_renewals(change);
    }
    if (done) shard->install_loans(change.loans);
    if (done) done = shard->write_own_ends();
    co_await rt::hop(shard->reactor(), home_);
    if (!done) co_return done;
  }
  // Everything below T0 is in the image, so it must be as durable as the image (C2); and so must the maps of what is
  // renewed.
  auto done = co_await harden_every_shard();
  if (!done) co_return done;
  volume::Establish establish{change.made, {}, change.loans};
  for (const volume::Relationship& made : change.made) {
    if (change.kind != ChangeKind::establish || !volume::empties_target(config_, made.source, made.target)) continue;
    establish.emptied.push_back({made.target, Generation{lsns_.draw().value}});
  }
  if (!establish.emptied.empty()) {
    done = co_await commit_with_space(std::move(establish));
    co_return done;
  }
  volume::Mutation record = std::move(establish);
  if (change.kind != ChangeKind::establish) {
    volume::RenewRelationships renew{{}, change.loans};
    for (std::size_t i = 0; i < change.made.size(); ++i) renew.renewals.push_back({change.retired[i], change.made[i]});
    record = std::move(renew);
  }
  done = co_await wait_for_room(volume::encode_mutation(record).size());
  if (!done) co_return done;
  done = co_await harden(append(record));  // the commit point
  if (!done) co_await stay_fenced();
  co_return done;
}

/// An establish that gives back what its targets held. `records_` is held from the record until every shard has
/// forgotten the space: nobody can take it before the establish is durable, nor while a shard still takes it for the
/// target's. Crash argument: before the record is durable the target is whole, because nothing of it was touched; with
/// it its extents are free, its former entries void (the kill) and its former maps nobody's.
rt::Task<Result<void>> ControlPlane::commit_with_space(volume::Establish establish) {
  const volume::Mutation record = establish;
  const std::uint64_t bytes = volume::encode_mutation(record).size();
  for (;;) {
    auto room = co_await wait_for_room(bytes);
    if (!room) co_return room;
    co_await records_.lock();
    if (control_shard().ring().has_room(bytes, journal::SpaceClass::control)) break;
    records_.unlock();
  }
  auto done = co_await harden(append(record));  // the commit point
  for (const volume::EmptiedTarget& emptied : establish.emptied) {
    if (!done) break;
    const volume::VolumeConfig target = *config_.find_volume(emptied.volume);
    for (const auto& shard : shards_) {
      co_await rt::hop(home_, shard->reactor());
      co_await shard->forget_sums(target.id);
      shard->empty_volume(target);
      co_await rt::hop(shard->reactor(), home_);
    }
    note_pool(target.pool);
  }
  records_.unlock();
  if (!done) co_await stay_fenced();
  co_return done;
}

}  // namespace tt::image
