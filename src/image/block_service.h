// SPDX-License-Identifier: Apache-2.0
// What a host adapter (NBD, later iSCSI) needs of the image: volumes as byte ranges. One instance per reactor; every
// call is made and answered on that reactor, whatever shard owns the tracks. Offsets and lengths are multiples of 512
// bytes and inside the volume, else `out_of_range`. Buffers must outlive the task.
//
// Errors a host can see: volume_not_found (deleted meanwhile), out_of_range, write_inhibited, busy, media_full,
// io_error, rank_failed, journal_failed, shutting_down.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "runtime/task.h"

namespace tt::image {

/// A volume as one host session holds it; a volume deleted and made again under the same id is another generation.
struct VolumeHandle {
  VolumeId id;
  Generation generation;
};

struct ExportInfo {
  VolumeHandle handle;
  std::string name;  ///< The export name: four upper-case hex digits, "0100".
  std::string description;
  std::uint64_t size_bytes = 0;
  bool read_only = false;
};

struct ExtentStatus {
  std::uint64_t length = 0;
  bool hole = false;  ///< No space allocated.
  bool zero = false;  ///< Reads as zeros.
};

/// Which volumes there are, for somebody.
class ExportSource {
 public:
  virtual ~ExportSource() = default;

  /// All of them, ascending by id.
  virtual std::vector<ExportInfo> exports() = 0;
  /// By export name, hex digits in either case; object_not_found otherwise.
  virtual Result<ExportInfo> find(std::string_view name) = 0;
};

/// Every volume of the image, and the work on them.
class BlockService : public ExportSource {
 public:
  /// Writes to the volume are held just now, perhaps for a minute: an adapter should not let them keep what others
  /// need.
  [[nodiscard]] virtual bool writes_wait(VolumeHandle volume) const noexcept = 0;
  virtual rt::Task<Result<void>> read(VolumeHandle volume, std::uint64_t offset, std::span<std::byte> into) = 0;
  /// Answered when the write is ordered and cached; with `fua` (or hardened acknowledgement, the default) when it is
  /// durable.
  virtual rt::Task<Result<void>> write(VolumeHandle volume, std::uint64_t offset, std::span<const std::byte> from,
                                       bool fua) = 0;
  /// Every write answered before this call is durable when it ends well.
  virtual rt::Task<Result<void>> flush(VolumeHandle volume) = 0;
  /// The range reads as zeros afterwards. `may_deallocate`: space may be given back (NBD trim, or write zeroes without
  /// NO_HOLE).
  virtual rt::Task<Result<void>> zero(VolumeHandle volume, std::uint64_t offset, std::uint64_t length,
                                      bool may_deallocate, bool fua) = 0;
  /// Replaces `out` by runs that cover [offset, offset + length), at most max_runs; they may stop early.
  virtual rt::Task<Result<void>> extents(VolumeHandle volume, std::uint64_t offset, std::uint64_t length,
                                         std::size_t max_runs, std::vector<ExtentStatus>& out) = 0;
};

}  // namespace tt::image
