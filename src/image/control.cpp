// SPDX-License-Identifier: Apache-2.0
#include "image/control.h"

#include <algorithm>

#include "image/patience.h"

namespace tt::image {

namespace {

constexpr rt::TimeNs kInUseAfterIo = 300 * rt::kSecond;

}  // namespace

ControlPlane::ControlPlane(rt::Reactor& home, std::vector<std::unique_ptr<Shard>>& shards, LsnSource& lsns,
                           CommonPace& pace, ScrubPace& scrub_pace)
    : home_(home),
      shards_(shards),
      lsns_(lsns),
      pace_(pace),
      scrub_pace_(scrub_pace),
      commands_(home),
      records_(home) {}

ControlPlane::~ControlPlane() = default;

rt::Task<Result<void>> ControlPlane::harden_every_shard() {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    auto hardened = co_await shard->harden_all();
    co_await rt::hop(shard->reactor(), home_);
    if (!hardened) co_return hardened;
  }
  co_return Result<void>{};
}

/// journal_failed when room can no longer come.
rt::Task<Result<void>> ControlPlane::wait_for_room(std::uint64_t payload_bytes) {
  const journal::Ring& ring = control_shard().ring();
  while (!ring.has_room(payload_bytes, journal::SpaceClass::control)) {
    if (control_shard().no_more_room()) co_return Errc::journal_failed;
    co_await rt::sleep_for(home_, rt::kMillisecond);
  }
  if (ring.failed()) co_return Errc::journal_failed;
  co_return Result<void>{};
}

/// One turn: journal and configuration. The caller waited for room.
journal::SlotSeq ControlPlane::append(const volume::Mutation& mutation) {
  journal::Ring& ring = control_shard().ring();
  journal::RecordHeader header;
  header.kind = journal::RecordKind::control;
  header.lsn = lsns_.draw().value;
  const std::vector<std::byte> payload = volume::encode_mutation(mutation);
  const journal::Appended appended = ring.append(header, payload, journal::SpaceClass::control);
  ring.unpin(appended.slot);  // kept by the checkpoint cut
  volume::apply(config_, mutation);
  return appended.slot;
}

rt::Task<Result<void>> ControlPlane::harden(journal::SlotSeq slot) {
  auto done = co_await control_shard().ring().harden(slot);
  co_return done;
}

// ---- volumes and pools ----------------------------------------------------------------------------------------------

rt::Task<Result<void>> ControlPlane::make_volume(volume::MakeVolumeRequest request) {
  co_await commands_.lock();
  auto done = co_await make_volume_locked(std::move(request));
  commands_.unlock();
  co_return done;
}

/// `records_` is held from the choice of the extents to their record: nobody else can take them, and space is reserved
/// before the volume exists.
rt::Task<Result<void>> ControlPlane::make_volume_locked(volume::MakeVolumeRequest request) {
  auto room = co_await wait_for_room(kRecordRoom);
  if (!room) co_return room;
  co_await records_.lock();
  auto plan = volume::plan_make_volume(config_, request, Generation{lsns_.draw().value}, home_.wall_seconds());
  if (!plan) {
    records_.unlock();
    co_return plan.error();
  }
  const volume::VolumeConfig made = plan->volume;
  const bool changes_access = !plan->places.empty() || made.is_os400();
  const std::uint64_t extent_bytes = config_.pools.at(made.pool).extent_bytes;
  auto done = co_await reserve_space(made.extents, extent_bytes);
  journal::SlotSeq slot{0};
  if (done) slot = append(*plan);
  if (done) note_pool(made.pool);
  records_.unlock();
  if (!done) co_return done;
  done = co_await harden(slot);
  if (!done) co_return done;
  // Before it is there: a volume of IBM i is never seen by who sees all others.
  if (changes_access) co_await publish_access();
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->add_volume(made, extent_bytes);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return Result<void>{};
}

