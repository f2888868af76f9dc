// SPDX-License-Identifier: Apache-2.0
#include "image/batch.h"

#include <algorithm>
#include <bit>
#include <bitset>
#include <cstring>
#include <utility>

#include "image/bits_builder.h"
#include "image/io_group.h"

namespace tt::image {

using flashcopy::Copy;
using flashcopy::for_each_grain;
using flashcopy::for_each_run;
using flashcopy::RelationshipShare;
using flashcopy::Update;
using flashcopy::VolumeShare;

namespace {

/// More would hold up the journal, which is written to the same disks.
constexpr std::size_t kMostInFlight = 64;

void count_read(RankCounters& rank, flashcopy::VolumeCounters& volume, std::uint64_t bytes, rt::TimeNs took) {
  ++rank.reads;
  rank.read_bytes += bytes;
  rank.read_ns += static_cast<std::uint64_t>(took);
  ++volume.media_reads;
  volume.media_read_bytes += bytes;
  volume.media_read_ns += static_cast<std::uint64_t>(took);
}

void count_write(flashcopy::VolumeCounters& volume, std::uint64_t writes, std::uint64_t bytes) {
  volume.media_writes += writes;
  volume.media_write_bytes += bytes;
  ++volume.tracks_destaged;
}

GrainMask grains_of(const cache::Entry& entry) noexcept {
  const std::uint32_t first = entry.first_block / kGrainBlocks;
  const std::uint32_t end = (std::uint32_t{entry.first_block} + entry.block_count + kGrainBlocks - 1) / kGrainBlocks;
  return static_cast<GrainMask>(((1U << (end - first)) - 1U) << first);
}

bool writes_medium(Update::Kind kind) noexcept {
  return kind == Update::Kind::runs || kind == Update::Kind::whole;
}

}  // namespace

Batch::Batch(Shard& shard, FrameArena& arena) : shard_(shard), arena_(arena) {
  arena_.reset();
}

Batch::~Batch() = default;

void Batch::add(flashcopy::ColumnPlan plan, cache::Column& latched) {
  if (columns_.empty()) number_ = shard_.begin_batch();
  bytes_reserved_ += plan.bytes();
  TT_ASSERT(bytes_reserved_ <= capacity_bytes());
  ColumnWork& column = columns_.emplace_back();
  column.latched = &latched;
  column.first_copy = copies_.size();
  column.first_update = updates_.size();
  for (const Copy& copy : plan.copies) {
    for (const flashcopy::Layer& layer : copy.image.layers()) ++layer.volume->batches;
    ++copy.relationship->target->batches;
    copies_.push_back({copy, plan.track, kNotRead, {}, false, false});
  }
  for (const flashcopy::Lend& lend : plan.lends) {
    ++lend.loan->target->batches;
    lends_.push_back({lend, plan.track, columns_.size() - 1});
  }
  for (const Update& update : plan.updates) {
    ++update.volume->batches;
    updates_.push_back({update, plan.track, kNotRead, 0, 0, false});
  }
  column.end_copy = copies_.size();
  column.end_update = updates_.size();
}

rt::Task<Result<void>> Batch::run() {
  auto done = co_await carry_out();
  shard_.end_batch(number_);
  co_return done;
}

rt::Task<Result<void>> Batch::carry_out() {
  auto allocated = co_await allocate_targets();
  if (!allocated) co_return allocated;
  co_await read_old_tracks();
  auto copied = co_await copy_phase();
  if (!copied) co_return copied;
  co_await wait_for_image_readers();
  auto updated = co_await update_phase();
  if (!updated) co_return updated;
  retire_entries();
  finish();
  co_return Result<void>{};
}

// ---- step 1 ---------------------------------------------------------------------------------------------------------

rt::Task<Result<void>> Batch::allocate_targets() {
  for (CopyWork& copy : copies_) {
    RelationshipShare& r = *copy.plan.relationship;
    if (copy.plan.image_is_zero || r.removed || r.failed) continue;
    VolumeShare& target = *r.target;
    const auto extent = static_cast<std::uint32_t>(shard_.global_of(copy.track) / target.tracks_per_extent);
    if (target.extents[extent]) continue;
    const VolumeHandle handle{target.id, target.generation};
    auto allocated = co_await shard_.control_.allocate_extent(shard_, handle, extent);
    if (allocated) continue;
    auto failed = co_await fail_copy(copy);
    if (!failed) co_return failed;
  }
  co_return Result<void>{};
}

std::size_t Batch::request_old_track(std::size_t first, VolumeShare& volume, std::uint64_t track, GrainMask grains) {
  for (std::size_t i = first; i < old_tracks_.size(); ++i) {
    OldTrack& old = old_tracks_[i];
    if (old.volume != &volume) continue;
    old.grains = static_cast<GrainMask>(old.grains | grains);
    return i;
  }
  OldTrack& made = old_tracks_.emplace_back();
  made.volume = &volume;
  made.track = track;
  made.grains = grains;
  return old_tracks_.size() - 1;
}

/// Grains that are written, and those of them of which not all blocks are. Entries that are clean say nothing: the
/// medium has what they say, and they go when their last reader goes.
void Batch::look_at_grains(UpdateWork& update) const noexcept {
  if (update.plan.kind == Update::Kind::whole) update.written = kAllGrains;
  if (update.plan.kind != Update::Kind::runs) return;
  const MediaAddress at = shard_.address_of(*update.plan.volume, update.track);
  // Without checksums only what the medium writes in one piece must be whole.
  if (!shard_.sums_->keeps() && at.rank->disk->block_bytes() <= kBlockBytes) return;
  const cache::DirtyTrack* dirty = shard_.index_->find(update.plan.volume, update.track);
  std::bitset<kTrackBlocks> covered;
  GrainMask whole = 0;
  for (const cache::Entry* e = dirty->first; e != nullptr && e->lsn <= update.plan.up_to; e = e->next) {
    if (e->clean || e->block_count == 0) continue;
    const GrainMask touched = grains_of(*e);
    update.written = static_cast<GrainMask>(update.written | touched);
    if (e->first_block % kGrainBlocks == 0 && e->block_count % kGrainBlocks == 0) {
      whole = static_cast<GrainMask>(whole | touched);
    }
    covered |= (~std::bitset<kTrackBlocks>{} >> (kTrackBlocks - e->block_count)) << e->first_block;
  }
  for_each_grain(static_cast<GrainMask>(update.written & ~whole), [&](std::uint32_t grain) {
    for (std::size_t block = 0; block < kGrainBlocks; ++block) {
      if (covered[grain * kGrainBlocks + block]) continue;
      update.partial = static_cast<GrainMask>(update.partial | (1U << grain));
      return;
    }
  });
}

void Batch::request_old_tracks() {
  for (const ColumnWork& column : columns_) {
    const std::size_t first = old_tracks_.size();
    for (std::size_t i = column.first_copy; i < column.end_copy; ++i) {
      CopyWork& copy = copies_[i];
      if (!copy.plan.reads_source_medium || copy.failed) continue;
      copy.old = request_old_track(first, copy.plan.image.base(), copy.track, copy.plan.grains);
    }
    for (std::size_t i = column.first_update; i < column.end_update; ++i) {
      UpdateWork& update = updates_[i];
      look_at_grains(update);
      if (update.partial == 0) continue;
      update.old = request_old_track(first, *update.plan.volume, update.track, update.partial);
    }
  }
}

rt::Task<void> Batch::read_old_tracks() {
  request_old_tracks();
  std::vector<MediaRead> reads;
  for (OldTrack& old : old_tracks_) {
    old.window = arena_.take(old.grains);
    ++old.volume->counters.tracks_staged;
    for_each_run(old.grains, [&](std::size_t offset, std::size_t length) { reads.push_back({&old, offset, length}); });
  }
  std::size_t next = 0;
  IoGroup group(shard_.reactor_);
  for (std::size_t i = 0; i < std::min(reads.size(), kMostInFlight); ++i) group.add(read_in_turn(reads, next));
  co_await group.join();
}

rt::Task<void> Batch::read_in_turn(const std::vector<MediaRead>& reads, std::size_t& next) {
  while (next < reads.size()) co_await read_one(reads[next++]);
}

rt::Task<void> Batch::read_one(const MediaRead& read) {
  const auto [of, offset, length] = read;
  OldTrack& old = *of;
  const MediaAddress at = shard_.address_of(*old.volume, old.track);
  TT_ASSERT(at.rank != nullptr);
  const rt::TimeNs started = shard_.reactor_.now();
  auto status = co_await read_grains(old, offset, length);
  for (std::size_t i = offset; !status && i < offset + length; i += kGrainBytes) {  // which of them?
    auto single = co_await read_grains(old, i, kGrainBytes);
    if (single) continue;
    GrainMask& bad = single.error().code == Errc::corrupt ? old.lost : old.unread;
    bad = static_cast<GrainMask>(bad | (1U << (i / kGrainBytes)));
    old.status = single;
  }
  count_read(at.rank->counters, old.volume->counters, length, shard_.reactor_.now() - started);
}

rt::Task<Result<void>> Batch::read_grains(OldTrack& old, std::size_t offset, std::size_t length) {
  const MediaAddress at = shard_.address_of(*old.volume, old.track);
  const std::span<std::byte> into = old.window.part(offset, length);
  std::uint32_t* const sums = &old.sums[offset / kGrainBytes];
  Result<void> status;
  for (int attempt = 0; attempt < 3; ++attempt) {  // a read may be tried again, unlike a write
    if (shard_.sums_->keeps()) {
      auto done = co_await shard_.sums_->read(*at.rank, old.volume->map_generation, at.offset + offset, into, sums);
      status = done;
    } else {
      auto done = co_await at.rank->disk->read(at.offset + offset, into);
      status = done;
    }
    if (status || status.error().code == Errc::corrupt) break;
  }
  co_return status;
}

// ---- steps 2 and 3 --------------------------------------------------------------------------------------------------

/// L(S,t,T0), with the target's own entries that go with it. Often that is just what was read, which nobody changes.
void Batch::build_image(CopyWork& copy) {
  const RelationshipShare& r = *copy.plan.relationship;
  const auto layers = copy.plan.image.layers();
  const cache::DirtyTrack* of_target = shard_.index_->find(r.target, copy.track);
  const Lsn target_up_to = copy.plan.target_entries_up_to;
  bool overlaid = target_up_to.value != 0 && cache::DirtyIndex::has_entries(of_target, r.since, target_up_to);
  for (const flashcopy::Layer& layer : layers) {
    const cache::DirtyTrack* dirty = shard_.index_->find(layer.volume, copy.track);
    overlaid = overlaid || cache::DirtyIndex::has_entries(dirty, layer.after, layer.up_to);
  }
  copy.as_read = copy.old != kNotRead && !overlaid;
  if (copy.as_read) {
    copy.window = old_tracks_[copy.old].window;
    return;
  }
  copy.window = arena_.take(copy.plan.grains);
  const std::span<std::byte> image = copy.window.bytes();
  const std::uint16_t first_block = copy.window.first_block();
  if (copy.old != kNotRead) {
    copy.window.copy_from(old_tracks_[copy.old].window);
  } else {
    std::memset(image.data(), 0, image.size());
  }
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    const cache::DirtyTrack* dirty = shard_.index_->find(layer->volume, copy.track);
    cache::DirtyIndex::overlay(dirty, layer->after, layer->up_to, first_block, image);
  }
  if (target_up_to.value != 0) cache::DirtyIndex::overlay(of_target, r.since, target_up_to, first_block, image);
}

