// SPDX-License-Identifier: Apache-2.0
// The report for people.
#include <fmt/format.h>

#include "apps/inspect/report.h"

namespace tt::inspect {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void checkpoint_text(const Json& file, std::string& out) {
  for (const Json& copy : file["copies"]) {
    out += fmt::format("  superblock copy {}: {}", text_of(copy["copy"]), text_of(copy["state"]));
    if (copy.contains("sequence")) out += fmt::format(", sequence {}", text_of(copy["sequence"]));
    out += '\n';
  }
  if (!file.contains("superblock")) return;
  for (const auto& [name, value] : file["superblock"].items())
    out += fmt::format("  {:<15} {}\n", name, text_of(value));
  const Json& index = file["index"];
  out += fmt::format("  index of {} bytes at {}: {}\n", text_of(index["bytes"]), text_of(index["offset"]),
                     text_of(index["state"]));
  for (const Json& map : file.value("maps", Json::array())) {
    out += fmt::format("  map {} {}: {} pages, {}\n", text_of(map["generation"]), text_of(map["kind"]),
                       text_of(map["pages"]), text_of(map["state"]));
    for (const Json& page : map["damaged_pages"]) {
      out += fmt::format("    page {} at {}: {}\n", text_of(page["page"]), text_of(page["offset"]),
                         text_of(page["state"]));
    }
  }
  for (const Json& blob : file.value("blobs", Json::array())) {
    out += fmt::format("  blob {}: {} bytes at {}, {}\n", text_of(blob["id"]), text_of(blob["bytes"]),
                       text_of(blob["offset"]), text_of(blob["state"]));
  }
}

void record_text(const Json& record, std::string& out) {
  out += fmt::format("    lsn {} {}", text_of(record["lsn"]), text_of(record["kind"]));
  if (record.contains("volume")) {
    out += fmt::format(" volume {:04X} generation {} track {} blocks {}+{}", record["volume"].get<unsigned>(),
                       text_of(record["volume_generation"]), text_of(record["track"]), text_of(record["first_block"]),
                       text_of(record["block_count"]));
  }
  for (const Json& flag : record.value("flags", Json::array())) out += ' ' + text_of(flag);
  out += fmt::format(", {} bytes\n", text_of(record["payload_bytes"]));
  if (!record.contains("deltas")) return;
  if (!record["deltas"].is_array()) {
    out += "      " + text_of(record["deltas"]) + '\n';
    return;
  }
  for (const Json& delta : record["deltas"]) {
    out += fmt::format("      {} {} tracks of map {} {}\n", text_of(delta["change"]), text_of(delta["tracks"]),
                       text_of(delta["generation"]), text_of(delta["kind"]));
  }
}

void slot_text(const Json& slot, std::string& out) {
  if (!slot.contains("slot")) {
    out += fmt::format("  at {}: {}\n", text_of(slot["offset"]), text_of(slot["state"]));
    return;
  }
  out += fmt::format("  slot {} at {}: {} bytes, epoch {}, durable up to {}", text_of(slot["slot"]),
                     text_of(slot["offset"]), text_of(slot["bytes"]), text_of(slot["epoch"]),
                     text_of(slot["known_durable"]));
  if (slot.contains("state")) out += ", " + text_of(slot["state"]);
  out += '\n';
  if (!slot["records"].is_array()) return;
  for (const Json& record : slot["records"]) record_text(record, out);
}

void ring_text(const Json& file, std::string& out) {
  for (const Json& slot : file.value("chain", Json::array())) slot_text(slot, out);
  if (!file.contains("end")) return;
  const Json& end = file["end"];
  out += fmt::format("  {} slots from {}, {} records, {} bytes\n", text_of(file["slots"]), text_of(file["first_slot"]),
                     text_of(file["records"]), text_of(file["bytes"]));
  out += fmt::format("  ends before slot {} at {}: {}\n", text_of(end["slot"]), text_of(end["offset"]),
                     text_of(end["found"]));
  if (end.contains("proved_by_slot")) {
    out += fmt::format("  slot {} at {} knows that it had been durable\n", text_of(end["proved_by_slot"]),
                       text_of(end["proved_at"]));
  }
}

void rank_text(const Json& file, std::string& out) {
  if (!file.contains("tracks_verified")) return;
  out += fmt::format("  {} tracks verified, {} open when the image ended, {} without checksum, {} damaged\n",
                     text_of(file["tracks_verified"]), text_of(file["tracks_open"]), text_of(file["tracks_unknown"]),
                     text_of(file["tracks_damaged"]));
  for (const Json& track : file["damaged"]) {
    out += fmt::format("  volume {} track {}: grains {}\n", text_of(track["volume"]), text_of(track["track"]),
                       text_of(track["grains"]));
  }
}

}  // namespace

std::string as_text(const Json& report) {
  std::string out;
  for (const Json& file : report["files"]) {
    out += fmt::format("{} {}\n", text_of(file["type"]), text_of(file["file"]));
    if (file["type"] == "checkpoint") checkpoint_text(file, out);
    if (file["type"] == "ring") ring_text(file, out);
    if (file["type"] == "rank") rank_text(file, out);
    if (file.contains("state")) out += fmt::format("  {}\n", text_of(file["state"]));
  }
  return out;
}

}  // namespace tt::inspect
