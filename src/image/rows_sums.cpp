// SPDX-License-Identifier: Apache-2.0
// Sums over volumes, and what thin targets take: tables below an LSS, a pool or a volume.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "image/rows.h"
#include "model/ids.h"

namespace tt::image {

using nlohmann::json;

namespace {

std::uint64_t allocated(const volume::VolumeConfig& volume) {
  return static_cast<std::uint64_t>(
      std::count_if(volume.extents.begin(), volume.extents.end(), [](const auto& e) { return e.has_value(); }));
}

struct Sum {
  std::uint64_t volumes = 0;
  std::uint64_t thin = 0;
  std::uint64_t blocks = 0;
  std::uint64_t real_blocks = 0;
  std::uint64_t sources = 0;
  std::uint64_t targets = 0;

  [[nodiscard]] json row(std::string id) const {
    return {{"id", std::move(id)},       {"volume_count", volumes},    {"thin_count", thin},
            {"capacity_blocks", blocks}, {"real_blocks", real_blocks}, {"source_count", sources},
            {"target_count", targets}};
  }
};

/// Who is an end of a relationship that interfaces know.
struct Ends {
  explicit Ends(const volume::ImageConfig& config) {
    for (const auto& [generation, relationship] : config.relationships) {
      if (relationship.closing()) continue;
      sources.insert(relationship.source);
      targets.insert(relationship.target);
    }
  }
  std::set<VolumeId> sources;
  std::set<VolumeId> targets;
};

void add(Sum& sum, const volume::ImageConfig& config, const volume::VolumeConfig& volume, const Ends& ends) {
  ++sum.volumes;
  if (volume.is_thin()) ++sum.thin;
  sum.blocks += volume.block_count;
  sum.real_blocks += allocated(volume) * (config.pools.at(volume.pool).extent_bytes / kBlockBytes);
  if (ends.sources.contains(volume.id)) ++sum.sources;
  if (ends.targets.contains(volume.id)) ++sum.targets;
}

}  // namespace

std::vector<json> thin_target_rows(const volume::ImageConfig& config, VolumeId source) {
  std::vector<json> rows;
  for (const volume::Relationship& relationship : config.relationships.from(source)) {
    const volume::VolumeConfig& target = config.volumes.at(relationship.target);
    if (relationship.closing() || !target.is_thin()) continue;
    rows.push_back({{"id", model::volume_id_text(target.id)},
                    {"extent_pool", fmt::format("P{}", target.pool)},
                    {"sam", target.method == volume::AllocationMethod::tse ? "tse" : "ese"},
                    {"real_extents", allocated(target)},
                    {"virtual_extents", target.extents.size()}});
  }
  std::sort(rows.begin(), rows.end(), [](const json& a, const json& b) { return a["id"] < b["id"]; });
  return rows;
}

std::vector<json> lss_sum_rows(const volume::ImageConfig& config, std::uint8_t lss) {
  const Ends ends(config);
  std::map<std::uint16_t, Sum> sums;
  for (const auto& [id, volume] : config.volumes) {
    if (id.value >> 8U == lss) add(sums[volume.pool], config, volume, ends);
  }
  std::vector<json> rows;
  for (const auto& [pool, sum] : sums) rows.push_back(sum.row(fmt::format("P{}", pool)));
  return rows;
}

std::vector<json> pool_sum_rows(const volume::ImageConfig& config, std::uint16_t pool) {
  const Ends ends(config);
  std::map<unsigned, Sum> sums;
  for (const auto& [id, volume] : config.volumes) {
    if (volume.pool == pool) add(sums[id.value >> 8U], config, volume, ends);
  }
  std::vector<json> rows;
  for (const auto& [lss, sum] : sums) rows.push_back(sum.row(fmt::format("{:02X}", lss)));
  return rows;
}

}  // namespace tt::image