void Batch::add_writes(const CopyWork& copy, std::vector<MediaWrite>& writes) {
  VolumeShare& target = *copy.plan.relationship->target;
  const MediaAddress at = shard_.address_of(target, copy.track);
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  for_each_run(copy.plan.grains, [&](std::size_t offset, std::size_t length) {
    writes.push_back({at.rank, at.offset + offset, copy.window.part(offset, length), {}});
    ++count;
    bytes += length;
  });
  count_write(target.counters, count, bytes);
  if (!shard_.sums_->keeps()) return;
  MediaSums::Change& change = changes_.emplace_back(change_of(target, at, copy.plan.grains));
  for_each_grain(copy.plan.grains, [&](std::uint32_t grain) {
    change.sums[grain] = copy.as_read ? old_tracks_[copy.old].sums[grain]
                                      : grain_sum(copy.window.part(std::size_t{grain} * kGrainBytes, kGrainBytes));
  });
}

MediaSums::Change Batch::change_of(const VolumeShare& volume, MediaAddress at, GrainMask grains) noexcept {
  MediaSums::Change change;
  change.rank = at.rank;
  change.owner = volume.map_generation;
  change.offset = at.offset;
  change.grains = grains;
  return change;
}

rt::Task<Result<void>> Batch::copy_phase() {
  if (copies_.empty()) co_return Result<void>{};
  std::vector<MediaWrite> writes;
  for (CopyWork& copy : copies_) {
    // In a cascade the target's medium may be what the image of a further target is being read from.
    co_await wait_for_image_readers(*copy.plan.relationship->target, copy.track);
    const bool unreadable = copy.old != kNotRead && !copy.failed && !old_tracks_[copy.old].status;
    if (unreadable || (copy.plan.lost && !copy.failed)) {
      auto failed = co_await fail_copy(copy);  // an unreadable source track: only the targets that need it are lost
      if (!failed) co_return failed;
    }
    const RelationshipShare& r = *copy.plan.relationship;
    // Withdrawn while space was being allocated: its target may have none.
    if (copy.failed || copy.plan.image_is_zero || r.failed || r.removed) continue;
    build_image(copy);
    add_writes(copy, writes);
  }
#if defined(TWINTRACK_CANARY)
  if (bits_before_data) {
    auto early = co_await commit_copies();
    if (!early) co_return early;
    auto late = co_await write_and_flush(writes);
    auto lost = co_await fail_copies_on(late);
    co_return lost;
  }
  if (lends_before_data) {
    BitsBuilder early;
    commit_lends(early);
    if (!early.empty()) shard_.append_bits(early.take());
  }
#endif
  auto broken = co_await write_and_flush(writes);
  auto failed = co_await fail_copies_on(broken);
  if (!failed) co_return failed;
  auto committed = co_await commit_copies();
  co_return committed;
}

