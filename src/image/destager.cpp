// SPDX-License-Identifier: Apache-2.0
#include "image/destager.h"

#include <algorithm>

namespace tt::image {

namespace {

constexpr std::size_t kColumnsPerBatch = 1024;
constexpr std::size_t kColumnsScanned = 4096;
constexpr rt::TimeNs kIdlePause = 20 * rt::kMillisecond;
constexpr rt::TimeNs kBlockedPause = 2 * rt::kMillisecond;

}  // namespace

Destager::Destager(Shard& shard, DestagerOptions options)
    : shard_(shard),
      options_(options),
      arenas_{FrameArena(shard.options_.batch_frames), FrameArena(shard.options_.batch_frames)} {}

void Destager::start(rt::Scope& scope) {
  for (FrameArena& arena : arenas_) scope.spawn(run(arena));
}

bool Destager::should_run() const noexcept {
  const cache::Entry* oldest = shard_.index_->oldest();
  if (oldest == nullptr) return false;
  if (shard_.drain_requests_ > 0 || shard_.index_->full()) return true;
  if (shard_.ring_->used_bytes() * 100 > shard_.ring_->capacity_bytes() * options_.eager_percent) return true;
  return shard_.reactor_.now() - oldest->inserted_at >= options_.age_limit;
}

rt::Task<void> Destager::run(FrameArena& arena) {
  while (!stopping_) {
    if (!should_run() || shard_.sums_->too_many_changed()) {
      co_await rt::sleep_for(shard_.reactor_, kIdlePause);
      continue;
    }
    Batch batch(shard_, arena);
    fill(batch);
    if (batch.empty()) {  // everything is latched, held, or not hardened yet
      co_await rt::sleep_for(shard_.reactor_, kBlockedPause);
      continue;
    }
    auto done = co_await batch.run();
    if (!done) co_return;  // the journal is fenced: nothing may be destaged any more
  }
}

void Destager::fill(Batch& batch) {
  std::size_t by_age = 0;
  for (const cache::Entry* e = shard_.index_->oldest(); e != nullptr && by_age < kColumnsPerBatch / 4; e = e->newer) {
    ++by_age;
    if (e->clean) continue;
    if (!take_column(batch, e->track->column->track, static_cast<flashcopy::VolumeShare*>(e->track->owner))) return;
  }
  std::optional<std::uint64_t> next = shard_.index_->next_dirty(hand_);
  if (!next) next = shard_.index_->next_dirty(0);
  for (std::size_t scanned = 0; next && scanned < kColumnsScanned; ++scanned) {
    if (batch.column_count() >= kColumnsPerBatch || !take_column(batch, *next, nullptr)) break;
    hand_ = *next + 1;
    next = shard_.index_->next_dirty(hand_);
  }
}

bool Destager::take_column(Batch& batch, std::uint64_t track, const flashcopy::VolumeShare* first) {
  cache::Column* column = shard_.index_->try_latch(track);
  if (column == nullptr) return true;
  const flashcopy::PickLimit limit{shard_.ring_->durable(), shard_.fence_};
  flashcopy::ColumnPlan plan =
      flashcopy::plan_column(*shard_.index_, track, shard_.global_of(track), limit, {}, shard_.preserve());
  shard_.drop_unwritable(plan);
  const bool full = plan.limit(batch.free_bytes(), first);
  if (plan.empty()) {
    shard_.index_->unlatch(*column);
  } else {
    batch.add(std::move(plan), *column);
  }
  return !full;
}

}  // namespace tt::image
