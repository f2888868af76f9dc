// SPDX-License-Identifier: Apache-2.0
// Collects single bit changes and turns them into the runs of a BITS record.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "journal/map_delta.h"

namespace tt::image {

class BitsBuilder {
 public:
  void add(journal::MapKey map, bool value, std::uint64_t track) { changes_.push_back({map, value, track}); }
  [[nodiscard]] bool empty() const noexcept { return changes_.empty(); }

  std::vector<journal::MapDelta> take() {
    std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
      return std::tie(a.map, a.value, a.track) < std::tie(b.map, b.value, b.track);
    });
    std::vector<journal::MapDelta> deltas;
    for (const Change& c : changes_) {
      const auto kind = c.value ? journal::BitChange::set : journal::BitChange::clear;
      if (deltas.empty() || deltas.back().map != c.map || deltas.back().change != kind) {
        deltas.push_back({c.map, kind, {}});
      }
      auto& runs = deltas.back().runs;
      if (!runs.empty() && runs.back().first + runs.back().count == c.track) {
        ++runs.back().count;
      } else {
        runs.push_back({c.track, 1});
      }
    }
    changes_.clear();
    return deltas;
  }

 private:
  struct Change {
    journal::MapKey map;
    bool value;
    std::uint64_t track;
  };
  std::vector<Change> changes_;
};

}  // namespace tt::image
