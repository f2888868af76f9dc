// SPDX-License-Identifier: Apache-2.0
// The one counter of the image. A shard draws a number in the same turn in which the write enters its journal and its
// index (engine notes C11), so a write that a host issues after the answer to another one always has the larger number.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/assert.h"
#include "base/units.h"

namespace tt::image {

/// The only state that shards share; any thread.
class LsnSource {
 public:
  LsnSource() = default;

  /// The first of `count` consecutive numbers.
  Lsn draw(std::uint64_t count = 1) noexcept {
    const std::uint64_t first = next_.fetch_add(count, std::memory_order_acq_rel);
    TT_ASSERT(first + count <= ceiling_.load(std::memory_order_acquire));  // I19: the ceiling is raised far ahead
    return Lsn{first};
  }
  /// Every number drawn so far is at or below this one.
  [[nodiscard]] Lsn newest() const noexcept { return Lsn{next_.load(std::memory_order_acquire) - 1}; }
  [[nodiscard]] std::uint64_t room() const noexcept {
    return ceiling_.load(std::memory_order_acquire) - next_.load(std::memory_order_acquire);
  }
  /// At open, before anything was drawn.
  void restart(Lsn first, Lsn ceiling) noexcept {
    next_.store(first.value, std::memory_order_release);
    ceiling_.store(ceiling.value, std::memory_order_release);
  }
  /// After the new ceiling is durable in the superblock.
  void raise_ceiling(Lsn ceiling) noexcept { ceiling_.store(ceiling.value, std::memory_order_release); }
  [[nodiscard]] Lsn ceiling() const noexcept { return Lsn{ceiling_.load(std::memory_order_acquire)}; }

 private:
  std::atomic<std::uint64_t> next_{1};
  std::atomic<std::uint64_t> ceiling_{1};
};

inline constexpr std::uint64_t kLsnCeilingStep = std::uint64_t{1} << 32U;

}  // namespace tt::image
