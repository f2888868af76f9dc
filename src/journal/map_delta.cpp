// SPDX-License-Identifier: Apache-2.0
#include "journal/map_delta.h"

#include "journal/byte_io.h"

namespace tt::journal {
namespace {

constexpr std::size_t kListHeadBytes = 8;    // format 16 bit, zero 16 bit, number of deltas 32 bit
constexpr std::size_t kDeltaHeadBytes = 16;  // generation 64, kind 8, change 8, zero 16, number of runs 32
constexpr std::size_t kRunBytes = 12;        // first 64, count 32
constexpr std::uint16_t kFormat = 1;

bool decode_delta(ByteReader& in, MapDelta& delta) {
  delta.map.generation = Generation{in.get<std::uint64_t>()};
  const auto kind = in.get<std::uint8_t>();
  const auto change = in.get<std::uint8_t>();
  in.skip(2);
  const auto run_count = in.get<std::uint32_t>();
  if (!in.ok() || kind == 0 || change > 1 || !in.can_hold(run_count, kRunBytes)) return false;
  delta.map.kind = static_cast<MapKind>(kind);
  delta.change = static_cast<BitChange>(change);
  delta.runs.reserve(run_count);
  for (std::uint32_t i = 0; i < run_count; ++i) {
    TrackRun run;
    run.first = in.get<std::uint64_t>();
    run.count = in.get<std::uint32_t>();
    if (run.count == 0 || run.first + run.count < run.first) return false;
    delta.runs.push_back(run);
  }
  return in.ok();
}

}  // namespace

std::size_t map_deltas_bytes(std::size_t deltas, std::size_t runs) noexcept {
  return kListHeadBytes + deltas * kDeltaHeadBytes + runs * kRunBytes;
}

void encode_map_deltas(std::span<const MapDelta> deltas, std::vector<std::byte>& out) {
  out.clear();
  ByteWriter writer(out);
  writer.put(kFormat);
  writer.put(std::uint16_t{0});
  writer.put(static_cast<std::uint32_t>(deltas.size()));
  for (const MapDelta& delta : deltas) {
    writer.put(delta.map.generation.value);
    writer.put(static_cast<std::uint8_t>(delta.map.kind));
    writer.put(static_cast<std::uint8_t>(delta.change));
    writer.put(std::uint16_t{0});
    writer.put(static_cast<std::uint32_t>(delta.runs.size()));
    for (const TrackRun& run : delta.runs) {
      writer.put(run.first);
      writer.put(run.count);
    }
  }
}

Result<std::vector<MapDelta>> decode_map_deltas(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const auto format = in.get<std::uint16_t>();
  in.skip(2);
  const auto count = in.get<std::uint32_t>();
  if (!in.ok() || !in.can_hold(count, kDeltaHeadBytes)) return Errc::bad_message;
  if (format != kFormat) return Errc::version_not_supported;
  std::vector<MapDelta> deltas(count);
  for (MapDelta& delta : deltas) {
    if (!decode_delta(in, delta)) return Errc::bad_message;
  }
  if (!in.at_end()) return Errc::bad_message;
  return deltas;
}

}  // namespace tt::journal
