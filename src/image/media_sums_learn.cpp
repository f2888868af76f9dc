// SPDX-License-Identifier: Apache-2.0
// What nobody knows the checksum of -- it was written before the image kept any, or it was open at a crash -- is taken
// as it is: from then on damage shows.
//
// Why what is learned is right. The grain is read, the rank flushed, and only then is the sum known; and only if no
// write of the track began or ended since before the read. So the durable content of the grain is what was read (the
// invariant of media_sums.h), and the page goes to the medium when it has rested, as after a write. Data that a start
// still has to bring out is laid over by its destage, which opens the track first.
#include <bit>
#include <vector>

#include "image/media_sums_page.h"

namespace tt::image {

using sum_pages::data_place;
using sum_pages::grain_in_track;
using sum_pages::track_in_page;

namespace {

constexpr GrainMask unknown_of(const media::TrackSums& track) noexcept {
  return static_cast<GrainMask>(~(track.known | track.lost));
}

}  // namespace

rt::Task<Result<MediaSums::Learned>> MediaSums::read_and_learn(RankShare& rank, Generation owner, std::uint64_t offset,
                                                               std::span<std::byte> into) {
  TT_ASSERT(options_.keep && (data_place(rank, offset) | into.size()) % kTrackBytes == 0);
  Range range(*this, rank, offset, into.size());
  for (Page* page : range.all()) co_await ready(*page, owner);

  Learned result;
  const std::size_t tracks = into.size() / kTrackBytes;
  std::vector<Page::Use> before(tracks);
  for (std::size_t i = 0; i < tracks; ++i) {
    const std::uint64_t at = offset + i * kTrackBytes;
    before[i] = range.of(rank, at).use[track_in_page(rank, at)];
  }
  std::vector<std::uint32_t> sums(into.size() / kGrainBytes);
  auto read_all = co_await read(rank, owner, offset, into, sums.data());
  if (!read_all) co_return read_all.error();

  const auto sums_of = [&](std::size_t i) -> media::TrackSums& {
    const std::uint64_t at = offset + i * kTrackBytes;
    return range.of(rank, at).content.tracks[track_in_page(rank, at)];
  };
  bool any = false;
  for (std::size_t i = 0; i < tracks; ++i) any = any || unknown_of(sums_of(i)) != 0;
  if (any) {
    auto flushed = co_await shard_.control().flush_rank(shard_, rank.id);
    if (!flushed) co_return flushed.error();
  }
  for (std::size_t i = 0; i < tracks; ++i) {
    const std::uint64_t at = offset + i * kTrackBytes;
    Page& page = range.of(rank, at);
    const Page::Use& use = page.use[track_in_page(rank, at)];
    media::TrackSums& track = sums_of(i);
    const GrainMask unknown = unknown_of(track);
    const bool is_as_read = before[i].writers == 0 && use.stamp == before[i].stamp;
    if (unknown == 0) {
      ++result.verified;
    } else if (!is_as_read) {
      ++result.written;
    } else {
      flashcopy::for_each_grain(unknown,
                                [&](std::uint32_t grain) { track.sums[grain] = sums[i * kTrackGrains + grain]; });
      track.known = static_cast<GrainMask>(track.known | unknown);
      ++page.changes;
      page.touched = shard_.reactor().now();
      note_change(page);
      ++result.learned;
    }
  }
  co_return result;
}

rt::Task<MediaSums::Wanted> MediaSums::wanted_at(RankShare& rank, Generation owner, std::uint64_t offset) {
  Wanted wanted;
  if (!options_.keep) co_return wanted;
  Range range(*this, rank, offset, kGrainBytes);
  Page& page = *range.all().front();
  co_await ready(page, owner);
  const media::TrackSums& track = page.content.tracks[track_in_page(rank, offset)];
  const std::uint32_t grain = grain_in_track(rank, offset);
  wanted.lost = ((track.lost >> grain) & 1U) != 0;
  if (!wanted.lost && ((track.known >> grain) & 1U) != 0) wanted.sum = track.sums[grain];
  co_return wanted;
}

}  // namespace tt::image
