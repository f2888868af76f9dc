// SPDX-License-Identifier: Apache-2.0
// For tests of copies of whole volumes by several shards.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "lab.h"

namespace tt::simulation {

class LabTest : public testing::Test {
 protected:
  void open(std::uint32_t shards, std::uint64_t seed = 1) {
    LabOptions options;
    options.shards = shards;
    options.sums.verify = verifies_sums_;
    lab_.emplace(seed, options);
  }
  /// On its medium; each 16 tracks are of another letter than their neighbours.
  VolumeId filled(std::uint16_t id, std::uint64_t tracks) {
    constexpr std::uint64_t kStep = 16;
    const VolumeId volume = lab_->make(id, tracks);
    for (std::uint64_t track = 0; track < tracks; track += kStep) {
      EXPECT_TRUE(lab_->write(volume, track * kTrackBlocks, std::min(kStep, tracks - track) * kTrackBlocks,
                              static_cast<char>('A' + track / kStep % 26)));
    }
    EXPECT_TRUE(lab_->drain());
    return volume;
  }
  bool copied() {
    return lab_->run_until([&] { return !lab_->copying(); });
  }

  bool verifies_sums_ = true;
  std::optional<Lab> lab_;
};

}  // namespace tt::simulation
