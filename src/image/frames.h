// SPDX-License-Identifier: Apache-2.0
// Track-sized, disk-aligned buffers, all allocated at start-up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/units.h"
#include "flashcopy/grains.h"
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

/// Memory for the stretch of a track between two grains.
class TrackWindow {
 public:
  TrackWindow() = default;
  TrackWindow(std::byte* memory, flashcopy::Hull hull) noexcept : memory_(memory), hull_(hull) {}

  [[nodiscard]] bool empty() const noexcept { return hull_.grain_count == 0; }
  [[nodiscard]] std::uint16_t first_block() const noexcept {
    return static_cast<std::uint16_t>(hull_.first_grain * kGrainBlocks);
  }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept {
    return {memory_, std::size_t{hull_.grain_count} * kGrainBytes};
  }
  /// In bytes of the track; they must lie in the window.
  [[nodiscard]] std::span<std::byte> part(std::size_t offset, std::size_t length) const noexcept {
    const std::size_t begin = std::size_t{hull_.first_grain} * kGrainBytes;
    TT_ASSERT(offset >= begin && offset + length <= begin + bytes().size());
    return bytes().subspan(offset - begin, length);
  }
  /// What `from`, which must contain this window, has there.
  void copy_from(const TrackWindow& from) const noexcept {
    const std::span<std::byte> source = from.part(std::size_t{hull_.first_grain} * kGrainBytes, bytes().size());
    std::memcpy(memory_, source.data(), source.size());
  }

 private:
  std::byte* memory_ = nullptr;
  flashcopy::Hull hull_;
};

/// Consecutive windows for one batch: neighbours in the arena may be written with one I/O when they are neighbours on
/// the medium too.
class FrameArena {
 public:
  explicit FrameArena(std::size_t frame_count)
      : memory_(allocate_aligned(frame_count * kTrackBytes)), capacity_bytes_(frame_count * kTrackBytes) {}

  TrackWindow take(GrainMask grains) noexcept {
    const flashcopy::Hull hull = flashcopy::hull_of(grains);
    std::byte* const begin = memory_.get() + used_bytes_;
    used_bytes_ += flashcopy::hull_bytes(grains);
    TT_ASSERT(used_bytes_ <= capacity_bytes_);
    return {begin, hull};
  }
  void reset() noexcept { used_bytes_ = 0; }

 private:
  AlignedBytes memory_;
  std::size_t capacity_bytes_;
  std::size_t used_bytes_ = 0;
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
