// SPDX-License-Identifier: Apache-2.0
#include "sim/tag.h"

#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/crc32c.h"
#include "sim/trace.h"

namespace tt::sim {
namespace {

constexpr std::uint64_t kMagic = 0x5443455354474154U;
constexpr std::size_t kWords = kBlockBytes / sizeof(std::uint64_t);
using Sector = std::array<std::uint64_t, kWords>;

Sector content(std::uint32_t volume, std::uint64_t sector, std::uint64_t tag) {
  Sector words{kMagic, volume, sector, tag};
  std::uint64_t state = mix(mix(tag, sector), volume);
  for (std::size_t i = 4; i < kWords; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    words[i] = state;
  }
  return words;
}

}  // namespace

std::string Value::text() const {
  switch (kind) {
    case Kind::zero:
      return "zeros";
    case Kind::tagged:
      return "write " + std::to_string(tag) + " to volume " + std::to_string(volume) + " sector " +
             std::to_string(sector);
    case Kind::other:
      return "unknown bytes (fingerprint " + std::to_string(tag) + ")";
  }
  return "?";
}

void make_tagged(std::span<std::byte> into, std::uint32_t volume, std::uint64_t first_sector, std::uint64_t tag) {
  TT_ASSERT(into.size() % kBlockBytes == 0);
  for (std::size_t at = 0; at < into.size(); at += kBlockBytes) {
    const Sector words = content(volume, first_sector + at / kBlockBytes, tag);
    std::memcpy(into.data() + at, words.data(), kBlockBytes);
  }
}

Value value_of(std::span<const std::byte> sector) {
  TT_ASSERT(sector.size() == kBlockBytes);
  Sector words;
  std::memcpy(words.data(), sector.data(), kBlockBytes);
  if (words == Sector{}) return {};
  const auto volume = static_cast<std::uint32_t>(words[1]);
  if (words[0] == kMagic && words == content(volume, words[2], words[3])) {
    return {Value::Kind::tagged, volume, words[2], words[3]};
  }
  std::uint64_t print = 0;
  for (const std::uint64_t word : words) print = mix(print, word);
  return {Value::Kind::other, 0, 0, print};
}

}  // namespace tt::sim
