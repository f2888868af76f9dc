// SPDX-License-Identifier: Apache-2.0
// How long somebody waits for work that others do: as long as there is less and less of it, and a minute more.
#pragma once

#include <cstdint>

#include "runtime/reactor.h"

namespace tt::image {

class Patience {
 public:
  static constexpr rt::TimeNs kPoll = 2 * rt::kMillisecond;  ///< Between two looks at what is left.
  static constexpr rt::TimeNs kLimit = 60 * rt::kSecond;     ///< Without any progress.

  explicit Patience(rt::TimeNs now) noexcept : give_up_(now + kLimit) {}

  /// True when less has not been left than before for the whole limit.
  [[nodiscard]] bool is_over(rt::TimeNs now, std::uint64_t left) noexcept {
    if (left < least_) {
      least_ = left;
      give_up_ = now + kLimit;
    }
    return now >= give_up_;
  }

 private:
  std::uint64_t least_ = ~std::uint64_t{0};
  rt::TimeNs give_up_;
};

}  // namespace tt::image
