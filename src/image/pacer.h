// SPDX-License-Identifier: Apache-2.0
// How fast the background copy may go: below host I/O. While hosts are active each unit of copying is followed by a
// pause; the pause grows when host latency leaves its target and shrinks again when it is met, but the copy never falls
// below a floor, so that it always ends (spec 1.8). Pure; times are handed in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/units.h"
#include "runtime/reactor.h"

namespace tt::image {

struct PacerOptions {
  rt::TimeNs host_latency_target = 10 * rt::kMillisecond;
  std::uint64_t floor_bytes_per_second = 8_MiB;
  std::uint64_t limit_bytes_per_second = 0;  ///< 0 = none.
};

class Pacer {
 public:
  explicit Pacer(PacerOptions options) noexcept : options_(options) {}

  /// Pause after a unit of `bytes` that took `took`, given the worst host latency seen meanwhile.
  rt::TimeNs pause_after(std::uint64_t bytes, rt::TimeNs took, bool hosts_active, rt::TimeNs host_latency) noexcept {
    if (!hosts_active) {
      share_ = 0;
    } else if (host_latency > options_.host_latency_target) {
      share_ = std::min<std::int64_t>(share_ == 0 ? 1 : share_ * 2, 16);
    } else {
      share_ = std::max<std::int64_t>(share_ - 1, 1);
    }
    rt::TimeNs pause = took * share_;
    pause = std::min(pause, time_for(bytes, options_.floor_bytes_per_second) - took);
    if (options_.limit_bytes_per_second != 0) {
      pause = std::max(pause, time_for(bytes, options_.limit_bytes_per_second) - took);
    }
    return std::max<rt::TimeNs>(pause, 0);
  }

 private:
  static rt::TimeNs time_for(std::uint64_t bytes, std::uint64_t bytes_per_second) noexcept {
    return static_cast<rt::TimeNs>(static_cast<unsigned __int128>(bytes) * rt::kSecond / bytes_per_second);
  }
  PacerOptions options_;
  std::int64_t share_ = 0;  ///< Pause as a multiple of the time the unit took.
};

}  // namespace tt::image