rt::Task<Result<void>> Batch::commit_copies() {
  BitsBuilder deltas;
  for (const CopyWork& copy : copies_) {
    const RelationshipShare& r = *copy.plan.relationship;
    if (copy.failed || r.failed || r.removed) continue;
    const std::uint64_t first_grain = copy.track * kTrackGrains;
    const journal::MapKey preserved{r.generation, journal::MapKind::preserved};
    if (!copy.plan.completes) {
      for_each_grain(copy.plan.grains, [&](std::uint32_t g) { deltas.add(preserved, true, first_grain + g); });
      continue;
    }
    const GrainMask held = r.preserved_grains(copy.track);
    for_each_grain(held, [&](std::uint32_t g) { deltas.add(preserved, false, first_grain + g); });
    deltas.add({r.generation, journal::MapKind::uncopied}, false, copy.track);
    deltas.add({r.target->map_generation, journal::MapKind::written}, !copy.plan.image_is_zero, copy.track);
  }
  commit_lends(deltas);
  if (deltas.empty()) co_return Result<void>{};
  const journal::SlotSeq slot = shard_.append_bits(deltas.take());
  for (const CopyWork& copy : copies_) {
    RelationshipShare& r = *copy.plan.relationship;
    if (!copy.failed && copy.plan.completes && copy.plan.target_entries_up_to.value == 0) ++r.tracks_copied;
  }
  auto hardened = co_await shard_.ring_->harden(slot);
  co_return hardened;
}

