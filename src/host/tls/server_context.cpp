// SPDX-License-Identifier: Apache-2.0
#include "host/tls/server_context.h"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/assert.h"
#include "host/tls/openssl_error.h"
#include "host/tls/psk_file.h"

namespace tt::tls {
namespace {

/// TLS 1.2: forward secrecy and authenticated encryption only. Suites with pre-shared keys come first: only a client
/// that has a key offers them, and it may have no way to judge a certificate. They have no effect without a key table.
constexpr const char* kCipherList =
    "ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384:DHE-PSK-AES128-GCM-SHA256:DHE-PSK-CHACHA20-POLY1305:"
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL";

/// TLS 1.3 with pre-shared keys: such a key belongs to SHA-256. With a suite of another hash chosen, OpenSSL would pass
/// the key over and show its certificate.
constexpr const char* kPskCipherSuites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";

/// Slot of an SSL object that holds the std::string* of its PSK identity.
int identity_slot() {
  static const int slot = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* identity, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<std::string*>(identity); });
  return slot;
}

int keys_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

Result<void> use_certificate(SSL_CTX* context, const ServerFiles& files, std::string& explanation) {
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return refuse(explanation, "certificate " + files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return refuse(explanation, "key " + files.key);
  }
  if (SSL_CTX_check_private_key(context) != 1) return refuse(explanation, "key " + files.key + " of the certificate");
  return {};
}

Result<void> demand_client_certificate(SSL_CTX* context, const std::string& file, std::string& explanation) {
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr) return refuse(explanation, "client CA " + file);
  SSL_CTX_set_client_CA_list(context, names);  // takes the list over
  if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return refuse(explanation, "client CA " + file);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

Result<PskTable> read_psk_file(const std::string& file, std::string& explanation) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.good() && !in.eof()) {
    explanation = "PSK file " + file + ": " + std::strerror(errno);
    return Errc::invalid_argument;
  }
  auto table = parse_psk_file(text);
  if (!table) {
    explanation = "PSK file " + file + ", line " + std::to_string(table.error().detail) +
                  ": want identity:hexkey with a key of 16 to 64 bytes, each identity once";
  }
  return table;
}

}  // namespace

struct ServerContext::Keys {
  PskTable table;
};

ServerContext::ServerContext() = default;
ServerContext::~ServerContext() = default;

unsigned ServerContext::find_key(SSL* ssl, const char* identity, unsigned char* key, unsigned max_key_bytes) {
  const auto* keys = static_cast<const Keys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keys_slot()));
  if (keys == nullptr || identity == nullptr) return 0;
  const auto found = keys->table.find(std::string_view(identity));
  if (found == keys->table.end() || found->second.size() > max_key_bytes) return 0;
  std::memcpy(key, found->second.data(), found->second.size());
  static_cast<std::string*>(SSL_get_ex_data(ssl, identity_slot()))->assign(identity);
  return static_cast<unsigned>(found->second.size());
}

Result<std::unique_ptr<ServerContext>> ServerContext::load(const ServerFiles& files, std::string& explanation) {
  const bool has_certificate = !files.certificate.empty();
  if (has_certificate == files.key.empty()) {
    explanation = "a certificate and its key go together";
    return Errc::invalid_argument;
  }
  if (!has_certificate && files.psk.empty()) {
    explanation = "TLS needs a certificate with its key, or a PSK file";
    return Errc::invalid_argument;
  }
  if (!has_certificate && !files.client_ca.empty()) {
    explanation = "client certificates need a server certificate";
    return Errc::invalid_argument;
  }
  ERR_clear_error();
  std::unique_ptr<ServerContext> made(new ServerContext());
  made->keys_ = std::make_unique<Keys>();
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = made->context_.get();
  TT_ASSERT(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // Nothing is resumed, but a key of TLS 1.3 counts as a session, and with client certificates one without a context is
  // refused.
  constexpr unsigned char kContext[] = "twintrack";
  SSL_CTX_set_session_id_context(context, kContext, sizeof kContext);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_dh_auto(context, 1);
  TT_ASSERT(SSL_CTX_set_cipher_list(context, kCipherList) == 1);

  if (has_certificate) TT_CHECK(use_certificate(context, files, explanation));
  if (!files.client_ca.empty()) TT_CHECK(demand_client_certificate(context, files.client_ca, explanation));
  if (!files.psk.empty()) {
    TT_TRY(made->keys_->table, read_psk_file(files.psk, explanation));
    SSL_CTX_set_ex_data(context, keys_slot(), made->keys_.get());
    SSL_CTX_set_psk_server_callback(context, &ServerContext::find_key);
    TT_ASSERT(SSL_CTX_set_ciphersuites(context, kPskCipherSuites) == 1);
  }
  return made;
}

SslPtr ServerContext::new_connection() const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  SSL_set_ex_data(ssl.get(), identity_slot(), new std::string());
  SSL_set_accept_state(ssl.get());
  return ssl;
}

namespace {

/// That a key was looked up says nothing; the handshake must have stood on it.
bool stands_on_key(SSL* ssl) {
  if (SSL_version(ssl) >= TLS1_3_VERSION) return SSL_session_reused(ssl) == 1;
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  if (cipher == nullptr) return false;
  const int exchange = SSL_CIPHER_get_kx_nid(cipher);
  return exchange == NID_kx_psk || exchange == NID_kx_ecdhe_psk || exchange == NID_kx_dhe_psk;
}

}  // namespace

const std::string& psk_identity_of(SSL* ssl) {
  static const std::string none;
  if (SSL_is_init_finished(ssl) != 1 || !stands_on_key(ssl)) return none;
  const auto* identity = static_cast<const std::string*>(SSL_get_ex_data(ssl, identity_slot()));
  return identity != nullptr ? *identity : none;
}

}  // namespace tt::tls
