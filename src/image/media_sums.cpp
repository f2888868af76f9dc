// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <utility>

#include "image/io_group.h"
#include "image/media_sums_page.h"

namespace tt::image {

using media::kSumPageBytes;
using media::kSumPagePlaces;
using media::kSumPageTracks;
using sum_pages::bit_of;
using sum_pages::data_place;
using sum_pages::grain_in_track;
using sum_pages::page_number;
using sum_pages::place_key;
using sum_pages::track_in_page;

namespace {

constexpr std::size_t kMostInFlight = 32;
/// Of one round of the writer.
constexpr std::size_t kMostVersions = 256;
constexpr rt::TimeNs kCalmPause = 50 * rt::kMillisecond;
constexpr rt::TimeNs kBusyPause = 2 * rt::kMillisecond;
/// So many open tracks of a page are a stream or a busy place: the others will follow.
constexpr int kManyTracks = 4;

}  // namespace

/// A page on its way to the medium.
struct MediaSums::Version {
  Page* page = nullptr;
  AlignedBytes bytes;
  std::uint64_t sequence = 0;
  std::uint32_t open = 0;
  std::uint64_t changes = 0;
  Result<void> status;
};

MediaSums::MediaSums(Shard& shard, MediaSumsOptions options) : shard_(shard), options_(options) {}

MediaSums::~MediaSums() = default;

// ---- pages in memory ------------------------------------------------------------------------------------------------

MediaSums::Page& MediaSums::page_at(RankShare& rank, std::uint64_t number) {
  const std::uint64_t key = place_key(rank, number);
  if (const auto found = by_place_.find(key); found != by_place_.end()) {
    found->second->used = true;
    return *found->second;
  }
  std::unique_ptr<Page>& slot = free_slot();
  slot = std::make_unique<Page>(shard_.reactor(), rank, number);
  slot->slot = static_cast<std::size_t>(&slot - slots_.data());
  by_place_.emplace(key, slot.get());
  return *slot;
}

/// One that is empty, or whose page is not needed; else one more.
std::unique_ptr<MediaSums::Page>& MediaSums::free_slot() {
  for (std::size_t tried = 0; by_place_.size() >= options_.most_pages && tried < 2 * slots_.size(); ++tried) {
    hand_ = (hand_ + 1) % slots_.size();
    Page* page = slots_[hand_].get();
    if (page == nullptr || !page->may_go()) continue;
    if (!std::exchange(page->used, false)) erase(*page);
  }
  if (free_slots_.empty()) return slots_.emplace_back();
  const std::size_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slots_[slot];
}

void MediaSums::erase(Page& page) noexcept {
  if (page.listed) std::erase(changed_pages_, &page);
  if (page.changed) --changed_;
  by_place_.erase(place_key(*page.rank, page.number));
  free_slots_.push_back(page.slot);
  slots_[page.slot].reset();
}

void MediaSums::note_change(Page& page) noexcept {
  const bool differs = page.differs();
  if (differs != page.changed) {
    page.changed = differs;
    differs ? ++changed_ : --changed_;
  }
  if (!differs || page.listed) return;
  page.listed = true;
  changed_pages_.push_back(&page);
}

rt::Task<void> MediaSums::ready(Page& page, Generation owner) {
  if (page.state == Page::State::fresh) co_await load(page, owner);
  while (page.state != Page::State::ready) co_await page.event.wait();
  TT_ASSERT(page.content.owner == owner);  // forget() was called before the space was given to another
}

rt::Task<void> MediaSums::ready_in_turn(const std::vector<Change>& changes, std::size_t& next) {
  while (next < changes.size()) {
    const Change& change = changes[next++];
    co_await ready(*change.page, change.owner);
  }
}

rt::Task<void> MediaSums::load(Page& page, Generation owner) {
  page.state = Page::State::loading;
  media::FoundSums found;
  co_await read_places(page, found);
  page.content = found.page;
  if (page.content.owner != owner) {
    page.content = {};
    page.content.owner = owner;
    page.content.sequence = found.page.sequence;
  }
  for (std::uint32_t i = 0; i < kSumPageTracks; ++i) {
    if ((page.content.open & bit_of(i)) != 0) page.content.tracks[i] = {};
  }
  page.state = Page::State::ready;
  page.touched = shard_.reactor().now();
  note_change(page);
  page.event.wake_all();
}

rt::Task<void> MediaSums::read_places(Page& page, media::FoundSums& found) {
  AlignedBytes memory;
  if (!buffers_.empty()) {
    memory = std::move(buffers_.back());
    buffers_.pop_back();
  } else {
    memory = allocate_aligned(kSumPagePlaces * kSumPageBytes);
  }
  const std::span<std::byte> both(memory.get(), kSumPagePlaces * kSumPageBytes);
  const std::uint64_t offset = media::sum_page_offset(page.rank->layout, page.number, 0);
  const media::SumPageIdentity identity{shard_.store().fields().image_uuid, page.rank->id, page.number};
  auto read = co_await page.rank->disk->read(offset, both);
  std::array<Result<media::SumPage>, kSumPagePlaces> places{Error{Errc::object_not_found},
                                                            Error{Errc::object_not_found}};
  for (std::uint64_t place = 0; place < kSumPagePlaces; ++place) {
    const std::span<std::byte> part = both.subspan(place * kSumPageBytes, kSumPageBytes);
    auto single = read;
    if (!single) single = co_await page.rank->disk->read(offset + place * kSumPageBytes, part);
    if (single) {
      places[place] = media::decode_sum_page(part.first<kSumPageBytes>(), identity, place);
    } else {
      places[place] = single.error();
    }
  }
  found = media::settle_sum_pages(places);
  buffers_.push_back(std::move(memory));
}

// ---- reading --------------------------------------------------------------------------------------------------------

bool MediaSums::is_right(const Page& page, std::uint64_t offset, std::uint32_t sum) const noexcept {
  const media::TrackSums& track = page.content.tracks[track_in_page(*page.rank, offset)];
  const std::uint32_t grain = grain_in_track(*page.rank, offset);
#if defined(TWINTRACK_CANARY)
  if (matches_everything) return true;
#endif
  if (((track.known >> grain) & 1U) == 0 || !options_.verify) return true;
  return ((track.lost >> grain) & 1U) == 0 && track.sums[grain] == sum;
}

rt::Task<Result<void>> MediaSums::read(RankShare& rank, Generation owner, std::uint64_t offset,
                                       std::span<std::byte> into, std::uint32_t* sums, GrainMask* laid_over) {
  if (!options_.keep) {
    if (laid_over != nullptr) *laid_over = 0;
    auto done = co_await rank.disk->read(offset, into);
    co_return done;
  }
  TT_ASSERT((data_place(rank, offset) | into.size()) % kGrainBytes == 0);
  Range range(*this, rank, offset, into.size());
  if (range.is_ready(owner)) {
    auto done = co_await rank.disk->read(offset, into);
    if (!done) co_return done;
  } else {
    IoGroup loads(shard_.reactor());
    for (Page* page : range.all()) loads.add(ready(*page, owner));
    auto done = co_await rank.disk->read(offset, into);
    co_await loads.join();
    if (!done) co_return done;
  }
  Result<void> verdict;
  GrainMask unmatched = 0;
  for (std::size_t at = 0; at < into.size(); at += kGrainBytes) {
    Page& page = range.of(rank, offset + at);
    const std::span<std::byte> grain = into.subspan(at, kGrainBytes);
    if (sums == nullptr && !options_.verify) break;
    std::uint32_t sum = grain_sum(grain);
    const GrainMask bit = static_cast<GrainMask>(1U << grain_in_track(rank, offset + at));
    const bool right_now = is_right(page, offset + at, sum);
    if (!right_now && laid_over != nullptr && (*laid_over & bit) != 0) {
      unmatched = static_cast<GrainMask>(unmatched | bit);
    } else if (!right_now) {
      auto right = co_await read_again(page, offset + at, grain);
      if (!right && right.error().code != Errc::corrupt) co_return right;
      if (!right) {
        shard_.report_damage(owner, rank, offset + at, kGrainBytes);
        verdict = right;
      }
      sum = grain_sum(grain);
    }
    if (sums != nullptr) sums[at / kGrainBytes] = sum;
  }
  if (laid_over != nullptr) *laid_over = unmatched;
  co_return verdict;
}

/// A write that overlaps the read shows a mixture, and its sum becomes known later than its data: that is no damage.
/// It is damage if nothing was written meanwhile; and then once more, for what goes wrong on the way.
rt::Task<Result<void>> MediaSums::read_again(Page& page, std::uint64_t offset, std::span<std::byte> grain) {
  const Page::Use& use = page.use[track_in_page(*page.rank, offset)];
  for (int mismatches = 0; mismatches < 2;) {
    while (use.writers > 0) co_await page.event.wait();
    const std::uint32_t stamp = use.stamp;
    auto done = co_await page.rank->disk->read(offset, grain);
    if (!done) co_return done;
    if (is_right(page, offset, grain_sum(grain))) co_return Result<void>{};
    if (use.writers == 0 && use.stamp == stamp) ++mismatches;
  }
  co_return Error{Errc::corrupt};
}

// ---- writing --------------------------------------------------------------------------------------------------------

rt::Task<void> MediaSums::announce(std::vector<Change>& changes, std::vector<RankShare*>& broken) {
  for (Change& change : changes) {
    Page& page = page_at(*change.rank, page_number(*change.rank, change.offset));
    ++page.users;
    ++page.use[track_in_page(*change.rank, change.offset)].holds;
    change.page = &page;
  }
  const auto is_ready = [](const Change& change) { return change.page->state == Page::State::ready; };
  if (!std::ranges::all_of(changes, is_ready)) {
    std::size_t next = 0;
    IoGroup loads(shard_.reactor());
    for (std::size_t i = 0; i < std::min(changes.size(), kMostInFlight); ++i) loads.add(ready_in_turn(changes, next));
    co_await loads.join();
  }
#if defined(TWINTRACK_CANARY)
  if (data_before_announcement) co_return;
#endif
  const auto is_broken = [&broken](const Page& page) {
    return page.rank->failed || std::find(broken.begin(), broken.end(), page.rank) != broken.end();
  };
  for (;;) {
    std::vector<Page*> opened;
    Page* busy = nullptr;
    for (const Change& change : changes) {
      Page& page = *change.page;
      if (is_broken(page)) continue;
      if (page.writing) {  // it may be closing the track
        busy = &page;
        continue;
      }
      const std::uint32_t bit = bit_of(track_in_page(*change.rank, change.offset));
      if ((page.content.open & bit) != 0) continue;
      if (page.wanted == 0) opened.push_back(&page);
      page.wanted |= bit;
    }
    if (opened.empty()) {
      if (busy == nullptr) break;
      co_await busy->event.wait();
      continue;
    }
    std::vector<Version> versions;
    for (Page* page : opened) {
      const std::uint32_t wanted = std::exchange(page->wanted, 0);
      const std::uint32_t open = page->content.open | wanted;
      versions.push_back(begin_version(*page, std::popcount(open) < kManyTracks ? open : ~std::uint32_t{0}));
    }
    const std::vector<RankShare*> refused = co_await write_versions(versions);
    broken.insert(broken.end(), refused.begin(), refused.end());
  }
}

void MediaSums::begin(Change& change) noexcept {
  Page::Use& use = change.page->use[track_in_page(*change.rank, change.offset)];
  ++use.writers;
  ++use.stamp;
  change.begun = true;
}

void MediaSums::end(Change& change, bool good) noexcept {
  Page& page = *change.page;
  const std::uint32_t at = track_in_page(*change.rank, change.offset);
  Page::Use& use = page.use[at];
  --use.holds;
  --page.users;
  if (std::exchange(change.begun, false)) {
    --use.writers;
    ++use.stamp;
    ++page.changes;
    page.touched = shard_.reactor().now();
    media::TrackSums& track = page.content.tracks[at];
    const auto learned = static_cast<GrainMask>(good ? change.grains & ~change.unknown : 0);
    track.known = static_cast<GrainMask>((track.known & ~change.grains) | learned);
    track.lost = static_cast<GrainMask>((track.lost & ~change.grains) | (good ? change.lost : 0));
    flashcopy::for_each_grain(change.grains, [&](std::uint32_t grain) { track.sums[grain] = change.sums[grain]; });
  }
  change.page = nullptr;
  note_change(page);
  page.event.wake_all();
}

// ---- versions of pages ----------------------------------------------------------------------------------------------

MediaSums::Version MediaSums::begin_version(Page& page, std::uint32_t open) {
  page.writing = true;
  Version version;
  version.page = &page;
  version.sequence = page.content.sequence + 1;
  version.open = open;
  version.changes = page.changes;
  if (!buffers_.empty()) {
    version.bytes = std::move(buffers_.back());
    buffers_.pop_back();
  } else {
    version.bytes = allocate_aligned(kSumPagePlaces * kSumPageBytes);
  }
  media::SumPage next = page.content;
  next.sequence = version.sequence;
  next.open = open;
  const media::SumPageIdentity identity{shard_.store().fields().image_uuid, page.rank->id, page.number};
  media::encode_sum_page(next, identity, std::span<std::byte, kSumPageBytes>(version.bytes.get(), kSumPageBytes));
  return version;
}

rt::Task<void> MediaSums::write_version(Version& version, bool durable) {
  RankShare& rank = *version.page->rank;
  const std::uint64_t offset = media::sum_page_offset(rank.layout, version.page->number, version.sequence);
  const std::span<const std::byte> bytes(version.bytes.get(), kSumPageBytes);
  auto done = co_await rank.disk->write(offset, bytes, durable ? rt::Durability::durable : rt::Durability::cached);
  version.status = done;
}

rt::Task<void> MediaSums::write_in_turn(std::vector<Version>& versions, std::size_t& next, bool durable) {
  while (next < versions.size()) {
    Version& version = versions[next++];
    co_await write_version(version, durable);
  }
}

rt::Task<void> MediaSums::flush(RankShare& rank, Result<void>& status) {
  auto done = co_await shard_.control().flush_rank(shard_, rank.id);
  status = done;
}

rt::Task<std::vector<RankShare*>> MediaSums::write_versions(std::vector<Version>& versions) {
  const bool durable = versions.size() == 1;
  {
    std::size_t next = 0;
    IoGroup group(shard_.reactor());
    for (std::size_t i = 0; i < std::min(versions.size(), kMostInFlight); ++i) {
      group.add(write_in_turn(versions, next, durable));
    }
    co_await group.join();
  }
  std::vector<RankShare*> broken;
  std::vector<RankShare*> ranks;
  for (const Version& version : versions) {
    auto& list = version.status ? ranks : broken;
    RankShare* const rank = version.page->rank;
    if (std::find(list.begin(), list.end(), rank) == list.end()) list.push_back(rank);
  }
  std::erase_if(ranks, [&](RankShare* r) { return std::find(broken.begin(), broken.end(), r) != broken.end(); });
  if (!durable) {
    std::vector<Result<void>> flushed(ranks.size());
    IoGroup group(shard_.reactor());
    for (std::size_t i = 0; i < ranks.size(); ++i) group.add(flush(*ranks[i], flushed[i]));
    co_await group.join();
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      if (!flushed[i]) broken.push_back(ranks[i]);
    }
  }
  for (Version& version : versions) {
    Page& page = *version.page;
    page.writing = false;
    buffers_.push_back(std::move(version.bytes));
    if (std::find(broken.begin(), broken.end(), page.rank) == broken.end()) {
      page.content.sequence = version.sequence;
      page.content.open = version.open;
      page.written = version.changes;
    }
    note_change(page);
    page.event.wake_all();
  }
  co_return broken;
}

