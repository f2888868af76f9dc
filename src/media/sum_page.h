// SPDX-License-Identifier: Apache-2.0
// A page of the checksum area as it stands on disk: the CRC-32C of each grain of 32 neighbouring tracks
// (docs/formats.md, "Checksums of tracks"). Bytes in, values out; who reads and writes them is the image's matter.
//
// Every page has two places, and the sequence number says which: the next version never overwrites the one that counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/units.h"
#include "media/rank.h"

namespace tt::media {

inline constexpr std::uint32_t kSumPageTracks = 32;
inline constexpr std::uint64_t kSumPageBytes = 4096;
inline constexpr std::uint64_t kSumPagePlaces = 2;
/// What one page speaks of.
inline constexpr std::uint64_t kSumPageDataBytes = std::uint64_t{kSumPageTracks} * kTrackBytes;
static_assert(kChecksumGroupTracks / kSumPageTracks * kSumPagePlaces * kSumPageBytes == kChecksumGroupBytes);

struct TrackSums {
  std::array<std::uint32_t, kTrackGrains> sums{};
  GrainMask known = 0;  ///< Of the others nothing is known.
  GrainMask lost = 0;   ///< What stood there was damaged when a part of the grain was overwritten: not to be shown.

  friend bool operator==(const TrackSums&, const TrackSums&) = default;
};

struct SumPage {
  Generation owner;  ///< Of the map of written tracks of the volume that has the place: space that changed hands.
  std::uint64_t sequence = 0;  ///< 0: it was never written.
  /// Tracks that may have been written since: found after a crash, what the page says of them is void.
  std::uint32_t open = 0;
  std::array<TrackSums, kSumPageTracks> tracks{};

  friend bool operator==(const SumPage&, const SumPage&) = default;
};

/// Which page it is; a page of another one that stands in its place is damage.
struct SumPageIdentity {
  ImageUuid image{};
  std::uint16_t rank = 0;
  std::uint64_t number = 0;  ///< Of the tracks from number * kSumPageTracks on.
};

/// Of the place that a version of the page belongs to.
std::uint64_t sum_page_offset(const RankLayout& layout, std::uint64_t number, std::uint64_t sequence) noexcept;

void encode_sum_page(const SumPage& page, const SumPageIdentity& identity,
                     std::span<std::byte, kSumPageBytes> into) noexcept;
/// object_not_found for zeros; corrupt for anything that is no whole page for this place; version_not_supported.
Result<SumPage> decode_sum_page(std::span<const std::byte, kSumPageBytes> bytes, const SumPageIdentity& identity,
                                std::uint64_t place) noexcept;

struct FoundSums {
  SumPage page;
  bool damaged = false;  ///< A place could not be read or understood.
};
/// What both places together say. A torn version was about tracks that the whole one names as open, or of changes that
/// had not begun, so the whole one is right. Of a place that the disk refuses nobody knows which version it has: then
/// nothing is known, and the next version goes there with a number larger than any it can hold.
FoundSums settle_sum_pages(const std::array<Result<SumPage>, kSumPagePlaces>& places) noexcept;

}  // namespace tt::media
