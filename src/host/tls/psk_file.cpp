// SPDX-License-Identifier: Apache-2.0
#include "host/tls/psk_file.h"

#include <cstdint>
#include <optional>

namespace tt::tls {
namespace {

constexpr std::size_t kMinKeyBytes = 16;
constexpr std::size_t kMaxKeyBytes = 64;
constexpr std::size_t kMaxIdentityBytes = 128;

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_value(digits[i]);
    const int low = hex_value(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

bool add_line(std::string_view line, PskTable& table) {
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::optional<std::string> identity(line.substr(0, colon));
  if (identity->front() == '#') identity = from_hex(line.substr(1, colon - 1));
  const auto key = from_hex(line.substr(colon + 1));
  if (!identity || identity->size() > kMaxIdentityBytes || identity->find('\0') != std::string::npos) return false;
  if (!key || key->size() < kMinKeyBytes || key->size() > kMaxKeyBytes) return false;
  return table.emplace(*identity, *key).second;
}

}  // namespace

Result<PskTable> parse_psk_file(std::string_view text) {
  PskTable table;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    if (!add_line(line, table)) return {Errc::invalid_argument, number};
  }
  if (table.empty()) return {Errc::invalid_argument, 0};
  return table;
}

}  // namespace tt::tls
