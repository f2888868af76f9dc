// SPDX-License-Identifier: Apache-2.0
// Track-sized, disk-aligned buffers, all allocated at start-up.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/units.h"
#include "runtime/disk.h"
#include "runtime/sync.h"

namespace tt::image {

struct AlignedFree {
  void operator()(std::byte* p) const noexcept { std::free(p); }
};
using AlignedBytes = std::unique_ptr<std::byte[], AlignedFree>;

inline AlignedBytes allocate_aligned(std::size_t bytes) {
  auto* p = static_cast<std::byte*>(std::aligned_alloc(rt::kDiskAlignment, round_up(bytes, rt::kDiskAlignment)));
  TT_ASSERT(p != nullptr);
  return AlignedBytes(p);
}

/// Consecutive frames for one batch: neighbours in the arena may be written with one I/O when they are neighbours on
/// the medium too.
class FrameArena {
 public:
  explicit FrameArena(std::size_t frame_count)
      : memory_(allocate_aligned(frame_count * kTrackBytes)), frame_count_(frame_count) {}

  [[nodiscard]] std::size_t free_frames() const noexcept { return frame_count_ - used_; }
  std::span<std::byte> take() noexcept {
    TT_ASSERT(used_ < frame_count_);
    return {memory_.get() + kTrackBytes * used_++, kTrackBytes};
  }
  void reset() noexcept { used_ = 0; }

 private:
  AlignedBytes memory_;
  std::size_t frame_count_;
  std::size_t used_ = 0;
};

/// Single frames for reads that need a detour; waits when all are in use.
class FramePool {
 public:
  FramePool(rt::Reactor& reactor, std::size_t count)
      : memory_(allocate_aligned(count * kTrackBytes)), credits_(reactor, count) {
    for (std::size_t i = 0; i < count; ++i) free_.push_back(memory_.get() + i * kTrackBytes);
  }
  rt::Semaphore::Acquire wait() noexcept { return credits_.acquire(); }
  /// After wait() was awaited.
  std::span<std::byte> take() noexcept {
    std::byte* frame = free_.back();
    free_.pop_back();
    return {frame, kTrackBytes};
  }
  void give(std::span<std::byte> frame) noexcept {
    free_.push_back(frame.data());
    credits_.release();
  }

 private:
  AlignedBytes memory_;
  std::vector<std::byte*> free_;
  rt::Semaphore credits_;
};

}  // namespace tt::image
