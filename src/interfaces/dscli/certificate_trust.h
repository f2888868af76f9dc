// SPDX-License-Identifier: Apache-2.0
// Whether a console's certificate is the one the user trusts.
#pragma once

#include <openssl/types.h>

#include <string>
#include <vector>

#include "interfaces/dscli/https_client.h"

namespace tt::dscli {

/// Sets up verification by ca_file; with none, verification is left to check_certificate(). False with words.
bool prepare_trust(ssl_ctx_st* context, ssl_st* tls, const HttpsOptions& options, std::string& problem);

/// After the handshake: compares the pin, or the fingerprint learnt before, or learns it. False with words.
bool check_certificate(const ssl_st* tls, const HttpsOptions& options, std::string& problem,
                       std::vector<std::string>& notices);

}  // namespace tt::dscli
