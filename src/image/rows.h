// SPDX-License-Identifier: Apache-2.0
// Rows of raw values for the listings of model/executor.h. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "image/control.h"
#include "volume/config.h"

namespace tt::image {

std::string unit_of(const volume::ImageConfig& config);
const char* model_of(const volume::ImageConfig& config);
nlohmann::json unit_row(const volume::ImageConfig& config);
std::vector<nlohmann::json> problem_rows(const volume::ImageConfig& config);
/// The ring is in memory as well, so it counts as cache too.
nlohmann::json image_row(const volume::ImageConfig& config, const std::string& code_level, std::uint64_t nvs_bytes,
                         std::uint64_t read_cache_bytes);
std::vector<nlohmann::json> pool_rows(const volume::ImageConfig& config);
/// Of pools that have space-efficient storage.
std::vector<nlohmann::json> repository_rows(const volume::ImageConfig& config);
/// "below" the threshold, "exceeded" or "full".
const char* space_status(std::uint64_t total, std::uint64_t available, std::uint8_t threshold_percent);
std::vector<nlohmann::json> rank_rows(const volume::ImageConfig& config);
/// What is below the array sites.
std::vector<nlohmann::json> device_rows(const volume::ImageConfig& config);
std::vector<nlohmann::json> site_rows(const volume::ImageConfig& config);
std::vector<nlohmann::json> array_rows(const volume::ImageConfig& config);
/// Tables that show commands append.
std::vector<nlohmann::json> volume_rank_rows(const volume::VolumeConfig& volume);
std::vector<nlohmann::json> volume_pool_rows(const volume::VolumeConfig& volume);
/// Thin targets of relationships that have the volume as source.
std::vector<nlohmann::json> thin_target_rows(const volume::ImageConfig& config, VolumeId source);
/// Sums over the volumes of an LSS, by pool, and of a pool, by LSS.
std::vector<nlohmann::json> lss_sum_rows(const volume::ImageConfig& config, std::uint8_t lss);
std::vector<nlohmann::json> pool_sum_rows(const volume::ImageConfig& config, std::uint16_t pool);
std::vector<nlohmann::json> pool_rank_rows(const volume::ImageConfig& config, std::uint16_t pool);
std::vector<nlohmann::json> pool_volume_rows(const volume::ImageConfig& config, std::uint16_t pool);
std::vector<nlohmann::json> volume_rows(const volume::ImageConfig& config);
std::vector<nlohmann::json> lss_rows(const volume::ImageConfig& config);
nlohmann::json flash_row(const volume::ImageConfig& config, const FlashStatus& status);

}  // namespace tt::image
