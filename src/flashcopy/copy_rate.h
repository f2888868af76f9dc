// SPDX-License-Identifier: Apache-2.0
// A rate that several shards keep together, and how fast a copy goes. Pure; times are handed in.
//
// Who has copied a piece pays for it: the rate's schedule gives the time from which on it may begin its next one. The
// schedule is one number that only moves forward, so pieces of all shards together never come faster than the rate, and
// each that has work gets its turn: nobody is given a second time before those who paid earlier.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/reactor.h"

namespace tt::flashcopy {

/// Any thread may use it.
class CopyRate {
 public:
  explicit CopyRate(std::uint64_t bytes_per_second = 0) noexcept : bytes_per_second_(bytes_per_second) {}

  /// From now on, for what was paid before as well: who waits is to ask epoch() now and then. 0 = as fast as can be.
  void set(std::uint64_t bytes_per_second) noexcept {
    bytes_per_second_.store(bytes_per_second, std::memory_order_relaxed);
    next_.store(0, std::memory_order_relaxed);
    epoch_.fetch_add(1, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t bytes_per_second() const noexcept {
    return bytes_per_second_.load(std::memory_order_relaxed);
  }
  /// Changes with every set().
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }

  /// Pays for `bytes` that were begun at `began`; the earliest begin of the payer's next piece. `pieces_ahead` bounds
  /// the schedule for a rate that is not a limit, that is, which others may exceed.
  rt::TimeNs pay(std::uint64_t bytes, rt::TimeNs began, std::optional<std::uint32_t> pieces_ahead = {}) noexcept {
    const std::uint64_t rate = bytes_per_second();
    if (rate == 0) return began;
    const auto cost = static_cast<rt::TimeNs>(static_cast<unsigned __int128>(bytes) * rt::kSecond / rate);
    rt::TimeNs seen = next_.load(std::memory_order_relaxed);
    for (;;) {
      rt::TimeNs next = std::max(seen, began - kTolerance) + cost;
      if (pieces_ahead) next = std::min<rt::TimeNs>(next, began + *pieces_ahead * cost);
      if (next_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return next;
    }
  }

 private:
  /// A piece that begins a little late does not move the schedule.
  static constexpr rt::TimeNs kTolerance = 10 * rt::kMillisecond;

  std::atomic<std::uint64_t> bytes_per_second_;
  std::atomic<rt::TimeNs> next_{0};
  std::atomic<std::uint32_t> epoch_{0};
};

/// One shard's turns in a rate.
class RateTurns {
 public:
  void follow(std::shared_ptr<CopyRate> rate) noexcept {
    rate_ = std::move(rate);
    next_ = 0;
  }
  [[nodiscard]] const CopyRate* rate() const noexcept { return rate_.get(); }
  /// A change of the rate ends every wait.
  [[nodiscard]] rt::TimeNs next() const noexcept { return rate_->epoch() == epoch_ ? next_ : 0; }
  void pay(std::uint64_t bytes, rt::TimeNs began) noexcept {
    epoch_ = rate_->epoch();
    next_ = rate_->pay(bytes, began);
  }

 private:
  std::shared_ptr<CopyRate> rate_;
  rt::TimeNs next_ = 0;
  std::uint32_t epoch_ = 0;
};

/// The recent rate of something that comes in pieces; pauses between them included.
class CopyMeter {
 public:
  void note(std::uint64_t bytes, rt::TimeNs now) noexcept {
    const rt::TimeNs since = now - std::exchange(last_, now);
    if (begun_ == 0 || since > kForgotten) {  // what came before is another run
      *this = CopyMeter();
      begun_ = last_ = now;
      return;
    }
    longest_ = std::max(longest_, since);
    bytes_ += bytes;
    const rt::TimeNs window = now - begun_;
    if (window <= 0 || (window < kWindow && measured_)) return;
    rate_ = static_cast<std::uint64_t>(static_cast<unsigned __int128>(bytes_) * rt::kSecond /
                                       static_cast<std::uint64_t>(window));
    if (window < kWindow) return;
    measured_ = true;
    begun_ = now;
    bytes_ = 0;
    longest_ = since;
  }
  /// 0 when nothing came for longer than usual.
  [[nodiscard]] std::uint64_t bytes_per_second(rt::TimeNs now) const noexcept {
    return now - last_ < std::max(2 * rt::kSecond, 3 * longest_) ? rate_ : 0;
  }

 private:
  static constexpr rt::TimeNs kWindow = rt::kSecond;
  static constexpr rt::TimeNs kForgotten = 60 * rt::kSecond;

  std::uint64_t rate_ = 0;
  std::uint64_t bytes_ = 0;  ///< Since `begun_`.
  rt::TimeNs begun_ = 0;
  rt::TimeNs last_ = 0;
  rt::TimeNs longest_ = 0;  ///< Between two pieces.
  bool measured_ = false;   ///< Over a whole window; before that the rate is what is known so far.
};

}  // namespace tt::flashcopy
