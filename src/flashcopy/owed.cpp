// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "flashcopy/share.h"

namespace tt::flashcopy {
namespace {

void collect(const RelationshipShare& relationship, const VolumeShare& volume, Lsn after, std::optional<Lsn> before,
             std::vector<std::uint64_t>& out) {
  for (const cache::DirtyTrack* t = volume.dirty.first; t != nullptr; t = t->next_of_owner) {
    const std::uint64_t track = t->column->track;
    if (!relationship.is_uncopied(track)) continue;
    for (const cache::Entry* e = t->first; e != nullptr; e = e->next) {
      if (e->lsn <= after || (before && e->lsn >= *before)) continue;
      out.push_back(track);
      break;
    }
  }
}

void collect_partial(const RelationshipShare& relationship, std::vector<std::uint64_t>& out) {
  if (relationship.partial_tracks == 0) return;
  const volume::TrackMap& grains = *relationship.preserved;
  for (auto grain = grains.find(0, true); grain;
       grain = grains.find((*grain / kTrackGrains + 1) * kTrackGrains, true)) {
    out.push_back(*grain / kTrackGrains);
  }
}

}  // namespace

std::vector<std::uint64_t> owed_tracks(const RelationshipShare& relationship, std::optional<Lsn> before) {
  std::vector<std::uint64_t> tracks;
  collect(relationship, *relationship.source, relationship.t0, before, tracks);
  collect(relationship, *relationship.target, relationship.since, before, tracks);
  collect_partial(relationship, tracks);
  std::sort(tracks.begin(), tracks.end());
  tracks.erase(std::unique(tracks.begin(), tracks.end()), tracks.end());
  return tracks;
}

std::uint64_t owed_count(const RelationshipShare& relationship) {
  std::vector<std::uint64_t> tracks;
  collect(relationship, *relationship.source, relationship.t0, std::nullopt, tracks);
  collect(relationship, *relationship.target, relationship.since, std::nullopt, tracks);
  std::sort(tracks.begin(), tracks.end());
  tracks.erase(std::unique(tracks.begin(), tracks.end()), tracks.end());
  std::erase_if(tracks, [&](std::uint64_t track) { return relationship.preserved_grains(track) != 0; });
  return tracks.size() + relationship.partial_tracks;
}

}  // namespace tt::flashcopy