void Batch::commit_lends(BitsBuilder& deltas) {
  for (const LendWork& lend : lends_) {
    const RelationshipShare& r = *lend.plan.relationship;
    if (r.failed || r.removed) continue;  // nobody asks for the image any more
    if (!is_copied(lend) || !flashcopy::is_open(*lend.plan.loan)) {
      leave_source(lend);
      continue;
    }
    deltas.add({r.generation, journal::MapKind::uncopied}, false, lend.track);
    deltas.add({lend.plan.loan->generation, journal::MapKind::uncopied}, true, lend.track);
  }
}

/// The lender's copy is one of those that the record makes valid.
bool Batch::is_copied(const LendWork& lend) const noexcept {
  const ColumnWork& column = columns_[lend.column];
  for (std::size_t i = column.first_copy; i < column.end_copy; ++i) {
    const RelationshipShare& r = *copies_[i].plan.relationship;
    if (&r == lend.plan.copy) return !copies_[i].failed && !r.failed && !r.removed;
  }
  return false;
}

/// Its entries stay in the journal.
void Batch::leave_source(const LendWork& lend) noexcept {
  const ColumnWork& column = columns_[lend.column];
  for (std::size_t i = column.first_update; i < column.end_update; ++i) {
    if (updates_[i].plan.volume == lend.plan.relationship->source) updates_[i].failed = true;
  }
}

