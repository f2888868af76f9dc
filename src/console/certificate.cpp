// SPDX-License-Identifier: Apache-2.0
#include "console/certificate.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "interfaces/files/files.h"

namespace tt::console {

namespace {

constexpr long kValidSeconds = 10L * 365 * 24 * 3600;
/// Clients whose clock is behind shall not reject a new certificate.
constexpr long kEarlierSeconds = 24L * 3600;

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION, X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO, BIO_free_all>>;

bool is_address(const std::string& name) {
  unsigned char buffer[16];
  return ::inet_pton(AF_INET, name.c_str(), buffer) == 1 || ::inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

/// A host name that may stand in a certificate; others could smuggle further entries into the list.
bool is_host_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; };
  return !name.empty() && name.size() < 254 && std::all_of(name.begin(), name.end(), allowed);
}

std::vector<std::string> own_names() {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) == 0) names.emplace_back(host);
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return names;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    char text[INET6_ADDRSTRLEN] = {};
    const int family = one->ifa_addr->sa_family;
    const void* bytes = nullptr;
    if (family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    if (family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    if (bytes != nullptr && ::inet_ntop(family, bytes, text, sizeof text) != nullptr) names.emplace_back(text);
  }
  ::freeifaddrs(list);
  return names;
}

std::string alternative_names(const std::vector<std::string>& wanted) {
  std::vector<std::string> names = own_names();
  names.insert(names.end(), wanted.begin(), wanted.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (const std::string& name : names) {
    const bool address = is_address(name);
    if (!address && !is_host_name(name)) continue;
    list += (list.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return list;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
  unsigned char bytes[8];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7FU) | 0x40U);  // Positive and of full length.
  std::uint64_t serial = 0;
  for (const unsigned char byte : bytes) serial = serial << 8U | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1;
}

Certificate make_certificate(EVP_PKEY* key, const std::string& names) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  X509* raw = certificate.get();
  X509_set_version(raw, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(raw), -kEarlierSeconds);
  X509_gmtime_adj(X509_getm_notAfter(raw), kValidSeconds);
  X509_NAME* subject = X509_get_subject_name(raw);
  const auto* common_name = reinterpret_cast<const unsigned char*>("Twintrack storage management console");
  bool good = set_random_serial(raw) && X509_set_pubkey(raw, key) == 1;
  good = good && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1;
  good = good && X509_set_issuer_name(raw, subject) == 1;
  good = good && add_extension(raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  good = good && add_extension(raw, NID_key_usage, "critical,digitalSignature,keyCertSign");
  good = good && add_extension(raw, NID_ext_key_usage, "serverAuth");
  good = good && add_extension(raw, NID_subject_key_identifier, "hash");
  good = good && add_extension(raw, NID_subject_alt_name, names);
  good = good && X509_sign(raw, key, EVP_sha256()) > 0;
  return good ? std::move(certificate) : nullptr;
}

std::string content_of(BIO* memory) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(memory, &bytes);
  return {bytes, static_cast<std::size_t>(length)};
}

}  // namespace

Result<CertificateFiles> ensure_certificate(const std::string& folder, const std::vector<std::string>& names) {
  CertificateFiles paths{folder + "/console.crt", folder + "/console.key"};
  const bool have_certificate = files::read_file(paths.certificate).has_value();
  const bool have_key = files::read_file(paths.key).has_value();
  if (have_certificate && have_key) return paths;
  // One without the other: somebody removed a file. Making a new pair would silently break every client that trusts
  // the old certificate.
  if (have_certificate != have_key) return Errc::corrupt;
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return Errc::corrupt;
  const Certificate certificate = make_certificate(key.get(), alternative_names(names));
  const Memory key_text(BIO_new(BIO_s_mem()));
  const Memory certificate_text(BIO_new(BIO_s_mem()));
  if (!certificate || !key_text || !certificate_text ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return Errc::corrupt;
  }
  // The key last: a crash in between leaves a certificate alone, which is refused above with a clear message; so
  // remove what is half made first.
  TT_CHECK(files::write_private_file(paths.key, content_of(key_text.get())));
  TT_CHECK(files::write_private_file(paths.certificate, content_of(certificate_text.get()), 0644));
  return paths;
}

}  // namespace tt::console
