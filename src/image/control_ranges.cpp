// SPDX-License-Identifier: Apache-2.0
// Range copies (decision 0012): made with their volumes held for a moment, ended by themselves or by command. The
// shards' side is in shard_ranges.cpp.
//
// Crash argument of the establish. What the sources show at T0 is durable before the record is written, and no host
// writes them before the record is durable and all shards know of it. So with the record a restart finds pending tracks
// whose source nobody has changed, and without it nothing.
#include <algorithm>
#include <set>

#include "image/control.h"

namespace tt::image {

rt::Task<void> ControlPlane::hold_volumes(std::vector<VolumeId> volumes, bool on) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const VolumeId id : volumes) {
      if (on) {
        co_await shard->hold_volume(id);
      } else {
        shard->release_volume(id);
      }
    }
    co_await rt::hop(shard->reactor(), home_);
  }
}

rt::Task<std::vector<Result<void>>> ControlPlane::establish_ranges(std::vector<volume::RangeRequest> requests) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts = volume::validate_ranges(config_, requests);
  std::vector<volume::RangeCopy> made;
  std::set<VolumeId> named;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!verdicts[i]) continue;
    volume::RangeCopy copy;
    copy.source = requests[i].source;
    copy.target = requests[i].target;
    copy.runs = requests[i].runs;
    std::sort(copy.runs.begin(), copy.runs.end(),
              [](const volume::TrackRun& a, const volume::TrackRun& b) { return a.target < b.target; });
    copy.background_copy = requests[i].background_copy;
    copy.sequence_number = requests[i].sequence_number;
    copy.created_s = home_.wall_seconds();
    named.insert({copy.source, copy.target});
    made.push_back(std::move(copy));
  }
  if (!made.empty()) {
    const std::vector<VolumeId> volumes(named.begin(), named.end());
    co_await hold_volumes(volumes, true);
    auto done = co_await record_ranges(std::move(made));
    co_await hold_volumes(volumes, false);
    for (Result<void>& verdict : verdicts) {
      if (verdict) verdict = done;
    }
  }
  commands_.unlock();
  co_return verdicts;
}

rt::Task<Result<void>> ControlPlane::record_ranges(std::vector<volume::RangeCopy> copies) {
  if (stopping_) co_return Errc::shutting_down;
  auto done = co_await wait_for_room(kRecordRoom);
  if (done) done = co_await harden_every_shard();
  if (!done) co_return done;
  co_await records_.lock();
  const Lsn t0 = lsns_.draw();
  for (volume::RangeCopy& copy : copies) {
    copy.t0 = t0;
    copy.generation = Generation{lsns_.draw().value};
  }
  const volume::Mutation record = volume::EstablishRanges{copies};
  const journal::SlotSeq slot = append(record);
  records_.unlock();
  done = co_await harden(slot);
  if (!done) co_return done;  // nobody is told anything any more
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const volume::RangeCopy& copy : copies) shard->install_ranges(copy);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return Result<void>{};
}

rt::Task<std::vector<Result<void>>> ControlPlane::withdraw_ranges(std::vector<RangeSelection> selections) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  for (const RangeSelection& selection : selections) {
    auto done = co_await withdraw_range(selection);
    verdicts.push_back(done);
  }
  commands_.unlock();
  co_return verdicts;
}

rt::Task<Result<void>> ControlPlane::withdraw_range(const RangeSelection& selection) {
  std::vector<volume::ChangeRanges> changes;
  for (const auto& [generation, copy] : config_.range_copies) {
    if (copy.source != selection.source || copy.target != selection.target) continue;
    if (selection.sequence_number && copy.sequence_number != *selection.sequence_number) continue;
    volume::ChangeRanges change{generation, volume::without_targets(copy.runs, selection.runs)};
    if (change.runs == copy.runs) continue;
    if (shows_through(copy, change.runs)) co_return Error{Errc::other_relationships, selection.target.value};
    changes.push_back(std::move(change));
  }
  if (changes.empty()) co_return Error{Errc::no_such_relationship, selection.target.value};
  for (const volume::ChangeRanges& change : changes) {
    auto done = co_await change_range(change);
    if (!done) co_return done;
    co_await end_if_filled(change.copy);
  }
  co_return Result<void>{};
}

