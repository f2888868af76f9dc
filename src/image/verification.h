// SPDX-License-Identifier: Apache-2.0
// The comparison of a FlashCopy target with its image, as far as it has come. What it can prove is told in verifier.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "volume/config.h"

namespace tt::image {

/// Tracks.
struct VerifyCounts {
  std::uint64_t equal = 0;
  std::uint64_t uncopied = 0;   ///< Only on the source: the target shows them from there.
  std::uint64_t changed = 0;    ///< A host wrote them on either side since the copy was taken.
  std::uint64_t different = 0;  ///< Nobody wrote them, or nobody knows; verifier.h.
  std::uint64_t unreadable = 0;
  std::optional<std::uint64_t> first_different;

  [[nodiscard]] std::uint64_t looked_at() const noexcept { return equal + uncopied + changed + different + unreadable; }
  void add(const VerifyCounts& more) noexcept {
    equal += more.equal;
    uncopied += more.uncopied;
    changed += more.changed;
    different += more.different;
    unreadable += more.unreadable;
    if (more.first_different && (!first_different || *more.first_different < *first_different)) {
      first_different = more.first_different;
    }
  }
};

enum class VerifyState : std::uint8_t {
  running,
  complete,
  cancelled,  ///< By a command, or because the image stops.
  ended,      ///< The relationship has gone, failed, or has a new point in time.
};

/// Of one relationship, by all shards.
struct Verification {
  Verification(volume::Relationship of, std::uint32_t shard_count, std::int64_t now_s)
      : relationship(std::move(of)), by_shard(shard_count), started_s(now_s), shards_left(shard_count) {}

  const volume::Relationship relationship;
  std::atomic<bool> cancelled = false;
  std::vector<VerifyCounts> by_shard;  ///< Each is of its shard's reactor.

  // Of the control plane.
  std::int64_t started_s;
  std::uint32_t shards_left;
  std::uint32_t problems_recorded = 0;
  VerifyState state = VerifyState::running;
};

struct VerifyStatus {
  volume::Relationship relationship;
  VerifyCounts counts;
  std::int64_t started_s = 0;
  VerifyState state = VerifyState::running;
};

}  // namespace tt::image
