// SPDX-License-Identifier: Apache-2.0
#include "journal/meta_codec.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "journal/byte_io.h"

namespace tt::journal {
namespace {

// Fixed in every version: magic at 0, version at 8, checksum at 12, copy number at 16. The checksum covers everything
// but itself and the copy number.
constexpr std::size_t kChecksumAt = 12;
constexpr std::size_t kCoveredFrom = 20;

constexpr std::uint32_t kIndexMagic = 0x58444E49;  // "INDX"
constexpr std::size_t kIndexHeadBytes = 16;
constexpr std::size_t kMapHeadBytes = 16;
constexpr std::size_t kPageEntryBytes = 12;
constexpr std::size_t kBlobEntryBytes = 20;

std::uint32_t superblock_checksum(std::span<const std::byte> bytes) noexcept {
  return crc32c(crc32c(0, bytes.first(kChecksumAt)), bytes.subspan(kCoveredFrom, kPageBytes - kCoveredFrom));
}

bool plausible(const Superblock& s) noexcept {
  return s.sequence != 0 && s.fields.shard < s.fields.shard_count && s.fields.tail.sequence.value != 0 &&
         s.index.bytes <= kPageBytes * ((std::uint64_t{1} << 32U) - s.index.slot);
}

}  // namespace

const char* name_of(MapKind kind) noexcept {
  switch (kind) {
    case MapKind::uncopied:
      return "uncopied";
    case MapKind::written:
      return "written";
    case MapKind::changed_source:
      return "changed at the source";
    case MapKind::changed_target:
      return "changed at the target";
    case MapKind::preserved:
      return "preserved grains";
    case MapKind::out_of_sync:
      return "out of sync";
  }
  return "unknown";
}

const char* name_of(SuperblockFault fault) noexcept {
  switch (fault) {
    case SuperblockFault::none:
      return "intact";
    case SuperblockFault::not_a_superblock:
      return "not a superblock";
    case SuperblockFault::newer_version:
      return "newer format version";
    case SuperblockFault::checksum:
      return "checksum wrong";
    case SuperblockFault::wrong_copy:
      return "copy of another place";
    case SuperblockFault::layout:
      return "impossible values";
  }
  return "unknown fault";
}

std::vector<std::byte> encode_superblock(const Superblock& s, std::uint32_t copy) {
  std::vector<std::byte> bytes;
  bytes.reserve(kPageBytes);
  ByteWriter out(bytes);
  out.put(kSuperblockMagic);
  out.put(s.fields.keeps_sums ? kMetaVersion : kMetaVersionWithoutSums);
  out.put(std::uint32_t{0});
  out.put(copy);
  out.put(s.fields.shard);
  out.put(s.sequence);
  out.put_bytes(std::as_bytes(std::span(s.fields.image_uuid)));
  out.put(s.fields.shard_count);
  out.put(s.fields.boot_epoch);
  out.put(s.fields.lsn_ceiling);
  out.put(s.fields.ring.ring_bytes);
  out.put(s.fields.ring.ring_id);
  out.put(s.fields.tail.previous_crc);
  out.put(s.fields.tail.offset);
  out.put(s.fields.tail.sequence.value);
  out.put(s.fields.checkpoint_cut.value);
  out.put(s.index.slot);
  out.put(s.index.crc);
  out.put(s.index.bytes);
  out.put_zeros(kPageBytes - bytes.size());
  const std::uint32_t checksum = superblock_checksum(bytes);
  std::memcpy(bytes.data() + kChecksumAt, &checksum, sizeof checksum);
  return bytes;
}

SuperblockCopy decode_superblock(std::span<const std::byte> bytes, std::uint32_t expected_copy) noexcept {
  SuperblockCopy copy;
  if (bytes.size() < kPageBytes) return copy;
  ByteReader in(bytes.first(kPageBytes));
  if (in.get<std::uint64_t>() != kSuperblockMagic) return copy;
  const auto version = in.get<std::uint32_t>();
  copy.checksum = in.get<std::uint32_t>();
  copy.fault = SuperblockFault::checksum;
  if (copy.checksum != superblock_checksum(bytes)) return copy;
  copy.fault = SuperblockFault::newer_version;
  if (version == 0 || version > kMetaVersion) return copy;
  copy.fault = SuperblockFault::wrong_copy;
  if (in.get<std::uint32_t>() != expected_copy) return copy;

  Superblock& s = copy.content;
  s.fields.keeps_sums = version > kMetaVersionWithoutSums;
  s.fields.shard = in.get<std::uint32_t>();
  s.sequence = in.get<std::uint64_t>();
  const auto uuid = in.get_bytes(s.fields.image_uuid.size());
  std::memcpy(s.fields.image_uuid.data(), uuid.data(), uuid.size());
  s.fields.shard_count = in.get<std::uint32_t>();
  s.fields.boot_epoch = in.get<std::uint32_t>();
  s.fields.lsn_ceiling = in.get<std::uint64_t>();
  s.fields.ring.ring_bytes = in.get<std::uint64_t>();
  s.fields.ring.ring_id = in.get<std::uint32_t>();
  s.fields.tail.previous_crc = in.get<std::uint32_t>();
  s.fields.tail.offset = in.get<std::uint64_t>();
  s.fields.tail.sequence = SlotSeq{in.get<std::uint64_t>()};
  s.fields.checkpoint_cut = SlotSeq{in.get<std::uint64_t>()};
  s.index.slot = in.get<std::uint32_t>();
  s.index.crc = in.get<std::uint32_t>();
  s.index.bytes = in.get<std::uint64_t>();
  copy.fault = plausible(s) ? SuperblockFault::none : SuperblockFault::layout;
  return copy;
}

std::optional<std::uint32_t> elect(std::span<const SuperblockCopy, kSuperblockCopies> copies) noexcept {
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    const SuperblockCopy& candidate = copies[i];
    if (candidate.fault != SuperblockFault::none) continue;
    const auto votes = std::count_if(copies.begin(), copies.end(), [&](const SuperblockCopy& other) {
      return other.fault == SuperblockFault::none && other.checksum == candidate.checksum &&
             other.content.sequence == candidate.content.sequence;
    });
    if (votes < kSuperblockQuorum) continue;
    if (!best || candidate.content.sequence > copies[*best].content.sequence) best = i;
  }
  return best;
}

