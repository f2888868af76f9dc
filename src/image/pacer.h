// SPDX-License-Identifier: Apache-2.0
// How fast the background copy may go: below host I/O. While hosts are active each unit of copying is followed by a
// pause; the pause grows when host latency leaves its target and shrinks again when it is met, but the copies of an
// image never fall below a floor, so that they always end (spec 1.8), and never go above its limit. Pure; times are
// handed in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/units.h"
#include "flashcopy/copy_rate.h"
#include "runtime/reactor.h"
#include "volume/config.h"

namespace tt::image {

struct PacerOptions {
  rt::TimeNs host_latency_target = 10 * rt::kMillisecond;
  std::uint64_t limit_bytes_per_second = 0;  ///< Of this process, whatever the image's limit is; 0 = none.
};

/// What all shards of an image keep together.
class CommonPace {
 public:
  CommonPace(PacerOptions options, std::uint32_t shard_count) noexcept : options_(options), shard_count_(shard_count) {
    set({});
  }

  void set(const volume::CopyRates& rates) noexcept {
    std::uint64_t limit = rates.limit_bytes_per_second;
    const std::uint64_t own = options_.limit_bytes_per_second;
    if (own != 0 && (limit == 0 || own < limit)) limit = own;
    floor_.set(rates.floor_bytes_per_second);
    limit_.set(limit);
  }
  [[nodiscard]] const PacerOptions& options() const noexcept { return options_; }
  [[nodiscard]] flashcopy::CopyRate& limit() noexcept { return limit_; }
  [[nodiscard]] flashcopy::CopyRate& floor() noexcept { return floor_; }
  [[nodiscard]] std::uint32_t shard_count() const noexcept { return shard_count_; }

 private:
  PacerOptions options_;
  std::uint32_t shard_count_;
  flashcopy::CopyRate limit_;
  flashcopy::CopyRate floor_;
};

/// Of one shard.
class Pacer {
 public:
  static constexpr std::uint64_t kMostTracks = 64;  ///< 4 MiB: one flush and one BITS record.

  explicit Pacer(CommonPace& common) noexcept : common_(common) {}

  /// A unit is what the slowest of the rates allows in half a second, so that pauses stay short; at least one track.
  [[nodiscard]] std::uint64_t unit_tracks(const flashcopy::CopyRate& own) const noexcept {
    std::uint64_t tracks = kMostTracks;
    for (const std::uint64_t rate :
         {own.bytes_per_second(), common_.limit().bytes_per_second(), common_.floor().bytes_per_second()}) {
      if (rate != 0) tracks = std::min(tracks, rate / (2 * kTrackBytes));
    }
    return std::max<std::uint64_t>(tracks, 1);
  }

  /// When the next unit may begin, after one of `bytes` from `began` to `ended`, given the worst host latency seen
  /// meanwhile.
  rt::TimeNs next_begin(std::uint64_t bytes, rt::TimeNs began, rt::TimeNs ended, bool hosts_active,
                        rt::TimeNs host_latency) noexcept {
    if (!hosts_active) {
      share_ = 0;
    } else if (host_latency > common_.options().host_latency_target) {
      share_ = std::min<std::int64_t>(share_ == 0 ? 1 : share_ * 2, 16);
    } else {
      share_ = std::max<std::int64_t>(share_ - 1, 1);
    }
    rt::TimeNs next = ended + (ended - began) * share_;
    if (share_ > 0 && common_.floor().bytes_per_second() != 0) {
      next = std::min(next, common_.floor().pay(bytes, began, common_.shard_count()));
    }
    return std::max({next, common_.limit().pay(bytes, began), ended});
  }

 private:
  CommonPace& common_;
  std::int64_t share_ = 0;  ///< Pause as a multiple of the time the unit took.
};

}  // namespace tt::image
