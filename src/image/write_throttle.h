// SPDX-License-Identifier: Apache-2.0
// Spreads what hosts must wait for the destager over all of their writes. Without it they fill the journal at the speed
// of memory and then all wait until a batch gives some of it back: fast for a moment, and at every full journal a pause
// that only the unlucky see. Here each byte costs the more time the fuller the journal is, so that it settles where
// hosts bring as much as the destager takes out, however fast that is, with room left for what a batch gives back at
// once. Pure; times are handed in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/units.h"
#include "runtime/reactor.h"

namespace tt::image {

class WriteThrottle {
 public:
  /// Below this part of what hosts may fill nothing waits: bursts are what a write cache is for.
  static constexpr std::uint64_t kFreePermille = 400;
  /// What a MiB costs in the middle between there and full.
  static constexpr rt::TimeNs kMiddle = 4 * rt::kMillisecond;
  /// A shorter sleep costs more than it spreads; it is added up until it is worth one.
  static constexpr rt::TimeNs kShortest = 500 * rt::kMicrosecond;
  static constexpr rt::TimeNs kLongest = 100 * rt::kMillisecond;

  /// When a write of `bytes` may ask for room, which is `fill_permille` full; `now` if at once.
  rt::TimeNs begin_at(rt::TimeNs now, std::uint64_t bytes, std::uint64_t fill_permille) noexcept {
    if (fill_permille <= kFreePermille) return now;
    const std::uint64_t above = std::min<std::uint64_t>(fill_permille, kFull - 1) - kFreePermille;
    const std::uint64_t left = kFull - kFreePermille - above;
    const std::uint64_t cost_ns = static_cast<std::uint64_t>(kMiddle) * above / left * above / left * bytes / 1_MiB;
    next_ = std::max(next_, now) + static_cast<rt::TimeNs>(std::min<std::uint64_t>(cost_ns, kLongest));
    next_ = std::min(next_, now + kLongest);
    return next_ - now < kShortest ? now : next_;
  }

 private:
  static constexpr std::uint64_t kFull = 1000;

  rt::TimeNs next_ = 0;
};

}  // namespace tt::image
