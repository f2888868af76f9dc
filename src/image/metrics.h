// SPDX-License-Identifier: Apache-2.0
// The counters of volumes and ranks, summed over the shards, in the units that tools expect: bytes in pieces of 128
// KiB, time in pieces of 16 ms. They begin at zero at every start of the image.
#pragma once

#include <nlohmann/json.hpp>

#include "image/image.h"
#include "image/io_ports.h"
#include "runtime/task.h"

namespace tt::image {

/// Rows of the classes fb_volume_metrics, rank_metrics, pool_metrics and io_port_metrics, without id. On the home
/// reactor.
rt::Task<nlohmann::json> volume_metrics(Image& image, VolumeId id);
rt::Task<nlohmann::json> rank_metrics(Image& image, std::uint16_t rank);
/// Of the ranks that are in the pool now.
rt::Task<nlohmann::json> pool_metrics(Image& image, std::uint16_t pool);
/// Of all shards. On the home reactor.
rt::Task<ReadCacheCounters> read_cache_counters(Image& image);
nlohmann::json port_metrics(const PortTraffic& traffic, std::int64_t date);

}  // namespace tt::image
