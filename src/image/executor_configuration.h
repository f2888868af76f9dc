// SPDX-License-Identifier: Apache-2.0
// Operations of the catalogue on arrays, ranks, pools, LSSs and volumes that exist; a part of ImageExecutor.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "image/image.h"
#include "model/executor.h"

namespace tt::image {

/// The image outlives the task, as the executor does.
using ConfigurationOperation = rt::Task<model::Response> (*)(Image& image, nlohmann::json arguments);

struct ConfigurationEntry {
  std::string_view operation;
  ConfigurationOperation run;
};

/// Null if `operation` is none of the entries.
inline ConfigurationOperation find_in(std::span<const ConfigurationEntry> entries, std::string_view operation) {
  for (const ConfigurationEntry& entry : entries) {
    if (entry.operation == operation) return entry.run;
  }
  return nullptr;
}

/// Null if `operation` is none of them.
ConfigurationOperation find_configuration_operation(std::string_view operation);
/// Likewise: units, servers, keys, problems (executor_image.cpp).
ConfigurationOperation find_image_operation(std::string_view operation);
/// Likewise: how fast copies go (executor_copies.cpp).
ConfigurationOperation find_copy_operation(std::string_view operation);
/// Likewise: the scrub of media (executor_scrub.cpp).
ConfigurationOperation find_scrub_operation(std::string_view operation);
/// Likewise: space-efficient storage (executor_repositories.cpp).
ConfigurationOperation find_repository_operation(std::string_view operation);
/// Likewise: FlashCopies of runs of tracks (executor_ranges.cpp).
ConfigurationOperation find_range_operation(std::string_view operation);
/// Likewise: resource groups (executor_groups.cpp).
ConfigurationOperation find_group_operation(std::string_view operation);

}  // namespace tt::image