/// still_in_use: a copy of another volume finds tracks through this one.
rt::Task<Result<void>> ControlPlane::withdraw_ranges_of(VolumeId id) {
  std::vector<volume::ChangeRanges> ends;
  for (const auto& [generation, copy] : config_.range_copies) {
    if (copy.source == id || copy.target == id) ends.push_back({generation, {}});
  }
  std::reverse(ends.begin(), ends.end());  // those that find tracks through others first
  for (const volume::ChangeRanges& end : ends) {
    if (shows_through(config_.range_copies.at(end.copy), {})) co_return Error{Errc::still_in_use, id.value};
    auto done = co_await change_range(end);
    if (!done) co_return done;
  }
  co_return Result<void>{};
}

/// Whether another range copy still finds tracks there that would show something else.
bool ControlPlane::shows_through(const volume::RangeCopy& copy, const std::vector<volume::TrackRun>& left) const {
  const std::vector<volume::TrackRun> gone = left.empty() ? copy.runs : volume::without_targets(copy.runs, left);
  return std::ranges::any_of(config_.range_copies.from(copy.target), [&](const volume::RangeCopy& other) {
    for (const volume::TrackRun& needed : other.runs) {
      for (const volume::TrackRun& run : gone) {
        if (needed.source < run.target + run.count && run.target < needed.source + needed.count) return true;
      }
    }
    return false;
  });
}

/// What filled the tracks of the target must outlive the record that says they are not pending.
rt::Task<Result<void>> ControlPlane::change_range(volume::ChangeRanges change) {
  auto done = co_await harden_every_shard();
  if (done) done = co_await wait_for_room(kRecordRoom);
  if (!done) co_return done;
  const volume::Mutation record = change;
  done = co_await harden(append(record));
  if (!done) co_return done;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->change_ranges(change.copy, change.runs);
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return Result<void>{};
}

rt::Task<void> ControlPlane::end_if_filled(Generation generation) {
  if (!config_.range_copies.contains(generation)) co_return;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    const std::uint64_t pending = shard->range_counts(generation).pending;
    co_await rt::hop(shard->reactor(), home_);
    if (pending != 0) co_return;
  }
  const volume::ChangeRanges end{generation, {}};
  auto done = co_await change_range(end);
  static_cast<void>(done);  // without a journal nobody is told anything any more
}

rt::Task<std::vector<RangeStatus>> ControlPlane::range_status() {
  std::vector<RangeStatus> all;
  for (const auto& [generation, copy] : config_.range_copies) all.push_back({copy, 0, 0});
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (RangeStatus& status : all) {
      const Shard::RangeCounts counts = shard->range_counts(status.copy.generation);
      status.pending_tracks += counts.pending;
      status.copied_tracks += counts.copied;
    }
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return all;
}

rt::Task<Result<void>> ControlPlane::read_where_it_is(Shard& from, TrackReader read, VolumeHandle volume,
                                                      std::uint64_t track, std::span<std::byte> into) {
  Shard& owner = *shards_[from.options().stripes.shard_of(track)];
  co_await rt::hop(from.reactor(), owner.reactor());
  auto done = co_await (owner.*read)(volume, track, into);
  co_await rt::hop(owner.reactor(), from.reactor());
  co_return done;
}

rt::Task<Result<void>> ControlPlane::read_track(Shard& from, VolumeHandle volume, std::uint64_t track,
                                                std::span<std::byte> into) {
  auto done = co_await read_where_it_is(from, &Shard::read_track, volume, track, into);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::read_medium(Shard& from, VolumeHandle volume, std::uint64_t track,
                                                 std::span<std::byte> into) {
  auto done = co_await read_where_it_is(from, &Shard::read_medium, volume, track, into);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::fill_track(Shard& from, Generation range_copy, std::uint64_t track) {
  Shard& owner = *shards_[from.options().stripes.shard_of(track)];
  co_await rt::hop(from.reactor(), owner.reactor());
  auto done = co_await owner.fill_track(range_copy, track);
  // In one journal the order is enough; also of a track that somebody else has just filled.
  if (done && &owner != &from) done = co_await owner.harden_all();
  co_await rt::hop(owner.reactor(), from.reactor());
  co_return done;
}

}  // namespace tt::image
