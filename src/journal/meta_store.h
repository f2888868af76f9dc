// SPDX-License-Identifier: Apache-2.0
// The checkpoint file of one shard: a quorum superblock (4 copies, 2 must agree), and copy-on-write storage for
// 4 KiB map pages and a few blobs. A commit writes changed pages and a new index to free places, flushes, then writes
// the superblock copies 0+1, flushes, and 2+3, flushes: after a crash at any point either the old or the new state is
// found whole. Page checksums live in the index, the index's checksum in the superblock, so a stale or misdirected page
// is recognised. Belongs to one reactor. One commit at a time; update_superblock() may not run beside a commit
// (the store serialises them itself, FIFO).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/ring.h"
#include "runtime/disk.h"
#include "runtime/task.h"

namespace tt::journal {

inline constexpr std::uint32_t kPageBytes = 4096;
inline constexpr std::uint32_t kPageBits = kPageBytes * 8;  // 32 768 tracks

/// A map is known by the generation of the thing it belongs to and what it says about tracks.
enum class MapKind : std::uint8_t {
  uncopied = 1,        ///< Of a relationship: U.
  written = 2,         ///< Of a volume: the medium holds the track.
  changed_source = 3,  ///< Of a recording relationship: written at the source since T0.
  changed_target = 4,  ///< Likewise at the target.
  preserved = 5,       ///< Of a relationship: grains of uncopied tracks that the target holds; 16 bits for each track.
  out_of_sync = 6,     ///< Of a mirrored pair: the other end may not have the track.
};
const char* name_of(MapKind kind) noexcept;
struct MapKey {
  Generation generation;
  MapKind kind = MapKind::uncopied;
  friend constexpr auto operator<=>(const MapKey&, const MapKey&) = default;
};

/// Facts that must be durable before anything else may happen; part of every superblock copy.
struct SuperblockFields {
  std::array<std::uint8_t, 16> image_uuid{};
  std::uint32_t shard = 0;
  std::uint32_t shard_count = 1;
  std::uint32_t boot_epoch = 0;
  std::uint64_t lsn_ceiling = 1;  ///< No Lsn at or above it was ever drawn (shard 0 only; others keep 1).
  RingGeometry ring;
  RingTail tail;
  SlotSeq checkpoint_cut{0};
  /// Checksums of tracks are kept; programs that know of none refuse the image. Once true, for good.
  bool keeps_sums = false;
};

struct StoredPage {
  MapKey map;
  std::uint32_t page = 0;
  std::vector<std::byte> bytes;  ///< kPageBytes
};
struct StoredBlob {
  std::uint32_t id = 0;
  std::vector<std::byte> bytes;
};

/// What one checkpoint changes; taken in this order: drop_maps, drop_pages, put_pages. Dropping what is not there does
/// nothing.
struct Checkpoint {
  std::vector<StoredPage> put_pages;                         ///< New content of mixed pages.
  std::vector<std::pair<MapKey, std::uint32_t>> drop_pages;  ///< Pages that became uniform.
  std::vector<MapKey> drop_maps;                             ///< All pages of these maps.
  std::vector<StoredBlob> put_blobs;                         ///< Replaced whole.
};

class MetaStore {
 public:
  /// Makes the file with its first superblock; fails if it holds one already (id_taken).
  static rt::Task<Result<std::unique_ptr<MetaStore>>> create(rt::Reactor& reactor, std::unique_ptr<rt::Disk> disk,
                                                             SuperblockFields fields);
  /// `corrupt` without quorum or with a bad index or page; version_not_supported for a newer format.
  static rt::Task<Result<std::unique_ptr<MetaStore>>> open(rt::Reactor& reactor, std::unique_ptr<rt::Disk> disk);
  ~MetaStore();

  [[nodiscard]] const SuperblockFields& fields() const noexcept;
  /// Everything stored, as of open(); taking it releases the memory.
  std::vector<StoredPage> take_pages();
  std::vector<StoredBlob> take_blobs();

  /// Pages, blobs and superblock in one atomic step. media_full when the space cannot be had: nothing has changed then
  /// and a later commit may succeed. Any other error leaves it open which of the two states a restart finds, and every
  /// later call fails with the same error.
  rt::Task<Result<void>> commit(Checkpoint checkpoint, SuperblockFields fields);
  /// Only the superblock.
  rt::Task<Result<void>> update_superblock(SuperblockFields fields);

  [[nodiscard]] std::uint64_t page_count() const noexcept;
  /// Bytes from the start of the file to the end of the space asked for so far.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept;

 private:
  struct State;
  explicit MetaStore(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace tt::journal
