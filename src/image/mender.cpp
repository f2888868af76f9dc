// SPDX-License-Identifier: Apache-2.0
#include "image/mender.h"

#include <algorithm>

#include "image/shard.h"

namespace tt::image {

using flashcopy::VolumeShare;

namespace {

/// Beyond it damage is only reported: that is a medium which cannot be saved grain by grain.
constexpr std::size_t kMostQueued = 256;
constexpr std::size_t kMostKnown = 4096;
constexpr rt::TimeNs kLatchPause = rt::kMillisecond;
/// While another place is held, which lasts half a minute at most.
constexpr rt::TimeNs kBusyPause = 20 * rt::kMillisecond;
/// A batch that waits for a journal that will never come keeps its latches.
constexpr int kMostLatchPauses = 2000;

}  // namespace

Mender::Mender(Shard& shard) : shard_(shard), frame_(allocate_aligned(kTrackBytes)), event_(shard.reactor()) {}

void Mender::start(rt::Scope& scope) {
  running_ = true;
  scope.spawn(run());
}

void Mender::stop() noexcept {
  stopping_ = true;
  event_.wake_all();
}

bool Mender::request(Generation owner, std::uint64_t local_track, GrainMask grains) {
  if (!running_ || stopping_ || queue_.size() >= kMostQueued) return false;
  const auto known = std::find_if(queue_.begin(), queue_.end(), [&](const Damage& damage) {
    return damage.owner == owner && damage.track == local_track;
  });
  if (known != queue_.end()) {
    known->grains = static_cast<GrainMask>(known->grains | grains);
  } else {
    queue_.push_back({owner, local_track, grains});
    ++requested_;
  }
  event_.wake_all();
  return true;
}

rt::Task<void> Mender::settled() {
  const std::uint64_t last = requested_;
  while (running_ && tried_ < last) co_await event_.wait();
}

std::map<std::uint16_t, MendCounts> Mender::counts() const {
  std::map<std::uint16_t, MendCounts> counts;
  for (const auto& [rank, repairs] : repaired_) counts[rank].repaired = repairs;
  for (const auto& [track, rank] : damaged_) ++counts[rank].damaged;
  return counts;
}

rt::Task<void> Mender::run() {
  while (!stopping_) {
    if (queue_.empty()) {
      co_await event_.wait();
      continue;
    }
    const Damage damage = queue_.front();
    queue_.pop_front();
    co_await mend(damage);
    ++tried_;
    event_.wake_all();
  }
  running_ = false;
  event_.wake_all();
}

VolumeShare* Mender::find_volume(Generation owner) const noexcept {
  const auto found = shard_.volume_of_generation_.find(owner);
  return found == shard_.volume_of_generation_.end() || found->second->removed ? nullptr : found->second;
}

VolumeShare* Mender::held_one(Generation owner, const std::vector<Generation>& relatives) const {
  VolumeShare* volume = find_volume(owner);
  if (volume != nullptr && volume->held) return volume;
  for (const Generation relative : relatives) {
    volume = find_volume(relative);
    if (volume != nullptr && volume->held) return volume;
  }
  return nullptr;
}

rt::Task<void> Mender::mend(Damage damage) {
  for (int pauses = 0; pauses < kMostLatchPauses && !stopping_; ++pauses) {
    VolumeShare* volume = find_volume(damage.owner);
    if (volume == nullptr || damage.track >= volume->written.track_count()) co_return;
    if (VolumeShare* held = held_one(damage.owner, relatives(*volume)); held != nullptr) {
      co_await held->released.wait();
      continue;
    }
    cache::Column* column = shard_.index_->try_latch(damage.track);
    if (column == nullptr) {
      co_await rt::sleep_for(shard_.reactor_, kLatchPause);
      continue;
    }
    const flashcopy::HostOperation operation(*volume);  // the volume and its space stay
    const Outcome outcome = co_await mend_latched(*volume, damage);
    shard_.index_->unlatch(*column);
    if (outcome == Outcome::done) co_return;
    co_await rt::sleep_for(shard_.reactor_, kBusyPause);
  }
  const VolumeShare* volume = find_volume(damage.owner);
  if (volume == nullptr || stopping_) co_return;
  const MediaAddress at = shard_.address_of(*volume, damage.track);
  if (at.rank != nullptr) note_damaged(damage, *volume, at.rank->id);
}

rt::Task<Mender::Outcome> Mender::mend_latched(VolumeShare& volume, const Damage& damage) {
  const MediaAddress at = shard_.address_of(volume, damage.track);
  if (at.rank == nullptr || at.rank->failed || !volume.written.test(damage.track)) co_return Outcome::done;
  MediaSums::Change damaged;
  damaged.rank = at.rank;
  damaged.owner = volume.map_generation;
  damaged.offset = at.offset;
  co_await look(damaged, damage.grains);
  const GrainMask lost = damaged.lost;
  const auto all = static_cast<GrainMask>(damaged.grains | lost);
  if (all == 0) {  // it was written, or the disk has thought better of it
    damaged_.erase({damage.owner, damage.track});
    co_return Outcome::done;
  }

  const std::vector<Generation> others = relatives(volume);
  GrainMask found = co_await find(others, damage.track, damaged);
  bool busy = held_one({}, others) != nullptr;
  if (found != damaged.grains) {
    MediaSums::Change rest = damaged;
    rest.grains = static_cast<GrainMask>(damaged.grains & ~found);
    const GrainMask more = co_await find_in(twins(volume, damage.track), rest, busy);
    found = static_cast<GrainMask>(found | more);
  }
  if (found != damaged.grains && busy) co_return Outcome::again;
  damaged.grains = found;
  damaged.lost = 0;
  Result<void> written;
  if (found != 0) written = co_await write(damaged);
  if (found != 0 && written) ++repaired_[at.rank->id];
  if (found == all && written) {
    damaged_.erase({damage.owner, damage.track});
  } else {
    note_damaged(damage, volume, at.rank->id);
  }
  co_return Outcome::done;
}

void Mender::note_damaged(const Damage& damage, const VolumeShare& volume, std::uint16_t rank) {
  if (damaged_.size() < kMostKnown) damaged_.insert_or_assign({damage.owner, damage.track}, rank);
  shard_.control_.track_damaged(shard_, volume.id, shard_.global_of(damage.track));
}

rt::Task<void> Mender::look(MediaSums::Change& damaged, GrainMask grains) {
  for (std::uint32_t grain = 0; grain < kTrackGrains; ++grain) {
    const auto bit = static_cast<GrainMask>(1U << grain);
    if ((grains & bit) == 0) continue;
    const std::uint64_t offset = damaged.offset + std::uint64_t{grain} * kGrainBytes;
    const MediaSums::Wanted wanted = co_await shard_.sums_->wanted_at(*damaged.rank, damaged.owner, offset);
    auto read = co_await damaged.rank->disk->read(offset, frame_of(grain));
    if (wanted.sum) {
      if (read && grain_sum(frame_of(grain)) == *wanted.sum) continue;
      damaged.grains = static_cast<GrainMask>(damaged.grains | bit);
      damaged.sums[grain] = *wanted.sum;
    } else if (!read || wanted.lost) {
      damaged.lost = static_cast<GrainMask>(damaged.lost | bit);
    }
  }
}

/// What the disks say is compared here, not by MediaSums::read(): that would report damage of a relative's, whose
/// repair would come here again.
rt::Task<GrainMask> Mender::find(const std::vector<Generation>& relatives, std::uint64_t track,
                                 const MediaSums::Change& damaged) {
  GrainMask found = 0;
  for (const Generation relative : relatives) {
    for (std::uint32_t grain = 0; grain < kTrackGrains; ++grain) {
      const auto bit = static_cast<GrainMask>(1U << grain);
      if ((damaged.grains & ~found & bit) == 0) continue;
      VolumeShare* volume = find_volume(relative);
      if (volume == nullptr || volume->held || track >= volume->written.track_count()) break;
      if (!volume->written.test(track)) break;
      const MediaAddress at = shard_.address_of(*volume, track);
      if (at.rank == nullptr) break;
      const flashcopy::HostOperation operation(*volume);
      auto read = co_await at.rank->disk->read(at.offset + std::uint64_t{grain} * kGrainBytes, frame_of(grain));
      const bool right = read && grain_sum(frame_of(grain)) == damaged.sums[grain];
      if (right) found = static_cast<GrainMask>(found | bit);
    }
  }
  co_return found;
}

std::vector<Mender::Twin> Mender::twins(const VolumeShare& volume, std::uint64_t local_track) const {
  const std::uint64_t track = shard_.global_of(local_track);
  std::vector<Twin> found;
  for (const flashcopy::RangeShare* range : volume.ranges_onto) {
    if (const auto source = range->source_of(track)) {
      found.push_back({{range->source->id, range->source->generation}, *source});
    }
  }
  for (const flashcopy::RangeShare* range : volume.ranges_from) {
    for (const std::uint64_t target : range->targets_of(track)) {
      found.push_back({{range->target->id, range->target->generation}, target});
    }
  }
  return found;
}

rt::Task<GrainMask> Mender::find_in(std::vector<Twin> twins, const MediaSums::Change& damaged, bool& busy) {
  GrainMask found = 0;
  const AlignedBytes bytes = allocate_aligned(kTrackBytes);
  const std::span<std::byte> track(bytes.get(), kTrackBytes);
  for (const Twin& twin : twins) {
    if (found == damaged.grains) break;
    auto read = co_await shard_.control_.read_medium(shard_, twin.volume, twin.track, track);
    busy = busy || (!read && read.error().code == Errc::busy);
    if (!read) continue;
    for (std::uint32_t grain = 0; grain < kTrackGrains; ++grain) {
      const auto bit = static_cast<GrainMask>(1U << grain);
      const auto theirs = track.subspan(std::size_t{grain} * kGrainBytes, kGrainBytes);
      if ((damaged.grains & ~found & bit) == 0 || grain_sum(theirs) != damaged.sums[grain]) continue;
      std::ranges::copy(theirs, frame_of(grain).begin());
      found = static_cast<GrainMask>(found | bit);
    }
  }
  co_return found;
}

/// Its source, its targets, and the other targets of its source.
std::vector<Generation> Mender::relatives(const VolumeShare& volume) const {
  std::vector<const VolumeShare*> sources{&volume};
  for (const auto& [generation, share] : shard_.relationships_) {
    if (share->target == &volume) sources.push_back(share->source);
  }
  std::vector<Generation> found;
  const auto add = [&](const VolumeShare* other) {
    const Generation owner = other->map_generation;
    if (other != &volume && std::find(found.begin(), found.end(), owner) == found.end()) found.push_back(owner);
  };
  for (const auto& [generation, share] : shard_.relationships_) {
    if (share->target == &volume) add(share->source);
    if (std::find(sources.begin(), sources.end(), share->source) != sources.end()) add(share->target);
  }
  return found;
}

rt::Task<Result<void>> Mender::write(MediaSums::Change change) {
  RankShare& rank = *change.rank;
  std::vector<MediaSums::Change> changes{change};
  std::vector<RankShare*> broken;
  co_await shard_.sums_->announce(changes, broken);
  Result<void> done;
  if (!broken.empty() || rank.failed) {
    done = Error{Errc::rank_failed, rank.id};
  } else {
    auto written = co_await write_grains(changes.front());
    done = written;
  }
  // What the grain must have does not depend on whether the write came there: if it did not, the damage still shows.
  shard_.sums_->end(changes.front(), true);
  if (!done && !rank.failed) {
    auto recorded = co_await shard_.control_.fail_rank(shard_, rank.id);
    static_cast<void>(recorded);  // without a journal nothing more is written anyway
  }
  co_return done;
}

rt::Task<Result<void>> Mender::write_grains(MediaSums::Change& change) {
  RankShare& rank = *change.rank;
  const auto place_of = [&](std::uint32_t grain) { return change.offset + std::uint64_t{grain} * kGrainBytes; };
  MediaSums::begin(change);
  flashcopy::for_each_grain(change.grains,
                            [&](std::uint32_t grain) { shard_.begin_media_write(rank, place_of(grain), kGrainBytes); });
  Result<void> done;
  for (std::uint32_t grain = 0; grain < kTrackGrains && done; ++grain) {
    if (((change.grains >> grain) & 1U) == 0) continue;
    auto written = co_await rank.disk->write(place_of(grain), frame_of(grain));
    done = written;
  }
  if (done) {
    auto flushed = co_await shard_.control_.flush_rank(shard_, rank.id);
    done = flushed;
  }
  flashcopy::for_each_grain(change.grains, [&](std::uint32_t grain) {
    shard_.end_media_write(rank, place_of(grain), frame_of(grain), done.has_value());
  });
  co_return done;
}

std::span<std::byte> Mender::frame_of(std::uint32_t grain) const noexcept {
  return {frame_.get() + std::size_t{grain} * kGrainBytes, kGrainBytes};
}

}  // namespace tt::image