/// Durable in the place of BITS (engine notes T21): if that cannot be had, the batch ends here and no source changes.
rt::Task<Result<void>> Batch::fail_copy(CopyWork& copy) {
  copy.failed = true;
  if (copy.plan.relationship->failed || copy.plan.relationship->removed) co_return Result<void>{};
  const Generation generation = copy.plan.relationship->generation;
  auto recorded = co_await shard_.control_.fail_relationship(shard_, generation);
  co_return recorded;
}

rt::Task<Result<void>> Batch::fail_copies_on(const std::vector<RankShare*>& ranks) {
  if (ranks.empty()) co_return Result<void>{};
  for (CopyWork& copy : copies_) {
    if (copy.failed || copy.plan.image_is_zero) continue;
    const MediaAddress at = shard_.address_of(*copy.plan.relationship->target, copy.track);
    if (std::find(ranks.begin(), ranks.end(), at.rank) == ranks.end()) continue;
    auto failed = co_await fail_copy(copy);
    if (!failed) co_return failed;
  }
  auto recorded = co_await fail_ranks(ranks);
  co_return recorded;
}

rt::Task<Result<void>> Batch::fail_ranks(const std::vector<RankShare*>& ranks) {
  for (RankShare* rank : ranks) {
    if (rank->failed) continue;
    auto recorded = co_await shard_.control_.fail_rank(shard_, rank->id);
    if (!recorded) co_return recorded;
  }
  co_return Result<void>{};
}

// ---- steps 4 to 6 ---------------------------------------------------------------------------------------------------

/// Also when no image was taken in this batch: a reader may have begun before an earlier batch copied the track.
rt::Task<void> Batch::wait_for_image_readers() {
  for (const UpdateWork& update : updates_) {
    if (writes_medium(update.plan.kind)) co_await wait_for_image_readers(*update.plan.volume, update.track);
  }
}

rt::Task<void> Batch::wait_for_image_readers(const VolumeShare& volume, std::uint64_t track) {
  for (;;) {
    const cache::DirtyTrack* dirty = shard_.index_->find(&volume, track);
    if (dirty == nullptr || dirty->image_readers == 0) break;
    co_await shard_.image_read_done_.wait();
  }
}

