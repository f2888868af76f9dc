// SPDX-License-Identifier: Apache-2.0
// Commands that change the configuration and nothing of the copies: volumes that grow or become empty, LSSs, pools, and
// what ranks lie on.
#include "image/control.h"
#include "image/recovery.h"

namespace tt::image {

/// One record for one plan. `records_` too: a thin volume may be about to take an extent of what is changed.
rt::Task<Result<void>> ControlPlane::record(Planner plan) {
  co_await commands_.lock();
  auto done = co_await wait_for_room(kRecordRoom);
  if (done) {
    co_await records_.lock();
    auto mutation = plan();
    if (mutation) {
      const journal::SlotSeq slot = append(*mutation);
      if (const auto* change = std::get_if<volume::ChangePool>(&*mutation)) note_pool(change->pool.id);
      done = co_await harden(slot);
    } else {
      done = mutation.error();
    }
    records_.unlock();
  }
  commands_.unlock();
  co_return done;
}

// ---- volumes --------------------------------------------------------------------------------------------------------

rt::Task<Result<void>> ControlPlane::change_volume(volume::ChangeVolumeRequest request) {
  co_await commands_.lock();
  Result<void> done;
  const bool reshapes = request.block_count || request.os400 || request.t10dif;
  if (reshapes && config_.find_volume(request.id) != nullptr) done = co_await wait_for_closing(request.id);
  if (done) done = co_await wait_for_room(kRecordRoom);
  if (done) {
    co_await records_.lock();
    done = co_await change_volume_locked(std::move(request));
    records_.unlock();
  }
  commands_.unlock();
  co_return done;
}

/// Crash argument: the record is durable before any shard knows tracks of the new end, so a checkpoint never holds a
/// longer map than the configuration that is found beside it; one with a shorter map is from before and is filled up
/// with zeros (Recovery::load_maps). Hosts learn the new size when every shard can serve it.
rt::Task<Result<void>> ControlPlane::change_volume_locked(volume::ChangeVolumeRequest request) {
  auto plan = volume::plan_change_volume(config_, request);
  if (!plan) co_return plan.error();
  const std::uint64_t extent_bytes = config_.pools.at(config_.find_volume(request.id)->pool).extent_bytes;
  auto done = co_await reserve_space(plan->extents, extent_bytes);
  if (!done) co_return done;
  const journal::SlotSeq slot = append(*plan);
  note_pool(config_.find_volume(request.id)->pool);
  done = co_await harden(slot);
  if (!done || !request.block_count) co_return done;
  const volume::VolumeConfig grown = *config_.find_volume(request.id);
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->grow_volume(grown);
    co_await rt::hop(shard->reactor(), home_);
  }
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->set_block_count(grown.id, grown.block_count);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> ControlPlane::release_space(VolumeId id) {
  co_await commands_.lock();
  Result<void> done;
  // Asked before anybody is held: a volume that stays as it is must not notice.
  const auto possible = volume::plan_release_space(config_, id, Lsn{0}, Generation{0});
  if (possible || possible.error().code == Errc::other_relationships) {
    done = co_await release_unused(id);
  } else {
    done = possible.error();
  }
  commands_.unlock();
  co_return done;
}

/// A thin volume that only closing relationships may still name.
rt::Task<Result<void>> ControlPlane::release_unused(VolumeId id) {
  auto done = co_await wait_for_closing(id);
  if (done) done = co_await settle_loans(id, LoanSide::lender);
  if (done && names_volume(id, false)) done = Error{Errc::other_relationships, id.value};
  if (done) done = co_await wait_for_room(kRecordRoom);
  if (done) done = co_await release_space_locked(id);
  co_return done;
}

/// Crash argument: until the record is durable a crash finds the volume whole, because nothing of it was touched. With
/// the record its extents are free, entries older than it are void (a kill), and its former maps belong to nobody. So
/// whoever gets an extent afterwards, no reader, batch or replay of this volume can reach it.
rt::Task<Result<void>> ControlPlane::release_space_locked(VolumeId id) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    co_await shard->hold_volume(id);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_await records_.lock();
  const Lsn at = lsns_.draw();
  const Generation maps{lsns_.draw().value};
  Result<void> done;
  auto plan = volume::plan_release_space(config_, id, at, maps);
  if (plan) {
    done = co_await harden(append(*plan));
  } else {
    done = plan.error();
  }
  const volume::VolumeConfig emptied = *config_.find_volume(id);
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    if (done) {
      co_await shard->forget_sums(id);
      shard->empty_volume(emptied);
    }
    co_await rt::hop(shard->reactor(), home_);
  }
  if (done) note_pool(emptied.pool);
  records_.unlock();
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->release_volume(id);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return done;
}

// ---- problems -------------------------------------------------------------------------------------------------------

namespace {

/// 0 enough, 1 below the threshold, 2 full.
std::uint8_t space_state(std::uint64_t total, std::uint64_t free, std::uint8_t threshold_percent) {
  const bool scarce = free * 100 < total * threshold_percent;
  return free == 0 ? 2 : (scarce ? 1 : 0);
}

std::uint8_t pool_state(const volume::ImageConfig& config, std::uint16_t pool) {
  return space_state(config.total_extents(pool), config.free_extents(pool), config.pools.at(pool).threshold_percent);
}

std::uint8_t repository_state(const volume::ImageConfig& config, std::uint16_t pool) {
  const auto& repository = config.pools.at(pool).repository;
  if (!repository) return 0;
  const std::uint64_t free = config.free_extents(pool, volume::AllocationMethod::tse);
  return space_state(repository->real_extents, free, repository->threshold_percent);
}

}  // namespace

