// SPDX-License-Identifier: Apache-2.0
#include "cache/read_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tt::cache {

namespace {

/// How many tracks that were used get another turn before one goes all the same: bounds the work of one read.
constexpr int kMostSecondTurns = 32;
constexpr std::size_t kLeastClockSlots = 256;
constexpr std::size_t kMostClockSlots = 16384;

std::uint32_t frames_of(std::uint64_t budget_bytes) {
  const std::uint64_t frames = budget_bytes / ReadCache::kBytesPerGrain;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(frames, 1, 1U << 30U));
}

}  // namespace

ReadCache::ReadCache(std::uint64_t budget_bytes)
    : frame_count_(frames_of(budget_bytes)),
      bucket_shift_(64 - static_cast<std::uint32_t>(std::bit_width(std::bit_ceil(std::max(frame_count_, 2U)) - 1))),
      memory_(std::make_unique_for_overwrite<std::byte[]>(std::size_t{frame_count_} * kGrainBytes)),
      free_frames_(std::make_unique_for_overwrite<std::uint32_t[]>(frame_count_)),
      tracks_(std::make_unique_for_overwrite<Track[]>(frame_count_)),
      buckets_(std::bit_ceil(std::max(frame_count_, 2U)), kNone),
      clock_(std::clamp(std::bit_ceil(std::size_t{frame_count_}), kLeastClockSlots, kMostClockSlots)),
      once_(std::bit_ceil(std::size_t{frame_count_})),
      once_in_runs_(std::bit_ceil(std::size_t{frame_count_}) / kTrackGrains) {}

ReadCache::~ReadCache() = default;

std::uint32_t ReadCache::find(std::uint64_t key) const noexcept {
  std::uint32_t at = buckets_[spread(key) >> bucket_shift_];
  while (at != kNone && tracks_[at].key != key) at = tracks_[at].next_in_bucket;
  return at;
}

std::size_t ReadCache::read(Place place, std::span<std::byte> into) noexcept {
  std::size_t copied = 0;
  while (copied < into.size()) {
    const TrackPart part = first_part(place, into.size() - copied);
    const std::uint32_t at = find(part.key);
    if (at == kNone) break;
    Track& track = tracks_[at];
    std::uint32_t position = part.begin;
    while (position < part.end) {
      const std::uint32_t grain = position / kGrainBytes;
      if ((track.held >> grain & 1U) == 0) break;
      const std::uint32_t end = std::min(part.end, (grain + 1) * kGrainBytes);
      std::memcpy(into.data() + copied, frame(track.frames[grain]) + position % kGrainBytes, end - position);
      copied += end - position;
      position = end;
    }
    if (position > part.begin && track.uses < kMostUses) ++track.uses;
    if (position < part.end) break;
    place.offset += part.bytes();
  }
  return copied;
}

bool ReadCache::holds(Place place, std::uint64_t bytes) const noexcept {
  while (bytes > 0) {
    const TrackPart part = first_part(place, bytes);
    const std::uint32_t at = find(part.key);
    if (at == kNone || (part.touched_grains() & ~tracks_[at].held) != 0) return false;
    place.offset += part.bytes();
    bytes -= part.bytes();
  }
  return true;
}

void ReadCache::admit(Place place, std::span<const std::byte> bytes, Pattern pattern) noexcept {
  while (!bytes.empty()) {
    const TrackPart part = first_part(place, bytes.size());
    GrainMask grains = part.whole_grains();
    if (grains != 0) {
      // Not only as far as there is room: nothing is pushed out for the rest.
      const auto count = static_cast<std::uint32_t>(std::popcount(grains));
      if (frame_count_ - used_frames_ < count) {
        OnceSeen& seen = pattern == Pattern::stream || count >= kTrackGrains / 2 ? once_in_runs_ : once_;
        grains = seen.see(part.key, grains);
      }
      if (grains != 0) keep(part, grains, bytes.data());
    }
    place.offset += part.bytes();
    bytes = bytes.subspan(part.bytes());
  }
}

/// `bytes` begin where the part does.
void ReadCache::keep(const TrackPart& part, GrainMask grains, const std::byte* bytes) noexcept {
  std::uint32_t at = find(part.key);
  if (at != kNone) grains = static_cast<GrainMask>(grains & ~(tracks_[at].held | tracks_[at].stale));
  for (std::uint32_t rest = grains; rest != 0; rest &= rest - 1) {
    const auto grain = static_cast<std::uint32_t>(std::countr_zero(rest));
    const std::uint32_t place = take_frame(at);
    if (place == kNone) return;
    if (at == kNone) at = make_track(part.key);
    Track& track = tracks_[at];
    std::memcpy(frame(place), bytes + (grain * kGrainBytes - part.begin), kGrainBytes);
    track.frames[grain] = place;
    track.held = static_cast<GrainMask>(track.held | 1U << grain);
    ++admitted_;
  }
}

