// SPDX-License-Identifier: Apache-2.0
#include "flashcopy/track_runs.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace tt::flashcopy {

namespace {

constexpr std::uint64_t kLongestRun = std::numeric_limits<std::uint32_t>::max();

template <class Visit>
void for_each_run(const volume::TrackMap& map, bool value, Visit visit) {
  for (auto first = map.find(0, value); first; first = map.find(*first, value)) {
    const std::uint64_t count = map.run_length(*first, map.track_count() - *first);
    visit(*first, count);
    *first += count;
    if (*first >= map.track_count()) break;
  }
}

}  // namespace

void add_runs(const volume::TrackMap& from, bool value, volume::TrackMap& into) {
  TT_ASSERT(from.track_count() == into.track_count());
  for_each_run(from, value, [&](std::uint64_t first, std::uint64_t count) { into.set_run(first, count, true); });
}

std::vector<journal::TrackRun> runs_of(const volume::TrackMap& map) {
  std::vector<journal::TrackRun> runs;
  for_each_run(map, true, [&](std::uint64_t first, std::uint64_t count) {
    for (; count > 0; first += kLongestRun, count -= std::min(count, kLongestRun)) {
      runs.push_back({first, static_cast<std::uint32_t>(std::min(count, kLongestRun))});
    }
  });
  return runs;
}

std::vector<journal::TrackRun> coarsen(std::vector<journal::TrackRun> runs, std::size_t limit) {
  TT_ASSERT(limit > 0);
  for (std::uint64_t gap = 1; runs.size() > limit; gap *= 2) {
    std::vector<journal::TrackRun> merged;
    for (const journal::TrackRun& run : runs) {
      if (!merged.empty()) {
        journal::TrackRun& last = merged.back();
        const std::uint64_t joined = run.first + run.count - last.first;
        if (run.first - (last.first + last.count) <= gap && joined <= kLongestRun) {
          last.count = static_cast<std::uint32_t>(joined);
          continue;
        }
      }
      merged.push_back(run);
    }
    runs = std::move(merged);
  }
  return runs;
}

}  // namespace tt::flashcopy
