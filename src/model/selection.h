// SPDX-License-Identifier: Apache-2.0
// Which rows of a listing the user asked for: the filters the catalogue declares, applied in one place for all
// interfaces and all images.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "model/catalogue.h"

namespace tt::model {

/// Keeps the rows that fit `arguments` (filters and `select`) and sorts them by id. For operations that list.
void select_rows(const Operation& operation, const nlohmann::json& arguments, std::vector<nlohmann::json>& rows);

}  // namespace tt::model
