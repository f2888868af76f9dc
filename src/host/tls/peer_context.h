// SPDX-License-Identifier: Apache-2.0
// TLS between images: each shows a certificate that an authority of both has signed, whoever made the connection.
// TLS 1.3 only, because both ends are of this project. Made once at start-up, then read-only; any reactor may use it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "host/tls/server_context.h"

namespace tt::tls {

/// PEM files.
struct PeerFiles {
  std::string certificate;  ///< Of this image, then its intermediates.
  std::string key;
  std::string authorities;  ///< Only images with a certificate of one of these are spoken to.
};

class PeerContext {
 public:
  /// `explanation` tells a person what is wrong with which file; authentication_failed.
  static Result<std::unique_ptr<PeerContext>> load(const PeerFiles& files, std::string& explanation);

  /// One connection: for the end that was called, and for the one that calls.
  [[nodiscard]] SslPtr accepting() const { return make(true); }
  [[nodiscard]] SslPtr calling() const { return make(false); }

 private:
  PeerContext() = default;
  [[nodiscard]] SslPtr make(bool accepts) const;
  SslContextPtr context_;
};

}  // namespace tt::tls
