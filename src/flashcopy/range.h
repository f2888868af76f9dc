// SPDX-License-Identifier: Apache-2.0
// A shard's share of a range copy (decision 0012): runs of tracks of S that T shows at other places.
//
// State of one track u of T in a run, t its place on S
//   pending      T shows S's track t as it is now, which is what it was at T0: nobody writes t before u is filled
//   not pending  T holds u itself
//
// A track is filled by an ordinary write of all of it into T's journal. So every write of a whole track, of a host too,
// that is younger than T0 implies that the track is not pending; nothing else is recorded, and replay finds the same.
// S's shard does not know what T's shard has filled. It keeps a superset of the tracks that may be pending somewhere,
// in memory only, and asks before the first write to each of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/units.h"
#include "volume/config.h"
#include "volume/track_map.h"

namespace tt::flashcopy {

struct VolumeShare;

struct RangeShare {
  RangeShare(const volume::RangeCopy& copy, std::uint64_t source_tracks, std::uint64_t target_tracks)
      : generation(copy.generation),
        t0(copy.t0),
        runs(copy.runs),
        pending(target_tracks, false),
        unasked(source_tracks, false),
        background_copy(copy.background_copy),
        failed(copy.state == volume::RelationshipState::failed) {}

  Generation generation;
  Lsn t0;
  VolumeShare* source = nullptr;
  VolumeShare* target = nullptr;
  std::vector<volume::TrackRun> runs;  ///< Of all shards, ascending by target.
  volume::TrackMap pending;            ///< By local track of the target.
  volume::TrackMap unasked;            ///< By local track of the source: may be pending at the target, in any shard.
  bool background_copy;
  bool failed;
  bool end_reported = false;
  std::uint64_t cursor = 0;         ///< Of the background copy.
  std::set<std::uint64_t> filling;  ///< Local tracks of the target.
  std::uint64_t tracks_copied = 0;  ///< Since the start, for people.

  /// Global tracks. Nothing if the track is in no run.
  [[nodiscard]] std::optional<std::uint64_t> source_of(std::uint64_t target_track) const noexcept {
    const auto after = std::upper_bound(runs.begin(), runs.end(), target_track,
                                        [](std::uint64_t t, const volume::TrackRun& run) { return t < run.target; });
    if (after == runs.begin()) return std::nullopt;
    const volume::TrackRun& run = *std::prev(after);
    if (target_track - run.target >= run.count) return std::nullopt;
    return run.source + (target_track - run.target);
  }
  [[nodiscard]] std::vector<std::uint64_t> targets_of(std::uint64_t source_track) const {
    std::vector<std::uint64_t> targets;
    for (const volume::TrackRun& run : runs) {
      if (source_track < run.source || source_track - run.source >= run.count) continue;
      targets.push_back(run.target + (source_track - run.source));
    }
    return targets;
  }
};

/// The range copy through which `volume` must be read on this track, or null.
template <class Volume>
RangeShare* pending_range(const Volume& volume, std::uint64_t local_track) noexcept {
  for (RangeShare* range : volume.ranges_onto) {
    if (range->pending.count() != 0 && range->pending.test(local_track)) return range;
  }
  return nullptr;
}

}  // namespace tt::flashcopy
