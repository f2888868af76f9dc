// SPDX-License-Identifier: Apache-2.0
#include "image/scrubber.h"

#include <algorithm>
#include <limits>

namespace tt::image {

using flashcopy::VolumeShare;

namespace {

constexpr std::uint64_t kMostTracks = 16;  // 1 MiB
/// A changed interval is noticed after this time.
constexpr rt::TimeNs kLongestSleep = 60 * rt::kSecond;
/// A changed rate, a command and the end of the image are noticed after this time.
constexpr rt::TimeNs kLongestPause = 50 * rt::kMillisecond;
constexpr rt::TimeNs kCrowdedPause = 5 * rt::kMillisecond;

}  // namespace

Scrubber::Scrubber(Shard& shard, ScrubPace& pace, rt::TimeNs begin_after)
    : shard_(shard),
      pace_(pace),
      pacer_(pace.common()),
      memory_(allocate_aligned(kMostTracks * kTrackBytes)),
      begin_after_(begin_after),
      nap_(shard.reactor()) {}

bool Scrubber::cancel() noexcept {
  if (status_.state != ScrubState::running) return false;
  cancelled_ = true;
  return true;
}

ScrubStatus Scrubber::status() const {
  ScrubStatus status = status_;
  shard_.for_each_volume([&](const VolumeShare& volume) { status.tracks += volume.written.count(); });
  status.bytes_per_second = meter_.bytes_per_second(shard_.reactor_.now());
  status.mended = shard_.mender_->counts();
  return status;
}

void Scrubber::start(rt::Scope& scope) {
  started_ = shard_.reactor_.now();
  scope.spawn(run());
}

void Scrubber::stop() noexcept {
  stopping_ = true;
  nap_.end();
}

void Scrubber::begin() noexcept {
  requested_ = true;
  nap_.end();
}

std::optional<rt::TimeNs> Scrubber::due() const noexcept {
  if (!shard_.sums_->keeps() || pace_.interval_s() == 0) return std::nullopt;
  const auto interval = static_cast<rt::TimeNs>(pace_.interval_s()) * rt::kSecond;
  return began_ ? *began_ + interval : started_ + begin_after_;
}

rt::Task<void> Scrubber::run() {
  while (!stopping_) {
    const rt::TimeNs now = shard_.reactor_.now();
    const rt::TimeNs next = due().value_or(now + kLongestSleep);
    if (!requested_ && next > now) {
      co_await nap_.until(std::min(next, now + kLongestSleep));
      continue;
    }
    requested_ = cancelled_ = false;
    began_ = now;
    co_await pass();
  }
}

rt::Task<void> Scrubber::pass() {
  status_.state = ScrubState::running;
  status_.began_s = shard_.reactor_.wall_seconds();
  status_.by_rank.clear();
  position_ = {};
  bool complete = false;
  while (!complete && !is_interrupted()) {
    if (shard_.sums_->too_many_changed()) {
      co_await rt::sleep_for(shard_.reactor_, kCrowdedPause);
      continue;
    }
    const Piece piece = next_piece();
    complete = piece.volume == nullptr;
    if (complete) break;
    if (piece.volume->held) {
      position_.local_track = piece.first;
      co_await piece.volume->released.wait();
    } else if (piece.at.rank == nullptr || piece.at.rank->failed) {  // nobody can say anything of it
      co_await rt::yield(shard_.reactor_);
    } else {
      co_await scrub(piece);
    }
  }
  status_.state = cancelled_ ? ScrubState::cancelled : ScrubState::waiting;
  if (!complete) co_return;
  ++status_.passes;
  status_.ended_s = shard_.reactor_.wall_seconds();
}

Scrubber::Piece Scrubber::next_piece() {
  constexpr std::uint32_t kEnd = std::numeric_limits<std::uint16_t>::max() + 1;
  for (std::uint32_t id = position_.volume.value; id < kEnd; ++id) {
    if (id != position_.volume.value) position_ = {VolumeId{static_cast<std::uint16_t>(id)}, 0};
    VolumeShare* volume = shard_.find(position_.volume);
    if (volume == nullptr || volume->removed) continue;
    const auto first = volume->written.find(position_.local_track, true);
    if (!first) continue;
    const std::uint64_t of_stripe = flashcopy::kStripeTracks - *first % flashcopy::kStripeTracks;
    const std::uint64_t most = std::min({of_stripe, kMostTracks, pacer_.unit_tracks(flashcopy::CopyRate())});
    Piece piece{volume, shard_.address_of(*volume, *first), *first, volume->written.run_length(*first, most)};
    position_.local_track = *first + piece.tracks;
    return piece;
  }
  return {};
}

rt::Task<void> Scrubber::scrub(Piece piece) {
  const rt::TimeNs began = shard_.reactor_.now();
  const std::uint64_t bytes = piece.tracks * kTrackBytes;
  shard_.host_load_.begin_piece(HostLoad::scrubber);
  bool found_damage = false;
  {
    const flashcopy::HostOperation operation(*piece.volume);  // its space stays
    ScrubCounts counts;
    auto done = co_await read(piece, counts);
    if (!done) co_await read_one_by_one(piece, counts);
    found_damage = !done;
    status_.by_rank[piece.at.rank->id].add(counts);
    meter_.note(bytes, shard_.reactor_.now());
  }
  if (found_damage) co_await shard_.mender_->settled();  // it never gets more to do than it can keep
  co_await pause_after(bytes, began);
}

/// On an error nothing is counted.
rt::Task<Result<void>> Scrubber::read(const Piece& piece, ScrubCounts& counts) {
  RankShare& rank = *piece.at.rank;
  const std::span<std::byte> into(memory_.get(), piece.tracks * kTrackBytes);
  if (!shard_.sums_->keeps()) {
    auto plain = co_await rank.disk->read(piece.at.offset, into);
    if (plain) counts.unverified += piece.tracks;
    co_return plain;
  }
  auto found = co_await shard_.sums_->read_and_learn(rank, piece.volume->map_generation, piece.at.offset, into);
  if (!found) co_return found.error();
  counts.verified += found->verified;
  counts.learned += found->learned;
  counts.unverified += found->written;
  co_return Result<void>{};
}

/// Damage was reported by the read itself.
rt::Task<void> Scrubber::read_one_by_one(const Piece& piece, ScrubCounts& counts) {
  RankShare& rank = *piece.at.rank;
  for (std::uint64_t i = 0; i < piece.tracks && !rank.failed; ++i) {
    const Piece one{piece.volume, {&rank, piece.at.offset + i * kTrackBytes}, piece.first + i, 1};
    auto done = co_await read(one, counts);
    if (done) continue;
    ++counts.refused;
    if (done.error().code == Errc::corrupt || rank.failed) continue;
    shard_.report_damage(piece.volume->map_generation, rank, one.at.offset, kTrackBytes);
  }
}

rt::Task<void> Scrubber::pause_after(std::uint64_t bytes, rt::TimeNs began) {
  const flashcopy::CopyRate& limit = pace_.common().limit();
  const std::uint32_t epoch = limit.epoch();
  const rt::TimeNs end =
      pacer_.next_begin(bytes, began, shard_.reactor_.now(), shard_.host_load_.active_since(HostLoad::scrubber),
                        shard_.host_load_.worst_latency_since(HostLoad::scrubber));
  for (;;) {
    const rt::TimeNs rest = end - shard_.reactor_.now();
    if (rest <= 0 || is_interrupted() || limit.epoch() != epoch) co_return;
    co_await rt::sleep_for(shard_.reactor_, std::min(rest, kLongestPause));
  }
}

}  // namespace tt::image