void ControlPlane::look_at_pools() {
  for (const auto& [id, pool] : config_.pools) {
    pool_states_[id] = pool_state(config_, id);
    repository_states_[id] = repository_state(config_, id);
  }
}

void ControlPlane::note_pool(std::uint16_t pool) {
  note_state(pool_states_[pool], pool_state(config_, pool), pool, volume::ProblemKind::pool_threshold,
             volume::ProblemKind::pool_full);
  note_state(repository_states_[pool], repository_state(config_, pool), pool, volume::ProblemKind::repository_threshold,
             volume::ProblemKind::repository_full);
}

/// In the turn of the record that took or gave space: what became scarce or full is a problem. Not waited for; it
/// becomes durable with the next record that is, and is left out when the journal has no room just now.
void ControlPlane::note_state(std::uint8_t& known, std::uint8_t state, std::uint16_t pool, volume::ProblemKind scarce,
                              volume::ProblemKind full) {
  if (state <= known) {
    known = state;
    return;
  }
  const auto kind = state == 2 ? full : scarce;
  const volume::Mutation record = volume::RecordProblem{kind, home_.wall_seconds(), "P" + std::to_string(pool)};
  const std::size_t bytes = volume::encode_mutation(record).size();
  if (!control_shard().ring().has_room(bytes, journal::SpaceClass::control)) return;
  append(record);
  known = state;
}

void ControlPlane::checkpoint_failed(Shard& from) noexcept {
  if (stopping_) return;
  scopes_[from.options().id]->spawn(note_checkpoint(from));
}

rt::Task<void> ControlPlane::note_checkpoint(Shard& from) {
  const std::string object = "shard " + std::to_string(from.options().id);
  co_await rt::hop(from.reactor(), home_);
  co_await records_.lock();
  const volume::Mutation record =
      volume::RecordProblem{volume::ProblemKind::checkpoint_failed, home_.wall_seconds(), object};
  auto done = co_await record_failure(record);
  static_cast<void>(done);  // the journal may be full already; lsproblem looks at the shards themselves, too
  records_.unlock();
  co_await rt::hop(home_, from.reactor());
}

// ---- ranks ----------------------------------------------------------------------------------------------------------

rt::Task<Result<std::uint16_t>> ControlPlane::make_array(std::uint16_t site, std::uint8_t raid_type) {
  std::uint16_t id = 0;
  const Planner plan = [this, site, raid_type, &id]() -> Result<volume::Mutation> {
    TT_TRY(const auto made, volume::plan_make_array(config_, site, raid_type));
    id = made.array.id;
    return volume::Mutation(made);
  };
  auto done = co_await record(plan);
  if (!done) co_return done.error();
  co_return id;
}

rt::Task<Result<std::uint16_t>> ControlPlane::make_rank(std::uint16_t array, std::optional<std::uint16_t> pool) {
  co_await commands_.lock();
  auto plan = volume::plan_add_rank(config_, array, pool);
  Result<void> done;
  if (plan) {
    done = co_await format_rank(plan->rank);
  } else {
    done = plan.error();
  }
  if (done) done = co_await wait_for_room(kRecordRoom);
  if (done) {
    co_await records_.lock();
    done = co_await harden(append(*plan));
    records_.unlock();
  }
  commands_.unlock();
  if (!done) co_return done.error();
  co_return plan->rank.id;
}

/// Formats the device and opens it in every shard, before the record says that the rank is there: a crash before the
/// record leaves a formatted device that the next mkrank formats again.
rt::Task<Result<void>> ControlPlane::format_rank(volume::RankConfig rank) {
  const auto uuid = control_shard().store().fields().image_uuid;
  auto done = co_await media::erase_rank(*storages_.front(), rank.device, uuid);
  if (!done) co_return done;
  done = co_await media::create_rank(*storages_.front(), rank.device, uuid, rank.id, rank.data_bytes);
  if (!done) co_return done;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = *shards_[i];
    co_await rt::hop(home_, shard.reactor());
    Recovery opener(shard);
    done = co_await opener.open_rank(*storages_[i], rank, uuid);
    co_await rt::hop(shard.reactor(), home_);
    if (!done) break;
  }
  if (!done) co_await forget_rank(rank.id);
  co_return done;
}

rt::Task<void> ControlPlane::forget_rank(std::uint16_t rank) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->remove_rank(rank);
    co_await rt::hop(shard->reactor(), home_);
  }
}

rt::Task<Result<void>> ControlPlane::remove_rank(std::uint16_t rank) {
  std::string device;
  const Planner plan = [this, rank, &device]() -> Result<volume::Mutation> {
    TT_TRY(const auto removed, volume::plan_remove_rank(config_, rank));
    device = config_.ranks.at(rank).device;
    return volume::Mutation(removed);
  };
  auto done = co_await record(plan);
  if (!done) co_return done;
  co_await forget_rank(rank);
  // So that another image can use the device. The rank is gone either way.
  const auto uuid = control_shard().store().fields().image_uuid;
  auto erased = co_await media::erase_rank(*storages_.front(), device, uuid);
  static_cast<void>(erased);
  co_return done;
}

}  // namespace tt::image
