// SPDX-License-Identifier: Apache-2.0
// The last check of a request before it is executed: does it have the form the catalogue declares? Interfaces build
// requests that do, so a failure means a broken or hostile client; behind this check an executor need not look again.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/catalogue.h"

namespace tt::model {

/// Which argument is wrong, in words; empty if the request may be executed. Unknown keys are refused too: they would
/// be options that silently do nothing.
std::string check_arguments(const Operation& operation, const nlohmann::json& arguments);

}  // namespace tt::model
