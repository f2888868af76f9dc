// SPDX-License-Identifier: Apache-2.0
// Payload of RecordKind::bits: which tracks of which maps were set or cleared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "journal/meta_store.h"

namespace tt::journal {

struct TrackRun {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  friend constexpr bool operator==(const TrackRun&, const TrackRun&) = default;
};

enum class BitChange : std::uint8_t { clear = 0, set = 1 };

struct MapDelta {
  MapKey map;
  BitChange change = BitChange::clear;
  std::vector<TrackRun> runs;
  friend bool operator==(const MapDelta&, const MapDelta&) = default;
};

/// Size of the payload for so many deltas with so many runs in all; what a batch reserves before it starts.
std::size_t map_deltas_bytes(std::size_t deltas, std::size_t runs) noexcept;
/// Replaces `out`; its capacity is used again.
void encode_map_deltas(std::span<const MapDelta> deltas, std::vector<std::byte>& out);
/// bad_message for bytes that are no list of deltas.
Result<std::vector<MapDelta>> decode_map_deltas(std::span<const std::byte> bytes);

}  // namespace tt::journal
