// SPDX-License-Identifier: Apache-2.0
// How the scrub is told what to do, and what it has found.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>

#include "image/mender.h"
#include "image/pacer.h"
#include "volume/config.h"

namespace tt::image {

/// What all shards of an image keep together. Any thread may use it.
class ScrubPace {
 public:
  ScrubPace(rt::TimeNs host_latency_target, std::uint32_t shard_count) noexcept
      : pace_({.host_latency_target = host_latency_target}, shard_count) {}

  void set(const volume::ScrubSettings& settings) noexcept {
    pace_.set({settings.bytes_per_second, std::min(settings.bytes_per_second, kFloor)});
    interval_s_.store(settings.interval_s, std::memory_order_relaxed);
  }
  [[nodiscard]] CommonPace& common() noexcept { return pace_; }
  /// From the beginning of a pass to that of the next; 0: none begins by itself.
  [[nodiscard]] std::uint32_t interval_s() const noexcept { return interval_s_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t kFloor = 2_MiB;  ///< A second, however busy hosts are: every pass ends.

  CommonPace pace_;
  std::atomic<std::uint32_t> interval_s_{0};
};

/// Tracks of one rank that were read.
struct ScrubCounts {
  std::uint64_t verified = 0;    ///< The medium holds what was written.
  std::uint64_t learned = 0;     ///< Nothing was known of some of it; from now on it is.
  std::uint64_t unverified = 0;  ///< Nothing is known: the image keeps no checksums, or somebody wrote it just then.
  std::uint64_t refused = 0;     ///< Damaged, or the disk did not give it; what became of it the mender knows.

  [[nodiscard]] std::uint64_t read() const noexcept { return verified + learned + unverified + refused; }
  void add(const ScrubCounts& more) noexcept {
    verified += more.verified;
    learned += more.learned;
    unverified += more.unverified;
    refused += more.refused;
  }
};

enum class ScrubState : std::uint8_t { waiting, running, cancelled };

/// Of one shard: of the pass under way, or of the last one.
struct ScrubStatus {
  ScrubState state = ScrubState::waiting;
  std::uint64_t passes = 0;  ///< Complete ones since the start.
  std::int64_t began_s = 0;  ///< 0: none yet.
  std::int64_t ended_s = 0;  ///< Of the last complete one; 0: none yet.
  std::uint64_t tracks = 0;  ///< That media hold now.
  std::uint64_t bytes_per_second = 0;
  std::map<std::uint16_t, ScrubCounts> by_rank;
  std::map<std::uint16_t, MendCounts> mended;  ///< Since the start, whoever found the damage.
};

}  // namespace tt::image
