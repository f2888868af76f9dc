// SPDX-License-Identifier: Apache-2.0
// The header of a rank as it stands on disk: a block of 4 KiB, of which only the first 512 bytes are not zero, so that
// no medium can tear it. Two copies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "media/rank.h"

namespace tt::media {

inline constexpr std::uint64_t kHeaderBlockBytes = 4096;
inline constexpr std::uint16_t kHeaderCopies = 2;
inline constexpr std::array<std::uint64_t, kHeaderCopies> kHeaderOffsets{0, 512_KiB};
/// The header area: both copies and room around them.
inline constexpr std::uint64_t kHeaderAreaBytes = 1_MiB;

inline constexpr std::array<char, 8> kRankMagic{'T', 'T', 'R', 'A', 'N', 'K', '\r', '\n'};
inline constexpr std::uint32_t kRankVersion = 1;

struct RankHeader {
  std::array<char, 8> magic = kRankMagic;
  std::uint32_t version = kRankVersion;
  std::uint32_t crc = 0;  ///< CRC-32C of the 4 KiB block with this field as 0. Stays here in every version.
  ImageUuid image{};
  std::uint16_t rank = 0;
  std::uint16_t copy = 0;  ///< 0 or 1: its own place.
  std::uint32_t track_bytes = kTrackBytes;
  std::uint64_t checksum_offset = 0;
  std::uint64_t checksum_bytes = 0;
  std::uint32_t checksum_group_tracks = kChecksumGroupTracks;
  std::uint32_t checksum_group_bytes = kChecksumGroupBytes;
  std::uint64_t data_offset = 0;
  std::uint64_t data_bytes = 0;
  std::uint8_t reserved[432] = {};
};
static_assert(sizeof(RankHeader) == 512);
static_assert(offsetof(RankHeader, crc) == 12 && offsetof(RankHeader, image) == 16 &&
              offsetof(RankHeader, rank) == 32 && offsetof(RankHeader, checksum_offset) == 40 &&
              offsetof(RankHeader, data_offset) == 64);

using HeaderBlock = std::array<std::byte, kHeaderBlockBytes>;

HeaderBlock encode_header(const ImageUuid& image, std::uint16_t rank, std::uint16_t copy,
                          const RankLayout& layout) noexcept;
/// object_not_found for zeros; corrupt for anything that is no whole header; version_not_supported for a newer one.
Result<RankHeader> decode_header(std::span<const std::byte, kHeaderBlockBytes> block, std::uint16_t copy) noexcept;

}  // namespace tt::media
