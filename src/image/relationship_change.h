// SPDX-License-Identifier: Apache-2.0
// One change of FlashCopy relationships at one T0, as the control plane hands it to every shard: pairs that are new
// (establish), or relationships that follow others under a new generation (resync, reverse, setrevertible).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "flashcopy/copy_rate.h"
#include "volume/config.h"

namespace tt::image {

enum class ChangeKind : std::uint8_t {
  establish,
  resync,        ///< Same direction; uncopied is what was uncopied or changed on either side.
  reverse,       ///< Other direction; uncopied is what changed on either side.
  fast_reverse,  ///< Other direction; uncopied is what had been copied.
};

struct RelationshipChange {
  ChangeKind kind = ChangeKind::establish;
  std::vector<volume::Relationship> made;
  std::vector<Generation> retired;       ///< By position in `made`; empty for establish.
  std::vector<VolumeId> held;            ///< No host I/O until the change is decided.
  std::vector<VolumeId> drained;         ///< Of these: their dirty data is on the media before T0 is drawn.
  std::vector<volume::Loan> loans = {};  ///< Made with it.
  /// By position in `made`: the limits that their background copies keep, in all shards together.
  std::vector<std::shared_ptr<flashcopy::CopyRate>> copy_rates = {};
};

}  // namespace tt::image
