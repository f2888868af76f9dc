// SPDX-License-Identifier: Apache-2.0
// For tests of what media hold: an image that keeps checksums and has no read cache, so that what a test does to a
// medium is what the next read finds.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "lab_test.h"

namespace tt::simulation {

class MediaLabTest : public LabTest {
 protected:
  static constexpr std::uint16_t kEven = 0x0000;
  static constexpr std::uint16_t kOdd = 0x0100;
  static constexpr const char* kDamaged = "error corrupt";
  static constexpr rt::TimeNs kNeverRests = 1000 * rt::kSecond;

  void open(LabOptions options = {}, std::uint64_t seed = 1) {
    options.read_cache_bytes = 0;
    if (options.sums.rest < kNeverRests) options.sums.rest = 10 * rt::kMillisecond;
    lab_.emplace(seed, options);
  }
  VolumeId on_medium(std::uint16_t id, std::uint64_t tracks, char letter) {
    const VolumeId volume = lab_->make(id, tracks);
    EXPECT_TRUE(lab_->write(volume, 0, tracks * kTrackBlocks, letter));
    EXPECT_TRUE(lab_->drain());
    return volume;
  }
  bool all_closed() {
    return lab_->run_until([this] {
      const auto& shards = lab_->life->image().shards();
      return std::all_of(shards.begin(), shards.end(),
                         [](const auto& shard) { return shard->sums().changed_count() == 0; });
    });
  }
  std::vector<std::string> problems() {
    lab_->run_for(10 * rt::kMillisecond);
    std::vector<std::string> objects;
    for (const auto& [id, problem] : lab_->control().config().problems) {
      EXPECT_EQ(problem.kind, volume::ProblemKind::track_damaged);
      objects.push_back(problem.object);
    }
    return objects;
  }
};

}  // namespace tt::simulation
