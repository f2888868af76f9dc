// SPDX-License-Identifier: Apache-2.0
#include "apps/inspect/report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "journal/slot_codec.h"

namespace tt::inspect {
namespace {

using namespace journal;
namespace fs = std::filesystem;

constexpr std::uint64_t kSearchBytes = 2 * kMaxSlotBytes;

/// Regular files of a folder and of the folders in it.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (fs::recursive_directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    if (it.depth() > 1) it.disable_recursion_pending();
    if (it->is_regular_file(ignored)) files.push_back(it->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool holds_ring(ByteSource& file, const SuperblockFields& fields) {
  const std::uint64_t places[] = {0, slot_start(fields.tail.offset, fields.ring.ring_bytes)};
  return std::any_of(std::begin(places), std::end(places), [&](std::uint64_t at) {
    const auto head = file.read(at, kSlotHeadBytes);
    return check_head(head) == SlotFault::none && read_header(head).ring_id == fields.ring.ring_id;
  });
}

/// "meta.0" belongs to "journal.0": the name first, else the content.
std::string ring_path(const std::string& checkpoint, const SuperblockFields& fields) {
  const fs::path folder = fs::path(checkpoint).parent_path();
  const fs::path named = folder / ("journal." + std::to_string(fields.shard));
  if (fs::exists(named)) return named.string();
  for (const std::string& path : files_of(folder.empty() ? "." : folder.string())) {
    auto file = ByteSource::open(path);
    if (file && path != checkpoint && (*file)->size() >= fields.ring.ring_bytes && holds_ring(**file, fields)) {
      return path;
    }
  }
  return {};
}

void add_checkpoint_and_ring(ByteSource& file, ReportOptions options, Json& files) {
  files.push_back(report_checkpoint(file));
  const auto superblock = elected_superblock(file);
  if (!superblock) return;
  const std::string path = ring_path(file.path(), superblock->fields);
  auto ring = ByteSource::open(path);
  if (ring) {
    files.push_back(report_ring(**ring, superblock->fields, options));
  } else {
    files.push_back({{"file", path}, {"type", "ring"}, {"state", "not found"}});
  }
  if (options.media) report_ranks(file, files);
}

/// A ring given by itself: its checkpoint lies beside it.
void add_ring(ByteSource& file, ReportOptions options, Json& files) {
  for (const std::string& path : files_of(fs::path(file.path()).parent_path().string())) {
    auto other = ByteSource::open(path);
    if (!other || kind_of(**other) != FileKind::checkpoint) continue;
    const auto superblock = elected_superblock(**other);
    if (!superblock || ring_path(path, superblock->fields) != file.path()) continue;
    files.push_back(report_ring(file, superblock->fields, options));
    return;
  }
  files.push_back(report_loose_slots(file, options));
}

}  // namespace

FileKind kind_of(ByteSource& file) {
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    const auto copy = decode_superblock(file.read(i * kSuperblockStride, kPageBytes), i);
    if (copy.fault != SuperblockFault::not_a_superblock) return FileKind::checkpoint;
  }
  const std::uint64_t limit = std::min(kSearchBytes, file.size());
  for (std::uint64_t at = 0; at + kSlotHeadBytes <= limit; at += kSlotHeadBytes) {
    if (check_head(file.read(at, kSlotHeadBytes)) != SlotFault::not_a_slot) return FileKind::ring;
  }
  return FileKind::unknown;
}

namespace {

/// Whoever serves an image holds the lock of its folder for as long as it lives.
bool is_served(const std::string& folder) {
  const int fd = ::open((folder + "/lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool locked = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return locked;
}

}  // namespace

Result<Json> report_path(const std::string& path, ReportOptions options) {
  Json report{{"version", 1}, {"files", Json::array()}};
  std::error_code cause;
  if (fs::is_directory(path, cause)) {
    if (options.media && is_served(path)) return Errc::busy;
    for (const std::string& file_path : files_of(path)) {
      auto file = ByteSource::open(file_path);
      if (file && kind_of(**file) == FileKind::checkpoint) add_checkpoint_and_ring(**file, options, report["files"]);
    }
    if (report["files"].empty()) return Errc::object_not_found;
    return report;
  }
  TT_TRY(auto file, ByteSource::open(path));
  switch (kind_of(*file)) {
    case FileKind::checkpoint:
      add_checkpoint_and_ring(*file, options, report["files"]);
      return report;
    case FileKind::ring:
      add_ring(*file, options, report["files"]);
      return report;
    case FileKind::unknown:
      return Errc::object_not_found;
  }
  return Errc::object_not_found;
}

bool has_damage(const Json& report) {
  if (report.is_array() || report.is_object()) {
    if (report.is_object() && report.contains("state") && report["state"] != "intact") return true;
    return std::any_of(report.begin(), report.end(), [](const Json& part) { return has_damage(part); });
  }
  return false;
}

}  // namespace tt::inspect
