// SPDX-License-Identifier: Apache-2.0
// Bitmaps as lists of runs: how a map that follows from others is computed and put into a record. Cost: the number of
// runs, not of tracks.
#pragma once

#include <cstddef>
#include <vector>

#include "journal/map_delta.h"
#include "volume/track_map.h"

namespace tt::flashcopy {

/// Sets in `into` every track whose bit in `from` is `value`; the maps have one length.
void add_runs(const volume::TrackMap& from, bool value, volume::TrackMap& into);

/// The ones of the map, ascending.
std::vector<journal::TrackRun> runs_of(const volume::TrackMap& map);

/// At most `limit` runs that cover the given ones: the smallest gaps are closed.
std::vector<journal::TrackRun> coarsen(std::vector<journal::TrackRun> runs, std::size_t limit);

}  // namespace tt::flashcopy