void Batch::build_update(UpdateWork& update, std::vector<MediaWrite>& writes) {
  if (update.failed || !writes_medium(update.plan.kind)) return;
  VolumeShare& volume = *update.plan.volume;
  const cache::DirtyTrack* dirty = shard_.index_->find(&volume, update.track);
  const MediaAddress at = shard_.address_of(volume, update.track);
  const TrackWindow window = arena_.take(update.plan.grains);
  MediaSums::Change change = change_of(volume, at, update.written);
  const bool whole = update.plan.kind == Update::Kind::whole;
  if (whole) std::memset(window.bytes().data(), 0, window.bytes().size());
  if (!lay_over_rest(update, window, change)) {
    update.failed = true;
    return;
  }
  cache::DirtyIndex::overlay(dirty, Lsn{0}, update.plan.up_to, window.first_block(), window.bytes());
  if (shard_.sums_->keeps()) {
    for_each_grain(update.written, [&](std::uint32_t grain) {
      change.sums[grain] = grain_sum(window.part(std::size_t{grain} * kGrainBytes, kGrainBytes));
    });
    changes_.push_back(change);
  }
  if (whole) {
    writes.push_back({at.rank, at.offset, window.bytes(), {}});
    return;
  }
  collect_runs(*dirty, update.plan.up_to, at.rank->disk->block_bytes() / kBlockBytes);
  for (const auto& [from, to] : runs_) {
    const std::size_t offset = std::size_t{from} * kBlockBytes;
    writes.push_back({at.rank, at.offset + offset, window.part(offset, std::size_t{to - from} * kBlockBytes), {}});
  }
}

/// The rest of grains that are written in part. Where the medium has lost it the grain stays lost, with what is written
/// now; where it cannot be read and must be written together with it, the entries stay: false.
bool Batch::lay_over_rest(UpdateWork& update, const TrackWindow& window, MediaSums::Change& change) {
  if (update.old == kNotRead) return true;  // only what is written now leaves the window
  const OldTrack& old = old_tracks_[update.old];
  change.lost = static_cast<GrainMask>(old.lost & update.partial);
  change.unknown = static_cast<GrainMask>(old.unread & update.partial);
  const std::uint32_t block_bytes = change.rank->disk->block_bytes();
  if (change.unknown != 0 && block_bytes > kBlockBytes) return false;
  for_each_grain(update.partial, [&](std::uint32_t grain) {
    const std::size_t offset = std::size_t{grain} * kGrainBytes;
    const std::span<std::byte> into = window.part(offset, kGrainBytes);
    if ((((change.lost | change.unknown) >> grain) & 1U) != 0) {
      std::memset(into.data(), 0, into.size());
    } else {
      std::memcpy(into.data(), old.window.part(offset, kGrainBytes).data(), into.size());
    }
  });
  return true;
}

