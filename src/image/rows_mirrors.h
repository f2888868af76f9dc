// SPDX-License-Identifier: Apache-2.0
// Mirrored pairs as rows of raw values (model/executor.h).
#pragma once

#include <nlohmann/json.hpp>

#include "image/pair_desk.h"

namespace tt::image {

nlohmann::json pair_row(const volume::ImageConfig& config, const PairStatus& status);

}  // namespace tt::image
