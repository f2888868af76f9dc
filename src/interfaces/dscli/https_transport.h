// SPDX-License-Identifier: Apache-2.0
// The console's DS CLI service over HTTPS; docs/console.md describes its messages.
#pragma once

#include <memory>
#include <string>

#include "interfaces/dscli/settings.h"
#include "interfaces/dscli/transport.h"

namespace tt::dscli {

/// `known_file` holds the fingerprints learnt at first contact.
std::unique_ptr<Transport> make_https_transport(const std::string& address, const Settings& settings,
                                                const std::string& known_file, const std::string& program);

}  // namespace tt::dscli
