// SPDX-License-Identifier: Apache-2.0
#include "apps/inspect/report.h"
#include "journal/map_delta.h"
#include "journal/slot_codec.h"

namespace tt::inspect {
namespace {

using namespace journal;

const char* name_of_kind(RecordKind kind) {
  switch (kind) {
    case RecordKind::write:
      return "write";
    case RecordKind::bits:
      return "bits";
    case RecordKind::control:
      return "control";
    case RecordKind::placed:
      return "placed";
  }
  return "unknown";
}

Json flags_json(std::uint8_t flags) {
  Json list = Json::array();
  if ((flags & kFlagZero) != 0) list.push_back("zero");
  if ((flags & kFlagRedo) != 0) list.push_back("redo");
  if ((flags & kFlagDeallocate) != 0) list.push_back("deallocate");
  if ((flags & kFlagMirrored) != 0) list.push_back("mirrored");
  return list;
}

Json deltas_json(std::span<const std::byte> payload) {
  const auto deltas = decode_map_deltas(payload);
  if (!deltas) return "not decodable";
  Json list = Json::array();
  for (const MapDelta& delta : *deltas) {
    std::uint64_t tracks = 0;
    for (const TrackRun& run : delta.runs) tracks += run.count;
    list.push_back({{"generation", delta.map.generation.value},
                    {"kind", name_of(delta.map.kind)},
                    {"change", delta.change == BitChange::set ? "set" : "clear"},
                    {"runs", delta.runs.size()},
                    {"tracks", tracks}});
  }
  return list;
}

/// `slot` may be the head alone.
Json record_json(const RecordHeader& record, std::span<const std::byte> slot) {
  Json one{{"lsn", record.lsn}, {"kind", name_of_kind(record.kind)}, {"payload_bytes", record.payload_bytes}};
  if (record.flags != 0) one["flags"] = flags_json(record.flags);
  if (record.kind == RecordKind::write || record.kind == RecordKind::placed) {
    one["volume"] = record.volume;
    one["volume_generation"] = record.volume_generation;
    one["track"] = record.track;
    one["first_block"] = record.first_block;
    one["block_count"] = record.block_count;
  }
  if (record.kind == RecordKind::placed) one["map_generation"] = record.map_generation;
  const bool inside = record.payload_offset + std::uint64_t{record.payload_bytes} <= slot.size();
  if (record.kind == RecordKind::bits && inside) {
    one["deltas"] = deltas_json(slot.subspan(record.payload_offset, record.payload_bytes));
  }
  return one;
}

Json slot_json(const SlotHeader& header, std::span<const std::byte> slot) {
  Json one{{"slot", header.sequence},
           {"offset", header.ring_offset},
           {"bytes", header.slot_bytes},
           {"epoch", header.boot_epoch},
           {"known_durable", header.known_durable}};
  one["records"] = Json::array();
  for (std::size_t i = 0; i < header.record_count; ++i) {
    one["records"].push_back(record_json(read_record(slot, i), slot));
  }
  return one;
}

struct Walk {
  ChainPoint point;
  SlotFault fault = SlotFault::none;
  std::uint64_t slots = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  Json details = Json::array();
};

Walk walk_chain(ByteSource& file, const SuperblockFields& fields, ReportOptions options) {
  const std::uint64_t ring_bytes = fields.ring.ring_bytes;
  Walk walk;
  walk.point = {slot_start(fields.tail.offset, ring_bytes), fields.tail.sequence, fields.tail.previous_crc, 0};
  while (walk.bytes <= ring_bytes) {
    const auto head = file.read(walk.point.offset, kSlotHeadBytes);
    walk.fault = check_head(head);
    if (walk.fault != SlotFault::none) break;
    const SlotHeader header = read_header(head);
    walk.fault = check_link(header, walk.point, fields.ring.ring_id);
    if (walk.fault != SlotFault::none) break;
    const auto slot = file.read(walk.point.offset, header.slot_bytes);
    walk.fault = check_payload(header, slot);
    if (walk.fault != SlotFault::none) break;
    ++walk.slots;
    walk.records += header.record_count;
    walk.bytes += header.slot_bytes;
    if (options.records) walk.details.push_back(slot_json(header, slot));
    walk.point = after(header, ring_bytes);
  }
  return walk;
}

/// The slot that knows that the missing one had been durable.
std::optional<SlotHeader> find_proof(ByteSource& file, const SuperblockFields& fields, const ChainPoint& missing) {
  const std::uint64_t limit = std::min(kProofBytes, fields.ring.ring_bytes);
  for (std::uint64_t step = kSlotHeadBytes; step < limit; step += kSlotHeadBytes) {
    const std::uint64_t at = (missing.offset + step) % fields.ring.ring_bytes;
    const auto page = file.read(at, kSlotHeadBytes);
    if (proves_durable(page, at, fields.ring.ring_id, missing.sequence)) return read_header(page);
  }
  return std::nullopt;
}

}  // namespace

Json report_ring(ByteSource& file, const SuperblockFields& fields, ReportOptions options) {
  Json report{{"file", file.path()}, {"type", "ring"}, {"ring_id", fields.ring.ring_id}};
  const bool plausible = fields.ring.ring_bytes % kSlotHeadBytes == 0 && fields.ring.ring_bytes >= kMaxSlotBytes &&
                         fields.ring.ring_bytes <= file.size() && fields.tail.offset < fields.ring.ring_bytes &&
                         fields.tail.offset % kSlotHeadBytes == 0;
  if (!plausible) {
    report["state"] = "the superblock's geometry does not fit the file";
    return report;
  }
  Walk walk = walk_chain(file, fields, options);
  report["first_slot"] = fields.tail.sequence.value;
  report["slots"] = walk.slots;
  report["records"] = walk.records;
  report["bytes"] = walk.bytes;
  if (options.records) report["chain"] = std::move(walk.details);
  report["end"] = {{"slot", walk.point.sequence.value}, {"offset", walk.point.offset}, {"found", name_of(walk.fault)}};
  report["state"] = "intact";
  if (walk.point.sequence <= fields.checkpoint_cut) {
    report["state"] = "slots are missing that the checkpoint covers";
  } else if (const auto proof = find_proof(file, fields, walk.point)) {
    report["state"] = "slots are missing that had been durable";
    report["end"]["proved_by_slot"] = proof->sequence;
    report["end"]["proved_at"] = proof->ring_offset;
  }
  return report;
}

Json report_loose_slots(ByteSource& file, ReportOptions options) {
  Json report{{"file", file.path()}, {"type", "ring"}, {"state", "no superblock: slots as they lie"}};
  report["chain"] = Json::array();
  for (std::uint64_t at = 0; at + kSlotHeadBytes <= file.size(); at += kSlotHeadBytes) {
    const auto head = file.read(at, kSlotHeadBytes);
    const SlotFault fault = check_head(head);
    if (fault == SlotFault::not_a_slot) continue;
    if (fault != SlotFault::none) {
      report["chain"].push_back({{"offset", at}, {"state", name_of(fault)}});
      continue;
    }
    const SlotHeader header = read_header(head);
    const auto slot = file.read(at, header.slot_bytes);
    Json one = slot_json(header, slot);
    if (!options.records) one["records"] = header.record_count;
    one["state"] = header.ring_offset != at ? name_of(SlotFault::wrong_place) : name_of(check_payload(header, slot));
    report["chain"].push_back(one);
  }
  return report;
}

}  // namespace tt::inspect
