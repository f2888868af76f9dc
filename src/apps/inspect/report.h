// SPDX-License-Identifier: Apache-2.0
// What twintrack-inspect has to say, as one document; text is only a rendering of it. Works on damaged files: each
// part says by itself whether it is intact.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/inspect/byte_source.h"
#include "journal/meta_codec.h"

namespace tt::inspect {

using Json = nlohmann::ordered_json;

struct ReportOptions {
  bool records = false;  ///< Every slot and record instead of totals.
  bool media = false;    ///< Also what the ranks hold.
};

enum class FileKind : std::uint8_t { checkpoint, ring, unknown };
FileKind kind_of(ByteSource& file);

/// The checkpoint file: copies, the elected superblock, index, pages, blobs.
Json report_checkpoint(ByteSource& file);
/// The superblock that a restart would use.
std::optional<journal::Superblock> elected_superblock(ByteSource& file);
/// The chain of slots from the tail on, as a restart would follow it.
Json report_ring(ByteSource& file, const journal::SuperblockFields& fields, ReportOptions options);
/// Without a superblock there is no tail: every intact slot head wherever it stands.
Json report_loose_slots(ByteSource& file, ReportOptions options);

/// The ranks of the image whose shard 0 this is: every track of which a checksum is known, read and compared.
void report_ranks(ByteSource& checkpoint, Json& files);

/// A folder (checkpoints with their rings) or one file. busy: the ranks of an image that is being served change while
/// they are looked at, so what was said of them could be wrong.
Result<Json> report_path(const std::string& path, ReportOptions options);
[[nodiscard]] bool has_damage(const Json& report);
std::string as_text(const Json& report);

}  // namespace tt::inspect
