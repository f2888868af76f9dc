// SPDX-License-Identifier: Apache-2.0
// Rows of space-efficient storage.
#include <fmt/format.h>

#include <algorithm>

#include "image/rows.h"

namespace tt::image {

using nlohmann::json;
using volume::AllocationMethod;

namespace {

json repository_row(const volume::ImageConfig& config, const volume::PoolConfig& pool) {
  const volume::Repository& repository = *pool.repository;
  const std::uint64_t extent_blocks = pool.extent_bytes / kBlockBytes;
  const std::uint64_t left = config.repository_left(pool.id);
  const std::uint64_t allocated = repository.real_extents - left;
  const std::uint64_t may_take = config.free_extents(pool.id, AllocationMethod::tse);
  std::uint64_t claimed = 0;
  std::uint64_t volumes = 0;
  for (const auto& [id, volume] : config.volumes) {
    if (volume.pool != pool.id || volume.method != AllocationMethod::tse) continue;
    ++volumes;
    claimed += volume.extents.size();
  }
  return {{"id", fmt::format("P{}", pool.id)},
          {"storage_type", "fb"},
          {"data_state", may_take < left ? "Virtual space degraded" : "Normal"},
          {"configuration_state", "Normal"},
          {"status", space_status(repository.real_extents, may_take, repository.threshold_percent)},
          {"threshold_percent", repository.threshold_percent},
          {"real_blocks", repository.real_extents * extent_blocks},
          {"virtual_blocks", repository.virtual_extents * extent_blocks},
          {"real_allocated_blocks", allocated * extent_blocks},
          {"virtual_allocated_blocks", claimed * extent_blocks},
          {"real_allocated_percent", allocated * 100 / repository.real_extents},
          {"virtual_allocated_percent", claimed * 100 / repository.virtual_extents},
          {"volume_count", volumes}};
}

}  // namespace

const char* space_status(std::uint64_t total, std::uint64_t available, std::uint8_t threshold_percent) {
  if (total > 0 && available == 0) return "full";
  return available * 100 < total * threshold_percent ? "exceeded" : "below";
}

std::vector<json> repository_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  for (const auto& [id, pool] : config.pools) {
    if (pool.repository) rows.push_back(repository_row(config, pool));
  }
  return rows;
}

}  // namespace tt::image
