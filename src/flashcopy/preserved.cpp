// SPDX-License-Identifier: Apache-2.0
// Grains that targets of partial tracks hold (decision 0015). The bits of a track are what replay of BITS records makes
// them; the number of tracks that have one follows.
#include <algorithm>

#include "base/assert.h"
#include "flashcopy/share.h"

namespace tt::flashcopy {

void change_preserved(RelationshipShare& relationship, std::uint64_t first, std::uint64_t count, bool value) {
  const std::uint64_t grains = relationship.uncopied.track_count() * kTrackGrains;
  if (!relationship.preserved) {
    if (!value) return;
    relationship.preserved.emplace(grains, false);
  }
  volume::TrackMap& map = *relationship.preserved;
  if (first >= grains) return;
  const std::uint64_t end = first + std::min(count, grains - first);
  while (first < end) {
    const std::uint64_t track = first / kTrackGrains;
    const std::uint64_t until = std::min(end, (track + 1) * kTrackGrains);
    const bool was_partial = map.test16(track * kTrackGrains) != 0;
    map.set_run(first, until - first, value);
    const bool is_partial = map.test16(track * kTrackGrains) != 0;
    if (is_partial && !was_partial) ++relationship.partial_tracks;
    if (was_partial && !is_partial) --relationship.partial_tracks;
    first = until;
  }
}

void count_partial_tracks(RelationshipShare& relationship) noexcept {
  relationship.partial_tracks = 0;
  if (!relationship.preserved) return;
  const volume::TrackMap& grains = *relationship.preserved;
  for (auto grain = grains.find(0, true); grain;
       grain = grains.find((*grain / kTrackGrains + 1) * kTrackGrains, true)) {
    ++relationship.partial_tracks;
  }
}

}  // namespace tt::flashcopy
