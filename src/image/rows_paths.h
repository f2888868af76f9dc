// SPDX-License-Identifier: Apache-2.0
// Rows of paths to other images.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "mirror/path_keeper.h"
#include "volume/paths.h"

namespace tt::image {

/// "I0100:I0101"
std::string port_pair_name(mirror::PathPorts ports);
/// "10:20"
std::string lss_pair_name(const mirror::PathKey& key);

/// One for each path of the set.
std::vector<nlohmann::json> path_rows(const volume::PathSetConfig& set, std::span<const mirror::PathReport> paths);
std::vector<nlohmann::json> available_port_rows(std::span<const mirror::PathPorts> ports, const std::string& partner);

}  // namespace tt::image
