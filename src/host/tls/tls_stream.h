// SPDX-License-Identifier: Apache-2.0
// TLS as a ByteStream around another one. OpenSSL never sees a socket: a BIO of our own hands it received ciphertext in
// place and collects what it wants to send.
//
//   write_all: plaintext pieces -> records -> outgoing_ ─┐ flush(): under a mutex, in the order OpenSSL made them
//   read_some: SSL_read may also make records ───────────┘
//   read_some: transport -> incoming_ -> SSL_read -> the caller
//
// Invariants: one reader and one writer task at a time, as for every ByteStream; each OpenSSL call runs to its end on
// the one thread, so reader and writer never meet inside it; outgoing_ is only appended to by OpenSSL and only emptied
// by flush(), which holds send_lock_ until the bytes are with the transport, so records never overtake each other.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "host/tls/server_context.h"
#include "runtime/net.h"
#include "runtime/sync.h"

namespace tt::tls {

/// What the peer proved, piece by piece; empty for what it did not.
struct PeerNames {
  std::string psk;
  std::vector<std::string> certificate;  ///< Common names, then alternative names: DNS, e-mail, URI, IPv4 address.
};

class TlsStream final : public rt::ByteStream {
 public:
  /// `ssl` decides the role (accept or connect state).
  TlsStream(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> transport, SslPtr ssl);
  ~TlsStream() override;

  /// Once, before anything else. authentication_failed if the peer is not acceptable or speaks no TLS.
  rt::Task<Result<void>> handshake();
  /// Tells the peer that no more will come. Not while write_all() runs.
  rt::Task<void> send_goodbye();

  rt::Task<Result<std::size_t>> read_some(std::span<std::byte> into) override;
  rt::Task<Result<void>> write_all(std::span<iovec> pieces) override;
  void shut_down() noexcept override { transport_->shut_down(); }
  [[nodiscard]] std::string peer_name() const override { return transport_->peer_name(); }

  /// Who the peer proved to be: "psk:alice", "x509:CN=host1,O=Example" (RFC 2253 order), or empty.
  [[nodiscard]] std::string peer_identity() const;
  [[nodiscard]] PeerNames peer_names() const;
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384", for logs.
  [[nodiscard]] std::string description() const;
  /// For tests that need more of OpenSSL.
  [[nodiscard]] SSL* native() const noexcept { return ssl_.get(); }

 private:
  struct Bio;

  rt::Task<Result<void>> flush();
  rt::Task<Result<void>> receive();
  Result<void> encrypt(const std::byte* bytes, std::size_t count);

  std::unique_ptr<rt::ByteStream> transport_;
  SslPtr ssl_;
  rt::Mutex send_lock_;
  std::vector<std::byte> outgoing_;  ///< Records made, not yet being sent.
  std::vector<std::byte> sending_;   ///< Records with the transport.
  std::vector<std::byte> gather_;    ///< Small pieces on their way into one record.
  std::vector<std::byte> incoming_;
  std::size_t incoming_begin_ = 0;
  std::size_t incoming_end_ = 0;
};

}  // namespace tt::tls
