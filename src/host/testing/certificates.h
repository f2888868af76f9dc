// SPDX-License-Identifier: Apache-2.0
// Certificates made on the spot for tests: a directory of PEM files that goes away with the object.
#pragma once

#include <set>
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
  /// Makes `<name>.pem` and `<name>.key`, signed by that authority. Alternative names: "DNS:a,IP:192.0.2.7".
  void issue(const std::string& authority, const std::string& name, const std::string& common_name,
             const std::string& alternative_names = {});
  /// Writes any other file.
  void write(const std::string& file, const std::string& text);
  /// Of a file that was made here or that does not exist.
  [[nodiscard]] std::string path(const std::string& file) const { return folder_ + "/" + file; }

 private:
  std::string new_file(const std::string& file);

  std::string folder_;
  std::set<std::string> made_;
};

}  // namespace tt::host_testing
