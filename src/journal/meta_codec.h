// SPDX-License-Identifier: Apache-2.0
// Bytes of the checkpoint file (docs/formats.md): superblock copies and the index. Pure; used by the store, by inspect
// and by the fuzzer.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "journal/meta_store.h"

namespace tt::journal {

inline constexpr std::uint64_t kSuperblockMagic = 0x4154454D'4E495754;  // "TWINMETA"
inline constexpr std::uint32_t kMetaVersion = 3;                        ///< 1 had no preserved grains.
inline constexpr std::uint32_t kMetaVersionWithoutSums = 2;  ///< Of an image that keeps no checksums of tracks.
inline constexpr std::uint32_t kSuperblockCopies = 4;
inline constexpr std::uint32_t kSuperblockQuorum = 2;
inline constexpr std::uint64_t kSuperblockStride = 64_KiB;  ///< Copies stand apart, so that one scratch hits one.
/// Page slot 0 begins here.
inline constexpr std::uint64_t kPageArea = kSuperblockCopies * kSuperblockStride;

/// A contiguous run of page slots that holds `bytes` bytes.
struct StoredRun {
  std::uint32_t slot = 0;
  std::uint32_t crc = 0;
  std::uint64_t bytes = 0;
  [[nodiscard]] std::uint64_t slots() const noexcept { return divide_up(bytes, kPageBytes); }
  friend bool operator==(const StoredRun&, const StoredRun&) = default;
};
constexpr std::uint64_t slot_offset(std::uint64_t slot) noexcept {
  return kPageArea + slot * kPageBytes;
}

struct Superblock {
  std::uint64_t sequence = 0;  ///< Grows with every superblock written.
  SuperblockFields fields;
  StoredRun index;
};

enum class SuperblockFault : std::uint8_t { none, not_a_superblock, newer_version, checksum, wrong_copy, layout };
const char* name_of(SuperblockFault fault) noexcept;

struct SuperblockCopy {
  SuperblockFault fault = SuperblockFault::not_a_superblock;
  std::uint32_t checksum = 0;  ///< Equal in all copies of one superblock: the copy number is not part of it.
  Superblock content;          ///< When fault is none.
};

/// kPageBytes bytes.
std::vector<std::byte> encode_superblock(const Superblock& superblock, std::uint32_t copy);
SuperblockCopy decode_superblock(std::span<const std::byte> bytes, std::uint32_t expected_copy) noexcept;

/// The newest superblock that at least two copies agree on: the number of one of them.
std::optional<std::uint32_t> elect(std::span<const SuperblockCopy, kSuperblockCopies> copies) noexcept;

struct PageLocation {
  std::uint32_t slot = 0;
  std::uint32_t crc = 0;
};
struct Index {
  std::map<MapKey, std::map<std::uint32_t, PageLocation>> maps;
  std::map<std::uint32_t, StoredRun> blobs;

  [[nodiscard]] std::uint64_t page_count() const noexcept;
  /// Encoded size of an index with so many things in it.
  static std::uint64_t encoded_bytes(std::uint64_t maps, std::uint64_t pages, std::uint64_t blobs) noexcept;
};
std::vector<std::byte> encode_index(const Index& index);
/// bad_message for bytes that are no index.
Result<Index> decode_index(std::span<const std::byte> bytes);

}  // namespace tt::journal
