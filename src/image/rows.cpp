// SPDX-License-Identifier: Apache-2.0
#include "image/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crc32c.h"
#include "image/executor_support.h"
#include "image/rows_hosts.h"

namespace tt::image {

using nlohmann::json;

namespace {

std::string pool_id(std::uint16_t id) {
  return fmt::format("P{}", id);
}

const char* capacity_type(volume::CapacityType type) {
  switch (type) {
    case volume::CapacityType::ess:
      return "ess";
    case volume::CapacityType::blocks:
      return "blocks";
    case volume::CapacityType::ds:
      break;
  }
  return "ds";
}

const char* sam_of(const volume::VolumeConfig& v) {
  if (v.method == volume::AllocationMethod::tse) return "tse";
  return v.is_thin() ? "ese" : "standard";
}

const char* eam_of(const volume::ImageConfig& config, const volume::VolumeConfig& v) {
  const bool automatic = config.personality == volume::Personality::ds8000;
  const bool extents =
      v.rotation == volume::ExtentRotation::extents || (v.rotation == volume::ExtentRotation::automatic && automatic);
  return extents ? "rotateexts" : "rotatevols";
}

json volume_row(const volume::ImageConfig& config, const volume::VolumeConfig& v) {
  const bool ds8000 = config.personality == volume::Personality::ds8000;
  std::set<std::uint16_t> ranks;
  std::uint64_t allocated = 0;
  bool on_failed_rank = false;
  for (const auto& extent : v.extents) {
    if (!extent) continue;
    ++allocated;
    ranks.insert(extent->rank);
    on_failed_rank = on_failed_rank || config.ranks.at(extent->rank).failed;
  }
  const model::Os400ModelFacts* os400 = model::facts_of(v.os400);
  const std::string_view data_type = os400 != nullptr ? os400->data_type() : v.t10dif ? "FB 512T" : "FB 512";
  const std::string_view model = os400 != nullptr ? os400->name : ds8000 ? "900" : "500";
  const volume::PoolConfig& pool = config.pools.at(v.pool);
  const bool draws = v.method == volume::AllocationMethod::tse && pool.repository.has_value();
  const json drawn = draws ? json(allocated * (pool.extent_bytes / kBlockBytes)) : json();
  return {{"id", fmt::format("{:04X}", v.id.value)},
          {"name", v.name},
          {"access_state", "Online"},
          {"data_state", on_failed_rank ? "Rank failed" : "Normal"},
          {"configuration_state", "Normal"},
          {"device_mtm", fmt::format("{}-{}", ds8000 ? "2107" : "1750", model)},
          {"data_type", data_type},
          {"address_group", fmt::format("{:X}", v.id.value >> 12U)},
          {"extent_pool", pool_id(v.pool)},
          {"extents", v.extents.size()},
          {"extent_bytes", pool.extent_bytes},
          {"capacity_blocks", v.block_count},
          {"requested_blocks", v.block_count},
          {"capacity_type", os400 != nullptr ? "iseries" : capacity_type(v.capacity_type)},
          {"sam", sam_of(v)},
          {"eam", eam_of(config, v)},
          {"volume_groups", json::array()},
          {"ranks", ranks.size()},
          {"real_extents", allocated},
          {"repository_blocks", drawn},
          {"virtual_extents", v.is_thin() ? v.extents.size() : 0},
          {"guid", fmt::format("6{}000000000000{:04X}", wwnn_of(config).substr(1), v.id.value)},
          {"resource_group", resource_group_text(v.resource_group)},
          {"performance_group", "PG0"}};
}

}  // namespace

const char* model_of(const volume::ImageConfig& config) {
  return config.personality == volume::Personality::ds8000 ? "961" : "511";
}

json image_row(const volume::ImageConfig& config, const std::string& code_level, std::uint64_t nvs_bytes,
               std::uint64_t read_cache_bytes) {
  const bool ds8000 = config.personality == volume::Personality::ds8000;
  const std::uint32_t hash = crc32c(7, std::as_bytes(std::span(config.storage_image_id)));
  return {{"id", config.storage_image_id},
          {"storage_unit", unit_of(config)},
          {"name", config.name},
          {"description", config.names.image_description},
          {"model", model_of(config)},
          {"wwnn", wwnn_of(config)},
          {"signature",
           fmt::format("{:04x}-{:04x}-{:04x}-{:04x}", hash >> 16U, hash & 0xFFFFU, ~hash >> 16U, ~hash & 0xFFFFU)},
          {"state", "Online"},
          {"es_net", true},
          {"volume_group", "V0"},
          {"os400_serial",
           config.names.os400_serial.empty() ? fmt::format("{:03X}", hash & 0xFFFU) : config.names.os400_serial},
          {"nvs_bytes", nvs_bytes},
          {"cache_bytes", nvs_bytes + read_cache_bytes},
          {"processor_bytes", nvs_bytes + read_cache_bytes},
          {"personality", ds8000 ? "2107" : "1750"},
          {"code_level", code_level}};
}

std::vector<json> pool_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  for (const auto& [id, pool] : config.pools) {
    const std::uint64_t total = config.total_extents(id);
    const std::uint64_t available = config.free_extents(id);
    std::uint64_t volumes = 0;
    for (const auto& [volume_id, v] : config.volumes) {
      if (v.pool == id) ++volumes;
    }
    const auto ranks = static_cast<std::uint64_t>(std::count_if(
        config.ranks.begin(), config.ranks.end(), [&](const auto& rank) { return rank.second.pool == id; }));
    rows.push_back({{"id", pool_id(id)},
                    {"name", pool.name},
                    {"storage_type", "fb"},
                    {"extent_bytes", pool.extent_bytes},
                    {"rank_group", id % 2},
                    {"status", space_status(total, available, pool.threshold_percent)},
                    {"total_extents", total},
                    {"available_extents", available},
                    {"reserved_extents", config.reserved_extents(id)},
                    {"allocated_extents", config.allocated_extents(id)},
                    {"rank_count", ranks},
                    {"volume_count", volumes},
                    {"limit_percent", pool.limit_percent},
                    {"extent_limit", pool.limited},
                    {"threshold_percent", pool.threshold_percent},
                    {"virtual_extents", config.promised_extents(id)}});
  }
  return rows;
}

