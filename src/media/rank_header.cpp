// SPDX-License-Identifier: Apache-2.0
#include "media/rank_header.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/crc32c.h"

namespace tt::media {

static_assert(std::endian::native == std::endian::little, "the header is written as it stands in memory");

namespace {

std::uint32_t block_crc(HeaderBlock block) noexcept {
  std::memset(block.data() + offsetof(RankHeader, crc), 0, sizeof(RankHeader::crc));
  return crc32c(0, block);
}

/// A header with a right checksum and our version still may not lead a reader out of the disk.
bool consistent(const RankHeader& header) noexcept {
  if (header.track_bytes != kTrackBytes || header.checksum_group_tracks != kChecksumGroupTracks ||
      header.checksum_group_bytes != kChecksumGroupBytes)
    return false;
  if (header.data_bytes == 0 || header.data_bytes % kTrackBytes != 0 || header.data_bytes > (std::uint64_t{1} << 60U))
    return false;
  const RankLayout layout = layout_for(header.data_bytes);
  return header.checksum_offset == layout.checksum_offset && header.checksum_bytes == layout.checksum_bytes &&
         header.data_offset == layout.data_offset;
}

}  // namespace

HeaderBlock encode_header(const ImageUuid& image, std::uint16_t rank, std::uint16_t copy,
                          const RankLayout& layout) noexcept {
  RankHeader header;
  header.image = image;
  header.rank = rank;
  header.copy = copy;
  header.checksum_offset = layout.checksum_offset;
  header.checksum_bytes = layout.checksum_bytes;
  header.data_offset = layout.data_offset;
  header.data_bytes = layout.data_bytes;
  HeaderBlock block{};
  std::memcpy(block.data(), &header, sizeof header);
  header.crc = block_crc(block);
  std::memcpy(block.data(), &header, sizeof header);
  return block;
}

Result<RankHeader> decode_header(std::span<const std::byte, kHeaderBlockBytes> block, std::uint16_t copy) noexcept {
  if (std::ranges::all_of(block, [](std::byte b) { return b == std::byte{0}; })) return Errc::object_not_found;
  RankHeader header;
  std::memcpy(&header, block.data(), sizeof header);
  HeaderBlock whole;
  std::ranges::copy(block, whole.begin());
  if (header.magic != kRankMagic || header.crc != block_crc(whole)) return Errc::corrupt;
  if (header.version > kRankVersion) return {Errc::version_not_supported, header.version};
  if (header.version == 0 || header.copy != copy || !consistent(header)) return Errc::corrupt;
  return header;
}

}  // namespace tt::media