std::uint32_t ReadCache::make_track(std::uint64_t key) noexcept {
  std::uint32_t at = free_track_;
  if (at != kNone) {
    free_track_ = tracks_[at].next_in_bucket;
  } else {
    at = touched_tracks_++;
    TT_ASSERT(at < frame_count_);  // each has a frame of its own
  }
  Track& track = tracks_[at];
  track.key = key;
  track.held = track.stale = 0;
  track.uses = 0;
  std::uint32_t& bucket = bucket_of(key);
  track.next_in_bucket = bucket;
  bucket = at;
  link_last(at);
  return at;
}

std::uint32_t ReadCache::take_frame(std::uint32_t but) noexcept {
  if (used_frames_ == frame_count_ && !evict_one(but)) return kNone;
  ++used_frames_;
  return free_count_ > 0 ? free_frames_[--free_count_] : touched_frames_++;
}

bool ReadCache::evict_one(std::uint32_t but) noexcept {
  for (int turns = 0;; ++turns) {
    const std::uint32_t at = first_;
    Track& track = tracks_[at];
    if (at == but && at == last_) return false;
    if (at != but && (track.uses == 0 || turns >= kMostSecondTurns)) {
      const auto grains = static_cast<GrainMask>(track.held | track.stale);
      evicted_ += static_cast<std::uint64_t>(std::popcount(grains));
      drop(at, grains);
      return true;
    }
    if (track.uses > 0) --track.uses;
    unlink(at);
    link_last(at);
  }
}

/// The track goes with its last grain.
void ReadCache::drop(std::uint32_t at, GrainMask grains) noexcept {
  Track& track = tracks_[at];
  for (std::uint32_t rest = grains & static_cast<std::uint32_t>(track.held | track.stale); rest != 0;
       rest &= rest - 1) {
    free_frames_[free_count_++] = track.frames[static_cast<std::size_t>(std::countr_zero(rest))];
    --used_frames_;
  }
  track.held = static_cast<GrainMask>(track.held & ~grains);
  track.stale = static_cast<GrainMask>(track.stale & ~grains);
  if ((track.held | track.stale) != 0) return;
  unlink(at);
  std::uint32_t* link = &bucket_of(track.key);
  while (*link != at) link = &tracks_[*link].next_in_bucket;
  *link = track.next_in_bucket;
  track.next_in_bucket = free_track_;
  free_track_ = at;
}

void ReadCache::begin_write(Place place, std::uint64_t bytes) noexcept {
  while (bytes > 0) {
    const TrackPart part = first_part(place, bytes);
    clock_.begin_write(part.key);
    if (const std::uint32_t at = find(part.key); at != kNone) {
      Track& track = tracks_[at];
      const auto hit = static_cast<GrainMask>(track.held & part.touched_grains());
      track.held = static_cast<GrainMask>(track.held ^ hit);
      track.stale = static_cast<GrainMask>(track.stale | hit);
    }
    place.offset += part.bytes();
    bytes -= part.bytes();
  }
}

void ReadCache::end_write(Place place, std::span<const std::byte> bytes, bool good) noexcept {
  while (!bytes.empty()) {
    const TrackPart part = first_part(place, bytes.size());
    clock_.end_write(part.key);
    const std::uint32_t at = find(part.key);
    if (at != kNone && !good) {
      drop(at, part.touched_grains());
    } else if (at != kNone) {
      Track& track = tracks_[at];
      // Those that are held again already: another run of the same write lies in the same grain.
      const auto fresh = static_cast<GrainMask>((track.stale | track.held) & part.touched_grains());
      for (std::uint32_t rest = fresh; rest != 0; rest &= rest - 1) {
        const auto grain = static_cast<std::uint32_t>(std::countr_zero(rest));
        const std::uint32_t from = std::max(part.begin, grain * kGrainBytes);
        const std::uint32_t to = std::min(part.end, (grain + 1) * kGrainBytes);
        std::memcpy(frame(track.frames[grain]) + from % kGrainBytes, bytes.data() + (from - part.begin), to - from);
      }
      track.held = static_cast<GrainMask>(track.held | fresh);
      track.stale = static_cast<GrainMask>(track.stale & ~fresh);
    }
    place.offset += part.bytes();
    bytes = bytes.subspan(part.bytes());
  }
}

void ReadCache::forget_rank(std::uint16_t rank) noexcept {
  clock_.change_all();
  for (std::uint32_t at = first_; at != kNone;) {
    const std::uint32_t next = tracks_[at].behind;
    if (tracks_[at].key >> 48U == rank) drop(at, kAllGrains);
    at = next;
  }
}

void ReadCache::link_last(std::uint32_t at) noexcept {
  tracks_[at].behind = kNone;
  tracks_[at].before = last_;
  (last_ != kNone ? tracks_[last_].behind : first_) = at;
  last_ = at;
}

void ReadCache::unlink(std::uint32_t at) noexcept {
  const Track& track = tracks_[at];
  (track.before != kNone ? tracks_[track.before].behind : first_) = track.behind;
  (track.behind != kNone ? tracks_[track.behind].before : last_) = track.before;
}

}  // namespace tt::cache
