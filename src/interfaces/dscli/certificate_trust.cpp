// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/certificate_trust.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "base/hex.h"
#include "interfaces/files/files.h"
#include "model/catalogue.h"

namespace tt::dscli {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

bool is_ip_address(const std::string& host) {
  unsigned char buffer[16];
  return ::inet_pton(AF_INET, host.c_str(), buffer) == 1 || ::inet_pton(AF_INET6, host.c_str(), buffer) == 1;
}

std::string fingerprint_of(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1) return {};
  return hex_of(std::span(digest, length));
}

/// Without colons and blanks, lower case: fingerprints are written in many ways.
std::string plain_fingerprint(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != ':' && c != ' ') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

/// The fingerprint remembered for host:port, or nothing.
std::string known_fingerprint(const std::string& content, const std::string& console) {
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string fingerprint;
    if (words >> name >> fingerprint && name == console) return fingerprint;
  }
  return {};
}

bool check_known(const std::string& fingerprint, const HttpsOptions& options, std::string& problem,
                 std::vector<std::string>& notices) {
  const std::string console = options.host + ":" + options.port;
  const auto saved_before = files::read_file(options.known_file);
  const std::string content = saved_before ? *saved_before : std::string();
  const std::string known = known_fingerprint(content, console);
  const std::string_view slots[] = {console, fingerprint, options.known_file};
  if (known == fingerprint) return true;
  if (!known.empty()) {
    problem = model::fill_slots(model::find_message("CMUC09020E")->text, slots) + " " +
              model::fill_slots(model::find_message("CMUC09020E")->action, slots);
    return false;
  }
  const auto saved = files::write_private_file(options.known_file, content + console + " " + fingerprint + "\n");
  if (!saved) {
    problem = "the fingerprint of the certificate cannot be saved in " + options.known_file;
    return false;
  }
  notices.push_back(model::fill_slots(model::find_message("CMUC09019I")->text, slots));
  return true;
}

}  // namespace

bool prepare_trust(ssl_ctx_st* context, ssl_st* tls, const HttpsOptions& options, std::string& problem) {
  if (options.ca_file.empty()) {
    SSL_set_verify(tls, SSL_VERIFY_NONE, nullptr);
    return true;
  }
  if (SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) != 1) {
    ERR_clear_error();
    problem = "the certificate file " + options.ca_file + " (ca in the profile) cannot be read";
    return false;
  }
  const bool named = is_ip_address(options.host)
                         ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), options.host.c_str()) == 1
                         : SSL_set1_host(tls, options.host.c_str()) == 1;
  if (!named) {
    problem = "the address " + options.host + " cannot be checked against a certificate";
    return false;
  }
  SSL_set_verify(tls, SSL_VERIFY_PEER, nullptr);
  return true;
}

bool check_certificate(const ssl_st* tls, const HttpsOptions& options, std::string& problem,
                       std::vector<std::string>& notices) {
  if (!options.ca_file.empty()) return true;  // Checked in the handshake.
  const Certificate certificate(SSL_get1_peer_certificate(tls), X509_free);
  const std::string fingerprint = certificate ? fingerprint_of(certificate.get()) : std::string();
  if (fingerprint.empty()) {
    problem = "the management console shows no certificate";
    return false;
  }
  if (options.pin.empty()) return check_known(fingerprint, options, problem, notices);
  if (plain_fingerprint(options.pin) == fingerprint) return true;
  problem = "the certificate of " + options.host + " has the fingerprint " + fingerprint +
            ", not the one of pin in the profile";
  return false;
}

}  // namespace tt::dscli
