// SPDX-License-Identifier: Apache-2.0
#include "model/path_reasons.h"

#include <utility>

namespace tt::model {

namespace {

constexpr std::pair<std::uint8_t, std::string_view> kReasons[] = {
    {0x02, "Initialization failed"},
    {0x03, "Timeout"},
    {0x04, "Primary No Resources"},
    {0x05, "Secondary No Resources"},
    {0x06, "Secondary Mismatch"},
    {0x07, "Secondary SSID Mismatch"},
    {0x09, "Retry"},
    {0x10, "Configuration Error"},
    {0x14, "Down"},
    {0x15, "Retry Exceeded"},
    {0x16, "Secondary Unavailable"},
    {0x17, "Secondary Unavailable"},
    {0x18, "Primary Login Exceeded"},
    {0x19, "Secondary Login Exceeded"},
    {0x1A, "Configuration Error"},
};

}  // namespace

std::string_view path_reason(std::uint8_t status) noexcept {
  for (const auto& [code, text] : kReasons) {
    if (code == status) return text;
  }
  return {};
}

std::string path_failure_text(std::uint8_t status) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text(path_reason(status));
  if (text.empty()) text = "No Path";
  return text + " (" + kDigits[status >> 4U] + kDigits[status & 0xFU] + ")";
}

}  // namespace tt::model
