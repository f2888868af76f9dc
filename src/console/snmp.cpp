// SPDX-License-Identifier: Apache-2.0
#include "console/snmp.h"

#include <span>
#include <string_view>

namespace tt::console {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kOctets = 0x04;
constexpr std::uint8_t kObject = 0x06;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kIpAddress = 0x40;
constexpr std::uint8_t kTimeTicks = 0x43;
constexpr std::uint8_t kTrapPdu = 0xA4;
constexpr std::uint8_t kVersion1 = 0;

Bytes element(std::uint8_t tag, std::span<const std::uint8_t> content) {
  Bytes bytes = {tag};
  const std::size_t size = content.size();
  if (size < 0x80) {
    bytes.push_back(static_cast<std::uint8_t>(size));
  } else {
    Bytes length;
    for (std::size_t left = size; left != 0; left >>= 8U)
      length.insert(length.begin(), static_cast<std::uint8_t>(left));
    bytes.push_back(static_cast<std::uint8_t>(0x80U | length.size()));
    bytes.insert(bytes.end(), length.begin(), length.end());
  }
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

/// In the fewest bytes that do not look negative.
Bytes number(std::uint8_t tag, std::uint64_t value) {
  Bytes content = {static_cast<std::uint8_t>(value)};
  for (value >>= 8U; value != 0; value >>= 8U) content.insert(content.begin(), static_cast<std::uint8_t>(value));
  if (content.front() >= 0x80) content.insert(content.begin(), 0);
  return element(tag, content);
}

Bytes text(std::string_view value) {
  return element(kOctets, Bytes(value.begin(), value.end()));
}

Bytes object(std::vector<std::uint32_t> arcs) {
  Bytes content = {static_cast<std::uint8_t>(arcs[0] * 40 + arcs[1])};
  for (std::size_t i = 2; i < arcs.size(); ++i) {
    Bytes septets = {static_cast<std::uint8_t>(arcs[i] & 0x7FU)};
    for (std::uint32_t left = arcs[i] >> 7U; left != 0; left >>= 7U) {
      septets.insert(septets.begin(), static_cast<std::uint8_t>(0x80U | (left & 0x7FU)));
    }
    content.insert(content.end(), septets.begin(), septets.end());
  }
  return element(kObject, content);
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

std::vector<std::uint8_t> encode_trap(const Trap& trap) {
  const std::vector<std::uint32_t> enterprise(kTrapEnterprise.begin(), kTrapEnterprise.end());
  Bytes bindings;
  for (const auto& [arc, value] : trap.texts) {
    std::vector<std::uint32_t> name = enterprise;
    name.push_back(arc);
    const Bytes binding = element(kSequence, joined({object(name), text(value)}));
    bindings.insert(bindings.end(), binding.begin(), binding.end());
  }
  const Bytes pdu = joined({object(enterprise), element(kIpAddress, trap.agent),
                            number(kInteger, static_cast<std::uint64_t>(trap.generic)), number(kInteger, trap.specific),
                            number(kTimeTicks, trap.uptime_hundredths & 0xFFFFFFFFU), element(kSequence, bindings)});
  return element(kSequence, joined({number(kInteger, kVersion1), text(trap.community), element(kTrapPdu, pdu)}));
}

}  // namespace tt::console