/// What the entries say something about, in whole blocks of the medium: runs that do not touch, ascending.
void Batch::collect_runs(const cache::DirtyTrack& dirty, Lsn up_to, std::uint32_t unit_blocks) {
  runs_.clear();
  for (const cache::Entry* e = dirty.first; e != nullptr && e->lsn <= up_to; e = e->next) {
    if (e->clean) continue;  // its rest of a block may not be in the window
    const std::uint32_t end = std::uint32_t{e->first_block} + e->block_count;
    runs_.push_back(
        {e->first_block / unit_blocks * unit_blocks, static_cast<std::uint32_t>(round_up(end, unit_blocks))});
  }
  if (runs_.size() < 2) return;
  std::sort(runs_.begin(), runs_.end(), [](const BlockRun& x, const BlockRun& y) { return x.from < y.from; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < runs_.size(); ++i) {
    if (runs_[i].from <= runs_[last].to) {
      runs_[last].to = std::max(runs_[last].to, runs_[i].to);
    } else {
      runs_[++last] = runs_[i];
    }
  }
  runs_.resize(last + 1);
}

rt::Task<Result<void>> Batch::update_phase() {
  if (updates_.empty()) co_return Result<void>{};
  if (shard_.ring_->failed()) co_return Errc::journal_failed;
  std::vector<MediaWrite> writes;
  for (UpdateWork& update : updates_) {
    const std::size_t before = writes.size();
    build_update(update, writes);
    std::uint64_t bytes = 0;
    for (std::size_t i = before; i < writes.size(); ++i) bytes += writes[i].bytes.size();
    if (bytes > 0) count_write(update.plan.volume->counters, writes.size() - before, bytes);
  }
  auto broken = co_await write_and_flush(writes);
  auto recorded = co_await fail_ranks(broken);
  if (!recorded) co_return recorded;

  BitsBuilder deltas;
  for (UpdateWork& update : updates_) {
    VolumeShare& volume = *update.plan.volume;
    const MediaAddress at = shard_.address_of(volume, update.track);
    const bool hold_data = writes_medium(update.plan.kind);
    if (hold_data && at.rank->failed) update.failed = true;
    if (update.failed || update.plan.kind == Update::Kind::drop) continue;
    if (volume.written.test(update.track) != hold_data) {
      deltas.add({volume.map_generation, journal::MapKind::written}, hold_data, update.track);
    }
  }
  if (deltas.empty()) co_return Result<void>{};
  const journal::SlotSeq slot = shard_.append_bits(deltas.take());
  auto hardened = co_await shard_.ring_->harden(slot);
  co_return hardened;
}

// ---- media ----------------------------------------------------------------------------------------------------------

/// Elevator order; writes that are neighbours both on the medium and in the arena become one.
rt::Task<void> Batch::write_all(std::vector<MediaWrite>& writes) {
  std::sort(writes.begin(), writes.end(), [](const MediaWrite& a, const MediaWrite& b) {
    return std::pair(a.rank->id, a.offset) < std::pair(b.rank->id, b.offset);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    MediaWrite& last = writes[kept > 0 ? kept - 1 : 0];
    const bool adjacent = kept > 0 && last.rank == writes[i].rank &&
                          last.offset + last.bytes.size() == writes[i].offset &&
                          last.bytes.data() + last.bytes.size() == writes[i].bytes.data();
    if (adjacent) {
      last.bytes = {last.bytes.data(), last.bytes.size() + writes[i].bytes.size()};
    } else {
      writes[kept++] = writes[i];
    }
  }
  writes.resize(kept);
  for (const MediaWrite& write : writes) shard_.begin_media_write(*write.rank, write.offset, write.bytes.size());
  std::size_t next = 0;
  IoGroup group(shard_.reactor_);
  for (std::size_t i = 0; i < std::min(writes.size(), kMostInFlight); ++i) group.add(write_in_turn(writes, next));
  co_await group.join();
}

rt::Task<void> Batch::write_in_turn(std::vector<MediaWrite>& writes, std::size_t& next) {
  while (next < writes.size()) co_await write_one(writes[next++]);
}

rt::Task<void> Batch::write_one(MediaWrite& write) {
  if (!write.status) co_return;  // its tracks could not be announced
  if (write.rank->failed) {
    write.status = Error{Errc::rank_failed, write.rank->id};
    co_return;
  }
  const rt::TimeNs started = shard_.reactor_.now();
  auto done = co_await write.rank->disk->write(write.offset, write.bytes);
  write.status = done;
  RankCounters& counters = write.rank->counters;
  ++counters.writes;
  counters.write_bytes += write.bytes.size();
  counters.write_ns += static_cast<std::uint64_t>(shard_.reactor_.now() - started);
}

rt::Task<void> Batch::flush_rank(RankShare& rank, Result<void>& status) {
  auto done = co_await shard_.control_.flush_rank(shard_, rank.id);
  status = done;
}

rt::Task<std::vector<RankShare*>> Batch::write_and_flush(std::vector<MediaWrite>& writes) {
  std::vector<RankShare*> broken;
  if (writes.empty()) co_return broken;
  if (!changes_.empty()) co_await shard_.sums_->announce(changes_, broken);
  const auto is_broken = [&broken](const RankShare* rank) {
    return std::find(broken.begin(), broken.end(), rank) != broken.end();
  };
  for (MediaWrite& write : writes) {
    if (is_broken(write.rank)) write.status = Error{Errc::rank_failed, write.rank->id};
  }
  for (MediaSums::Change& change : changes_) {
    if (!is_broken(change.rank)) MediaSums::begin(change);
  }
  co_await write_all(writes);
  std::vector<RankShare*> ranks;
  for (const MediaWrite& write : writes) {
    auto& list = write.status ? ranks : broken;
    if (std::find(list.begin(), list.end(), write.rank) == list.end()) list.push_back(write.rank);
  }
  std::erase_if(ranks, is_broken);
  std::vector<Result<void>> flushed(ranks.size());
  {
    IoGroup group(shard_.reactor_);
    for (std::size_t i = 0; i < ranks.size(); ++i) group.add(flush_rank(*ranks[i], flushed[i]));
    co_await group.join();
  }
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (!flushed[i]) broken.push_back(ranks[i]);
  }
  for (const MediaWrite& write : writes) {
    shard_.end_media_write(*write.rank, write.offset, write.bytes, write.status && !is_broken(write.rank));
  }
  for (MediaSums::Change& change : changes_) shard_.sums_->end(change, !is_broken(change.rank));
  changes_.clear();
  co_return broken;
}

// ---- step 7 ---------------------------------------------------------------------------------------------------------

void Batch::retire_entries() {
  const auto retire = [this](VolumeShare& volume, std::uint64_t track, Lsn after, Lsn up_to) {
    cache::DirtyTrack* dirty = shard_.index_->find(&volume, track);
    if (dirty == nullptr) return;
    for (cache::Entry* e = dirty->first; e != nullptr && e->lsn <= up_to;) {
      cache::Entry* next = e->next;
      if (e->lsn > after && !e->clean) shard_.index_->retire(volume.dirty, *e);
      e = next;
    }
  };
  for (const UpdateWork& update : updates_) {
    if (!update.failed) retire(*update.plan.volume, update.track, Lsn{0}, update.plan.up_to);
  }
  for (const CopyWork& copy : copies_) {
    // Also when the copy failed: the target is lost then, and what was written to it has nowhere to go. Not when the
    // relationship was withdrawn meanwhile: no bit says that the target's medium holds them, so they are written again;
    // nor when one fails that was withdrawn before: its target is a volume like any other, only the image is lost.
    const RelationshipShare& r = *copy.plan.relationship;
    if (r.removed || (r.failed && r.withdrawn_at)) continue;
    const Lsn up_to = copy.plan.target_entries_up_to;
    if (up_to.value != 0) retire(*copy.plan.relationship->target, copy.track, Lsn{0}, up_to);
  }
}

void Batch::finish() noexcept {
  const auto leave = [](VolumeShare& volume) {
    if (--volume.batches == 0) volume.idle.wake_all();
  };
  for (const CopyWork& copy : copies_) {
    for (const flashcopy::Layer& layer : copy.plan.image.layers()) leave(*layer.volume);
    leave(*copy.plan.relationship->target);
    shard_.report_if_drained(*copy.plan.relationship);
  }
  for (const LendWork& lend : lends_) {
    leave(*lend.plan.loan->target);
    shard_.report_if_drained(*lend.plan.relationship);
  }
  for (const UpdateWork& update : updates_) leave(*update.plan.volume);
  for (const ColumnWork& column : columns_) shard_.index_->unlatch(*column.latched);
  --shard_.batches_in_flight_;
  shard_.room_.wake_all();
  shard_.collect_garbage();
}

}  // namespace tt::image
