// SPDX-License-Identifier: Apache-2.0
// The console's DS CLI service over HTTPS; docs/console.md describes its messages.
#pragma once

#include <memory>
#include <string>

#include "interfaces/dscli/https_client.h"
#include "interfaces/dscli/settings.h"
#include "interfaces/dscli/transport.h"

namespace tt::dscli {

/// What the messages mean; the client carries them.
std::unique_ptr<Transport> make_console_transport(std::unique_ptr<HttpClient> client, std::string program);

/// `known_file` holds the fingerprints learnt at first contact.
std::unique_ptr<Transport> make_https_transport(const std::string& address, const Settings& settings,
                                                const std::string& known_file, const std::string& program);

}  // namespace tt::dscli
