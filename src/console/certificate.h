// SPDX-License-Identifier: Apache-2.0
// The console's certificate: self-signed (EC P-256), made at the first start, kept afterwards.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace tt::console {

struct CertificateFiles {
  std::string certificate;  ///< What clients trust (their "ca").
  std::string key;          ///< Mode 0600.
};

/// Uses the files of `folder` or makes them, valid for `names` (host names and addresses) beside localhost, 127.0.0.1,
/// ::1, the host's name and the addresses of its interfaces. io_error with errno; corrupt if a file makes no sense.
Result<CertificateFiles> ensure_certificate(const std::string& folder, const std::vector<std::string>& names);

}  // namespace tt::console
