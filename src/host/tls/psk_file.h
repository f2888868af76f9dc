// SPDX-License-Identifier: Apache-2.0
// Files of pre-shared keys: one `identity:hexkey` per line, the format psktool of GnuTLS writes. An identity that is
// not plain text is written as '#' and hex digits.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tt::tls {

using PskTable = std::map<std::string, std::string, std::less<>>;  ///< Identity to raw key.

/// Keys have 16 to 64 bytes, an identity stands once, empty lines do not count. The error's detail is the line's
/// number.
Result<PskTable> parse_psk_file(std::string_view text);

}  // namespace tt::tls
