// SPDX-License-Identifier: Apache-2.0
// Certificates made on the spot for tests: a directory of PEM files that goes away with the object.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>

namespace tt::host_testing {

class CertificateFolder {
 public:
  CertificateFolder();
  CertificateFolder(const CertificateFolder&) = delete;
  CertificateFolder& operator=(const CertificateFolder&) = delete;
  ~CertificateFolder();

  /// Makes `<name>-ca.pem`, a self-signed authority.
  void make_authority(const std::string& name);
  /// Makes `<name>.pem` and `<name>.key`, signed by that authority.
  void issue(const std::string& authority, const std::string& name, const std::string& common_name);
  /// Writes any other file.
  void write(const std::string& file, const std::string& text);
  [[nodiscard]] std::string path(const std::string& file) const { return (folder_ / file).string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace tt::host_testing
