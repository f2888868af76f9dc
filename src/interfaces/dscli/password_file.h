// SPDX-License-Identifier: Apache-2.0
// Passwords for scripts, one record per console and user, encrypted with AES-256-GCM. The key is random and lies beside
// the file ("<file>.key", mode 0600): the file protects against a glance and against copies of itself, not against who
// may read both.
//
// Lines: "console user base64(nonce, cipher text, tag)"; console and user are authenticated with the password.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tt::dscli {

class PasswordFile {
 public:
  explicit PasswordFile(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] bool exists() const;
  /// The password, or nothing if there is no such record or it cannot be decrypted.
  [[nodiscard]] std::optional<std::string> find(const std::string& console, const std::string& user) const;
  /// Adds or replaces the record; creates file and key when missing. io_error with errno.
  Result<void> store(const std::string& console, const std::string& user, const std::string& password);
  /// object_not_found if there is no such record.
  Result<void> remove(const std::string& console, const std::string& user);
  /// "console/user" of each record.
  [[nodiscard]] std::vector<std::string> records() const;

 private:
  struct Record {
    std::string console;
    std::string user;
    std::string sealed;
  };
  [[nodiscard]] std::vector<Record> load() const;
  Result<void> save(const std::vector<Record>& records) const;
  [[nodiscard]] std::optional<std::string> key() const;
  Result<std::string> key_or_new();

  std::string path_;
};

}  // namespace tt::dscli
