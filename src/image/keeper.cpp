// SPDX-License-Identifier: Apache-2.0
#include "image/keeper.h"

#include <utility>

#include "base/byte_io.h"
#include "flashcopy/pair_share.h"
#include "volume/config_blob.h"

namespace tt::image {

namespace {

constexpr rt::TimeNs kCalmPause = 20 * rt::kMillisecond;
constexpr rt::TimeNs kBusyPause = 2 * rt::kMillisecond;
constexpr int kCopiedPerTurn = 256;

}  // namespace

Keeper::Keeper(Shard& shard, std::function<std::vector<std::byte>()> config_blob)
    : shard_(shard), config_blob_(std::move(config_blob)), mutex_(shard.reactor_) {}

rt::Task<void> Keeper::run() {
  while (!stopping_) {
    const journal::Ring& ring = *shard_.ring_;
    const bool busy = ring.used_bytes() * 2 > ring.capacity_bytes();
    co_await rt::sleep_for(shard_.reactor_, busy ? kBusyPause : kCalmPause);
    if (stopping_ || ring.failed()) break;
    if (busy) copy_forward();
    Result<void> done;
    if (shard_.options_.id == 0 && shard_.lsns_.room() < kLsnCeilingStep / 2) {
      done = co_await raise_ceiling();
    } else if (ring.bytes_since_cut() * 4 > ring.capacity_bytes()) {
      done = co_await checkpoint();
    } else if (ring.used_bytes() * 8 > ring.capacity_bytes()) {
      done = co_await move_tail();
    }
    shard_.room_.wake_all();
    if (!done) {  // the store is fenced: the journal fills up, then writes are refused; nothing is lost
      shard_.tail_stuck_ = true;
      shard_.control_.checkpoint_failed(shard_);
      break;
    }
  }
  shard_.room_.wake_all();
}

/// A bounded number of entries per turn of the keeper.
void Keeper::copy_forward() {
  for (int n = 0; n < kCopiedPerTurn; ++n) {
    cache::Entry* oldest = shard_.index_->oldest();
    if (oldest == nullptr) return;
    auto& volume = *static_cast<flashcopy::VolumeShare*>(oldest->track->owner);
    const MediaAddress at = shard_.address_of(volume, oldest->track->column->track);
    if (at.rank == nullptr || !at.rank->failed) return;  // the destager will bring it out
    if (!copy_forward(*oldest, volume)) return;
  }
}

bool Keeper::copy_forward(cache::Entry& e, const flashcopy::VolumeShare& volume) {
  const journal::Ring& ring = *shard_.ring_;
  const std::size_t payload = e.data != nullptr ? std::size_t{e.block_count} * kBlockBytes : 0;
  // Half of the reserve of the records that clean the journal stays theirs (I17). The other half and that of the
  // control records are room for more than one slot even when hosts have filled up all that is theirs, so the tail can
  // move.
  const std::uint64_t reserved = ring.limit_bytes(journal::SpaceClass::destage);
  const std::uint64_t limit = (ring.limit_bytes(journal::SpaceClass::control) + reserved) / 2;
  if (ring.used_bytes() + journal::kSlotHeadBytes + payload > limit) return false;
  journal::RecordHeader header;
  header.kind = journal::RecordKind::write;
  header.lsn = e.lsn.value;
  header.volume = volume.id.value;
  header.volume_generation = volume.generation.value;
  header.track = e.track->column->track;
  header.first_block = e.first_block;
  header.block_count = e.block_count;
  header.flags = static_cast<std::uint8_t>(journal::kFlagRedo | (e.data == nullptr ? journal::kFlagZero : 0) |
                                           (e.deallocate ? journal::kFlagDeallocate : 0));
  const journal::Appended copy = shard_.ring_->append(header, {e.data, payload}, journal::SpaceClass::redo);
  shard_.recorded_tracks_.add(volume.id, header.track, copy.slot);
  shard_.index_->relocate(e, copy.slot, copy.payload);
  copied_forward_ = true;
  return true;
}

/// I19: durable before any number above the old ceiling can be drawn.
rt::Task<Result<void>> Keeper::raise_ceiling() {
  co_await mutex_.lock();
  journal::SuperblockFields fields = shard_.store_->fields();
  fields.lsn_ceiling += kLsnCeilingStep;
  auto done = co_await shard_.store_->update_superblock(fields);
  if (done) shard_.lsns_.raise_ceiling(Lsn{fields.lsn_ceiling});
  mutex_.unlock();
  co_return done;
}

rt::Task<Result<void>> Keeper::move_tail() {
  co_await mutex_.lock();
  Result<void> done;
  if (std::exchange(copied_forward_, false)) done = co_await shard_.harden_all();
  const journal::RingTail tail = shard_.ring_->needed_tail();
  if (done && tail.sequence > shard_.store_->fields().tail.sequence) {
    journal::SuperblockFields fields = shard_.store_->fields();
    fields.tail = tail;
    done = co_await shard_.store_->update_superblock(fields);
    if (done) shard_.ring_->release_until(tail);
  }
  mutex_.unlock();
  co_return done;
}

rt::Task<Result<void>> Keeper::checkpoint() {
  co_await mutex_.lock();
  if (lost_changes_) {
    mutex_.unlock();
    co_return Errc::media_full;
  }
  const journal::SlotSeq cut = shard_.ring_->cut();
  journal::Checkpoint changes = collect();
  auto done = co_await shard_.ring_->harden(cut);
  if (done) {
    shard_.ring_->set_checkpoint_cut(cut);
    const journal::RingTail tail = shard_.ring_->needed_tail();
    journal::SuperblockFields fields = shard_.store_->fields();
    fields.tail = tail;
    fields.checkpoint_cut = cut;
    done = co_await shard_.store_->commit(std::move(changes), fields);
    if (done) shard_.ring_->release_until(tail);
  }
  lost_changes_ = !done;
  mutex_.unlock();
  co_return done;
}

/// In one turn with the cut: what changed since the last checkpoint.
journal::Checkpoint Keeper::collect() {
  journal::Checkpoint out;
  std::vector<MapSummary> summaries;
  const auto add = [&](journal::MapKey key, volume::TrackMap& map) {
    for (const std::uint32_t page : map.take_dirty_pages()) {
      if (map.page_state(page) == volume::TrackMap::PageState::mixed) {
        const auto bytes = map.page_bytes(page);
        out.put_pages.push_back({key, page, {bytes.begin(), bytes.end()}});
      } else {
        out.drop_pages.emplace_back(key, page);
      }
    }
    summaries.push_back({key, map.track_count(), map.encode_summary()});
  };
  for (const auto& [generation, volume] : shard_.volume_of_generation_) {
    add({generation, journal::MapKind::written}, volume->written);
  }
  for (const auto* shares : {&shard_.relationships_, &shard_.saved_relationships_}) {
    for (const auto& [generation, share] : *shares) {
      add({generation, journal::MapKind::uncopied}, share->uncopied);
      if (share->changed_source) add({generation, journal::MapKind::changed_source}, *share->changed_source);
      if (share->changed_target) add({generation, journal::MapKind::changed_target}, *share->changed_target);
      if (share->preserved) add({generation, journal::MapKind::preserved}, *share->preserved);
    }
  }
  for (const auto& [generation, range] : shard_.ranges_) {
    add({generation, journal::MapKind::uncopied}, range->pending);
  }
  for (const auto& [generation, pair] : shard_.pairs_) {
    add({pair->config.marks, journal::MapKind::out_of_sync}, pair->marks);
  }
  out.drop_maps = std::exchange(shard_.removed_maps_, {});
  out.put_blobs.push_back({kMapsBlob, encode_summaries(summaries)});
  if (config_blob_) out.put_blobs.push_back({volume::kConfigBlob, config_blob_()});
  return out;
}

std::vector<std::byte> encode_summaries(const std::vector<MapSummary>& summaries) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(summaries.size()));
  for (const MapSummary& s : summaries) {
    out.u64(s.map.generation.value);
    out.u8(static_cast<std::uint8_t>(s.map.kind));
    out.u64(s.track_count);
    out.u32(static_cast<std::uint32_t>(s.states.size()));
    out.bytes(s.states);
  }
  return out.take();
}

Result<std::vector<MapSummary>> decode_summaries(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const std::uint32_t count = in.u32();
  std::vector<MapSummary> summaries;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    MapSummary s;
    s.map.generation = Generation{in.u64()};
    s.map.kind = static_cast<journal::MapKind>(in.u8());
    s.track_count = in.u64();
    const auto states = in.bytes(in.u32());
    s.states.assign(states.begin(), states.end());
    summaries.push_back(std::move(s));
  }
  if (!in.complete()) return Errc::corrupt;
  return summaries;
}

}  // namespace tt::image
