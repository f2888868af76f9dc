// SPDX-License-Identifier: Apache-2.0
// Work that would hold up the console's thread: password hashing.
#pragma once

#include <functional>

namespace tt::console {

class SlowWork {
 public:
  virtual ~SlowWork() = default;
  /// Runs `slow` on another thread, then `then` on the console's. False, and neither runs, when too much is waiting.
  virtual bool run(std::function<void()> slow, std::function<void()> then) = 0;
};

}  // namespace tt::console
