// SPDX-License-Identifier: Apache-2.0
// Files only their owner may read.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tt::dscli {

/// Replaces `path` as a whole, mode 0600, durable; missing folders are made. io_error with errno.
Result<void> replace_private_file(const std::string& path, std::string_view content);

}  // namespace tt::dscli
