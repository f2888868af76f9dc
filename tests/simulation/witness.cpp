// SPDX-License-Identifier: Apache-2.0
#include "witness.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include "base/crc32c.h"
#include "image/recovery.h"

namespace tt::simulation {

using flashcopy::VolumeShare;
using sim::DiskEvent;

Witness::Witness(image::Image& image, sim::SimStorage& storage, Report report)
    : image_(image), storage_(storage), report_(std::move(report)), self_(std::make_shared<Witness*>(this)) {
  for (const auto& [generation, saved] : image.control().config().saved) established_[generation] = 0;
  for (const auto& shard : image.shards()) {
    // Not durable(): a slot of the opening may have been completed by the disk a moment ago and the ring not know yet.
    shards_.push_back({shard->ring().newest(), {}});
    shard->for_each_volume([this](const VolumeShare& volume) {
      if (volume.parent != nullptr) established_[volume.parent->generation] = 0;
    });
  }
}

Witness::~Witness() {
  *self_ = nullptr;
}

void Witness::attach(sim::World& world) {
  world.observe_disks([self = self_](const DiskEvent& event) {
    if (*self != nullptr && (*self)->is_of_storage(event)) (*self)->see(event);
  });
}

/// The disks of other images in the world have the same names.
bool Witness::is_of_storage(const DiskEvent& event) const {
  const sim::SimFile* file = storage_.file(*event.file_name);
  return file != nullptr && file->id() == event.file;
}

void Witness::check(bool holds, const std::string& what) const {
  if (!holds) report_(what);
}

bool Witness::is_hardened(std::uint32_t shard, std::uint64_t slot) const {
  return slot <= shards_[shard].durable.value;
}

bool Witness::is_hardened(const std::map<Generation, std::uint64_t>& commands, Generation relationship) const {
  const auto found = commands.find(relationship);
  return found != commands.end() && is_hardened(0, found->second);
}

void Witness::see(const DiskEvent& event) {
  if (event.phase == DiskEvent::Phase::crash) return;  // the image is gone
  if (is_of_rank(event)) see_rank(event);
  if (event.kind != rt::DiskOp::Kind::write) return;
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    if (*event.file_name == image::ring_name(i)) {
      const bool durable = event.durability == rt::Durability::durable && event.result == 0;
      if (event.phase == DiskEvent::Phase::complete && durable) see_slot(i, event.data);
    }
    check(image_.shards()[i]->ring().durable() <= shards_[i].durable,
          "I9: the ring of shard " + std::to_string(i) + " calls a slot hardened that is not");
  }
  if (event.phase == DiskEvent::Phase::submit) check_media_write(event);
}

// ---- the journal ----------------------------------------------------------------------------------------------------

void Witness::see_slot(std::uint32_t shard, std::span<const std::byte> slot) {
  if (journal::check_head(slot) != journal::SlotFault::none) return;
  const journal::SlotHeader header = journal::read_header(slot);
  for (std::size_t i = 0; i < header.record_count; ++i) {
    const journal::RecordHeader record = journal::read_record(slot, i);
    see_record(shard, header.sequence, record, slot.subspan(record.payload_offset, record.payload_bytes));
  }
  ShardView& view = shards_[shard];
  view.ahead.insert(header.sequence);
  while (view.ahead.erase(view.durable.value + 1) != 0) ++view.durable.value;
}

