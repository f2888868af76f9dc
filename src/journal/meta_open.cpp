// SPDX-License-Identifier: Apache-2.0
// Making a checkpoint file, and finding the state in an existing one.
#include <algorithm>

#include "base/crc32c.h"
#include "journal/meta_state.h"

namespace tt::journal {
namespace {

constexpr std::uint64_t kSmallestFile = kPageArea + 1_MiB;

}  // namespace

rt::Task<Result<std::unique_ptr<MetaStore>>> MetaStore::create(rt::Reactor& reactor, std::unique_ptr<rt::Disk> disk,
                                                               SuperblockFields fields) {
  if (disk->size_bytes() < kSmallestFile) co_return Errc::invalid_argument;
  auto state = std::make_unique<State>(reactor, std::move(disk));
  TT_CO_CHECK(co_await state->read_copies());
  const bool empty = std::all_of(state->copies.begin(), state->copies.end(), [](const SuperblockCopy& copy) {
    return copy.fault == SuperblockFault::not_a_superblock;
  });
  if (!empty) co_return Errc::id_taken;
  TT_CO_CHECK(co_await state->disk->allocate(0, kPageArea));
  state->copy_is_current.fill(true);  // there is nothing to repair
  TT_CO_CHECK(co_await state->write_superblock(fields, StoredRun{}));
  co_return std::unique_ptr<MetaStore>(new MetaStore(std::move(state)));
}

rt::Task<Result<std::unique_ptr<MetaStore>>> MetaStore::open(rt::Reactor& reactor, std::unique_ptr<rt::Disk> disk) {
  if (disk->size_bytes() < kSmallestFile) co_return Errc::corrupt;
  auto state = std::make_unique<State>(reactor, std::move(disk));
  // What a killed process left in the device's volatile cache must not be taken back after it was built upon.
  TT_CO_CHECK(co_await state->disk->flush());
  TT_CO_CHECK(co_await state->read_copies());
  TT_CO_CHECK(state->choose_copy());
  TT_CO_CHECK(co_await state->load_index());
  TT_CO_CHECK(state->claim_slots());
  TT_CO_CHECK(co_await state->load_content());
  co_return std::unique_ptr<MetaStore>(new MetaStore(std::move(state)));
}

/// A copy that cannot be read is one copy less, not an error.
rt::Task<Result<void>> MetaStore::State::read_copies() {
  const MappedMemory page = MappedMemory::map(kPageBytes);
  if (page.size() == 0) co_return Errc::limit_reached;
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    auto read = co_await disk->read(i * kSuperblockStride, page.span(0, kPageBytes));
    copies[i] = read ? decode_superblock(page.span(0, kPageBytes), i) : SuperblockCopy{};
    if (!read) copies[i].fault = SuperblockFault::checksum;
    highest_sequence = std::max(highest_sequence, copies[i].content.sequence);
  }
  co_return Result<void>{};
}

Result<void> MetaStore::State::choose_copy() {
  const auto chosen = elect(copies);
  const auto newer = std::count_if(copies.begin(), copies.end(), [](const SuperblockCopy& copy) {
    return copy.fault == SuperblockFault::newer_version;
  });
  if (newer >= kSuperblockQuorum || (!chosen && newer > 0)) return Errc::version_not_supported;
  if (!chosen) return Errc::corrupt;
  current = copies[*chosen].content;
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    copy_is_current[i] = copies[i].fault == SuperblockFault::none && copies[i].checksum == copies[*chosen].checksum;
  }
  return {};
}

rt::Task<Result<void>> MetaStore::State::load_index() {
  if (current.index.bytes == 0) co_return Result<void>{};
  const Error bad{Errc::corrupt, slot_offset(current.index.slot)};
  if (current.index.slot + current.index.slots() > slot_limit()) co_return bad;
  std::vector<std::byte> bytes(current.index.bytes);
  std::vector<BatchIo::ReadPiece> pieces{{slot_offset(current.index.slot), bytes}};
  TT_CO_CHECK(co_await io.read(std::move(pieces)));
  if (crc32c(0, bytes) != current.index.crc) co_return bad;
  auto decoded = decode_index(bytes);
  if (!decoded) co_return bad;
  index = std::move(*decoded);
  co_return Result<void>{};
}

/// Everything the index names is taken, nothing twice.
Result<void> MetaStore::State::claim_slots() {
  std::vector<StoredRun> runs{current.index};
  for (const auto& [key, map] : index.maps) {
    for (const auto& [page, at] : map) runs.push_back({at.slot, at.crc, kPageBytes});
  }
  for (const auto& [id, run] : index.blobs) runs.push_back(run);
  std::uint64_t end = 0;
  for (const StoredRun& run : runs) {
    if (run.bytes != 0) end = std::max(end, run.slot + run.slots());
  }
  if (end > slot_limit()) return {Errc::corrupt, slot_offset(end)};
  slots.grow_to(end);
  for (const StoredRun& run : runs) {
    if (run.bytes == 0) continue;
    if (!slots.claim({run.slot, static_cast<std::uint32_t>(run.slots())})) {
      return {Errc::corrupt, slot_offset(run.slot)};
    }
  }
  return {};
}

rt::Task<Result<void>> MetaStore::State::load_content() {
  std::vector<BatchIo::ReadPiece> pieces;
  std::vector<StoredRun> runs;
  pages.reserve(index.page_count());
  for (const auto& [key, map] : index.maps) {
    for (const auto& [page, at] : map) {
      pages.push_back({key, page, std::vector<std::byte>(kPageBytes)});
      pieces.push_back({slot_offset(at.slot), pages.back().bytes});
      runs.push_back({at.slot, at.crc, kPageBytes});
    }
  }
  blobs.reserve(index.blobs.size());
  for (const auto& [id, run] : index.blobs) {
    blobs.push_back({id, std::vector<std::byte>(run.bytes)});
    pieces.push_back({slot_offset(run.slot), blobs.back().bytes});
    runs.push_back(run);
  }
  const std::vector<BatchIo::ReadPiece> to_check = pieces;
  TT_CO_CHECK(co_await io.read(std::move(pieces)));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (crc32c(0, to_check[i].bytes) != runs[i].crc) co_return Error{Errc::corrupt, slot_offset(runs[i].slot)};
  }
  co_return Result<void>{};
}

}  // namespace tt::journal
