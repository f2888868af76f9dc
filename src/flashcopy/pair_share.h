// SPDX-License-Identifier: Apache-2.0
// A shard's share of one end of a mirrored pair (decision 0020): which of its tracks the other end may not have, and
// which of these are on their way.
//
// State of one track t at the source
//   mark=0              the other end has t as it is here, durably
//   mark=1, not sent    the other end may have something else
//   mark=1, on its way  t is being read or sent, or its arrival is not noted yet; `written` if a write came since
//
// A target keeps the marks of its time as a source until their tracks come from its source: only then it is certain
// that nobody asks for them any more.
//
// The mark is set by the record of the write itself, and falls in a BITS record that is appended in a turn in which the
// track was on its way, had arrived, and was not written since it began to be read. Whoever sends a track has noted it
// before it reads, and sends only what is durable here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "flashcopy/share.h"
#include "volume/config.h"
#include "volume/track_map.h"

namespace tt::flashcopy {

struct PairShare {
  PairShare(const volume::PairConfig& pair, std::uint64_t local_tracks)
      : config(pair), marks(local_tracks, pair.begins_marked), refuses_hosts(!pair.is_source()) {}

  volume::PairConfig config;  ///< As the control shard said last.
  VolumeShare* volume = nullptr;
  volume::TrackMap marks;
  bool open = false;  ///< Frames may leave, or be taken. Not while a step is under way.
  bool refuses_hosts;

  struct Sending {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    bool written = false;
    bool arrived = false;
    [[nodiscard]] bool has(std::uint64_t track) const noexcept { return track - first < count; }
  };
  std::vector<Sending> sending;
  std::uint64_t cursor = 0;     ///< Of the pass that is under way.
  bool pass_is_good = true;     ///< Everything that it came to has arrived.
  bool pass_completed = false;  ///< One was good to its end since the marks began, or the image started.
  rt::TimeNs retry_at = 0;
  rt::TimeNs retry_pause = 0;     ///< 0: the last one arrived.
  std::uint64_t tracks_sent = 0;  ///< Since the start, for people.

  [[nodiscard]] bool records() const noexcept { return config.is_source(); }
  void mark(std::uint64_t local_track) noexcept {
    if (local_track >= marks.track_count()) return;
    marks.set(local_track, true);
    for (Sending& run : sending) run.written = run.written || run.has(local_track);
  }
};

/// In the turn of the write's record. `from` is the pair whose source sent the write, or null: of a track that comes
/// whole from there nothing is left here that it does not have.
inline void mark_pairs(VolumeShare& volume, std::uint64_t local_track, const PairShare* from, bool whole) noexcept {
  for (PairShare* pair : volume.pairs) {
    if (pair != from) {
      if (pair->records()) pair->mark(local_track);
    } else if (whole && local_track < pair->marks.track_count()) {
      pair->marks.set(local_track, false);
    }
  }
}

}  // namespace tt::flashcopy