/// Space of all extents the volume has from the start, so that no later write can fail for want of it.
rt::Task<Result<void>> ControlPlane::reserve_space(std::vector<std::optional<volume::ExtentRef>> extents,
                                                   std::uint64_t extent_bytes) {
  for (const auto& extent : extents) {
    if (!extent) continue;
    auto reserved = co_await control_shard().reserve_extent(*extent, extent_bytes);
    if (!reserved) co_return reserved;
  }
  co_return Result<void>{};
}

rt::Task<bool> ControlPlane::recently_used(VolumeId id) {
  bool used = false;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    const flashcopy::VolumeShare* volume = shard->find(id);
    if (volume != nullptr && volume->last_host_io) {
      used = used || shard->reactor().now() - *volume->last_host_io < kInUseAfterIo;
    }
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return used;
}

bool ControlPlane::names_volume(VolumeId id, bool closing) const {
  const auto counts = [closing](const volume::Relationship& r) { return r.closing() == closing; };
  return std::ranges::any_of(config_.relationships.from(id), counts) ||
         std::ranges::any_of(config_.relationships.onto(id), counts);
}

rt::Task<void> ControlPlane::request_drain(bool on) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->request_drain(on);
    co_await rt::hop(shard->reactor(), home_);
  }
}

/// What withdrawn relationships of the volume still owe.
rt::Task<std::uint64_t> ControlPlane::tracks_owed(VolumeId id) {
  std::vector<Generation> closing;
  const auto note = [&closing](const volume::Relationship& r) {
    if (r.closing()) closing.push_back(r.generation);
  };
  std::ranges::for_each(config_.relationships.from(id), note);
  std::ranges::for_each(config_.relationships.onto(id), note);
  std::uint64_t left = 0;
  for (const Generation generation : closing) {
    const RelationshipCounts counts = co_await counts_of(generation);
    left += counts.uncopied;
  }
  co_return left;
}

rt::Task<RelationshipCounts> ControlPlane::counts_of(Generation relationship) {
  RelationshipCounts total;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    const auto counts = shard->counts(relationship);
    co_await rt::hop(shard->reactor(), home_);
    if (counts) total.uncopied += counts->uncopied;
    if (counts) total.owed += counts->owed;
  }
  co_return total;
}

/// Withdrawn relationships that still owe tracks hold the volume for a moment; they are pushed out.
rt::Task<Result<void>> ControlPlane::wait_for_closing(VolumeId id) {
  if (!names_volume(id, true)) co_return Result<void>{};
  co_await request_drain(true);
  Patience patience(home_.now());
  bool gave_up = false;
  while (names_volume(id, true) && !gave_up) {
    const std::uint64_t left = co_await tracks_owed(id);
    gave_up = patience.is_over(home_.now(), left);
    commands_.unlock();
    co_await rt::sleep_for(home_, Patience::kPoll);
    co_await commands_.lock();
  }
  co_await request_drain(false);
  if (names_volume(id, true)) co_return Error{Errc::still_in_use, id.value};
  co_return Result<void>{};
}

rt::Task<Result<void>> ControlPlane::remove_volume(VolumeId id, RemoveMode mode) {
  co_await commands_.lock();
  auto done = co_await remove_volume_locked(id, mode);
  commands_.unlock();
  co_return done;
}

