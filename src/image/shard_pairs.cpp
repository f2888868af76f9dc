// SPDX-License-Identifier: Apache-2.0
// The shard's side of mirrored pairs (decision 0020): marks of tracks that the other end may not have, hosts that a
// target refuses, and writes that come from its source.
//
//   install   the share is there and closed: a source marks every write from now on, a target refuses hosts; writes
//             that went past the journal have ended                        nothing durable yet
//   (control: append and harden the record)
//   apply     the share follows the record and is open, if its phase is active
//   stop      closed again; a step is under way
//
// Crash argument: marks of an image that starts are those of its checkpoint, and those that the records behind it say,
// in their order: a write sets, a BITS record clears. A record that was copied forward says nothing new.
#include <algorithm>

#include "flashcopy/pair_share.h"
#include "image/bits_builder.h"
#include "image/shard.h"

namespace tt::image {

using flashcopy::PairShare;
using flashcopy::VolumeShare;
using mirror::AnswerCode;

namespace {

constexpr std::size_t kMostRunsOfARecord = 1024;

Error refusal(AnswerCode code) {
  return {Errc::wrong_pair_state, static_cast<std::uint64_t>(code)};
}

}  // namespace

PairShare* Shard::find_pair(Generation pair) const noexcept {
  const auto found = pairs_.find(pair);
  return found != pairs_.end() ? found->second.get() : nullptr;
}

void Shard::load_pair(const volume::PairConfig& pair) {
  VolumeShare& volume = *find(pair.volume);
  auto share = std::make_unique<PairShare>(pair, options_.stripes.local_count(options_.id, pair.track_count));
  share->volume = &volume;
  volume.pairs.push_back(share.get());
  pair_of_marks_[pair.marks] = share.get();
  pairs_[pair.generation] = std::move(share);
}

rt::Task<void> Shard::install_pair(volume::PairConfig pair) {
  load_pair(pair);
  const VolumeShare& volume = *find(pair.volume);
  const Generation generation = volume.generation;
  const auto is_placed = [generation](const PlacedRun& run) { return !run.failed && run.volume == generation; };
  while (std::ranges::any_of(placed_runs_, is_placed)) co_await placed_run_ended_.wait();
}

void Shard::stop_pair(Generation pair, bool becomes_target) noexcept {
  PairShare* share = find_pair(pair);
  if (share == nullptr) return;
  share->open = false;
  share->refuses_hosts = share->refuses_hosts || becomes_target;
}

void Shard::apply_pair(const volume::PairConfig& pair) {
  PairShare* share = find_pair(pair.generation);
  if (share == nullptr) return;
  const bool turned = share->config.epoch != pair.epoch || share->config.is_source() != pair.is_source();
  if (turned || (share->config.first_pass && !pair.first_pass)) {
    share->cursor = 0;
    share->pass_completed = false;
    share->pass_is_good = true;
  }
  // What was sent before arrives, if it does, at what the other end was then.
  if (turned) {
    for (PairShare::Sending& run : share->sending) run.written = true;
  }
  share->config = pair;
  share->refuses_hosts = !pair.is_source();
  share->open = pair.is_active();
  share->retry_at = 0;
}

void Shard::drop_pair(Generation pair) {
  const auto found = pairs_.find(pair);
  if (found == pairs_.end()) return;
  PairShare& share = *found->second;
  removed_maps_.push_back({share.config.marks, journal::MapKind::out_of_sync});
  pair_of_marks_.erase(share.config.marks);
  std::erase(share.volume->pairs, &share);
  pairs_.erase(found);
}

std::optional<PairCounts> Shard::pair_counts(Generation pair) const {
  const PairShare* share = find_pair(pair);
  if (share == nullptr) return std::nullopt;
  return PairCounts{share->marks.count(), share->tracks_sent, share->pass_completed || share->marks.count() == 0};
}

/// The record says whether a host wrote or another image, and not what this end was then. So a host's write counts
/// whatever this end is by now; one of another image for those that are sources by now: for a cascade it must, and
/// else a track too many is marked.
void Shard::imply_marks(VolumeShare& volume, const journal::RecordHeader& record) noexcept {
  const bool mirrored = (record.flags & journal::kFlagMirrored) != 0;
  for (PairShare* pair : volume.pairs) {
    if (pair->config.since < Lsn{record.lsn} && (!mirrored || pair->records())) pair->mark(record.track);
  }
}

void Shard::note_marks(VolumeShare& volume, Piece piece, const MirrorFrame* frame) noexcept {
  const PairShare* from = frame != nullptr ? find_pair(frame->pair) : nullptr;
  const bool whole = piece.first_block == 0 && piece.block_count == volume.blocks_of(global_of(piece.local_track));
  flashcopy::mark_pairs(volume, piece.local_track, from, whole);
}

/// Asked in the turn in which the write is inserted.
Result<void> Shard::may_write(const VolumeShare& volume, const MirrorFrame* frame) const noexcept {
  if (frame == nullptr) {
    const bool refused = std::ranges::any_of(volume.pairs, [](const PairShare* pair) { return pair->refuses_hosts; });
    return refused ? Result<void>{Errc::mirror_target, volume.id.value} : Result<void>{};
  }
  const PairShare* pair = find_pair(frame->pair);
  if (pair == nullptr || pair->volume != &volume) return refusal(AnswerCode::no_pair);
  if (pair->config.epoch != frame->epoch) return refusal(AnswerCode::epoch);
  if (pair->config.is_source()) return refusal(AnswerCode::role);
  if (pair->open) return {};
  return refusal(pair->config.is_active() ? AnswerCode::busy : AnswerCode::state);
}

/// The target of a Metro Mirror may be read while it is what its source is, if that was allowed.
bool Shard::may_read(const VolumeShare& volume) const noexcept {
  return std::ranges::none_of(volume.pairs, [](const PairShare* pair) {
    const bool allowed =
        pair->config.attributes.target_read && pair->config.phase.state == mirror::PairState::full_duplex;
    return pair->refuses_hosts && !allowed;
  });
}

rt::Task<Result<void>> Shard::write_mirrored(MirrorFrame frame, VolumeHandle volume, std::uint64_t block,
                                             std::uint64_t block_count, const std::byte* data) {
  auto done = co_await write_pieces(volume, block, block_count, data, data == nullptr, true, &frame);
  co_return done;
}

void Shard::read_marks(Generation pair, std::uint64_t first_track, std::uint64_t track_count,
                       std::span<std::byte> into) const noexcept {
  const PairShare* share = find_pair(pair);
  if (share == nullptr) return;
  const std::uint64_t begin = options_.stripes.local_count(options_.id, first_track);
  const std::uint64_t end =
      std::min(options_.stripes.local_count(options_.id, first_track + track_count), share->marks.track_count());
  for (auto track = share->marks.find(begin, true, end); track; track = share->marks.find(*track + 1, true, end)) {
    const std::uint64_t bit = global_of(*track) - first_track;
    into[bit / 8] |= std::byte{1} << (bit % 8);
  }
}

rt::Task<Result<void>> Shard::add_marks(Generation pair, std::uint64_t first_track, std::vector<std::byte> bits) {
  std::vector<journal::TrackRun> runs;
  for (std::uint64_t bit = 0; bit < bits.size() * 8; ++bit) {
    if (bits[bit / 8] == std::byte{0}) {
      bit |= 7U;
      continue;
    }
    const std::uint64_t track = first_track + bit;
    if ((bits[bit / 8] >> (bit % 8) & std::byte{1}) == std::byte{0}) continue;
    if (options_.stripes.shard_of(track) != options_.id) continue;
    const std::uint64_t local = options_.stripes.to_local(track);
    if (!runs.empty() && runs.back().first + runs.back().count == local) {
      ++runs.back().count;
    } else {
      runs.push_back({local, 1});
    }
  }
  auto done = co_await set_marks(pair, std::move(runs));
  co_return done;
}

rt::Task<Result<void>> Shard::mark_all(Generation pair) {
  const PairShare* share = find_pair(pair);
  std::vector<journal::TrackRun> runs;
  constexpr std::uint64_t kMostTracks = ~std::uint32_t{0};
  const std::uint64_t end = share != nullptr ? share->marks.track_count() : 0;
  for (std::uint64_t first = 0; first < end; first += kMostTracks) {
    runs.push_back({first, static_cast<std::uint32_t>(std::min(kMostTracks, end - first))});
  }
  auto done = co_await set_marks(pair, std::move(runs));
  co_return done;
}

/// Durable when it returns.
rt::Task<Result<void>> Shard::set_marks(Generation pair, std::vector<journal::TrackRun> runs) {
  for (std::size_t begin = 0; begin < runs.size(); begin += kMostRunsOfARecord) {
    while (!ring_->has_room(kTrackBytes, journal::SpaceClass::control)) {
      if (no_more_room()) co_return Errc::journal_failed;
      co_await room_.wait();
    }
    PairShare* share = find_pair(pair);
    if (share == nullptr) co_return Errc::no_such_pair;
    const std::size_t count = std::min(kMostRunsOfARecord, runs.size() - begin);
    const auto from = runs.begin() + static_cast<std::ptrdiff_t>(begin);
    // What is on its way is not what the mark speaks of.
    for (PairShare::Sending& run : share->sending) run.written = true;
    append_bits({{{share->config.marks, journal::MapKind::out_of_sync},
                  journal::BitChange::set,
                  {from, from + static_cast<std::ptrdiff_t>(count)}}});
  }
  auto hardened = co_await harden_all();
  co_return hardened;
}

/// In the turn in which it is asked: what has arrived and was not written since.
bool Shard::note_arrivals() {
  const auto arrived = [](const PairShare::Sending& run) { return run.arrived; };
  BitsBuilder cleared;
  if (!ring_->has_room(kTrackBytes, journal::SpaceClass::control)) return false;
  for (const auto& [generation, share] : pairs_) {
    for (const PairShare::Sending& run : share->sending) {
      if (!run.arrived || run.written) continue;
      share->tracks_sent += run.count;
      for (std::uint64_t track = run.first; track < run.first + run.count; ++track) {
        cleared.add({share->config.marks, journal::MapKind::out_of_sync}, false, track);
      }
    }
    std::erase_if(share->sending, arrived);
  }
  if (!cleared.empty()) append_bits(cleared.take());
  return true;
}

}  // namespace tt::image