std::vector<json> volume_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  const auto groups = groups_by_volume(config);
  for (const auto& [id, v] : config.volumes) {
    rows.push_back(volume_row(config, v));
    if (const auto found = groups.find(id); found != groups.end()) rows.back()["volume_groups"] = found->second;
  }
  return rows;
}

std::vector<json> lss_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  for (const auto& [id, lss] : config.lsses) {
    const auto volumes = static_cast<std::uint64_t>(
        std::count_if(config.volumes.begin(), config.volumes.end(),
                      [lss_id = id](const auto& v) { return (v.first.value >> 8U) == lss_id; }));
    rows.push_back({{"id", fmt::format("{:02X}", id)},
                    {"group", id % 2},
                    {"address_group", fmt::format("{:X}", id >> 4U)},
                    {"storage_type", "fb"},
                    {"volume_count", volumes},
                    {"subsystem_id", 0xFF00 + id},
                    {"consistency_group", lss.consistency_group},
                    {"long_busy_seconds", lss.long_busy_timeout_s},
                    {"resource_group", resource_group_text(lss.resource_group)}});
  }
  return rows;
}

json flash_row(const volume::ImageConfig& config, const FlashStatus& status) {
  const volume::Relationship& r = status.relationship;
  const auto lss = static_cast<std::uint8_t>(r.source.value >> 8U);
  const auto found = config.lsses.find(lss);
  const volume::VolumeConfig* target = config.find_volume(r.target);
  const std::string source = fmt::format("{:04X}", r.source.value);
  const std::string target_id = fmt::format("{:04X}", r.target.value);
  json row = {{"id", source + ":" + target_id},
              {"source", source},
              {"target", target_id},
              {"source_lss", fmt::format("{:02X}", lss)},
              {"sequence_number", r.options.sequence_number},
              {"timeout_seconds", found != config.lsses.end() ? found->second.long_busy_timeout_s : 0},
              {"active_copy", status.active_copy},
              {"recording", r.options.recording},
              {"persistent", r.options.persistent},
              {"revertible", r.revertible()},
              {"source_write_enabled", !r.revertible() && !r.source_inhibited},
              {"target_write_enabled", !r.options.inhibit_target_writes && !r.revertible()},
              {"background_copy", r.options.background_copy},
              {"out_of_sync_tracks", status.counts.uncopied - status.counts.owed},
              {"date_created", r.created_s},
              {"date_synced", r.synced_s},
              {"state", r.state == volume::RelationshipState::failed ? "Failed" : "Valid"},
              {"target_se", nullptr},
              {"track_count", r.track_count},
              {"copied_tracks", status.counts.copied_in_background},
              {"copy_bytes_per_second", status.counts.copy_bytes_per_second},
              {"copy_limit", nullptr}};
  if (r.options.copy_limit != 0) row["copy_limit"] = r.options.copy_limit;
  if (target != nullptr && target->method == volume::AllocationMethod::ese) row["target_se"] = "ESE";
  if (target != nullptr && target->method == volume::AllocationMethod::tse) row["target_se"] = "TSE";
  return row;
}

}  // namespace tt::image
