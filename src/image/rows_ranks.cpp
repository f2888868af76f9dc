// SPDX-License-Identifier: Apache-2.0
// Rows of array sites, arrays and ranks, and the tables that show commands append.
#include <fmt/format.h>

#include <map>

#include "image/rows.h"

namespace tt::image {

using nlohmann::json;

namespace {

std::string site_id(std::uint16_t id) {
  return fmt::format("S{}", id);
}
std::string array_id(std::uint16_t id) {
  return fmt::format("A{}", id);
}
std::string rank_id(std::uint16_t id) {
  return fmt::format("R{}", id);
}

/// As the administrator gave it; the image does not know what is below a file or device.
std::string raid_text(const volume::ArrayConfig& array) {
  return array.raid_type == 0 ? std::string() : std::to_string(array.raid_type);
}

const volume::RankConfig* rank_on(const volume::ImageConfig& config, std::uint16_t array) {
  for (const auto& [id, rank] : config.ranks) {
    if (rank.array == array) return &rank;
  }
  return nullptr;
}

json rank_row(const volume::ImageConfig& config, const volume::RankConfig& rank) {
  json row = {{"id", rank_id(rank.id)},
              {"rank_group", nullptr},
              {"state", rank.pool ? (rank.reserved ? "Reserved" : "Normal") : "Unassigned"},
              {"data_state", rank.failed ? "Failed" : "Normal"},
              {"array", array_id(*rank.array)},
              {"raid_type", raid_text(config.arrays.at(*rank.array))},
              {"extent_pool", nullptr},
              {"extent_pool_name", nullptr},
              {"storage_type", "fb"},
              {"extents", rank.data_bytes / volume::kLargeExtentBytes},
              {"used_extents", 0},
              {"device", rank.device}};
  if (!rank.pool) return row;
  const volume::PoolConfig& pool = config.pools.at(*rank.pool);
  row["rank_group"] = *rank.pool % 2;
  row["extent_pool"] = fmt::format("P{}", *rank.pool);
  row["extent_pool_name"] = pool.name;
  row["extents"] = rank.data_bytes / pool.extent_bytes;
  row["used_extents"] = config.taken_extents.at(rank.id).taken();
  return row;
}

}  // namespace

std::vector<json> rank_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  for (const auto& [id, rank] : config.ranks) rows.push_back(rank_row(config, rank));
  return rows;
}

std::vector<json> site_rows(const volume::ImageConfig& config) {
  std::map<std::uint16_t, std::uint16_t> array_of_site;
  for (const auto& [id, array] : config.arrays) array_of_site[array.site] = id;
  std::vector<json> rows;
  for (const auto& [id, site] : config.sites) {
    const auto array = array_of_site.find(id);
    json row = {{"id", site_id(id)},
                {"da_pair", nullptr},
                {"capacity_bytes", site.data_bytes},
                {"state", array == array_of_site.end() ? "Unassigned" : "Assigned"},
                {"array", nullptr},
                {"device", site.device}};
    if (array != array_of_site.end()) row["array"] = array_id(array->second);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<json> device_rows(const volume::ImageConfig& config) {
  std::map<std::uint16_t, bool> failed_by_site;  // of sites with an array
  for (const auto& [id, array] : config.arrays) {
    const volume::RankConfig* rank = rank_on(config, id);
    failed_by_site[array.site] = rank != nullptr && rank->failed;
  }
  std::vector<json> rows;
  for (const auto& [id, site] : config.sites) {
    const auto array = failed_by_site.find(id);
    const bool failed = array != failed_by_site.end() && array->second;
    rows.push_back({{"id", fmt::format("{}/D{}", unit_of(config), id)},
                    {"da_pair", nullptr},
                    {"capacity_bytes", site.data_bytes},
                    {"use", array == failed_by_site.end() ? "unassigned" : "array member"},
                    {"array_site", site_id(id)},
                    {"state", failed ? "Failed" : "Normal"},
                    {"device", site.device}});
  }
  return rows;
}

std::vector<json> array_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  for (const auto& [id, array] : config.arrays) {
    const volume::SiteConfig& site = config.sites.at(array.site);
    const volume::RankConfig* rank = rank_on(config, id);
    json row = {{"id", array_id(id)},
                {"state", rank == nullptr ? "Unassigned" : "Assigned"},
                {"data_state", rank != nullptr && rank->failed ? "Failed" : "Normal"},
                {"raid_type", raid_text(array)},
                {"array_site", site_id(array.site)},
                {"rank", nullptr},
                {"da_pair", nullptr},
                {"capacity_bytes", site.data_bytes},
                {"device", site.device}};
    if (rank != nullptr) row["rank"] = rank_id(rank->id);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<json> volume_rank_rows(const volume::VolumeConfig& volume) {
  std::map<std::uint16_t, std::uint64_t> extents;
  for (const auto& extent : volume.extents) {
    if (extent) ++extents[extent->rank];
  }
  std::vector<json> rows;
  for (const auto& [rank, count] : extents) rows.push_back({{"id", rank_id(rank)}, {"extents", count}});
  return rows;
}

std::vector<json> volume_pool_rows(const volume::VolumeConfig& volume) {
  std::uint64_t extents = 0;
  for (const auto& extent : volume.extents) extents += extent ? 1 : 0;
  return {{{"id", fmt::format("P{}", volume.pool)}, {"extents", extents}}};
}

std::vector<json> pool_rank_rows(const volume::ImageConfig& config, std::uint16_t pool) {
  std::vector<json> rows;
  for (const auto& [id, rank] : config.ranks) {
    if (rank.pool == pool) rows.push_back({{"id", rank_id(id)}});
  }
  return rows;
}

std::vector<json> pool_volume_rows(const volume::ImageConfig& config, std::uint16_t pool) {
  std::vector<json> rows;
  for (const auto& [id, volume] : config.volumes) {
    if (volume.pool == pool) rows.push_back({{"id", fmt::format("{:04X}", id.value)}});
  }
  return rows;
}

}  // namespace tt::image
