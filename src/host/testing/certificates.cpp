// SPDX-License-Identifier: Apache-2.0
#include "host/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/assert.h"

namespace tt::host_testing {
namespace {

struct Closer {
  void operator()(FILE* file) const { std::fclose(file); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using File = std::unique_ptr<FILE, Closer>;
using Key = std::unique_ptr<EVP_PKEY, Closer>;
using Certificate = std::unique_ptr<X509, Closer>;

File open_file(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  TT_ASSERT(file);
  return file;
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  TT_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate make_certificate(EVP_PKEY* key, const std::string& common_name, X509* issuer, EVP_PKEY* issuer_key,
                             const std::string& alternative_names = {}) {
  static long serial = 1;
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24L * 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  X509* const signer = issuer != nullptr ? issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  add_extension(certificate.get(), signer, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  if (!alternative_names.empty()) {
    add_extension(certificate.get(), signer, NID_subject_alt_name, alternative_names.c_str());
  }
  TT_ASSERT(X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0);
  return certificate;
}

void write_pair(const std::string& certificate_path, X509* certificate, const std::string& key_path, EVP_PKEY* key) {
  const File certificate_file = open_file(certificate_path, "w");
  TT_ASSERT(PEM_write_X509(certificate_file.get(), certificate) == 1);
  const File key_file = open_file(key_path, "w");
  TT_ASSERT(PEM_write_PrivateKey(key_file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

}  // namespace

CertificateFolder::CertificateFolder() : folder_("/tmp/twintrack-test-XXXXXX") {
  TT_ASSERT(mkdtemp(folder_.data()) != nullptr);
}

CertificateFolder::~CertificateFolder() {
  for (const std::string& file : made_) unlink(path(file).c_str());
  rmdir(folder_.c_str());
}

std::string CertificateFolder::new_file(const std::string& file) {
  made_.insert(file);
  return path(file);
}

void CertificateFolder::make_authority(const std::string& name) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = make_certificate(key.get(), name, nullptr, key.get());
  write_pair(new_file(name + "-ca.pem"), certificate.get(), new_file(name + "-ca.key"), key.get());
}

void CertificateFolder::issue(const std::string& authority, const std::string& name, const std::string& common_name,
                              const std::string& alternative_names) {
  const File issuer_file = open_file(path(authority + "-ca.pem"), "r");
  const Certificate issuer(PEM_read_X509(issuer_file.get(), nullptr, nullptr, nullptr));
  const File issuer_key_file = open_file(path(authority + "-ca.key"), "r");
  const Key issuer_key(PEM_read_PrivateKey(issuer_key_file.get(), nullptr, nullptr, nullptr));
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate =
      make_certificate(key.get(), common_name, issuer.get(), issuer_key.get(), alternative_names);
  write_pair(new_file(name + ".pem"), certificate.get(), new_file(name + ".key"), key.get());
}

void CertificateFolder::write(const std::string& file, const std::string& text) {
  const File out = open_file(new_file(file), "w");
  TT_ASSERT(std::fwrite(text.data(), 1, text.size(), out.get()) == text.size());
}

}  // namespace tt::host_testing
