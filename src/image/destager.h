// SPDX-License-Identifier: Apache-2.0
// Brings dirty data to the media: picks columns (a quarter by age, so that no straggler pins the journal's tail; the
// rest in elevator order) and runs one batch after the other, two at a time on disjoint columns.
#pragma once

#include <cstdint>

#include "image/batch.h"
#include "image/shard.h"

namespace tt::image {

struct DestagerOptions {
  rt::TimeNs age_limit = 200 * rt::kMillisecond;  ///< Younger data waits for more of its kind ...
  std::uint32_t eager_percent = 25;               ///< ... unless the ring is fuller than this.
};

class Destager {
 public:
  Destager(Shard& shard, DestagerOptions options);
  void start(rt::Scope& scope);
  void stop() noexcept { stopping_ = true; }

 private:
  static constexpr std::uint32_t kRunners = 2;

  rt::Task<void> run(FrameArena& arena);
  [[nodiscard]] bool should_run() const noexcept;
  void fill(Batch& batch);
  /// Takes what fits, the volume `first` before others. False when the batch is full.
  bool take_column(Batch& batch, std::uint64_t track, const flashcopy::VolumeShare* first);

  Shard& shard_;
  DestagerOptions options_;
  FrameArena arenas_[kRunners];
  std::uint64_t hand_ = 0;
  bool stopping_ = false;
};

}  // namespace tt::image
