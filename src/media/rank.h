// SPDX-License-Identifier: Apache-2.0
// A rank: one file or block device with a header (two copies), an area for checksums, and the data area, in this order.
// The data area is plain: extent i of size e starts at i * e, a track occupies 64 KiB. Which extents mean anything is
// the configuration's matter. A rank never changes its geometry.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/disk.h"
#include "runtime/task.h"

namespace tt::media {

using ImageUuid = std::array<std::uint8_t, 16>;

/// Checksums of this many consecutive tracks of the data area lie together ...
inline constexpr std::uint64_t kChecksumGroupTracks = 256;
/// ... in this many bytes of the checksum area (docs/formats.md, chapter "Rank").
inline constexpr std::uint64_t kChecksumGroupBytes = 64_KiB;

/// Places on the disk, in bytes.
struct RankLayout {
  std::uint64_t checksum_offset = 0;
  std::uint64_t checksum_bytes = 0;
  std::uint64_t data_offset = 0;
  std::uint64_t data_bytes = 0;

  [[nodiscard]] std::uint64_t device_bytes() const noexcept { return data_offset + data_bytes; }

  /// Of a track of an extent. Extents of different sizes never share a rank.
  [[nodiscard]] std::uint64_t track_offset(std::uint32_t extent, std::uint64_t extent_bytes,
                                           std::uint64_t track) const noexcept {
    const std::uint64_t place = extent * extent_bytes + track * kTrackBytes;
    TT_ASSERT(track < extent_bytes / kTrackBytes && place <= data_bytes - kTrackBytes);
    return data_offset + place;
  }

  friend bool operator==(const RankLayout&, const RankLayout&) = default;
};

/// For a data area of this size, a multiple of kTrackBytes and not 0.
RankLayout layout_for(std::uint64_t data_bytes) noexcept;
/// The largest data area, in whole 16 MiB, on a device of this size; 0 if it is too small.
std::uint64_t data_bytes_that_fit(std::uint64_t device_bytes) noexcept;

/// Makes a rank, on a new file or on an existing file or device that is empty: nothing but zeros where the header goes.
/// Making the same rank again is not an error. A file is made as large as it must be, sparse.
/// Errors: invalid_argument (data_bytes), no_space (device too small; detail = bytes needed), id_taken (it is a rank
/// already; detail = its number), still_in_use (it holds something else), or what the disk says.
rt::Task<Result<void>> create_rank(rt::Storage& storage, std::string device, ImageUuid image, std::uint16_t rank,
                                   std::uint64_t data_bytes);

/// Takes the header away, so that the device is no rank any more; nothing to do where there is none of this image.
/// Errors: images_differ (a rank of another image), or what the disk says.
rt::Task<Result<void>> erase_rank(rt::Storage& storage, std::string device, ImageUuid image);

/// Checks that the disk is this rank and reads its geometry. One good copy of the header is enough.
/// Errors: object_not_found (no header), images_differ (a rank of another image), invalid_argument (another rank of
/// this image; detail = its number), version_not_supported (detail = its version), corrupt (no good copy of the
/// header), out_of_range (the device is smaller than the rank; detail = bytes needed), or what the disk says.
rt::Task<Result<RankLayout>> open_rank(rt::Disk& disk, ImageUuid image, std::uint16_t rank);

}  // namespace tt::media
