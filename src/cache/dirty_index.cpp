// SPDX-License-Identifier: Apache-2.0
#include "cache/dirty_index.h"

#include <algorithm>
#include <bit>
#include <bitset>
#include <cstring>

#include "base/assert.h"

namespace tt::cache {

DirtyIndex::DirtyIndex(journal::Ring& ring, std::uint64_t max_tracks, std::uint64_t entry_limit)
    : ring_(ring),
      entry_limit_(entry_limit),
      buckets_(std::bit_ceil(std::clamp<std::uint64_t>(entry_limit, 1024, 1U << 20U)), nullptr),
      dirty_columns_(max_tracks, false) {}

DirtyIndex::~DirtyIndex() = default;

std::size_t DirtyIndex::bucket_of(std::uint64_t track) const noexcept {
  return static_cast<std::size_t>((track * 0x9E3779B97F4A7C15U) >> 32U) & (buckets_.size() - 1);
}

Column* DirtyIndex::find_column(std::uint64_t track) const noexcept {
  for (Column* c = buckets_[bucket_of(track)]; c != nullptr; c = c->next) {
    if (c->track == track) return c;
  }
  return nullptr;
}

Column& DirtyIndex::column_at(std::uint64_t track) {
  if (Column* found = find_column(track)) return *found;
  Column* column = columns_.take();
  column->track = track;
  Column*& head = buckets_[bucket_of(track)];
  column->next = head;
  head = column;
  return *column;
}

DirtyTrack* DirtyIndex::find(const void* owner, std::uint64_t track) const noexcept {
  const Column* column = find_column(track);
  if (column == nullptr) return nullptr;
  for (DirtyTrack* t = column->tracks; t != nullptr; t = t->next_in_column) {
    if (t->owner == owner) return t;
  }
  return nullptr;
}

DirtyTrack& DirtyIndex::track_at(OwnerList& list, void* owner, std::uint64_t track) {
  Column& column = column_at(track);
  for (DirtyTrack* t = column.tracks; t != nullptr; t = t->next_in_column) {
    if (t->owner == owner) return *t;
  }
  DirtyTrack* made = tracks_.take();
  made->owner = owner;
  made->column = &column;
  made->next_in_column = column.tracks;
  column.tracks = made;
  made->next_of_owner = list.first;
  if (list.first != nullptr) list.first->previous_of_owner = made;
  list.first = made;
  return *made;
}

Entry& DirtyIndex::insert(OwnerList& list, void* owner, std::uint64_t track, Lsn lsn, journal::SlotSeq slot,
                          std::span<const std::byte> data, std::uint16_t first_block, std::uint16_t block_count,
                          bool deallocate, rt::TimeNs now) {
  DirtyTrack& dirty = track_at(list, owner, track);
  Entry* entry = entries_.take();
  entry->lsn = lsn;
  entry->slot = slot;
  entry->data = data.empty() ? nullptr : data.data();
  entry->first_block = first_block;
  entry->block_count = block_count;
  entry->deallocate = deallocate;
  entry->inserted_at = now;
  entry->track = &dirty;

  if (dirty.last == nullptr || dirty.last->lsn < lsn) {  // always so, but for records copied forward, at replay
    (dirty.last != nullptr ? dirty.last->next : dirty.first) = entry;
    dirty.last = entry;
  } else {
    Entry** place = &dirty.first;
    while (*place != nullptr && (*place)->lsn < lsn) place = &(*place)->next;
    entry->next = *place;
    *place = entry;
  }

  link_youngest(*entry);

  ++entry_count_;
  ++list.entry_count;
  dirty_bytes_ += std::uint64_t{block_count} * kBlockBytes;
  set_dirty(track, true);
  return *entry;
}

journal::SlotSeq DirtyIndex::overlay(const DirtyTrack* track, Lsn after, Lsn up_to, std::uint16_t first_block,
                                     std::span<std::byte> out) noexcept {
  journal::SlotSeq newest{0};
  if (track == nullptr) return newest;
  const std::uint32_t begin = first_block;
  const std::uint32_t end = begin + static_cast<std::uint32_t>(out.size() / kBlockBytes);
  for (const Entry* e = track->first; e != nullptr && e->lsn <= up_to; e = e->next) {
    if (e->lsn <= after) continue;
    const std::uint32_t from = std::max<std::uint32_t>(begin, e->first_block);
    const std::uint32_t to = std::min<std::uint32_t>(end, e->first_block + std::uint32_t{e->block_count});
    if (from >= to) continue;
    std::byte* target = out.data() + std::size_t{from - begin} * kBlockBytes;
    const std::size_t bytes = std::size_t{to - from} * kBlockBytes;
    if (e->data == nullptr) {
      std::memset(target, 0, bytes);
    } else {
      std::memcpy(target, e->data + std::size_t{from - e->first_block} * kBlockBytes, bytes);
    }
    newest = std::max(newest, e->slot);
  }
  return newest;
}

bool DirtyIndex::has_entries(const DirtyTrack* track, Lsn after, Lsn up_to) noexcept {
  for (const Entry* e = track != nullptr ? track->first : nullptr; e != nullptr && e->lsn <= up_to; e = e->next) {
    if (e->lsn > after) return true;
  }
  return false;
}

bool DirtyIndex::covers(const DirtyTrack* track, Lsn after, Lsn up_to, std::uint16_t first_block,
                        std::uint16_t block_count) noexcept {
  if (track == nullptr) return false;
  std::bitset<kTrackBlocks> covered;
  for (const Entry* e = track->first; e != nullptr && e->lsn <= up_to; e = e->next) {
    if (e->lsn <= after) continue;
    if (e->first_block <= first_block && e->first_block + e->block_count >= first_block + block_count) return true;
    for (std::uint32_t b = 0; b < e->block_count; ++b) covered.set(e->first_block + b);
  }
  for (std::uint32_t b = 0; b < block_count; ++b) {
    if (!covered.test(first_block + b)) return false;
  }
  return true;
}

DirtyTrack& DirtyIndex::begin_read(OwnerList& list, void* owner, std::uint64_t track, bool of_image) {
  DirtyTrack& dirty = track_at(list, owner, track);
  ++dirty.readers;
  if (of_image) ++dirty.image_readers;
  return dirty;
}

void DirtyIndex::end_read(OwnerList& list, DirtyTrack& track, bool of_image) {
  TT_ASSERT(track.readers > 0);
  --track.readers;
  if (of_image) --track.image_readers;
  if (track.readers != 0) return;
  for (Entry* e = track.first; e != nullptr;) {
    Entry* next = e->next;
    if (e->clean) remove(list, *e);
    e = next;
  }
  drop_if_idle(list, track);
}

void DirtyIndex::retire(OwnerList& list, Entry& entry) {
  DirtyTrack& track = *entry.track;
  if (track.readers > 0) {
    entry.clean = true;
    update_dirty_bit(*track.column);
    return;
  }
  remove(list, entry);
  drop_if_idle(list, track);
}

void DirtyIndex::drop_below(OwnerList& list, const void* owner, std::uint64_t track, Lsn limit) {
  DirtyTrack* dirty = find(owner, track);
  if (dirty != nullptr) remove_below(list, *dirty, limit);
}

void DirtyIndex::kill(OwnerList& list, Lsn limit, std::uint64_t track_limit) {
  for (DirtyTrack* t = list.first; t != nullptr;) {
    DirtyTrack* next_track = t->next_of_owner;
    if (t->column->track < track_limit) remove_below(list, *t, limit);
    t = next_track;
  }
}

void DirtyIndex::remove_below(OwnerList& list, DirtyTrack& track, Lsn limit) {
  for (Entry* e = track.first; e != nullptr;) {
    Entry* next = e->next;
    if (e->lsn < limit) remove(list, *e);
    e = next;
  }
  drop_if_idle(list, track);
}

void DirtyIndex::link_youngest(Entry& entry) noexcept {
  entry.older = newest_;
  entry.newer = nullptr;
  (newest_ != nullptr ? newest_->newer : oldest_) = &entry;
  newest_ = &entry;
}

void DirtyIndex::unlink_age(Entry& entry) noexcept {
  (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
  (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
}

void DirtyIndex::relocate(Entry& entry, journal::SlotSeq slot, std::span<const std::byte> data) {
  ring_.unpin(entry.slot);
  entry.slot = slot;
  if (entry.data != nullptr) entry.data = data.data();
  unlink_age(entry);
  link_youngest(entry);
}

void DirtyIndex::remove(OwnerList& list, Entry& entry) {
  DirtyTrack& track = *entry.track;
  Entry* previous = nullptr;
  for (Entry* e = track.first; e != &entry; e = e->next) previous = e;
  (previous != nullptr ? previous->next : track.first) = entry.next;
  if (track.last == &entry) track.last = previous;

  unlink_age(entry);
  ring_.unpin(entry.slot);
  --entry_count_;
  --list.entry_count;
  dirty_bytes_ -= std::uint64_t{entry.block_count} * kBlockBytes;
  entries_.give(&entry);
  update_dirty_bit(*track.column);
}

void DirtyIndex::set_dirty(std::uint64_t track, bool dirty) noexcept {
  dirty_columns_.set(track, dirty);
  if (dirty) dirty_end_ = std::max(dirty_end_, track + 1);
  if (dirty_columns_.count() == 0) dirty_end_ = 0;
}

void DirtyIndex::update_dirty_bit(const Column& column) {
  bool dirty = false;
  for (const DirtyTrack* t = column.tracks; t != nullptr && !dirty; t = t->next_in_column) {
    for (const Entry* e = t->first; e != nullptr && !dirty; e = e->next) dirty = !e->clean;
  }
  set_dirty(column.track, dirty);
}

void DirtyIndex::drop_if_idle(OwnerList& list, DirtyTrack& track) {
  if (track.first != nullptr || track.readers != 0) return;
  Column& column = *track.column;
  DirtyTrack** place = &column.tracks;
  while (*place != &track) place = &(*place)->next_in_column;
  *place = track.next_in_column;
  (track.previous_of_owner != nullptr ? track.previous_of_owner->next_of_owner : list.first) = track.next_of_owner;
  if (track.next_of_owner != nullptr) track.next_of_owner->previous_of_owner = track.previous_of_owner;
  tracks_.give(&track);
  drop_if_idle(column);
}

void DirtyIndex::drop_if_idle(Column& column) {
  if (column.tracks != nullptr || column.latched) return;
  set_dirty(column.track, false);
  Column** place = &buckets_[bucket_of(column.track)];
  while (*place != &column) place = &(*place)->next;
  *place = column.next;
  columns_.give(&column);
}

Column* DirtyIndex::try_latch(std::uint64_t track) {
  Column& column = column_at(track);
  if (column.latched) return nullptr;
  column.latched = true;
  return &column;
}

void DirtyIndex::unlatch(Column& column) {
  TT_ASSERT(column.latched);
  column.latched = false;
  drop_if_idle(column);
}

void DirtyIndex::clear() {
  for (Entry* e = oldest_; e != nullptr;) {
    Entry* next = e->newer;
    ring_.unpin(e->slot);
    e = next;
  }
  oldest_ = newest_ = nullptr;
  entry_count_ = dirty_bytes_ = 0;
}

}  // namespace tt::cache
