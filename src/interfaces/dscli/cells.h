// SPDX-License-Identifier: Apache-2.0
// Raw values of rows as the DS CLI prints them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/catalogue.h"

namespace tt::dscli {

/// The cell of `attribute` for one row; "-" when there is no value.
std::string cell_text(const model::Attribute& attribute, const nlohmann::json& row);

/// "Mon Jul 11 20:34:03 CEST 2005" in the local time zone.
std::string date_text(std::int64_t epoch_seconds);
/// "July 11, 2018 8:14:29 PM GMT" in the local time zone.
std::string banner_date_text(std::int64_t epoch_seconds);

}  // namespace tt::dscli
