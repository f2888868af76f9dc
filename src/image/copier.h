// SPDX-License-Identifier: Apache-2.0
// The background copy of a shard: a limited number of relationships at a time, round robin, in units of consecutive
// tracks; paced below host I/O. Tracks that the source never had are settled without any I/O.
#pragma once

#include <cstdint>
#include <vector>

#include "image/batch.h"
#include "image/pacer.h"
#include "image/shard.h"

namespace tt::image {

class Copier {
 public:
  Copier(Shard& shard, PacerOptions pacing);
  void start(rt::Scope& scope) { scope.spawn(run()); }
  void stop() noexcept { stopping_ = true; }

 private:
  rt::Task<void> run();
  [[nodiscard]] std::vector<flashcopy::RelationshipShare*> active() const;
  /// Clears U for a run of tracks that read as zeros; true if there was one.
  bool settle_unwritten(flashcopy::RelationshipShare& share);
  void fill(Batch& batch, flashcopy::RelationshipShare& share);
  void note_rate(Generation generation) noexcept;
  rt::Task<Result<bool>> copy_unit(flashcopy::RelationshipShare& share);

  Shard& shard_;
  FrameArena arena_;
  Pacer pacer_;
  std::uint64_t turn_ = 0;
  bool stopping_ = false;
};

}  // namespace tt::image