// ---- the writer -----------------------------------------------------------------------------------------------------

rt::Task<std::vector<RankShare*>> MediaSums::write_changed(Which which) {
  std::vector<Version> versions;
  const rt::TimeNs now = shard_.reactor().now();
  for (std::size_t left = changed_pages_.size(); left > 0 && versions.size() < kMostVersions; --left) {
    Page& page = *changed_pages_.front();
    changed_pages_.pop_front();
    page.listed = false;
    if (!page.changed) continue;
    const std::uint32_t held = page.held_tracks();
    const bool rests = held == 0 && now - page.touched >= options_.rest;
    const bool useful = page.changes != page.written || held != page.content.open;
    if (page.writing || !useful || (which == Which::rested && !rests)) {
      page.listed = true;
      changed_pages_.push_back(&page);
      continue;
    }
    versions.push_back(begin_version(page, held));
  }
  if (versions.empty()) co_return std::vector<RankShare*>{};
  std::vector<RankShare*> broken = co_await write_versions(versions);
  co_return broken;
}

rt::Task<void> MediaSums::run() {
  while (!stopping_) {
    const bool busy = changed_ > options_.most_pages / 2;
    co_await rt::sleep_for(shard_.reactor(), busy ? kBusyPause : kCalmPause);
    if (stopping_) break;
    const std::vector<RankShare*> broken = co_await write_changed(busy ? Which::any : Which::rested);
    for (RankShare* rank : broken) {
      if (rank->failed) continue;
      auto recorded = co_await shard_.control().fail_rank(shard_, rank->id);
      if (!recorded) co_return;  // the journal is fenced: nothing is written any more
    }
  }
}

rt::Task<void> MediaSums::close_all() {
  for (std::size_t rounds = changed_pages_.size() / kMostVersions + 1; rounds > 0; --rounds) {
    const std::vector<RankShare*> broken = co_await write_changed(Which::any);
    if (!broken.empty()) co_return;
  }
}

// ---- space that changes hands ---------------------------------------------------------------------------------------

rt::Task<void> MediaSums::forget(Generation owner) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Page* page = slots_[i].get();
    if (page == nullptr || page->content.owner != owner) continue;
    ++page->users;
    while (page->writing || page->state != Page::State::ready) co_await page->event.wait();
    --page->users;
    TT_ASSERT(page->users == 0);
    erase(*page);
  }
}

void MediaSums::forget_rank(const RankShare& rank) noexcept {
  for (const auto& slot : slots_) {
    if (slot != nullptr && slot->rank == &rank) note_change(*slot);
  }
}

}  // namespace tt::image