rt::Task<Result<void>> ControlPlane::remove_volume_locked(VolumeId id, RemoveMode mode) {
  if (config_.find_volume(id) == nullptr) co_return Errc::volume_not_found;
  const bool grouped = volume::in_volume_group(config_, id);
  const bool changes_access = grouped || config_.find_volume(id)->is_os400();
  if (grouped && mode == RemoveMode::safe) co_return Error{Errc::still_in_use, id.value};
  if (mode == RemoveMode::force) {
    const auto open = [](auto relationships) {
      std::vector<Generation> generations;
      for (const volume::Relationship& r : relationships) {
        if (!r.closing()) generations.push_back(r.generation);
      }
      return generations;
    };
    // In a cascade what the volume's targets are still owed may have to come through it.
    std::vector<Generation> from_it = open(config_.relationships.from(id));
    auto withdrawn = co_await withdraw_group(std::move(from_it));
    if (withdrawn && config_.target_of(id) != nullptr && is_source(id)) {
      withdrawn = co_await wait_for_closing(id);
    }
    if (withdrawn) withdrawn = co_await withdraw_ranges_of(id);
    std::vector<Generation> onto_it = open(config_.relationships.onto(id));
    if (withdrawn) withdrawn = co_await withdraw_group(std::move(onto_it));
    if (!withdrawn) co_return withdrawn;
  } else {
    auto used = co_await recently_used(id);
    if (used) co_return Error{Errc::still_in_use, id.value};
  }
  if (names_volume(id, false)) co_return Error{Errc::still_in_use, id.value};
  auto closed = co_await wait_for_closing(id);
  if (closed) closed = co_await settle_loans(id, LoanSide::lender);
  if (!closed) co_return closed;
  auto room = co_await wait_for_room(kRecordRoom);
  if (!room) co_return room;
  auto plan = volume::plan_remove_volume(config_, id);
  if (!plan) co_return plan.error();
  // First nobody uses it any more (so its extents may be given away), then the record, then its maps and dirty data go:
  // until the record is durable a crash must find the volume whole.
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    co_await shard->retire_volume(id);
    co_await rt::hop(shard->reactor(), home_);
  }
  const Generation generation = config_.find_volume(id)->map_generation();
  const std::uint16_t pool = config_.find_volume(id)->pool;
  const journal::SlotSeq slot = append(*plan);
  note_pool(pool);
  auto done = co_await harden(slot);
  if (!done) co_return done;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->forget_volume(generation);
    co_await rt::hop(shard->reactor(), home_);
  }
  // Before another volume can get the id: it is in none of the groups.
  if (changes_access) co_await publish_access();
  co_return Result<void>{};
}

rt::Task<Result<std::uint16_t>> ControlPlane::make_pool(std::string name, std::uint8_t rank_group,
                                                        std::uint64_t extent_bytes) {
  co_await commands_.lock();
  auto done = co_await wait_for_room(kRecordRoom);
  std::uint16_t id = 0;
  if (done) {
    auto plan = volume::plan_make_pool(config_, std::move(name), rank_group, extent_bytes);
    if (plan) {
      id = plan->pool.id;
      done = co_await harden(append(*plan));
    } else {
      done = plan.error();
    }
  }
  commands_.unlock();
  if (!done) co_return done.error();
  co_return id;
}

rt::Task<Result<void>> ControlPlane::remove_pool(std::uint16_t pool) {
  co_await commands_.lock();
  auto done = co_await wait_for_room(kRecordRoom);
  if (done) {
    auto plan = volume::plan_remove_pool(config_, pool);
    if (plan) {
      done = co_await harden(append(*plan));
    } else {
      done = plan.error();
    }
  }
  commands_.unlock();
  co_return done;
}

// ---- what shards ask for --------------------------------------------------------------------------------------------

rt::Task<Result<void>> ControlPlane::allocate_extent(Shard& from, VolumeHandle volume, std::uint32_t extent_number) {
  co_await rt::hop(from.reactor(), home_);
  co_await records_.lock();
  auto done = co_await allocate_here(volume, extent_number);
  records_.unlock();
  co_await rt::hop(home_, from.reactor());
  co_return done;
}

