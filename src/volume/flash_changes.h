// SPDX-License-Identifier: Apache-2.0
// Mutations that change a FlashCopy relationship that exists and leave its T0 alone. Part of config.h.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.h"

namespace tt::volume {

/// A relationship made without background copy gets one. With `remove` it ends when all is copied, persistent or not.
struct StartCopy {
  std::vector<Generation> relationships;
  bool remove = false;
};

/// The target found no space and the relationship says that then the source is not written. Records a problem.
struct InhibitSource {
  Generation relationship;
  std::int64_t at_s = 0;
};

/// Writes to frozen sources of these LSSs go on: unfreezeflash, or the end of their time.
struct Thaw {
  std::vector<std::uint8_t> lsses;
  bool expired = false;
};

/// How fast the background copies of an image may go together; hosts go first in any case.
struct CopyRates {
  std::uint64_t limit_bytes_per_second = 0;  ///< 0 = none.
  /// They are not held back below it for the sake of hosts, so that they always end. A lower limit wins.
  std::uint64_t floor_bytes_per_second = 8_MiB;
  friend bool operator==(const CopyRates&, const CopyRates&) = default;
};

struct ChangeCopyRates {
  CopyRates rates;
};

/// Each of the relationships is copied at this rate at most; 0 = no limit of its own.
struct LimitCopies {
  std::vector<Generation> relationships;
  std::uint64_t bytes_per_second = 0;
};

}  // namespace tt::volume
