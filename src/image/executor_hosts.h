// SPDX-License-Identifier: Apache-2.0
// Operations of the catalogue on volume groups, host connections and I/O ports; a part of ImageExecutor.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "image/image.h"
#include "image/io_ports.h"
#include "model/executor.h"

namespace tt::image {

/// Image and ports outlive the task, as the executor does. Without ports the image has none.
using HostOperation = rt::Task<model::Response> (*)(Image& image, IoPorts* ports, nlohmann::json arguments);

/// Null if `operation` is none of them.
HostOperation find_host_operation(std::string_view operation);

}  // namespace tt::image
