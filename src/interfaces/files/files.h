// SPDX-License-Identifier: Apache-2.0
// Small files read and replaced as a whole. For management programs; storage never goes this way.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tt::files {

/// Whole content; object_not_found, or io_error with errno.
Result<std::string> read_file(const std::string& path);

/// Replaces the file as a whole, durably, mode 0600 unless said otherwise; missing folders are made (mode 0700).
Result<void> write_private_file(const std::string& path, std::string_view content, unsigned mode = 0600);

/// Words for an error of the above.
std::string describe(Error error);

}  // namespace tt::files
