// SPDX-License-Identifier: Apache-2.0
// The inside of MetaStore (meta_store.h).
#pragma once

#include <optional>

#include "journal/batch_io.h"
#include "journal/meta_codec.h"
#include "journal/slot_allocator.h"
#include "runtime/sync.h"

namespace tt::journal {

/// One commit under way. Slots in `taken` are not named by the superblock on disk; slots in `outdated` are, until the
/// commit has ended.
struct CommitWork {
  Checkpoint checkpoint;
  std::vector<SlotRun> taken;
  std::vector<SlotRun> outdated;
  std::vector<std::uint32_t> page_slots;  // parallel to checkpoint.put_pages
  std::vector<StoredRun> blob_runs;       // parallel to checkpoint.put_blobs
  SlotRun index_run;
  std::vector<std::byte> index_bytes;
  std::vector<BatchIo::WritePiece> pieces;
};

struct MetaStore::State {
  State(rt::Reactor& reactor, std::unique_ptr<rt::Disk> disk_in)
      : disk(std::move(disk_in)), io(reactor, *disk), turn(reactor) {}

  // --- opening (meta_open.cpp) ---
  rt::Task<Result<void>> read_copies();
  Result<void> choose_copy();
  rt::Task<Result<void>> load_index();
  Result<void> claim_slots();
  rt::Task<Result<void>> load_content();

  // --- changing (meta_store.cpp) ---
  rt::Task<Result<void>> run_commit(SuperblockFields fields);
  rt::Task<Result<void>> reserve();
  rt::Task<Result<std::uint32_t>> take(std::uint32_t count);
  rt::Task<Result<void>> grow(std::uint64_t count);
  void apply_drops();
  void apply_puts();
  void encode_new_index();
  rt::Task<Result<void>> write_content();
  rt::Task<Result<void>> write_superblock(SuperblockFields fields, StoredRun index_at);
  rt::Task<Result<void>> write_copies(Superblock superblock, std::array<bool, kSuperblockCopies> which);
  [[nodiscard]] std::uint64_t slot_limit() const noexcept;

  std::unique_ptr<rt::Disk> disk;
  BatchIo io;
  rt::Mutex turn;

  std::array<SuperblockCopy, kSuperblockCopies> copies;  ///< As found by open() or create().
  std::array<bool, kSuperblockCopies> copy_is_current{};
  Superblock current;
  std::uint64_t highest_sequence = 0;  ///< Ever seen on disk, also in copies that lost the election.
  Index index;
  SlotAllocator slots;
  CommitWork work;
  std::optional<Error> fence;

  std::vector<StoredPage> pages;
  std::vector<StoredBlob> blobs;
};

}  // namespace tt::journal
