// SPDX-License-Identifier: Apache-2.0
#include "media/sum_page.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/crc32c.h"

namespace tt::media {

static_assert(std::endian::native == std::endian::little, "pages are written as they stand in memory");

namespace {

constexpr std::array<char, 8> kMagic{'T', 'W', 'I', 'N', 'S', 'U', 'M', 'S'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kGroupPages = kChecksumGroupTracks / kSumPageTracks;
/// More versions than a page can ever have had.
constexpr std::uint64_t kManyVersions = std::uint64_t{1} << 32U;

struct Head {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t crc = 0;  ///< CRC-32C of the page with this field as 0. Stays here in every version.
  ImageUuid image{};
  std::uint64_t number = 0;
  std::uint64_t sequence = 0;
  std::uint64_t owner = 0;
  std::uint32_t open = 0;
  std::uint16_t rank = 0;
  std::uint8_t reserved[66] = {};
};
static_assert(sizeof(Head) == 128 && offsetof(Head, crc) == 12 && offsetof(Head, image) == 16 &&
              offsetof(Head, sequence) == 40 && offsetof(Head, open) == 56);

struct Entry {
  std::array<std::uint32_t, kTrackGrains> sums{};
  std::uint16_t known = 0;
  std::uint16_t lost = 0;
  std::uint8_t reserved[56] = {};
};
static_assert(sizeof(Entry) == 124 && sizeof(Head) + kSumPageTracks * sizeof(Entry) == kSumPageBytes);

/// As if the field crc were 0.
std::uint32_t page_crc(std::span<const std::byte, kSumPageBytes> bytes) noexcept {
  constexpr std::array<std::byte, sizeof(Head::crc)> kZero{};
  const std::uint32_t before = crc32c(0, bytes.first<offsetof(Head, crc)>());
  const std::uint32_t with_zero = crc32c(before, kZero);
  return crc32c(with_zero, bytes.subspan<offsetof(Head, crc) + sizeof(Head::crc)>());
}

bool is_zero(std::span<const std::byte, kSumPageBytes> bytes) noexcept {
  return bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

std::uint64_t sum_page_offset(const RankLayout& layout, std::uint64_t number, std::uint64_t sequence) noexcept {
  const std::uint64_t group = number / kGroupPages;
  const std::uint64_t slot = number % kGroupPages * kSumPagePlaces + sequence % kSumPagePlaces;
  const std::uint64_t offset = group * kChecksumGroupBytes + slot * kSumPageBytes;
  TT_ASSERT(offset + kSumPageBytes <= layout.checksum_bytes);
  return layout.checksum_offset + offset;
}

void encode_sum_page(const SumPage& page, const SumPageIdentity& identity,
                     std::span<std::byte, kSumPageBytes> into) noexcept {
  Head head;
  head.image = identity.image;
  head.rank = identity.rank;
  head.number = identity.number;
  head.sequence = page.sequence;
  head.owner = page.owner.value;
  head.open = page.open;
  std::memcpy(into.data(), &head, sizeof head);
  for (std::size_t i = 0; i < kSumPageTracks; ++i) {
    const TrackSums& track = page.tracks[i];
    Entry entry;
    entry.sums = track.sums;
    entry.known = track.known;
    entry.lost = track.lost;
    std::memcpy(into.data() + sizeof head + i * sizeof entry, &entry, sizeof entry);
  }
  head.crc = page_crc(into);
  std::memcpy(into.data(), &head, sizeof head);
}

Result<SumPage> decode_sum_page(std::span<const std::byte, kSumPageBytes> bytes, const SumPageIdentity& identity,
                                std::uint64_t place) noexcept {
  if (is_zero(bytes)) return Errc::object_not_found;
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.magic != kMagic || head.crc != page_crc(bytes)) return Errc::corrupt;
  if (head.version > kVersion) return {Errc::version_not_supported, head.version};
  const bool own = head.image == identity.image && head.rank == identity.rank && head.number == identity.number;
  if (head.version == 0 || !own || head.sequence == 0 || head.sequence % kSumPagePlaces != place) return Errc::corrupt;
  SumPage page;
  page.owner = Generation{head.owner};
  page.sequence = head.sequence;
  page.open = head.open;
  for (std::size_t i = 0; i < kSumPageTracks; ++i) {
    Entry entry;
    std::memcpy(&entry, bytes.data() + sizeof head + i * sizeof entry, sizeof entry);
    page.tracks[i] = {entry.sums, entry.known, entry.lost};
  }
  return page;
}

FoundSums settle_sum_pages(const std::array<Result<SumPage>, kSumPagePlaces>& places) noexcept {
  FoundSums found;
  bool unknowable = false;  // of a place that may hold the newest version
  std::uint64_t bad_place = 0;
  for (std::uint64_t place = 0; place < kSumPagePlaces; ++place) {
    const Result<SumPage>& at = places[place];
    if (at) {
      if (at->sequence > found.page.sequence) found.page = *at;
      continue;
    }
    if (at.error().code == Errc::object_not_found) continue;
    found.damaged = true;
    if (at.error().code == Errc::corrupt) continue;
    unknowable = true;
    bad_place = place;
  }
  if (!unknowable) return found;
  std::uint64_t sequence = found.page.sequence + kManyVersions;
  if ((sequence + 1) % kSumPagePlaces != bad_place) ++sequence;
  found.page = SumPage{};
  found.page.sequence = sequence;
  return found;
}

}  // namespace tt::media