rt::Task<Result<void>> ControlPlane::allocate_here(VolumeHandle handle, std::uint32_t extent_number) {
  auto room = co_await wait_for_room(kRecordRoom);
  if (!room) co_return room;
  const volume::VolumeConfig* volume = config_.find_volume(handle.id);
  if (volume == nullptr || volume->generation != handle.generation) co_return Errc::volume_not_found;
  if (volume->extents[extent_number]) co_return Result<void>{};  // another shard was first, and all were told
  auto plan = volume::plan_allocate_extent(config_, handle.id, extent_number);
  if (!plan) co_return plan.error();
  const volume::ExtentRef extent = plan->extent;
  const std::uint64_t extent_bytes = config_.pools.at(volume->pool).extent_bytes;
  auto done = co_await control_shard().reserve_extent(extent, extent_bytes);
  if (!done) co_return done;
  const journal::SlotSeq slot = append(*plan);
  note_pool(volume->pool);
  done = co_await harden(slot);
  if (!done) co_return done;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->install_extent(handle, extent_number, extent);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> ControlPlane::record_failure(volume::Mutation mutation) {
  auto room = co_await wait_for_room(kRecordRoom);
  if (!room) co_return room;
  const journal::SlotSeq slot = append(mutation);
  auto done = co_await harden(slot);
  co_return done;
}

/// `change` is asked when its turn has come; nothing if it was recorded before. Durable, then known to every shard.
rt::Task<Result<void>> ControlPlane::record_and_tell(Shard& from,
                                                     std::function<std::optional<volume::Mutation>()> change,
                                                     std::function<void(Shard&)> tell) {
  co_await rt::hop(from.reactor(), home_);
  co_await records_.lock();
  Result<void> done;
  if (std::optional<volume::Mutation> record = change()) done = co_await record_failure(std::move(*record));
  for (const auto& shard : shards_) {
    if (!done) break;
    co_await rt::hop(home_, shard->reactor());
    tell(*shard);
    co_await rt::hop(shard->reactor(), home_);
  }
  records_.unlock();
  co_await rt::hop(home_, from.reactor());
  co_return done;
}

rt::Task<Result<void>> ControlPlane::fail_relationship(Shard& from, Generation relationship) {
  const std::function<std::optional<volume::Mutation>()> change = [this, relationship] {
    const auto found = config_.relationships.find(relationship);
    const auto loan = config_.loans.find(relationship);
    const auto range = config_.range_copies.find(relationship);
    const bool fails =
        (range != config_.range_copies.end() && range->second.state != volume::RelationshipState::failed) ||
        (found != config_.relationships.end() && found->second.state != volume::RelationshipState::failed) ||
        (loan != config_.loans.end() && !loan->second.failed);
    return fails ? std::optional<volume::Mutation>(volume::FailRelationship{relationship, home_.wall_seconds()})
                 : std::nullopt;
  };
  const std::function<void(Shard&)> tell = [relationship](Shard& shard) {
    shard.mark_relationship_failed(relationship);
  };
  auto done = co_await record_and_tell(from, change, tell);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::inhibit_source(Shard& from, Generation relationship) {
  const std::function<std::optional<volume::Mutation>()> change = [this, relationship] {
    const auto found = config_.relationships.find(relationship);
    const bool inhibits = found != config_.relationships.end() && !found->second.source_inhibited;
    return inhibits ? std::optional<volume::Mutation>(volume::InhibitSource{relationship, home_.wall_seconds()})
                    : std::nullopt;
  };
  const std::function<void(Shard&)> tell = [relationship](Shard& shard) { shard.mark_source_inhibited(relationship); };
  auto done = co_await record_and_tell(from, change, tell);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::fail_rank(Shard& from, std::uint16_t rank) {
  const std::function<std::optional<volume::Mutation>()> change = [this, rank] {
    const auto found = config_.ranks.find(rank);
    const bool fails = found != config_.ranks.end() && !found->second.failed;
    return fails ? std::optional<volume::Mutation>(volume::FailRank{rank, home_.wall_seconds()}) : std::nullopt;
  };
  const std::function<void(Shard&)> tell = [rank](Shard& shard) { shard.mark_rank_failed(rank); };
  auto done = co_await record_and_tell(from, change, tell);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::flush_rank(Shard& from, std::uint16_t rank) {
  co_await rt::hop(from.reactor(), home_);
  auto done = co_await control_shard().flush_rank(rank);
  co_await rt::hop(home_, from.reactor());
  co_return done;
}

}  // namespace tt::image
