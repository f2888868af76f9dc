// SPDX-License-Identifier: Apache-2.0
#include "media/sum_page.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace tt::media {
namespace {

using Bytes = std::array<std::byte, kSumPageBytes>;

constexpr SumPageIdentity kIdentity{{1, 2, 3}, 7, 12'345};

SumPage some_page(std::uint64_t sequence, std::uint64_t seed = 1) {
  Random random(seed);
  SumPage page;
  page.owner = Generation{77};
  page.sequence = sequence;
  page.open = static_cast<std::uint32_t>(random.next());
  for (TrackSums& track : page.tracks) {
    for (std::uint32_t& sum : track.sums) sum = static_cast<std::uint32_t>(random.next());
    track.known = static_cast<GrainMask>(random.next());
    track.lost = static_cast<GrainMask>(random.next());
  }
  return page;
}

Bytes encoded(const SumPage& page, const SumPageIdentity& identity = kIdentity) {
  Bytes bytes;
  encode_sum_page(page, identity, bytes);
  return bytes;
}

Errc code_of(const Result<SumPage>& page) {
  return page ? Errc::ok : page.error().code;
}

TEST(SumPageTest, SaysWhatWasWritten) {
  for (std::uint64_t sequence = 1; sequence < 5; ++sequence) {
    const SumPage page = some_page(sequence, sequence);
    const auto again = decode_sum_page(encoded(page), kIdentity, sequence % 2);
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, page);
  }
}

TEST(SumPageTest, ZerosAreNoPage) {
  EXPECT_EQ(code_of(decode_sum_page(Bytes{}, kIdentity, 0)), Errc::object_not_found);
}

TEST(SumPageTest, EveryChangedByteIsNoticed) {
  const Bytes good = encoded(some_page(4));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= std::byte{0x10};
    EXPECT_NE(code_of(decode_sum_page(bad, kIdentity, 0)), Errc::ok) << i;
  }
}

TEST(SumPageTest, APageOfAnotherPlaceIsDamage) {
  const Bytes bytes = encoded(some_page(4));
  EXPECT_EQ(code_of(decode_sum_page(bytes, kIdentity, 1)), Errc::corrupt);
  for (int field = 0; field < 3; ++field) {
    SumPageIdentity other = kIdentity;
    if (field == 0) other.image[15] = 1;
    if (field == 1) other.rank = 8;
    if (field == 2) other.number = 12'346;
    EXPECT_EQ(code_of(decode_sum_page(bytes, other, 0)), Errc::corrupt) << field;
  }
}

TEST(SumPageTest, PlacesDoNotOverlapAndStayInTheArea) {
  const RankLayout layout = layout_for(48_MiB + kTrackBytes);
  std::set<std::uint64_t> offsets;
  const std::uint64_t pages = divide_up(layout.data_bytes, kSumPageDataBytes);
  for (std::uint64_t number = 0; number < pages; ++number) {
    for (std::uint64_t sequence = 1; sequence < 3; ++sequence) {
      const std::uint64_t offset = sum_page_offset(layout, number, sequence);
      EXPECT_GE(offset, layout.checksum_offset);
      EXPECT_LE(offset + kSumPageBytes, layout.checksum_offset + layout.checksum_bytes);
      EXPECT_EQ(offset % kSumPageBytes, 0U);
      EXPECT_TRUE(offsets.insert(offset).second);
    }
  }
}

TEST(SumPageTest, TheNewerWholeVersionCounts) {
  const Result<SumPage> even = some_page(8);
  const Result<SumPage> odd = some_page(7);
  const Result<SumPage> torn = Error{Errc::corrupt};
  const Result<SumPage> nothing = Error{Errc::object_not_found};
  EXPECT_EQ(settle_sum_pages({even, odd}).page.sequence, 8U);
  EXPECT_EQ(settle_sum_pages({even, torn}).page.sequence, 8U);
  EXPECT_TRUE(settle_sum_pages({even, torn}).damaged);
  EXPECT_EQ(settle_sum_pages({torn, odd}).page, *odd);
  EXPECT_EQ(settle_sum_pages({nothing, odd}).page, *odd);
  EXPECT_FALSE(settle_sum_pages({nothing, odd}).damaged);
  EXPECT_EQ(settle_sum_pages({nothing, nothing}).page, SumPage{});
  EXPECT_EQ(settle_sum_pages({torn, torn}).page, SumPage{});
}

/// The place may hold a newer version than the other one, and show it again one day.
TEST(SumPageTest, OfAPlaceThatCannotBeReadNothingIsKnown) {
  const Result<SumPage> unreadable = Error{Errc::io_error};
  const Result<SumPage> odd = some_page(7);
  const FoundSums found = settle_sum_pages({unreadable, odd});
  EXPECT_TRUE(found.damaged);
  EXPECT_EQ(found.page.tracks, SumPage{}.tracks);
  EXPECT_GT(found.page.sequence, 1'000'000U);
  EXPECT_EQ((found.page.sequence + 1) % 2, 0U);  // the next version repairs the place
  EXPECT_GT(settle_sum_pages({unreadable, unreadable}).page.sequence, 1'000'000U);
}

}  // namespace
}  // namespace tt::media
