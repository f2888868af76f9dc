// SPDX-License-Identifier: Apache-2.0
#include "image/shard.h"

#include <algorithm>

#include "flashcopy/pair_share.h"

namespace tt::image {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

namespace {

constexpr std::size_t kReadFrames = 64;

}  // namespace

Shard::Shard(rt::Reactor& reactor, ShardOptions options, LsnSource& lsns, ControlLink& control)
    : reactor_(reactor),
      options_(options),
      lsns_(lsns),
      control_(control),
      frames_(reactor, kReadFrames),
      filled_(reactor),
      placed_run_ended_(reactor),
      batch_ended_(reactor),
      room_(reactor),
      image_read_done_(reactor) {
  sums_ = std::make_unique<MediaSums>(*this, options_.sums);
  mender_ = std::make_unique<Mender>(*this);
  TT_ASSERT(options_.batch_frames * kTrackBytes >= flashcopy::ColumnPlan::kMostStepBytes);
  if (options_.read_cache_bytes != 0) {
    const ReadAheadOptions ahead = ReadAheadOptions::within(options_.read_cache_bytes);
    read_cache_ = std::make_unique<cache::ReadCache>(options_.read_cache_bytes - ahead.bytes());
    if (ahead.pieces > 0) read_ahead_ = std::make_unique<ReadAhead>(*this, *read_cache_, ahead);
  }
}

Shard::~Shard() = default;

VolumeShare* Shard::find(VolumeId id) const noexcept {
  return volumes_.find(id);
}

VolumeShare* Shard::find(VolumeHandle handle) const noexcept {
  VolumeShare* volume = find(handle.id);
  return volume != nullptr && volume->generation == handle.generation ? volume : nullptr;
}

MediaAddress Shard::address_of(const VolumeShare& volume, std::uint64_t local_track) noexcept {
  const std::uint64_t track = global_of(local_track);
  const auto& extent = volume.extents[track / volume.tracks_per_extent];
  if (!extent) return {};
  RankShare& rank = ranks_[extent->rank];
  const std::uint64_t extent_bytes = volume.tracks_per_extent * kTrackBytes;
  return {&rank, rank.layout.track_offset(extent->index, extent_bytes, track % volume.tracks_per_extent)};
}

journal::SlotSeq Shard::append_bits(const std::vector<journal::MapDelta>& deltas) {
  std::vector<std::byte>& payload = bits_payload_;
  journal::encode_map_deltas(deltas, payload);
  journal::RecordHeader header;
  header.kind = journal::RecordKind::bits;
  header.lsn = lsns_.draw().value;
  TT_ASSERT(ring_->has_room(payload.size(), journal::SpaceClass::destage));  // I17: the reserve of the space classes
  const journal::Appended appended = ring_->append(header, payload, journal::SpaceClass::destage);
  ring_->unpin(appended.slot);  // kept by the checkpoint cut, not by a pin
  for (const journal::MapDelta& delta : deltas) apply_delta(delta);
  return appended.slot;
}

/// A delta of a generation that is gone says nothing (engine notes T17).
void Shard::apply_delta(const journal::MapDelta& delta) noexcept {
  if (delta.map.kind == journal::MapKind::preserved) {
    RelationshipShare* share = find_share(delta.map.generation);
    if (share != nullptr) apply_preserved(*share, delta);
    return;
  }
  volume::TrackMap* map = find_map(delta.map);
  if (map == nullptr) return;
  const bool value = delta.change == journal::BitChange::set;
  for (const journal::TrackRun& run : delta.runs) {
    if (run.first >= map->track_count()) continue;
    map->set_run(run.first, std::min<std::uint64_t>(run.count, map->track_count() - run.first), value);
  }
}

void Shard::apply_preserved(RelationshipShare& share, const journal::MapDelta& delta) noexcept {
  const auto pages = [&share] { return share.preserved ? share.preserved->mixed_pages() : 0; };
  const std::uint32_t before = pages();
  for (const journal::TrackRun& run : delta.runs) {
    flashcopy::change_preserved(share, run.first, run.count, delta.change == journal::BitChange::set);
  }
  preserved_pages_ += pages();
  preserved_pages_ -= before;
}

/// In memory and, with the next checkpoint, there.
void Shard::drop_preserved(RelationshipShare& share) {
  if (!share.preserved) return;
  preserved_pages_ -= share.preserved->mixed_pages();
  share.preserved.reset();
  share.partial_tracks = 0;
  removed_maps_.push_back({share.generation, journal::MapKind::preserved});
}

flashcopy::Preserve Shard::preserve() const noexcept {
  return preserved_pages_ < options_.most_preserved_pages ? flashcopy::Preserve::grains
                                                          : flashcopy::Preserve::whole_tracks;
}

volume::TrackMap* Shard::find_map(const journal::MapKey& key) noexcept {
  if (key.kind == journal::MapKind::written) {
    const auto found = volume_of_generation_.find(key.generation);
    return found != volume_of_generation_.end() ? &found->second->written : nullptr;
  }
  if (key.kind == journal::MapKind::out_of_sync) {
    const auto found = pair_of_marks_.find(key.generation);
    return found != pair_of_marks_.end() ? &found->second->marks : nullptr;
  }
  if (flashcopy::RangeShare* range = find_range(key.generation)) {
    return key.kind == journal::MapKind::uncopied ? &range->pending : nullptr;
  }
  RelationshipShare* share = find_share(key.generation);
  if (share == nullptr) return nullptr;
  const auto recorded = [](std::optional<volume::TrackMap>& map) { return map ? &*map : nullptr; };
  switch (key.kind) {
    case journal::MapKind::changed_source:
      return recorded(share->changed_source);
    case journal::MapKind::changed_target:
      return recorded(share->changed_target);
    case journal::MapKind::preserved:
      if (!share->preserved) share->preserved.emplace(share->uncopied.track_count() * kTrackGrains, false);
      return &*share->preserved;
    default:
      return &share->uncopied;
  }
}

RelationshipShare* Shard::find_share(Generation generation) noexcept {
  for (auto* shares : {&relationships_, &saved_relationships_}) {
    if (const auto found = shares->find(generation); found != shares->end()) return found->second.get();
  }
  return nullptr;
}

void Shard::add_rank(RankShare rank) {
  if (ranks_.size() <= rank.id) ranks_.resize(std::size_t{rank.id} + 1);
  const std::uint16_t id = rank.id;
  rank.flush_lock = std::make_unique<rt::Mutex>(reactor_);
  if (read_cache_) read_cache_->forget_rank(id);
  ranks_[id] = std::move(rank);
}

void Shard::mark_rank_failed(std::uint16_t rank) noexcept {
  ranks_[rank].failed = true;
  sums_->forget_rank(ranks_[rank]);
  if (read_cache_) read_cache_->forget_rank(rank);
}

void Shard::add_volume(const volume::VolumeConfig& config, std::uint64_t extent_bytes) {
  const std::uint64_t local = options_.stripes.local_count(options_.id, config.track_count());
  auto share = std::make_unique<VolumeShare>(reactor_, local);
  share->id = config.id;
  share->generation = config.generation;
  share->map_generation = config.map_generation();
  share->block_count = config.block_count;
  share->tracks_per_extent = extent_bytes / kTrackBytes;
  share->extents = config.extents;
  volume_of_generation_[share->map_generation] = share.get();
  volumes_.put(config.id, std::move(share));
}

void Shard::install_extent(VolumeHandle handle, std::uint32_t extent_number, volume::ExtentRef extent) {
  if (VolumeShare* volume = find(handle)) volume->extents[extent_number] = extent;
}

rt::Task<void> Shard::retire_volume(VolumeId id) {
  VolumeShare* volume = find(id);
  if (volume == nullptr) co_return;
  volume->removed = true;
  removed_volumes_.push_back(volumes_.take(id));
  volume->held = volume->untouchable = false;
  volume->released.wake_all();
  volume->frozen = 0;
  volume->thawed.wake_all();
  while (volume->in_use()) co_await volume->idle.wait();
  co_await sums_->forget(volume->map_generation);
}

rt::Task<void> Shard::forget_sums(VolumeId id) {
  const VolumeShare& volume = *find(id);
  TT_ASSERT(!volume.in_use());
  co_await sums_->forget(volume.map_generation);
}

void Shard::report_damage(Generation owner, const RankShare& rank, std::uint64_t offset, std::uint64_t bytes) {
  const auto found = volume_of_generation_.find(owner);
  if (found == volume_of_generation_.end()) return;
  const VolumeShare& volume = *found->second;
  const std::uint64_t place = offset - rank.layout.data_offset;
  const std::uint64_t extent_bytes = volume.tracks_per_extent * kTrackBytes;
  const auto is_there = [&](const std::optional<volume::ExtentRef>& extent) {
    return extent && extent->rank == rank.id && extent->index == place / extent_bytes;
  };
  const auto extent = std::find_if(volume.extents.begin(), volume.extents.end(), is_there);
  if (extent == volume.extents.end()) return;
  const auto number = static_cast<std::uint64_t>(extent - volume.extents.begin());
  const std::uint64_t first = number * volume.tracks_per_extent;
  for (std::uint64_t at = place % extent_bytes; bytes > 0;) {
    const std::uint64_t in_track = at % kTrackBytes;
    const std::uint64_t length = std::min<std::uint64_t>(bytes, kTrackBytes - in_track);
    const std::uint64_t track = first + at / kTrackBytes;
    const auto grains = flashcopy::grains_of_bytes(in_track, length);
    if (!mender_->request(owner, options_.stripes.to_local(track), grains)) {
      control_.track_damaged(*this, volume.id, track);
    }
    at += length;
    bytes -= length;
  }
}

void Shard::forget_volume(Generation generation) {
  const auto found = volume_of_generation_.find(generation);
  if (found == volume_of_generation_.end()) return;
  VolumeShare& volume = *found->second;
  remove_loans_onto(volume, {});
  index_->kill(volume.dirty, Lsn{~std::uint64_t{0}}, ~std::uint64_t{0});
  volume.forgotten = true;
  volume_of_generation_.erase(found);
  removed_maps_.push_back({generation, journal::MapKind::written});
  room_.wake_all();
  collect_garbage();
}

rt::Task<Result<void>> Shard::reserve_extent(volume::ExtentRef extent, std::uint64_t extent_bytes) {
  RankShare& rank = ranks_[extent.rank];
  const std::uint64_t offset = rank.layout.track_offset(extent.index, extent_bytes, 0);
  auto done = co_await rank.disk->allocate(offset, extent_bytes);
  co_return done;
}

rt::Task<Result<void>> Shard::flush_rank(std::uint16_t id) {
  RankShare& rank = ranks_[id];
  const std::uint64_t next = rank.flushes_begun + 1;  // one that is under way began too early for what was written now
  co_await rank.flush_lock->lock();
  if (!rank.suspect && rank.flushes_begun < next) {
    ++rank.flushes_begun;
    auto done = co_await rank.disk->flush();
    if (!done) rank.suspect = true;
  }
  const bool suspect = rank.suspect;
  rank.flush_lock->unlock();
  if (suspect) co_return Error{Errc::rank_failed, id};
  co_return Result<void>{};
}

/// Frees shares that nobody can be using any more. Called when no batch is in flight.
void Shard::collect_garbage() {
  if (batches_in_flight_ != 0) return;
  removed_relationships_.clear();
  std::erase_if(removed_volumes_, [](const std::unique_ptr<VolumeShare>& v) {
    return v->forgotten && !v->in_use() && v->dirty.first == nullptr && v->idle.empty() && v->released.empty() &&
           v->thawed.empty();
  });
}

std::uint64_t Shard::begin_batch() {
  ++batches_in_flight_;
  running_batches_.push_back(++last_batch_);
  return last_batch_;
}

void Shard::end_batch(std::uint64_t number) {
  std::erase(running_batches_, number);
  batch_ended_.wake_all();
}

void Shard::drop_unwritable(flashcopy::ColumnPlan& plan) {
  std::erase_if(plan.updates, [&](const flashcopy::Update& update) {
    const MediaAddress at = address_of(*update.volume, plan.track);
    return at.rank != nullptr && at.rank->failed;
  });
}

void Shard::request_drain(bool on) noexcept {
  on ? ++drain_requests_ : --drain_requests_;
}

}  // namespace tt::image