void Witness::see_record(std::uint32_t shard, std::uint64_t slot, const journal::RecordHeader& record,
                         std::span<const std::byte> payload) {
  if (record.kind == journal::RecordKind::write) {
    const std::uint64_t track = image_.shards()[shard]->global_of(record.track);
    const Piece piece{Generation{record.volume_generation}, track * kTrackBlocks + record.first_block,
                      crc32c(0, payload)};
    pieces_.try_emplace(piece, shard, slot);
  } else if (record.kind == journal::RecordKind::control) {
    const auto mutation = volume::decode_mutation(payload);
    if (!mutation) return check(false, "I9: a control record that says nothing");
    if (const auto* made = std::get_if<volume::Establish>(&*mutation)) {
      for (const volume::Relationship& r : made->pairs) established_.try_emplace(r.generation, slot);
    } else if (const auto* renewed = std::get_if<volume::RenewRelationships>(&*mutation)) {
      for (const volume::Renewal& renewal : renewed->renewals) established_.try_emplace(renewal.made.generation, slot);
    } else if (const auto* gone = std::get_if<volume::Withdraw>(&*mutation)) {
      for (const Generation generation : gone->relationships) withdrawn_.try_emplace(generation, slot);
    } else if (const auto* failed = std::get_if<volume::FailRelationship>(&*mutation)) {
      failed_.insert(failed->relationship);
      if (on_failure_) on_failure_(failed->relationship);
    }
  }
}

void Witness::answered_write(image::VolumeHandle volume, std::uint64_t block, std::span<const std::byte> data) {
  while (!data.empty()) {
    const std::uint64_t blocks = std::min(kTrackBlocks - block % kTrackBlocks, data.size() / kBlockBytes);
    const auto bytes = data.first(blocks * kBlockBytes);
    const auto found = pieces_.find(Piece{volume.generation, block, crc32c(0, bytes)});
    const bool hardened = found != pieces_.end() && is_hardened(found->second.first, found->second.second);
    check(hardened || is_in_place(volume, block / kTrackBlocks, bytes),
          "I9: a write was answered before it was hardened");
    data = data.subspan(bytes.size());
    block += blocks;
  }
}

void Witness::answered_establish(Generation relationship) {
  check(is_hardened(established_, relationship), "I9: an establish was answered before it was hardened");
}

void Witness::answered_withdraw(Generation relationship) {
  check(is_hardened(withdrawn_, relationship), "I9: a withdraw was answered before it was hardened");
}

// ---- media ----------------------------------------------------------------------------------------------------------

bool Witness::is_of_rank(const DiskEvent& event) const {
  const auto& ranks = image_.control().config().ranks;
  return std::any_of(ranks.begin(), ranks.end(),
                     [&](const auto& item) { return item.second.device == *event.file_name; });
}

void Witness::see_rank(const DiskEvent& event) {
  RankView& view = ranks_[*event.file_name];
  const bool complete = event.phase == DiskEvent::Phase::complete;
  if (event.kind == rt::DiskOp::Kind::write && complete && event.result == 0) {
    ++view.writes_seen;
    for (std::uint64_t at = 0; at + kTrackBytes <= event.length; at += kTrackBytes) {
      view.tracks.try_emplace({event.offset + at, crc32c(0, event.data.subspan(at, kTrackBytes))}, view.writes_seen);
    }
  } else if (event.kind == rt::DiskOp::Kind::flush) {  // one at a time (engine notes T22)
    if (!complete) {
      view.flush_began_at = view.writes_seen;
    } else if (event.result == 0) {
      view.durable_up_to = view.flush_began_at;
    }
  }
}

bool Witness::is_in_place(image::VolumeHandle handle, std::uint64_t track, std::span<const std::byte> data) const {
  if (data.size() != kTrackBytes) return false;
  const std::uint32_t checksum = crc32c(0, data);
  const auto& config = image_.control().config();
  for (const auto& shard : image_.shards()) {
    const flashcopy::Stripes& stripes = shard->options().stripes;
    const VolumeShare* volume = shard->find(handle);
    if (volume == nullptr || stripes.shard_of(track) != shard->options().id) continue;
    if (volume->map_generation != volume->generation) return was_in_some_place(checksum);
    const image::MediaAddress at = shard->address_of(*volume, stripes.to_local(track));
    if (at.rank == nullptr) return false;
    const auto view = ranks_.find(config.ranks.at(at.rank->id).device);
    if (view == ranks_.end()) return false;
    const auto found = view->second.tracks.find({at.offset, checksum});
    return found != view->second.tracks.end() && found->second <= view->second.durable_up_to;
  }
  return false;
}