std::uint64_t Index::page_count() const noexcept {
  std::uint64_t count = 0;
  for (const auto& [key, pages] : maps) count += pages.size();
  return count;
}

std::uint64_t Index::encoded_bytes(std::uint64_t maps, std::uint64_t pages, std::uint64_t blobs) noexcept {
  return kIndexHeadBytes + maps * kMapHeadBytes + pages * kPageEntryBytes + blobs * kBlobEntryBytes;
}

std::vector<std::byte> encode_index(const Index& index) {
  std::vector<std::byte> bytes;
  bytes.reserve(Index::encoded_bytes(index.maps.size(), index.page_count(), index.blobs.size()));
  ByteWriter out(bytes);
  out.put(kIndexMagic);
  out.put(static_cast<std::uint32_t>(index.maps.size()));
  out.put(static_cast<std::uint32_t>(index.blobs.size()));
  out.put(std::uint32_t{0});
  for (const auto& [key, pages] : index.maps) {
    out.put(key.generation.value);
    out.put(static_cast<std::uint32_t>(key.kind));
    out.put(static_cast<std::uint32_t>(pages.size()));
    for (const auto& [page, location] : pages) {
      out.put(page);
      out.put(location.slot);
      out.put(location.crc);
    }
  }
  for (const auto& [id, run] : index.blobs) {
    out.put(id);
    out.put(run.slot);
    out.put(run.crc);
    out.put(run.bytes);
  }
  return bytes;
}

namespace {

bool decode_map(ByteReader& in, Index& index) {
  MapKey key;
  key.generation = Generation{in.get<std::uint64_t>()};
  const auto kind = in.get<std::uint32_t>();
  const auto page_count = in.get<std::uint32_t>();
  if (!in.ok() || kind == 0 || kind > 255 || page_count == 0) return false;
  if (!in.can_hold(page_count, kPageEntryBytes)) return false;
  key.kind = static_cast<MapKind>(kind);
  const auto [map, fresh] = index.maps.try_emplace(key);
  if (!fresh) return false;
  for (std::uint32_t i = 0; i < page_count; ++i) {
    const auto page = in.get<std::uint32_t>();
    PageLocation location;
    location.slot = in.get<std::uint32_t>();
    location.crc = in.get<std::uint32_t>();
    const std::size_t before = map->second.size();
    map->second.emplace_hint(map->second.end(), page, location);
    if (map->second.size() == before) return false;
  }
  return true;
}

bool decode_blob(ByteReader& in, Index& index) {
  const auto id = in.get<std::uint32_t>();
  StoredRun run;
  run.slot = in.get<std::uint32_t>();
  run.crc = in.get<std::uint32_t>();
  run.bytes = in.get<std::uint64_t>();
  return in.ok() && run.bytes < std::uint64_t{kPageBytes} << 32U && index.blobs.try_emplace(id, run).second;
}

}  // namespace

Result<Index> decode_index(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  if (in.get<std::uint32_t>() != kIndexMagic) return Errc::bad_message;
  const auto map_count = in.get<std::uint32_t>();
  const auto blob_count = in.get<std::uint32_t>();
  in.skip(4);
  Index index;
  for (std::uint32_t i = 0; i < map_count; ++i) {
    if (!decode_map(in, index)) return Errc::bad_message;
  }
  for (std::uint32_t i = 0; i < blob_count; ++i) {
    if (!decode_blob(in, index)) return Errc::bad_message;
  }
  if (!in.at_end()) return Errc::bad_message;
  return index;
}

}  // namespace tt::journal
