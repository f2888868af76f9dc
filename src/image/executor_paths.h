// SPDX-License-Identifier: Apache-2.0
// Operations of the catalogue on paths to other images; a part of ImageExecutor.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "image/image.h"
#include "image/mirror_desk.h"
#include "model/executor.h"

namespace tt::image {

/// Image and desk outlive the task. An image without a desk has no ports to others.
using PathOperation = rt::Task<model::Response> (*)(Image& image, MirrorDesk* desk, nlohmann::json arguments);

/// Null if `operation` is none of them.
PathOperation find_path_operation(std::string_view operation);

}  // namespace tt::image
