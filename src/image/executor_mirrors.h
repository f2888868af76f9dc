// SPDX-License-Identifier: Apache-2.0
// Operations of the catalogue on mirrored pairs of volumes; a part of ImageExecutor.
#pragma once

#include <string_view>

#include "image/executor_paths.h"

namespace tt::image {

/// Null if `operation` is none of them.
PathOperation find_mirror_operation(std::string_view operation);

}  // namespace tt::image