bool Witness::was_in_some_place(std::uint32_t checksum) const {
  return std::ranges::any_of(ranks_, [checksum](const auto& rank) {
    const RankView& view = rank.second;
    return std::ranges::any_of(view.tracks, [&](const auto& track) {
      return track.first.second == checksum && track.second <= view.durable_up_to;
    });
  });
}

void Witness::check_media_write(const DiskEvent& event) {
  if (!is_of_rank(event)) return;
  for (const auto& shard : image_.shards()) {
    shard->for_each_volume([&](const VolumeShare& volume) {
      check_dirty_data(*shard, volume, event);
      check_target(*shard, volume, event);
    });
  }
}

/// What a range copy put there may have been there before: then it is on the medium already, or an older entry on its
/// way to it.
bool Witness::is_old_content(image::Shard& shard, const cache::DirtyTrack& track, const cache::Entry& entry,
                             std::uint64_t block, const DiskEvent& event) const {
  const std::byte* content = entry.data + block * kBlockBytes;
  const std::uint64_t at = entry.first_block + block;
  for (const cache::Entry* e = track.first; e != nullptr; e = e->next) {
    const bool may_go = is_hardened(shard.options().id, e->slot.value) && e->lsn <= shard.fence();
    if (!may_go || e->data == nullptr || at < e->first_block || at >= e->first_block + e->block_count) continue;
    if (std::memcmp(e->data + (at - e->first_block) * kBlockBytes, content, kBlockBytes) == 0) return true;
  }
  const auto& volume = *static_cast<const VolumeShare*>(track.owner);
  const image::MediaAddress place = shard.address_of(volume, track.column->track);
  const auto shown = storage_.file(*event.file_name)->visible(place.offset + at * kBlockBytes, kBlockBytes);
  return std::memcmp(shown.data(), content, kBlockBytes) == 0;
}

/// A block of an entry that is not hardened, or is younger than the fence, is not among what is written.
void Witness::check_dirty_data(image::Shard& shard, const VolumeShare& volume, const DiskEvent& event) {
  for (const cache::DirtyTrack* track = volume.dirty.first; track != nullptr; track = track->next_of_owner) {
    for (const cache::Entry* e = track->first; e != nullptr; e = e->next) {
      if (e->clean || e->data == nullptr) continue;
      const bool hardened = is_hardened(shard.options().id, e->slot.value);
      if (hardened && e->lsn <= shard.fence()) continue;
      const image::MediaAddress at = shard.address_of(volume, track->column->track);
      if (at.rank == nullptr || image_.control().config().ranks.at(at.rank->id).device != *event.file_name) continue;
      for (std::uint64_t i = 0; i < e->block_count; ++i) {
        const std::uint64_t place = at.offset + (e->first_block + i) * kBlockBytes;
        if (place < event.offset || place + kBlockBytes > event.offset + event.length) continue;
        const std::span<const std::byte> content(e->data + i * kBlockBytes, kBlockBytes);
        const bool same = std::memcmp(event.data.data() + (place - event.offset), content.data(), kBlockBytes) == 0;
        if (!same) continue;
        if (is_old_content(shard, *track, *e, i, event)) continue;
        check(false, hardened ? "I10: data younger than the fence is written to a medium"
                              : "I10: data that is not hardened is written to a medium");
      }
    }
  }
}

/// A target is not touched before its establish is durable.
void Witness::check_target(image::Shard& shard, const VolumeShare& target, const DiskEvent& event) {
  if (target.parent == nullptr || is_hardened(established_, target.parent->generation)) return;
  for (std::uint64_t track = 0; track < target.parent->uncopied.track_count(); ++track) {
    const image::MediaAddress at = shard.address_of(target, track);
    if (at.rank == nullptr || image_.control().config().ranks.at(at.rank->id).device != *event.file_name) continue;
    check(event.offset >= at.offset + kTrackBytes || event.offset + event.length <= at.offset,
          "I10: a target is written to before its establish is durable");
  }
}

}  // namespace tt::simulation
