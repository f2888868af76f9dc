// SPDX-License-Identifier: Apache-2.0
#include "host/tls/peer_context.h"

#include <openssl/x509v3.h>

#include "base/assert.h"
#include "host/tls/openssl_error.h"

namespace tt::tls {

Result<std::unique_ptr<PeerContext>> PeerContext::load(const PeerFiles& files, std::string& explanation) {
  ERR_clear_error();
  std::unique_ptr<PeerContext> made(new PeerContext());
  made->context_.reset(SSL_CTX_new(TLS_method()));
  SSL_CTX* const context = made->context_.get();
  TT_ASSERT(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return refuse(explanation, "certificate " + files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return refuse(explanation, "key " + files.key);
  }
  if (SSL_CTX_load_verify_file(context, files.authorities.c_str()) != 1) {
    return refuse(explanation, "authority " + files.authorities);
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return made;
}

SslPtr PeerContext::make(bool accepts) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  // The certificate of an image serves both as that of a server and as that of a client.
  SSL_set_purpose(ssl.get(), X509_PURPOSE_ANY);
  accepts ? SSL_set_accept_state(ssl.get()) : SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace tt::tls
