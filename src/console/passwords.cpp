// SPDX-License-Identifier: Apache-2.0
#include "console/passwords.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/assert.h"
#include "base/hex.h"

namespace tt::console {

namespace {

constexpr std::uint64_t kCost = 16384;
constexpr std::uint64_t kBlockSize = 8;
constexpr std::uint64_t kParallel = 1;
constexpr std::uint64_t kMemoryLimit = 64U << 20U;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kSymbols = "!@#$%&*()";
constexpr std::size_t kLongest = 64;
constexpr std::size_t kLongestDs6000 = 16;
constexpr std::size_t kFewestLetters = 5;

struct Stored {
  std::uint64_t cost = kCost;
  std::uint64_t block_size = kBlockSize;
  std::uint64_t parallel = kParallel;
  std::string salt;
  std::string key;
};

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  TT_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto [stopped, failure] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (failure != std::errc{} || stopped != text.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::optional<std::string> derive(std::string_view password, const Stored& with) {
  std::string key(kKeyBytes, '\0');
  const int done =
      EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(with.salt.data()),
                     with.salt.size(), with.cost, with.block_size, with.parallel, kMemoryLimit,
                     reinterpret_cast<unsigned char*>(key.data()), key.size());
  if (done != 1) return std::nullopt;
  return key;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<Stored> parse_stored(std::string_view text) {
  const auto parts = split(text, '$');
  if (parts.size() != 6 || parts[0] != "scrypt") return std::nullopt;
  Stored stored;
  std::uint64_t* numbers[] = {&stored.cost, &stored.block_size, &stored.parallel};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string_view part = parts[i + 1];
    const auto [stopped, failure] = std::from_chars(part.data(), part.data() + part.size(), *numbers[i]);
    if (failure != std::errc{} || stopped != part.data() + part.size()) return std::nullopt;
  }
  const auto salt = from_hex(parts[4]);
  const auto key = from_hex(parts[5]);
  if (!salt || !key || key->size() != kKeyBytes) return std::nullopt;
  stored.salt = *salt;
  stored.key = *key;
  return stored;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace

std::string hash_password(std::string_view password) {
  Stored fresh;
  fresh.salt = random_bytes(kSaltBytes);
  const auto key = derive(password, fresh);
  TT_ASSERT(key.has_value());
  return "scrypt$" + std::to_string(kCost) + "$" + std::to_string(kBlockSize) + "$" + std::to_string(kParallel) + "$" +
         hex_of(fresh.salt) + "$" + hex_of(*key);
}

bool verify_password(std::string_view password, std::string_view stored) {
  const auto parsed = parse_stored(stored);
  if (!parsed) return false;
  const auto key = derive(password, *parsed);
  return key && CRYPTO_memcmp(key->data(), parsed->key.data(), kKeyBytes) == 0;
}

void waste_verification_time(std::string_view password) {
  Stored nobody;
  nobody.salt = std::string(kSaltBytes, 'x');
  [[maybe_unused]] const auto ignored = derive(password, nobody);
}

std::string password_problem(std::string_view password, std::string_view user, const PasswordPolicy& policy) {
  const auto shortest = static_cast<std::size_t>(policy.length);
  const std::size_t longest = policy.ds6000 ? kLongestDs6000 : kLongest;
  if (password.size() < shortest || password.size() > longest) {
    return "it must have " + std::to_string(shortest) + " to " + std::to_string(longest) + " characters.";
  }
  std::size_t letters = 0;
  std::size_t digits = 0;
  std::size_t symbols = 0;
  for (const char c : password) {
    letters += is_letter(c) ? 1 : 0;
    digits += c >= '0' && c <= '9' ? 1 : 0;
    symbols += kSymbols.find(c) != std::string_view::npos ? 1 : 0;
  }
  if (contains_ignoring_case(password, user)) return "it must not contain the user name.";
  if (policy.ds6000) {
    if (letters < kFewestLetters || digits == 0) return "it must have at least five letters and one digit.";
    if (!is_letter(password.front()) || !is_letter(password.back())) return "it must begin and end with a letter.";
    return {};
  }
  const int kinds = (letters > 0 ? 1 : 0) + (digits > 0 ? 1 : 0) + (symbols > 0 ? 1 : 0);
  return kinds < 2 ? "it must mix two of letters, digits and !@#$%&*()." : "";
}

std::string generate_password() {
  static constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  constexpr std::size_t kLength = 20;
  while (true) {
    std::string password;
    while (password.size() < kLength) {
      const auto byte = static_cast<unsigned char>(random_bytes(1)[0]);
      // Bytes beyond a multiple of the alphabet would favour its first letters.
      if (byte < 256 / kAlphabet.size() * kAlphabet.size()) password += kAlphabet[byte % kAlphabet.size()];
    }
    if (password_problem(password, "admin").empty()) return password;
  }
}

std::string random_hex(std::size_t bytes) {
  return hex_of(random_bytes(bytes));
}

}  // namespace tt::console
