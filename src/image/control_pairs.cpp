// SPDX-License-Identifier: Apache-2.0
// Steps of mirrored pairs at this end: closed in every shard, recorded, in force in every shard. What the other end
// has to agree to was asked before (pair_desk.cpp).
#include <algorithm>
#include <utility>

#include "image/control.h"

namespace tt::image {

Generation ControlPlane::draw_generation() {
  return Generation{lsns_.draw().value};
}

rt::Task<void> ControlPlane::tell_shards(std::function<void(Shard&)> tell) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    tell(*shard);
    co_await rt::hop(shard->reactor(), home_);
  }
}

/// Every shard marks writes, or refuses hosts, before the record says that there is a pair.
rt::Task<Result<void>> ControlPlane::install_pair(PairMaker make, Generation replaced) {
  co_await commands_.lock();
  auto done = co_await wait_for_room(kRecordRoom);
  Result<volume::PairConfig> pair = done ? make() : Result<volume::PairConfig>(done.error());
  if (pair) {
    pair->marks = draw_generation();
    pair->since = Lsn{pair->marks.value};
    pair->created_s = home_.wall_seconds();
    for (const auto& shard : shards_) {
      co_await rt::hop(home_, shard->reactor());
      co_await shard->install_pair(*pair);
      co_await rt::hop(shard->reactor(), home_);
    }
    co_await records_.lock();
    if (config_.mirror_pairs.contains(replaced)) append(volume::RemovePair{replaced});
    const journal::SlotSeq slot = append(volume::MakePair{*pair});
    done = co_await harden(slot);
    records_.unlock();
    const std::function<void(Shard&)> tell = [&pair, replaced](Shard& shard) {
      shard.drop_pair(replaced);
      shard.apply_pair(*pair);
    };
    if (done) co_await tell_shards(tell);
  } else {
    done = pair.error();
  }
  commands_.unlock();
  co_return done;
}

/// A pair that is recorded in another state than the shards know is closed until they do.
rt::Task<Result<void>> ControlPlane::change_pair(Generation generation, PairPlanner plan) {
  co_await commands_.lock();
  auto done = co_await wait_for_room(kRecordRoom);
  const auto found = config_.mirror_pairs.find(generation);
  if (done && found == config_.mirror_pairs.end()) done = Errc::no_such_pair;
  Result<volume::PairConfig> next = done ? plan(found->second) : Result<volume::PairConfig>(done.error());
  if (next) {
    done = co_await change_pair_locked(std::move(*next));
  } else {
    done = next.error();
  }
  commands_.unlock();
  co_return done;
}

rt::Task<Result<void>> ControlPlane::change_pair_locked(volume::PairConfig next) {
  const volume::PairConfig before = config_.mirror_pairs.at(next.generation);
  const bool goes_on = before.is_active() && next.is_active() && before.is_source() == next.is_source() &&
                       before.epoch == next.epoch && before.phase.type == next.phase.type;
  if (!goes_on) {
    const bool becomes_target = !next.is_source();
    const std::function<void(Shard&)> stop = [&next, becomes_target](Shard& shard) {
      shard.stop_pair(next.generation, becomes_target);
    };
    co_await tell_shards(stop);
  }
  Result<void> done;
  if (next != before) {
    co_await records_.lock();
    const journal::SlotSeq slot = append(volume::ChangePair{next});
    done = co_await harden(slot);
    records_.unlock();
  }
  const std::function<void(Shard&)> apply = [&next](Shard& shard) { shard.apply_pair(next); };
  if (done) co_await tell_shards(apply);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::remove_pair(Generation generation) {
  co_await commands_.lock();
  auto done = co_await wait_for_room(kRecordRoom);
  if (done && !config_.mirror_pairs.contains(generation)) done = Errc::no_such_pair;
  if (done) {
    const std::function<void(Shard&)> stop = [generation](Shard& shard) { shard.stop_pair(generation, false); };
    co_await tell_shards(stop);
    co_await records_.lock();
    const journal::SlotSeq slot = append(volume::RemovePair{generation});
    done = co_await harden(slot);
    records_.unlock();
    const std::function<void(Shard&)> drop = [generation](Shard& shard) { shard.drop_pair(generation); };
    if (done) co_await tell_shards(drop);
  }
  commands_.unlock();
  co_return done;
}

rt::Task<PairCounts> ControlPlane::pair_counts(Generation generation) {
  PairCounts total{0, 0, true};
  const std::function<void(Shard&)> add = [generation, &total](Shard& shard) {
    const auto counts = shard.pair_counts(generation);
    if (!counts) return;
    total.marked += counts->marked;
    total.sent += counts->sent;
    total.pass_completed = total.pass_completed && counts->pass_completed;
  };
  co_await tell_shards(add);
  co_return total;
}

rt::Task<Result<void>> ControlPlane::add_marks(Generation generation, std::uint64_t first_track,
                                               std::vector<std::byte> bits) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    auto done = co_await shard->add_marks(generation, first_track, bits);
    co_await rt::hop(shard->reactor(), home_);
    if (!done) co_return done;
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> ControlPlane::mark_all(Generation generation) {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    auto done = co_await shard->mark_all(generation);
    co_await rt::hop(shard->reactor(), home_);
    if (!done) co_return done;
  }
  co_return Result<void>{};
}

rt::Task<std::vector<std::byte>> ControlPlane::read_marks(Generation generation, std::uint64_t first_track,
                                                          std::uint64_t track_count) {
  std::vector<std::byte> bits(divide_up(track_count, std::uint64_t{8}));
  const std::function<void(Shard&)> read = [&](Shard& shard) {
    shard.read_marks(generation, first_track, track_count, bits);
  };
  co_await tell_shards(read);
  co_return bits;
}

rt::Task<Result<void>> ControlPlane::write_mirrored(MirrorFrame frame, VolumeHandle volume, std::uint64_t block,
                                                    std::uint64_t block_count, const std::byte* data) {
  constexpr std::uint64_t kStripeBlocks = flashcopy::kStripeTracks * kTrackBlocks;
  while (block_count > 0) {
    const std::uint64_t count = std::min(kStripeBlocks - block % kStripeBlocks, block_count);
    Shard& shard = *shards_[control_shard().options().stripes.shard_of(block / kTrackBlocks)];
    co_await rt::hop(home_, shard.reactor());
    auto done = co_await shard.write_mirrored(frame, volume, block, count, data);
    co_await rt::hop(shard.reactor(), home_);
    if (!done) co_return done;
    block += count;
    block_count -= count;
    if (data != nullptr) data += count * kBlockBytes;
  }
  co_return Result<void>{};
}

}  // namespace tt::image
