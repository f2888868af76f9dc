// SPDX-License-Identifier: Apache-2.0
// Hostile bytes against the decoders of volume/ and media/. The first byte chooses the decoder; what decodes must
// encode to something that decodes to the same. Rank headers and pages of checksums get their own checksum repaired,
// because no fuzzer finds a CRC.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/crc32c.h"
#include "media/rank_header.h"
#include "media/sum_page.h"
#include "volume/codec.h"
#include "volume/mutation.h"

namespace {

using namespace tt;

/// Smaller than the real bound (which codec_test.cpp tests), so that an input costs no time.
constexpr volume::codec::Budget kBudget{.extents = 65'536};

void fuzz_config(std::span<const std::byte> bytes) {
  const auto config = volume::codec::decode_config_within(bytes, kBudget);
  if (!config) return;
  const auto encoded = volume::encode_config(*config);
  const auto again = volume::decode_config(encoded);
  TT_ASSERT(again && *again == *config && volume::encode_config(*again) == encoded);
}

void fuzz_mutation(std::span<const std::byte> bytes) {
  const auto mutation = volume::codec::decode_mutation_within(bytes, kBudget);
  if (!mutation) return;
  const auto encoded = volume::encode_mutation(*mutation);
  const auto again = volume::decode_mutation(encoded);
  TT_ASSERT(again && again->index() == mutation->index() && volume::encode_mutation(*again) == encoded);
}

void fuzz_rank_header(std::span<const std::byte> bytes) {
  media::HeaderBlock block{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), block.size()), block.begin());
  const auto crc_field = std::span(block).subspan(offsetof(media::RankHeader, crc), 4);
  std::ranges::fill(crc_field, std::byte{0});
  const std::uint32_t crc = crc32c(0, block);
  std::memcpy(crc_field.data(), &crc, sizeof crc);
  const auto header = media::decode_header(block, 0);
  if (!header) return;
  const media::RankLayout layout = media::layout_for(header->data_bytes);
  const auto again = media::decode_header(media::encode_header(header->image, header->rank, 0, layout), 0);
  TT_ASSERT(again && again->image == header->image && again->rank == header->rank);
  TT_ASSERT(again->data_offset == header->data_offset && again->data_bytes == header->data_bytes);
  block[crc % block.size()] ^= std::byte{1};
  TT_ASSERT(!media::decode_header(block, 0));
  TT_ASSERT(header->checksum_offset + header->checksum_bytes <= header->data_offset);
}

/// The identity comes from the input, so that some are this page's own.
void fuzz_sum_page(std::span<const std::byte> bytes) {
  constexpr std::size_t kCrcField = 12;
  std::array<std::byte, media::kSumPageBytes> page{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), page.size()), page.begin());
  std::memset(page.data() + kCrcField, 0, 4);
  const std::uint32_t crc = crc32c(0, page);
  std::memcpy(page.data() + kCrcField, &crc, sizeof crc);
  media::SumPageIdentity identity;
  std::memcpy(identity.image.data(), page.data() + 16, identity.image.size());
  std::memcpy(&identity.number, page.data() + 32, sizeof identity.number);
  std::memcpy(&identity.rank, page.data() + 60, sizeof identity.rank);
  for (std::uint64_t place = 0; place < media::kSumPagePlaces; ++place) {
    const auto found = media::decode_sum_page(page, identity, place);
    if (!found) continue;
    std::array<std::byte, media::kSumPageBytes> encoded;
    media::encode_sum_page(*found, identity, encoded);
    const auto again = media::decode_sum_page(encoded, identity, place);
    TT_ASSERT(again && *again == *found);
    TT_ASSERT(!media::decode_sum_page(encoded, identity, 1 - place));
    encoded[crc % encoded.size()] ^= std::byte{1};
    TT_ASSERT(!media::decode_sum_page(encoded, identity, place));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      fuzz_config(bytes);
      break;
    case 1:
      fuzz_mutation(bytes);
      break;
    case 2:
      fuzz_rank_header(bytes);
      break;
    default:
      fuzz_sum_page(bytes);
      break;
  }
  return 0;
}
