// SPDX-License-Identifier: Apache-2.0
// What a loop without work does until there is some: spin (answers at once, costs processor time), sleep (free, but to
// wake up takes long, on a virtual machine with a halted processor 100 us and more), or nap: sleep for half of the time
// the pause is expected to last, then spin. Pure: the loop tells it what happened, tests do the same.
//
//   spin shortly  while pauses are short; pays whenever the next request is already on its way
//   nap           while a deep queue of reads is with the disk, because then many wait for one wake-up
//   sleep         else, and ever more often while spinning is in vain: an idle loop costs nothing, and a machine with
//                 more threads than processors is not held up
#pragma once

#include <algorithm>

#include "runtime/reactor.h"

namespace tt::rt {

struct IdlePlan {
  TimeNs nap = 0;   ///< Sleep that long at first; 0: not at all.
  TimeNs spin = 0;  ///< Then spin, until that long after the begin of the pause; 0: do not. Then sleep.
};

class IdlePolicy {
 public:
  /// Pauses that are expected to be longer are slept through, whatever waits.
  static constexpr TimeNs kLongestNappedPause = 400 * kMicrosecond;
  /// Shorter naps are not worth their system call.
  static constexpr TimeNs kShortestNap = 40 * kMicrosecond;
  /// Reads in flight that make a deep queue.
  static constexpr std::size_t kDeepQueue = 8;

  /// `spin_limit`: the longest short spin; 0: never spin, never nap.
  explicit IdlePolicy(TimeNs spin_limit) noexcept : spin_limit_(spin_limit) {}

  [[nodiscard]] IdlePlan plan(std::size_t reads_in_flight) noexcept {
    if (spin_limit_ == 0) return {};
    const bool nap = reads_in_flight >= kDeepQueue && expected_pause_ < kLongestNappedPause;
    // A pause that ended by sleeping includes the time to wake up, hence the factor.
    if (!nap && last_pause_ >= 8 * spin_limit_) return {};
    if (spins_to_skip_ > 0) {
      --spins_to_skip_;
      return {};
    }
    if (!nap) return {0, spin_limit_};
    // The mean is of many short pauses and the long one of the disk: a nap by it is too short rather than too long, and
    // the spin goes on until the disk must have answered.
    return {expected_pause_ < kShortestNap ? 0 : expected_pause_ / 2, 2 * kLongestNappedPause};
  }

  /// A plan's spin ended: work showed up, or not.
  void spun(bool found) noexcept {
    if (found) {
      back_off_ = 0;
      return;
    }
    spins_to_skip_ = back_off_;
    back_off_ = std::min(2 * back_off_ + 1, kMaxBackOff);
  }

  /// The whole pause, however it was spent.
  void paused(TimeNs pause) noexcept {
    last_pause_ = pause;
    expected_pause_ += (std::min(pause, 4 * kLongestNappedPause) - expected_pause_) / 8;
  }

 private:
  static constexpr unsigned kMaxBackOff = 255;

  const TimeNs spin_limit_;
  TimeNs last_pause_ = kSecond;
  TimeNs expected_pause_ = 4 * kLongestNappedPause;  ///< Moving mean.
  unsigned spins_to_skip_ = 0;                       ///< Until the next attempt.
  unsigned back_off_ = 0;                            ///< How many to skip after the next vain one.
};

}  // namespace tt::rt
