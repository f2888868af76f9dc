// SPDX-License-Identifier: Apache-2.0
// Makes the files of an image, and opens them again after any end (engine notes 3.12).
//
// Opening, in this order: superblock quorum; boot epoch (and on shard 0 the Lsn ceiling) raised durably before anything
// is appended; the ring scanned and validated; the configuration = last checkpoint + control records after its cut;
// each shard's maps = last checkpoint + BITS records after its cut; every WRITE that is still in the ring, belongs to a
// living volume and was not made void by an establish, becomes an index entry. No media I/O happens and no host is
// served before all of that is done. Cost: the journal and the bits that are really mixed, not the size of volumes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "image/shard.h"
#include "runtime/task.h"
#include "volume/config.h"

namespace tt::image {

std::string meta_name(std::uint32_t shard);
std::string ring_name(std::uint32_t shard);

struct ShardFiles {
  std::array<std::uint8_t, 16> image_uuid{};
  std::uint32_t shard = 0;
  std::uint32_t shard_count = 1;
  std::uint64_t ring_bytes = 0;
  bool keeps_sums = false;
};

/// Creates one shard's files on its reactor; the configuration goes to shard 0, whose store must be made last: an image
/// exists when that store holds a configuration.
rt::Task<Result<void>> create_shard_files(rt::Reactor& reactor, rt::Storage& storage, ShardFiles files,
                                          std::vector<std::byte> config);

class Recovery {
 public:
  explicit Recovery(Shard& shard) : shard_(shard) {}

  /// Store and ring of the shard; raises the boot epoch. On shard 0 also the Lsn ceiling.
  rt::Task<Result<void>> open_files(rt::Storage& storage);
  /// Shard 0 only, after open_files: the configuration as of the end of the journal.
  Result<volume::ImageConfig> read_config();
  rt::Task<Result<void>> open_rank(rt::Storage& storage, const volume::RankConfig& rank,
                                   std::array<std::uint8_t, 16> image_uuid);
  /// Shares, maps and dirty entries.
  Result<void> load(const volume::ImageConfig& config);

 private:
  Result<void> load_maps();
  Result<void> replay_ring(const volume::ImageConfig& config);
  [[nodiscard]] bool already_indexed(const flashcopy::VolumeShare& volume, const journal::RecordHeader& header) const;
  void replay_write(const volume::ImageConfig& config, const journal::ReplayedRecord& record, bool after_cut);
  void replay_placed(const journal::ReplayedRecord& record, bool after_cut);
  void close_withdrawn(const volume::ImageConfig& config);

  Shard& shard_;
};

}  // namespace tt::image
