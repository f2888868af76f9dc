// SPDX-License-Identifier: Apache-2.0
// What a server needs to speak TLS: certificates, pre-shared keys, or both. TLS 1.2 and 1.3 with forward secrecy only,
// no renegotiation, no session resumption. Made once at start-up, then read-only; any reactor may use it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace tt::tls {

struct SslDeleter {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;
using SslContextPtr = std::unique_ptr<SSL_CTX, SslDeleter>;

/// PEM files; empty names are not used. A server has a certificate with its key, or a PSK file, or both.
struct ServerFiles {
  std::string certificate;  ///< The server's certificate, then its intermediates.
  std::string key;
  std::string client_ca;  ///< If given, a client must show a certificate that one of these signed.
  std::string psk;        ///< Lines `identity:hexkey`, as psktool of GnuTLS writes them.
};

class ServerContext {
 public:
  /// `explanation` tells a person what is wrong with which file: invalid_argument for files that make no sense
  /// together or a broken line, authentication_failed for what OpenSSL refuses.
  static Result<std::unique_ptr<ServerContext>> load(const ServerFiles& files, std::string& explanation);
  ~ServerContext();

  /// A fresh server side for one connection.
  [[nodiscard]] SslPtr new_connection() const;

 private:
  struct Keys;
  ServerContext();
  static unsigned find_key(SSL* ssl, const char* identity, unsigned char* key, unsigned max_key_bytes);

  std::unique_ptr<Keys> keys_;
  SslContextPtr context_;
};

/// The PSK identity a connection was accepted with; empty if none.
const std::string& psk_identity_of(SSL* ssl);

}  // namespace tt::tls
