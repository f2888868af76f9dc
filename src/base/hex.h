// SPDX-License-Identifier: Apache-2.0
// Bytes as people compare them: two lower-case hexadecimal digits each, without separators.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tt {

inline std::string hex_of(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

inline std::string hex_of(std::span<const unsigned char> bytes) {
  return hex_of(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace tt
