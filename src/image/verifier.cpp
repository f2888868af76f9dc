// SPDX-License-Identifier: Apache-2.0
#include "image/verifier.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tt::image {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

namespace {

constexpr std::uint64_t kMostTracks = 16;  // 1 MiB of each side
constexpr std::uint64_t kMostSkipped = 4096;
constexpr rt::TimeNs kLongestPause = 50 * rt::kMillisecond;

}  // namespace

Verifier::Verifier(Shard& shard, CommonPace& pace, std::shared_ptr<Verification> verification)
    : shard_(shard),
      pace_(pace),
      pacer_(pace),
      verification_(std::move(verification)),
      counts_(verification_->by_shard[shard.options().id]),
      memory_(allocate_aligned(2 * kMostTracks * kTrackBytes)),
      source_bytes_(memory_.get(), kMostTracks * kTrackBytes),
      target_bytes_(memory_.get() + kMostTracks * kTrackBytes, kMostTracks * kTrackBytes) {}

RelationshipShare* Verifier::share() const noexcept {
  const auto found = shard_.relationships_.find(verification_->relationship.generation);
  if (found == shard_.relationships_.end()) return nullptr;
  RelationshipShare& share = *found->second;
  return share.failed || share.withdrawn_at ? nullptr : &share;
}

Verifier::Kind Verifier::kind_of(const RelationshipShare& share, std::uint64_t track) noexcept {
  if (share.uncopied.test(track)) return Kind::uncopied;
  const auto has = [track](const std::optional<volume::TrackMap>& map) { return map && map->test(track); };
  return has(share.changed_source) || has(share.changed_target) ? Kind::changed : Kind::comparable;
}

std::uint64_t Verifier::run_of(const RelationshipShare& share, Kind kind, std::uint64_t at_most) const noexcept {
  const std::uint64_t end = std::min(share.uncopied.track_count(), track_ + at_most);
  std::uint64_t at = track_;
  while (at < end && kind_of(share, at) == kind) ++at;
  return at - track_;
}

rt::Task<Verifier::Step> Verifier::next() {
  differing_.clear();
  RelationshipShare* share = this->share();
  if (share == nullptr) co_return Step::ended;
  if (track_ >= share->uncopied.track_count()) co_return Step::complete;

  const Kind kind = kind_of(*share, track_);
  if (kind != Kind::comparable) {
    const std::uint64_t run = run_of(*share, kind, kMostSkipped);
    (kind == Kind::uncopied ? counts_.uncopied : counts_.changed) += run;
    track_ += run;
    co_await rt::yield(shard_.reactor_);
    co_return Step::more;
  }
  if (share->source->held) {
    co_await share->source->released.wait();
    co_return Step::more;
  }
  if (share->target->held) {
    co_await share->target->released.wait();
    co_return Step::more;
  }

  // Within one stripe the shard's tracks are neighbours on the volume.
  const std::uint64_t of_stripe = flashcopy::kStripeTracks - track_ % flashcopy::kStripeTracks;
  const flashcopy::CopyRate none;
  const std::uint64_t at_most = one_by_one_ > 0 ? 1 : std::min({kMostTracks, of_stripe, pacer_.unit_tracks(none)});
  const std::uint64_t tracks = run_of(*share, Kind::comparable, at_most);
  const rt::TimeNs began = shard_.reactor_.now();
  shard_.host_load_.begin_piece(HostLoad::verifier);
  auto step = co_await compare(tracks);
  const rt::TimeNs end = pacer_.next_begin(2 * tracks * kTrackBytes, began, shard_.reactor_.now(),
                                           shard_.host_load_.active_since(HostLoad::verifier),
                                           shard_.host_load_.worst_latency_since(HostLoad::verifier));
  co_await pause_until(end);
  co_return step;
}

rt::Task<Verifier::Step> Verifier::compare(std::uint64_t tracks) {
  VolumeShare& source = *share()->source;
  VolumeShare& target = *share()->target;
  const flashcopy::HostOperation reads_source(source);
  const flashcopy::HostOperation reads_target(target);
  // What a larger target holds behind its source's end is not part of the image.
  const std::uint64_t block = shard_.global_of(track_) * kTrackBlocks;
  const std::uint64_t last = shard_.global_of(track_ + tracks - 1);
  const std::uint64_t bytes = ((tracks - 1) * kTrackBlocks + source.blocks_of(last)) * kBlockBytes;
  auto read = co_await shard_.read_span(source, block, source_bytes_.first(bytes), Reader::medium);
  if (read) read = co_await shard_.read_span(target, block, target_bytes_.first(bytes), Reader::medium);

  const RelationshipShare* share = this->share();
  if (share == nullptr) co_return Step::ended;
  if (read) {
    judge(*share, tracks, bytes);
  } else if (tracks > 1) {
    one_by_one_ = tracks;
    co_return Step::more;
  } else {
    ++counts_.unreadable;
  }
  track_ += tracks;
  one_by_one_ -= std::min(one_by_one_, tracks);
  co_return differing_.empty() ? Step::more : Step::different;
}

void Verifier::judge(const RelationshipShare& share, std::uint64_t tracks, std::uint64_t bytes) noexcept {
  for (std::uint64_t i = 0; i < tracks; ++i) {
    if (kind_of(share, track_ + i) != Kind::comparable) {  // a host was faster
      ++counts_.changed;
      continue;
    }
    const std::uint64_t at = i * kTrackBytes;
    const std::uint64_t length = std::min<std::uint64_t>(kTrackBytes, bytes - at);
    if (std::memcmp(source_bytes_.data() + at, target_bytes_.data() + at, length) == 0) {
      ++counts_.equal;
      continue;
    }
    const std::uint64_t track = shard_.global_of(track_ + i);
    ++counts_.different;
    if (!counts_.first_different) counts_.first_different = track;
    differing_.push_back(track);
  }
}

rt::Task<void> Verifier::pause_until(rt::TimeNs end) {
  const std::uint32_t epoch = pace_.limit().epoch();
  for (;;) {
    const rt::TimeNs rest = end - shard_.reactor_.now();
    if (rest <= 0 || verification_->cancelled || pace_.limit().epoch() != epoch) co_return;
    co_await rt::sleep_for(shard_.reactor_, std::min(rest, kLongestPause));
  }
}

}  // namespace tt::image
