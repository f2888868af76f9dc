// SPDX-License-Identifier: Apache-2.0
// The value of one flag, checked against its declaration and turned into its canonical form.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "model/catalogue.h"

namespace tt::dscli {

/// Stores the canonical value in `into`. Returns a problem in words, or nothing.
std::string read_value(const model::Argument& argument, std::string_view text, nlohmann::json& into);

/// The value of a flag without one, and of `fallback`s of such flags: "true" and "false" become booleans.
nlohmann::json constant_value(std::string_view text);

}  // namespace tt::dscli
