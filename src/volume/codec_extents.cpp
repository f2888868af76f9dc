// SPDX-License-Identifier: Apache-2.0
// A volume's extents as runs: length (varint), period (varint), and per extent of the first period its rank and index
// (varints). Extent i of the run lies on the rank of extent i % period, i / period extents behind it. Period 1 is a
// contiguous piece of one rank, period n a stripe over n ranks, period 0 a stretch without space. So a volume of any
// size that was allocated in one go costs a few bytes.
#include <algorithm>

#include "volume/codec.h"

namespace tt::volume::codec {

namespace {

/// Longer stripes are stored as several runs.
constexpr std::size_t kMaxPeriod = 64;

std::size_t gap_length(const Extents& extents, std::size_t first) {
  const auto begin = extents.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = std::find_if(begin, extents.end(), [](const auto& extent) { return extent.has_value(); });
  return static_cast<std::size_t>(end - begin);
}

/// Distance to the next extent on the same rank; 1 if there is none close by.
std::size_t period_at(const Extents& extents, std::size_t first) {
  for (std::size_t distance = 1; distance <= kMaxPeriod && first + distance < extents.size(); ++distance) {
    const auto& extent = extents[first + distance];
    if (!extent) break;
    if (extent->rank == extents[first]->rank) return distance;
  }
  return 1;
}

std::size_t run_length(const Extents& extents, std::size_t first, std::size_t period) {
  std::size_t length = period;
  while (first + length < extents.size()) {
    const auto& before = extents[first + length - period];
    const auto& extent = extents[first + length];
    if (!extent || extent->rank != before->rank || extent->index != std::uint64_t{before->index} + 1) break;
    ++length;
  }
  return length;
}

void take_run(ByteReader& reader, std::uint64_t length, std::uint64_t period, Extents& extents) {
  const std::size_t first = extents.size();
  for (std::uint64_t i = 0; i < length; ++i) {
    if (i < period) {
      const auto rank = Decoder::take_unsigned<std::uint16_t>(reader);
      const auto index = Decoder::take_unsigned<std::uint32_t>(reader);
      if (index > std::numeric_limits<std::uint32_t>::max() - (length - 1) / period) reader.fail();
      if (!reader.ok()) return;
      extents.emplace_back(ExtentRef{.rank = rank, .index = index});
    } else {
      const ExtentRef before = *extents[first + i - period];
      extents.emplace_back(ExtentRef{.rank = before.rank, .index = before.index + 1});
    }
  }
}

}  // namespace

void Encoder::put(ByteWriter& writer, const Extents& extents) {
  std::size_t first = 0;
  while (first < extents.size()) {
    if (!extents[first]) {
      const std::size_t length = gap_length(extents, first);
      writer.varint(length);
      writer.varint(0);
      first += length;
      continue;
    }
    const std::size_t period = period_at(extents, first);
    const std::size_t length = run_length(extents, first, period);
    writer.varint(length);
    writer.varint(period);
    for (std::size_t i = first; i < first + period; ++i) {
      writer.varint(extents[i]->rank);
      writer.varint(extents[i]->index);
    }
    first += length;
  }
}

void Decoder::take(ByteReader& reader, Budget& budget, Extents& extents) {
  extents.clear();
  while (reader.ok() && reader.remaining() > 0) {
    const std::uint64_t length = reader.varint();
    const std::uint64_t period = reader.varint();
    if (length == 0 || length > budget.extents || period > length) return reader.fail();
    budget.extents -= length;
    if (period == 0)
      extents.resize(extents.size() + length);
    else
      take_run(reader, length, period, extents);
  }
}

}  // namespace tt::volume::codec
