// SPDX-License-Identifier: Apache-2.0
#include "image/range_copier.h"

#include <algorithm>

namespace tt::image {

using flashcopy::RangeShare;

namespace {

constexpr rt::TimeNs kIdlePause = 20 * rt::kMillisecond;
constexpr rt::TimeNs kLongestPause = 50 * rt::kMillisecond;

}  // namespace

/// The oldest that has something to do here.
RangeShare* RangeCopier::next() const noexcept {
  if (shard_.copy_held_) return nullptr;
  for (const auto& [generation, range] : shard_.ranges_) {
    if (range->background_copy && !range->failed && range->pending.count() != 0) return range.get();
  }
  return nullptr;
}

rt::Task<void> RangeCopier::run() {
  while (!stopping_ && !shard_.ring_->failed()) {
    const RangeShare* range = next();
    if (range == nullptr) {
      co_await rt::sleep_for(shard_.reactor_, kIdlePause);
      continue;
    }
    const rt::TimeNs began = shard_.reactor_.now();
    shard_.host_load_.begin_piece(HostLoad::range_copier);
    auto bytes = co_await fill_some(range->generation);
    if (!bytes) co_return;
    const rt::TimeNs begin =
        pacer_.next_begin(*bytes, began, shard_.reactor_.now(), shard_.host_load_.active_since(HostLoad::range_copier),
                          shard_.host_load_.worst_latency_since(HostLoad::range_copier));
    co_await wait_until(begin);
  }
}

rt::Task<Result<std::uint64_t>> RangeCopier::fill_some(Generation range_copy) {
  const flashcopy::CopyRate none;
  std::uint64_t bytes = 0;
  for (std::uint64_t left = pacer_.unit_tracks(none); left > 0 && !stopping_; --left) {
    RangeShare* range = shard_.find_range(range_copy);
    if (range == nullptr || range->failed) break;
    auto track = range->pending.find(range->cursor, true);
    if (!track) track = range->pending.find(0, true);
    if (!track) break;
    range->cursor = *track + 1;
    auto filled = co_await shard_.fill_track(range_copy, shard_.global_of(*track));
    if (!filled && filled.error().code != Errc::io_error) co_return filled.error();
    bytes += kTrackBytes;
  }
  co_return bytes;
}

rt::Task<void> RangeCopier::wait_until(rt::TimeNs begin) {
  const std::uint32_t epoch = pace_.limit().epoch();
  for (;;) {
    const rt::TimeNs rest = begin - shard_.reactor_.now();
    if (rest <= 0 || stopping_ || pace_.limit().epoch() != epoch) co_return;
    co_await rt::sleep_for(shard_.reactor_, std::min(rest, kLongestPause));
  }
}

}  // namespace tt::image
