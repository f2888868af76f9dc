// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apps/inspect/report.h"
#include "base/crc32c.h"

namespace tt::inspect {
namespace {

using namespace journal;

std::array<SuperblockCopy, kSuperblockCopies> read_copies(ByteSource& file) {
  std::array<SuperblockCopy, kSuperblockCopies> copies;
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    copies[i] = decode_superblock(file.read(i * kSuperblockStride, kPageBytes), i);
  }
  return copies;
}

Json copies_json(ByteSource& file, std::span<const SuperblockCopy, kSuperblockCopies> copies) {
  Json list = Json::array();
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    const bool unreadable = file.unreadable().contains(i * kSuperblockStride);
    Json one{{"copy", i}, {"state", unreadable ? "unreadable" : name_of(copies[i].fault)}};
    if (copies[i].fault == SuperblockFault::none) one["sequence"] = copies[i].content.sequence;
    list.push_back(one);
  }
  return list;
}

Json superblock_json(const Superblock& s) {
  std::string uuid;
  for (const std::uint8_t byte : s.fields.image_uuid) uuid += fmt::format("{:02x}", byte);
  return {{"sequence", s.sequence},
          {"image", uuid},
          {"shard", s.fields.shard},
          {"shard_count", s.fields.shard_count},
          {"boot_epoch", s.fields.boot_epoch},
          {"lsn_ceiling", s.fields.lsn_ceiling},
          {"ring_id", s.fields.ring.ring_id},
          {"ring_bytes", s.fields.ring.ring_bytes},
          {"tail_slot", s.fields.tail.sequence.value},
          {"tail_offset", s.fields.tail.offset},
          {"checkpoint_cut", s.fields.checkpoint_cut.value}};
}

const char* state_of(ByteSource& file, const StoredRun& run) {
  const std::uint64_t begin = slot_offset(run.slot);
  if (run.bytes > file.size() || begin > file.size() - run.bytes) return "outside of the file";
  const auto bytes = file.read(begin, run.bytes);
  const auto bad = file.unreadable().lower_bound(begin);
  if (bad != file.unreadable().end() && *bad < begin + run.bytes) return "unreadable";
  return crc32c(0, bytes) == run.crc ? "intact" : "checksum wrong";
}

Json map_json(ByteSource& file, const MapKey& key, const std::map<std::uint32_t, PageLocation>& pages) {
  Json damaged = Json::array();
  for (const auto& [page, at] : pages) {
    const char* state = state_of(file, {at.slot, at.crc, kPageBytes});
    if (std::string_view(state) == "intact") continue;
    damaged.push_back({{"page", page}, {"offset", slot_offset(at.slot)}, {"state", state}});
  }
  const char* kind = name_of(key.kind);
  return {{"generation", key.generation.value},
          {"kind", kind},
          {"pages", pages.size()},
          {"state", damaged.empty() ? "intact" : "damaged"},
          {"damaged_pages", damaged}};
}

void add_index(ByteSource& file, const Superblock& s, Json& report) {
  Json& index_json = report["index"];
  index_json = {{"offset", slot_offset(s.index.slot)}, {"bytes", s.index.bytes}, {"state", "intact"}};
  if (s.index.bytes == 0) return;
  const char* state = state_of(file, s.index);
  index_json["state"] = state;
  if (std::string_view(state) != "intact") return;
  const auto index = decode_index(file.read(slot_offset(s.index.slot), s.index.bytes));
  if (!index) {
    index_json["state"] = "impossible layout";
    return;
  }
  report["maps"] = Json::array();
  for (const auto& [key, pages] : index->maps) report["maps"].push_back(map_json(file, key, pages));
  report["blobs"] = Json::array();
  for (const auto& [id, run] : index->blobs) {
    report["blobs"].push_back(
        {{"id", id}, {"offset", slot_offset(run.slot)}, {"bytes", run.bytes}, {"state", state_of(file, run)}});
  }
}

}  // namespace

std::optional<Superblock> elected_superblock(ByteSource& file) {
  const auto copies = read_copies(file);
  const auto chosen = elect(copies);
  if (!chosen) return std::nullopt;
  return copies[*chosen].content;
}

Json report_checkpoint(ByteSource& file) {
  const auto copies = read_copies(file);
  Json report{{"file", file.path()}, {"type", "checkpoint"}, {"copies", copies_json(file, copies)}};
  const auto chosen = elect(copies);
  if (!chosen) {
    report["state"] = "no two copies of a superblock agree";
    return report;
  }
  report["superblock"] = superblock_json(copies[*chosen].content);
  add_index(file, copies[*chosen].content, report);
  return report;
}

}  // namespace tt::inspect
