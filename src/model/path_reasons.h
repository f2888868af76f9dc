// SPDX-License-Identifier: Apache-2.0
// What the status codes of mirror paths are called (spec: remote mirror, 1.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tt::model {

/// "Secondary Mismatch"; empty for a path that is up, or of which nothing is known.
std::string_view path_reason(std::uint8_t status) noexcept;
/// "Secondary Mismatch (06)".
std::string path_failure_text(std::uint8_t status);

}  // namespace tt::model
