// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/password_file.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <sstream>

#include "interfaces/files/files.h"

namespace tt::dscli {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  TT_ASSERT(RAND_bytes(bytes_of(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

std::string to_base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> from_base64(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(bytes_of(bytes), bytes_of(text), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  // EVP_DecodeBlock counts the padding as zero bytes.
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string seal(const std::string& key, const std::string& bound_to, const std::string& secret) {
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const std::string nonce = random_bytes(kNonceBytes);
  std::string cipher_text(secret.size(), '\0');
  std::string tag(kTagBytes, '\0');
  int length = 0;
  bool good = EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1;
  good = good &&
         EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(bound_to), static_cast<int>(bound_to.size())) == 1;
  good = good && EVP_EncryptUpdate(context.get(), bytes_of(cipher_text), &length, bytes_of(secret),
                                   static_cast<int>(secret.size())) == 1;
  good = good && EVP_EncryptFinal_ex(context.get(), bytes_of(cipher_text) + length, &length) == 1;
  good = good && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()) == 1;
  TT_ASSERT(good);
  return to_base64(nonce + cipher_text + tag);
}

std::optional<std::string> open_sealed(const std::string& key, const std::string& bound_to, const std::string& sealed) {
  const auto bytes = from_base64(sealed);
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) return std::nullopt;
  const std::string nonce = bytes->substr(0, kNonceBytes);
  std::string tag = bytes->substr(bytes->size() - kTagBytes);
  const std::string cipher_text = bytes->substr(kNonceBytes, bytes->size() - kNonceBytes - kTagBytes);
  std::string secret(cipher_text.size(), '\0');
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int length = 0;
  bool good = EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1;
  good = good &&
         EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(bound_to), static_cast<int>(bound_to.size())) == 1;
  good = good && EVP_DecryptUpdate(context.get(), bytes_of(secret), &length, bytes_of(cipher_text),
                                   static_cast<int>(cipher_text.size())) == 1;
  good = good && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1;
  good = good && EVP_DecryptFinal_ex(context.get(), bytes_of(secret) + length, &length) == 1;
  if (!good) return std::nullopt;
  return secret;
}

std::string bound_to(const std::string& console, const std::string& user) {
  return console + '\0' + user;
}

}  // namespace

bool PasswordFile::exists() const {
  std::error_code ignored;
  return std::filesystem::exists(path_, ignored);
}

std::vector<PasswordFile::Record> PasswordFile::load() const {
  const auto content = files::read_file(path_);
  std::vector<Record> records;
  if (!content) return records;
  std::istringstream lines(*content);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Record record;
    if (words >> record.console >> record.user >> record.sealed) records.push_back(std::move(record));
  }
  return records;
}

Result<void> PasswordFile::save(const std::vector<Record>& records) const {
  std::string content;
  for (const Record& record : records) content += record.console + " " + record.user + " " + record.sealed + "\n";
  return files::write_private_file(path_, content);
}

std::optional<std::string> PasswordFile::key() const {
  const auto content = files::read_file(path_ + ".key");
  if (!content || content->size() != kKeyBytes) return std::nullopt;
  return *content;
}

Result<std::string> PasswordFile::key_or_new() {
  if (auto existing = key()) return *existing;
  std::string fresh = random_bytes(kKeyBytes);
  TT_CHECK(files::write_private_file(path_ + ".key", fresh));
  return fresh;
}

std::optional<std::string> PasswordFile::find(const std::string& console, const std::string& user) const {
  const auto secret_key = key();
  if (!secret_key) return std::nullopt;
  for (const Record& record : load()) {
    if (record.console == console && record.user == user) {
      return open_sealed(*secret_key, bound_to(console, user), record.sealed);
    }
  }
  return std::nullopt;
}

Result<void> PasswordFile::store(const std::string& console, const std::string& user, const std::string& password) {
  TT_TRY(const std::string secret_key, key_or_new());
  std::vector<Record> records = load();
  std::erase_if(records, [&](const Record& r) { return r.console == console && r.user == user; });
  records.push_back({console, user, seal(secret_key, bound_to(console, user), password)});
  return save(records);
}

Result<void> PasswordFile::remove(const std::string& console, const std::string& user) {
  std::vector<Record> records = load();
  const std::size_t erased =
      std::erase_if(records, [&](const Record& r) { return r.console == console && r.user == user; });
  if (erased == 0) return Errc::object_not_found;
  return save(records);
}

std::vector<std::string> PasswordFile::records() const {
  std::vector<std::string> names;
  for (const Record& record : load()) names.push_back(record.console + "/" + record.user);
  return names;
}

}  // namespace tt::dscli
