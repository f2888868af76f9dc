// SPDX-License-Identifier: Apache-2.0
#include "journal/meta_store.h"

#include <algorithm>

#include "base/crc32c.h"
#include "journal/meta_state.h"

namespace tt::journal {
namespace {

constexpr std::uint64_t kGrowSlots = 4_MiB / kPageBytes;

std::uint32_t slots_for(std::uint64_t bytes) {
  return static_cast<std::uint32_t>(divide_up(bytes, kPageBytes));
}

}  // namespace

/// Slot numbers have 32 bits.
std::uint64_t MetaStore::State::slot_limit() const noexcept {
  return std::min<std::uint64_t>((disk->size_bytes() - kPageArea) / kPageBytes, ~std::uint32_t{0});
}

/// More slots at the end of the file, with their space assured before anything is written to them.
rt::Task<Result<void>> MetaStore::State::grow(std::uint64_t count) {
  const std::uint64_t at_most = slot_limit() - slots.size();
  if (at_most == 0) co_return Errc::media_full;
  const std::uint64_t generous = std::min(std::max(count, kGrowSlots), at_most);
  const std::uint64_t begin = slot_offset(slots.size());
  auto allocated = co_await disk->allocate(begin, generous * kPageBytes);
  if (allocated) {
    slots.grow_to(slots.size() + generous);
    co_return Result<void>{};
  }
  const std::uint64_t modest = std::min(count, at_most);
  if (allocated.error().code != Errc::media_full || modest == generous) co_return allocated;
  TT_CO_CHECK(co_await disk->allocate(begin, modest * kPageBytes));
  slots.grow_to(slots.size() + modest);
  co_return Result<void>{};
}

rt::Task<Result<std::uint32_t>> MetaStore::State::take(std::uint32_t count) {
  for (;;) {
    if (const auto first = slots.take(count)) {
      work.taken.push_back({*first, count});
      co_return *first;
    }
    TT_CO_CHECK(co_await grow(count));
  }
}

/// Places for everything the commit writes; the index gets as much as it could at most need.
rt::Task<Result<void>> MetaStore::State::reserve() {
  const Checkpoint& checkpoint = work.checkpoint;
  for (std::size_t i = 0; i < checkpoint.put_pages.size(); ++i) {
    TT_CO_TRY(const std::uint32_t slot, co_await take(1));
    work.page_slots.push_back(slot);
  }
  for (const StoredBlob& blob : checkpoint.put_blobs) {
    StoredRun run{0, crc32c(0, blob.bytes), blob.bytes.size()};
    if (run.bytes != 0) {
      TT_CO_TRY(const std::uint32_t slot, co_await take(slots_for(run.bytes)));
      run.slot = slot;
    }
    work.blob_runs.push_back(run);
  }
  const std::uint64_t index_bytes = Index::encoded_bytes(index.maps.size() + checkpoint.put_pages.size(),
                                                         index.page_count() + checkpoint.put_pages.size(),
                                                         index.blobs.size() + checkpoint.put_blobs.size());
  work.index_run.count = slots_for(index_bytes);
  TT_CO_TRY(const std::uint32_t index_slot, co_await take(work.index_run.count));
  work.index_run.first = index_slot;
  co_return Result<void>{};
}

void MetaStore::State::apply_drops() {
  for (const MapKey& key : work.checkpoint.drop_maps) {
    const auto map = index.maps.find(key);
    if (map == index.maps.end()) continue;
    for (const auto& [page, at] : map->second) work.outdated.push_back({at.slot, 1});
    index.maps.erase(map);
  }
  for (const auto& [key, page] : work.checkpoint.drop_pages) {
    const auto map = index.maps.find(key);
    if (map == index.maps.end()) continue;
    const auto at = map->second.find(page);
    if (at == map->second.end()) continue;
    work.outdated.push_back({at->second.slot, 1});
    map->second.erase(at);
    if (map->second.empty()) index.maps.erase(map);
  }
}

void MetaStore::State::apply_puts() {
  const Checkpoint& checkpoint = work.checkpoint;
  for (std::size_t i = 0; i < checkpoint.put_pages.size(); ++i) {
    const StoredPage& page = checkpoint.put_pages[i];
    TT_ASSERT(page.bytes.size() == kPageBytes);
    const PageLocation location{work.page_slots[i], crc32c(0, page.bytes)};
    const auto [at, fresh] = index.maps[page.map].try_emplace(page.page, location);
    if (!fresh) {
      work.outdated.push_back({at->second.slot, 1});
      at->second = location;
    }
    work.pieces.push_back({slot_offset(location.slot), page.bytes});
  }
  for (std::size_t i = 0; i < checkpoint.put_blobs.size(); ++i) {
    const StoredBlob& blob = checkpoint.put_blobs[i];
    const StoredRun run = work.blob_runs[i];
    const auto [at, fresh] = index.blobs.try_emplace(blob.id, run);
    if (!fresh) {
      if (at->second.bytes != 0) work.outdated.push_back({at->second.slot, slots_for(at->second.bytes)});
      at->second = run;
    }
    work.pieces.push_back({slot_offset(run.slot), blob.bytes});
  }
}

void MetaStore::State::encode_new_index() {
  work.index_bytes = encode_index(index);
  const std::uint32_t used = slots_for(work.index_bytes.size());
  TT_ASSERT(used <= work.index_run.count);
  if (used < work.index_run.count) slots.release({work.index_run.first + used, work.index_run.count - used});
  work.index_run.count = used;
  work.pieces.push_back({slot_offset(work.index_run.first), work.index_bytes});
  if (current.index.bytes != 0) work.outdated.push_back({current.index.slot, slots_for(current.index.bytes)});
}

rt::Task<Result<void>> MetaStore::State::write_content() {
  TT_CO_CHECK(co_await io.write(std::move(work.pieces)));
  auto flushed = co_await disk->flush();
  co_return flushed;
}

rt::Task<Result<void>> MetaStore::State::write_copies(Superblock superblock,
                                                      std::array<bool, kSuperblockCopies> which) {
  std::array<std::vector<std::byte>, kSuperblockCopies> bytes;
  std::vector<BatchIo::WritePiece> pieces;
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    if (!which[i]) continue;
    bytes[i] = encode_superblock(superblock, i);
    pieces.push_back({i * kSuperblockStride, bytes[i]});
  }
  if (pieces.empty()) co_return Result<void>{};
  TT_CO_CHECK(co_await io.write(std::move(pieces)));
  auto flushed = co_await disk->flush();
  co_return flushed;
}

