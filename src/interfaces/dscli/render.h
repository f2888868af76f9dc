// SPDX-License-Identifier: Apache-2.0
// Rows of an object class as the lines a list or show command prints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "interfaces/dscli/command.h"
#include "interfaces/dscli/settings.h"

namespace tt::dscli {

/// The settings of a session with the options of one command on top.
Settings merged_settings(const Settings& session, const OutputChoice& choice);

/// `settings` are the merged ones. `rows` is not empty.
std::vector<std::string> render_rows(const Command& command, const Settings& settings,
                                     const std::vector<nlohmann::json>& rows);

/// "Date/Time: ... IBM DSCLI Version: ... DS: ..."; `image` empty = "-".
std::string banner_line(std::int64_t epoch_seconds, std::string_view version, std::string_view image);

}  // namespace tt::dscli
