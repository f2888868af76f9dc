// SPDX-License-Identifier: Apache-2.0
#include "image/recovery.h"

#include <algorithm>
#include <map>
#include <utility>

#include "flashcopy/pair_share.h"
#include "image/frames.h"
#include "image/keeper.h"
#include "volume/config_blob.h"
#include "volume/mutation.h"

namespace tt::image {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

namespace {

/// Sparse; space is taken as it grows.
constexpr std::uint64_t kMetaFileBytes = 64_GiB;
constexpr std::uint64_t kFillChunk = 1_MiB;

std::uint32_t ring_id_of(const std::array<std::uint8_t, 16>& uuid, std::uint32_t shard) {
  std::uint32_t salt = 0;
  for (const std::uint8_t byte : uuid) salt = salt * 31 + byte;
  return (salt & ~0xFFU) | (shard & 0xFFU);
}

/// Written once from end to end: overwriting is cheaper than growing, every time.
rt::Task<Result<void>> fill_with_zeros(rt::Disk& disk, std::uint64_t bytes) {
  auto allocated = co_await disk.allocate(0, bytes);
  if (!allocated) co_return allocated;
  const AlignedBytes zeros = allocate_aligned(kFillChunk);
  std::fill_n(zeros.get(), kFillChunk, std::byte{0});
  for (std::uint64_t at = 0; at < bytes; at += kFillChunk) {
    const std::span<const std::byte> chunk(zeros.get(), std::min(kFillChunk, bytes - at));
    auto written = co_await disk.write(at, chunk);
    if (!written) co_return written;
  }
  auto flushed = co_await disk.flush();
  co_return flushed;
}

bool is_killed(const volume::VolumeConfig& volume, Lsn lsn, std::uint64_t global_track) {
  return std::any_of(volume.kills.begin(), volume.kills.end(),
                     [&](const volume::Kill& kill) { return lsn < kill.lsn && global_track < kill.track_count; });
}

}  // namespace

std::string meta_name(std::uint32_t shard) {
  return "meta." + std::to_string(shard);
}
std::string ring_name(std::uint32_t shard) {
  return "journal." + std::to_string(shard);
}

rt::Task<Result<void>> create_shard_files(rt::Reactor& reactor, rt::Storage& storage, ShardFiles files,
                                          std::vector<std::byte> config) {
  TT_CO_TRY(auto ring_disk, storage.open(ring_name(files.shard), rt::OpenMode::create, files.ring_bytes));
  auto filled = co_await fill_with_zeros(*ring_disk, files.ring_bytes);
  if (!filled) co_return filled;

  TT_CO_TRY(auto meta_disk, storage.open(meta_name(files.shard), rt::OpenMode::create, kMetaFileBytes));
  journal::SuperblockFields fields;
  fields.image_uuid = files.image_uuid;
  fields.shard = files.shard;
  fields.shard_count = files.shard_count;
  fields.keeps_sums = files.keeps_sums;
  fields.ring = {ring_id_of(files.image_uuid, files.shard), files.ring_bytes};
  auto made = co_await journal::MetaStore::create(reactor, std::move(meta_disk), fields);
  if (!made) co_return made.error();
  if (config.empty()) co_return Result<void>{};
  journal::Checkpoint first;
  first.put_blobs.push_back({volume::kConfigBlob, std::move(config)});
  auto committed = co_await (*made)->commit(std::move(first), fields);
  co_return committed;
}

rt::Task<Result<void>> Recovery::open_files(rt::Storage& storage) {
  const std::uint32_t id = shard_.options_.id;
  TT_CO_TRY(auto meta_disk, storage.open(meta_name(id), rt::OpenMode::must_exist, 0));
  auto store = co_await journal::MetaStore::open(shard_.reactor_, std::move(meta_disk));
  if (!store) co_return store.error();
  shard_.store_ = std::move(*store);

  journal::SuperblockFields fields = shard_.store_->fields();
  if (fields.shard != id) co_return Errc::corrupt;
  ++fields.boot_epoch;
  // Durable before the first page of sums is written: a program that keeps none must not leave stale ones.
  fields.keeps_sums = fields.keeps_sums || shard_.options_.sums.keep;
  if (fields.keeps_sums) shard_.sums_->keep();
  if (id == 0) {
    const std::uint64_t first = fields.lsn_ceiling;  // no number below it is ever drawn again
    fields.lsn_ceiling = first + kLsnCeilingStep;
    shard_.lsns_.restart(Lsn{first}, Lsn{fields.lsn_ceiling});
  }
  auto raised = co_await shard_.store_->update_superblock(fields);
  if (!raised) co_return raised;

  TT_CO_TRY(auto ring_disk, storage.open(ring_name(id), rt::OpenMode::must_exist, 0));
  journal::RingOptions ring_options;
  ring_options.must_reach = fields.checkpoint_cut;
  auto ring = co_await journal::Ring::open(shard_.reactor_, std::move(ring_disk), fields.ring, fields.tail,
                                           fields.boot_epoch, ring_options);
  if (!ring) co_return ring.error();
  shard_.ring_ = std::move(*ring);
  shard_.ring_->set_checkpoint_cut(fields.checkpoint_cut);

  const std::uint64_t max_tracks = shard_.options_.stripes.local_count(0, kMaxVolumeTracks);
  shard_.index_ = std::make_unique<cache::DirtyIndex>(*shard_.ring_, max_tracks, fields.ring.ring_bytes / 1024);
  co_return Result<void>{};
}

Result<volume::ImageConfig> Recovery::read_config() {
  Result<volume::ImageConfig> config = Errc::corrupt;
  shard_.loaded_blobs_ = shard_.store_->take_blobs();
  for (const journal::StoredBlob& blob : shard_.loaded_blobs_) {
    if (blob.id == volume::kConfigBlob) config = volume::decode_config(blob.bytes);
  }
  if (!config) return config.error();
  const journal::SlotSeq cut = shard_.store_->fields().checkpoint_cut;
  Result<void> replayed;
  shard_.ring_->replay([&](const journal::ReplayedRecord& record) {
    if (record.header.kind != journal::RecordKind::control || record.slot <= cut || !replayed) return;
    auto mutation = volume::decode_mutation(record.payload);
    if (!mutation) {
      replayed = mutation.error();
      return;
    }
    volume::apply(*config, *mutation);
  });
  if (!replayed) return replayed.error();
  return config;
}

rt::Task<Result<void>> Recovery::open_rank(rt::Storage& storage, const volume::RankConfig& rank,
                                           std::array<std::uint8_t, 16> image_uuid) {
  auto disk = storage.open(rank.device, rt::OpenMode::must_exist, 0);
  if (!disk) co_return disk.error();
  auto layout = co_await media::open_rank(**disk, image_uuid, rank.id);
  if (!layout) co_return layout.error();
  RankShare share;
  share.id = rank.id;
  share.disk = std::move(*disk);
  share.layout = *layout;
  share.failed = rank.failed;
  // What a killed process has written counts for checksums that are learned from the medium: it must stay.
  if (shard_.options_.id == 0 && !rank.failed && shard_.sums_->keeps()) {
    auto flushed = co_await share.disk->flush();
    share.suspect = !flushed;
  }
  shard_.add_rank(std::move(share));
  co_return Result<void>{};
}

Result<void> Recovery::load(const volume::ImageConfig& config) {
  for (const auto& [id, v] : config.volumes) shard_.add_volume(v, config.pools.at(v.pool).extent_bytes);
  for (const auto& [generation, r] : config.relationships) shard_.install({&r, 1});
  for (const auto& [generation, r] : config.saved) shard_.install_saved(r);
  for (const auto& [generation, loan] : config.loans) shard_.install_loans({&loan, 1});
  for (const auto& [generation, copy] : config.range_copies) shard_.install_ranges(copy);
  for (const auto& [generation, pair] : config.mirror_pairs) shard_.load_pair(pair);
  TT_CHECK(load_maps());
  for (auto* shares : {&shard_.relationships_, &shard_.saved_relationships_}) {
    for (const auto& [generation, share] : *shares) {
      flashcopy::count_partial_tracks(*share);
      if (share->preserved) shard_.preserved_pages_ += share->preserved->mixed_pages();
    }
  }
  TT_CHECK(replay_ring(config));
  close_withdrawn(config);
  return {};
}

/// Maps that the checkpoint does not know are as new as their owner: none written, nothing changed, all tracks uncopied
/// (none, if the relationship was renewed: a record of the ring sets them).
Result<void> Recovery::load_maps() {
  if (shard_.loaded_blobs_.empty()) shard_.loaded_blobs_ = shard_.store_->take_blobs();
  for (const journal::StoredBlob& blob : std::exchange(shard_.loaded_blobs_, {})) {
    if (blob.id != kMapsBlob) continue;
    TT_TRY(const auto summaries, decode_summaries(blob.bytes));
    for (const MapSummary& summary : summaries) {
      volume::TrackMap* map = shard_.find_map(summary.map);
      if (map == nullptr) {
        shard_.removed_maps_.push_back(summary.map);  // its owner went after the checkpoint
        continue;
      }
      if (summary.track_count > map->track_count()) return Errc::corrupt;
      if (summary.track_count < map->track_count()) {  // from before the volume grew; filled up below
        if (summary.map.kind != journal::MapKind::written) return Errc::corrupt;
        *map = volume::TrackMap(summary.track_count, false);
      }
      if (!map->load_summary(summary.states)) return Errc::corrupt;
    }
  }
  for (const journal::StoredPage& page : shard_.store_->take_pages()) {
    volume::TrackMap* map = shard_.find_map(page.map);
    if (map == nullptr) continue;
    if (page.page >= map->page_count()) return Errc::corrupt;
    if (map->page_state(page.page) == volume::TrackMap::PageState::mixed) map->load_mixed(page.page, page.bytes);
  }
  const auto incomplete = [](const volume::TrackMap& map) { return map.missing_pages() != 0; };
  for (const auto& [generation, range] : shard_.ranges_) {
    if (incomplete(range->pending)) return Errc::corrupt;
  }
  for (const auto& [generation, pair] : shard_.pairs_) {
    if (incomplete(pair->marks)) return Errc::corrupt;
  }
  for (const auto& [generation, volume] : shard_.volume_of_generation_) {
    if (incomplete(volume->written)) return Errc::corrupt;
    volume->written.grow(volume->local_track_count);
  }
  for (const auto* shares : {&shard_.relationships_, &shard_.saved_relationships_}) {
    for (const auto& [generation, share] : *shares) {
      if (incomplete(share->uncopied)) return Errc::corrupt;
      if (share->changed_source && incomplete(*share->changed_source)) return Errc::corrupt;
      if (share->changed_target && incomplete(*share->changed_target)) return Errc::corrupt;
      if (share->preserved && incomplete(*share->preserved)) return Errc::corrupt;
    }
  }
  return {};
}

Result<void> Recovery::replay_ring(const volume::ImageConfig& config) {
  const journal::SlotSeq cut = shard_.store_->fields().checkpoint_cut;
  Result<void> done;
  shard_.ring_->replay([&](const journal::ReplayedRecord& record) {
    if (!done) return;
    if (record.header.kind == journal::RecordKind::write) {
      replay_write(config, record, record.slot > cut);
    } else if (record.header.kind == journal::RecordKind::placed) {
      replay_placed(record, record.slot > cut);
    } else if (record.header.kind == journal::RecordKind::bits && record.slot > cut) {
      auto deltas = journal::decode_map_deltas(record.payload);
      if (!deltas) {
        done = deltas.error();
        return;
      }
      for (const journal::MapDelta& delta : *deltas) shard_.apply_delta(delta);
    }
  });
  return done;
}

/// A record that was copied forward may still stand in its old place, too.
bool Recovery::already_indexed(const VolumeShare& volume, const journal::RecordHeader& header) const {
  const cache::DirtyTrack* track = shard_.index_->find(&volume, header.track);
  for (const cache::Entry* e = track != nullptr ? track->first : nullptr; e != nullptr; e = e->next) {
    if (e->lsn == Lsn{header.lsn}) return true;
  }
  return false;
}

/// `after_cut`: the checkpoint's maps do not know of it yet.
void Recovery::replay_write(const volume::ImageConfig& config, const journal::ReplayedRecord& record, bool after_cut) {
  const journal::RecordHeader& h = record.header;
  VolumeShare* volume = shard_.find(VolumeHandle{VolumeId{h.volume}, Generation{h.volume_generation}});
  if (volume == nullptr || h.track >= volume->local_track_count) return;
  shard_.recorded_tracks_.add(volume->id, h.track, record.slot);
  shard_.imply_changes(*volume, h.track, Lsn{h.lsn});
  shard_.imply_filled(*volume, h.track, h.block_count, Lsn{h.lsn});
  // Marks fall: what was copied forward must not bring one back.
  if (after_cut && (h.flags & journal::kFlagRedo) == 0) shard_.imply_marks(*volume, h);
  if (is_killed(config.volumes.at(volume->id), Lsn{h.lsn}, shard_.global_of(h.track))) return;
  if ((h.flags & journal::kFlagRedo) != 0 && already_indexed(*volume, h)) return;
  shard_.ring_->pin(record.slot);
  shard_.index_->insert(volume->dirty, volume, h.track, Lsn{h.lsn}, record.slot, record.payload, h.first_block,
                        h.block_count, (h.flags & journal::kFlagDeallocate) != 0, shard_.reactor_.now());
}

/// `after_cut`: the checkpoint's maps do not know of it yet.
void Recovery::replay_placed(const journal::ReplayedRecord& record, bool after_cut) {
  const journal::RecordHeader& h = record.header;
  VolumeShare* volume = shard_.find(VolumeHandle{VolumeId{h.volume}, Generation{h.volume_generation}});
  const std::uint64_t end = h.track + h.block_count / kTrackBlocks;
  if (volume == nullptr || end > volume->local_track_count) return;
  for (std::uint64_t track = h.track; track < end; ++track) {
    shard_.index_->drop_below(volume->dirty, volume, track, Lsn{h.lsn});
  }
  if (after_cut && Generation{h.map_generation} == volume->map_generation) {
    volume->written.set_run(h.track, end - h.track, true);
  }
}

/// U := U and owed(W) (engine notes 3.7); repeating it at every restart changes nothing.
void Recovery::close_withdrawn(const volume::ImageConfig& config) {
  for (const auto& [generation, r] : config.relationships) {
    if (r.withdrawn_at) shard_.close_relationship(generation, *r.withdrawn_at);
  }
  for (const auto& [generation, loan] : config.loans) {
    shard_.forget_failed_loan(*shard_.find_share(generation));
  }
  // Runs may have gone since the checkpoint.
  for (const auto& [generation, copy] : config.range_copies) shard_.change_ranges(generation, copy.runs);
}

}  // namespace tt::image
