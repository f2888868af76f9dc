// SPDX-License-Identifier: Apache-2.0
// The names in a peer's certificate. A name with a NUL in it, or longer than any of ours, is none: whoever signed it
// may have read only its beginning.
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>

#include "host/tls/tls_stream.h"

namespace tt::tls {
namespace {

constexpr int kLongestName = 256;
constexpr std::size_t kMostNames = 64;

void add(std::vector<std::string>& names, const char* text, int bytes) {
  if (bytes <= 0 || bytes > kLongestName || names.size() >= kMostNames) return;
  if (std::memchr(text, '\0', static_cast<std::size_t>(bytes)) != nullptr) return;
  names.emplace_back(text, static_cast<std::size_t>(bytes));
}

void add(std::vector<std::string>& names, const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int bytes = ASN1_STRING_to_UTF8(&utf8, text);
  if (bytes >= 0) add(names, reinterpret_cast<const char*>(utf8), bytes);
  OPENSSL_free(utf8);
}

void add_address(std::vector<std::string>& names, const ASN1_OCTET_STRING* address) {
  if (ASN1_STRING_length(address) != 4) return;
  const unsigned char* bytes = ASN1_STRING_get0_data(address);
  const std::string dotted = std::to_string(bytes[0]) + "." + std::to_string(bytes[1]) + "." +
                             std::to_string(bytes[2]) + "." + std::to_string(bytes[3]);
  add(names, dotted.data(), static_cast<int>(dotted.size()));
}

void add_common_names(std::vector<std::string>& names, X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    add(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  }
}

void add_alternative_names(std::vector<std::string>& names, X509* certificate) {
  const auto free_all = [](GENERAL_NAMES* all) { GENERAL_NAMES_free(all); };
  const std::unique_ptr<GENERAL_NAMES, decltype(free_all)> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)), free_all);
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    switch (name->type) {
      case GEN_DNS:
        add(names, name->d.dNSName);
        break;
      case GEN_EMAIL:
        add(names, name->d.rfc822Name);
        break;
      case GEN_URI:
        add(names, name->d.uniformResourceIdentifier);
        break;
      case GEN_IPADD:
        add_address(names, name->d.iPAddress);
        break;
      default:
        break;
    }
  }
}

}  // namespace

PeerNames TlsStream::peer_names() const {
  PeerNames names;
  names.psk = psk_identity_of(ssl_.get());
  X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return names;
  add_common_names(names.certificate, certificate);
  add_alternative_names(names.certificate, certificate);
  return names;
}

}  // namespace tt::tls
