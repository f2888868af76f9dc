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

/// Writes to frozen sources of these LSSs go on: unfreezeflash, or the end of their time.
struct Thaw {
  std::vector<std::uint8_t> lsses;
  bool expired = false;
};

}  // namespace tt::volume