/// At every moment two copies of one superblock are untouched. That needs all four to agree before: copies that a crash
/// or damage left behind are brought up to date first.
rt::Task<Result<void>> MetaStore::State::write_superblock(SuperblockFields fields, StoredRun index_at) {
  std::array<bool, kSuperblockCopies> outdated{};
  for (std::size_t i = 0; i < kSuperblockCopies; ++i) outdated[i] = !copy_is_current[i];
  TT_CO_CHECK(co_await write_copies(current, outdated));
  copy_is_current.fill(true);

  Superblock next;
  next.sequence = highest_sequence + 1;
  next.fields = fields;
  next.index = index_at;
  const std::array<bool, kSuperblockCopies> first_pair{true, true, false, false};
  TT_CO_CHECK(co_await write_copies(next, first_pair));
  const std::array<bool, kSuperblockCopies> second_pair{false, false, true, true};
  TT_CO_CHECK(co_await write_copies(next, second_pair));
  highest_sequence = next.sequence;
  current = next;
  co_return Result<void>{};
}

rt::Task<Result<void>> MetaStore::State::run_commit(SuperblockFields fields) {
  auto reserved = co_await reserve();
  if (!reserved) {
    for (const SlotRun& run : work.taken) slots.release(run);
    if (reserved.error().code != Errc::media_full) fence = reserved.error();
    co_return reserved;
  }
  apply_drops();
  apply_puts();
  encode_new_index();
  const StoredRun index_at{work.index_run.first, crc32c(0, work.index_bytes), work.index_bytes.size()};
  auto done = co_await write_content();
  if (done) done = co_await write_superblock(fields, index_at);
  if (!done) {
    fence = done.error();
    co_return done;
  }
  for (const SlotRun& run : work.outdated) slots.release(run);
  co_return Result<void>{};
}

MetaStore::MetaStore(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
MetaStore::~MetaStore() = default;

const SuperblockFields& MetaStore::fields() const noexcept {
  return state_->current.fields;
}
std::vector<StoredPage> MetaStore::take_pages() {
  return std::exchange(state_->pages, {});
}
std::vector<StoredBlob> MetaStore::take_blobs() {
  return std::exchange(state_->blobs, {});
}

rt::Task<Result<void>> MetaStore::commit(Checkpoint checkpoint, SuperblockFields fields) {
  State& s = *state_;
  co_await s.turn.lock();
  Result<void> done;
  if (s.fence) {
    done = *s.fence;
  } else {
    s.work = CommitWork{};
    s.work.checkpoint = std::move(checkpoint);
    done = co_await s.run_commit(fields);
    s.work = CommitWork{};
  }
  s.turn.unlock();
  co_return done;
}

rt::Task<Result<void>> MetaStore::update_superblock(SuperblockFields fields) {
  State& s = *state_;
  co_await s.turn.lock();
  Result<void> done;
  if (s.fence) {
    done = *s.fence;
  } else {
    done = co_await s.write_superblock(fields, s.current.index);
    if (!done) s.fence = done.error();
  }
  s.turn.unlock();
  co_return done;
}

std::uint64_t MetaStore::page_count() const noexcept {
  return state_->index.page_count();
}
std::uint64_t MetaStore::file_bytes() const noexcept {
  return slot_offset(state_->slots.size());
}

}  // namespace tt::journal
