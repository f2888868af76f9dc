// SPDX-License-Identifier: Apache-2.0
// Whether the journal may still hold a record of a write to a track: for each of a fixed number of hash values the
// newest slot in which one was put. A wrong yes costs a record more; a no is certain.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "journal/record.h"

namespace tt::image {

class RecordedTracks {
 public:
  RecordedTracks() : newest_(kValues) {}

  void add(VolumeId volume, std::uint64_t track, journal::SlotSeq slot) noexcept {
    journal::SlotSeq& newest = newest_[value_of(volume, track)];
    newest = std::max(newest, slot);
  }
  /// `oldest`: first slot that replay would read.
  [[nodiscard]] bool may_be_recorded(VolumeId volume, std::uint64_t track, journal::SlotSeq oldest) const noexcept {
    return newest_[value_of(volume, track)] >= oldest;
  }

 private:
  static constexpr unsigned kBits = 17;
  static constexpr std::size_t kValues = std::size_t{1} << kBits;  ///< 1 MiB

  static std::size_t value_of(VolumeId volume, std::uint64_t track) noexcept {
    return static_cast<std::size_t>(((track << 16U) ^ volume.value) * 0x9E3779B97F4A7C15U >> (64U - kBits));
  }
  std::vector<journal::SlotSeq> newest_;
};

}  // namespace tt::image
