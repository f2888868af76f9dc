// SPDX-License-Identifier: Apache-2.0
#include "volume/track_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace tt::volume {
namespace {

constexpr std::uint64_t kPage = TrackMap::kPageBits;

/// The same operations on a plain vector<bool>, and a comparison of everything that can be asked.
class Checked {
 public:
  Checked(std::uint64_t tracks, bool value) : map(tracks, value), plain(tracks, value), dirty(map.page_count()) {}

  void set(std::uint64_t track, bool value) {
    const bool changes = plain[track] != value;
    EXPECT_EQ(map.set(track, value), changes);
    plain[track] = value;
    if (changes) dirty[track / kPage] = true;
  }

  void set_run(std::uint64_t first, std::uint64_t count, bool value) {
    map.set_run(first, count, value);
    for (std::uint64_t track = first; track < first + count; ++track) {
      if (plain[track] != value) dirty[track / kPage] = true;
      plain[track] = value;
    }
  }

  void expect_equal(Random& random) {
    ASSERT_EQ(map.count(), static_cast<std::uint64_t>(std::count(plain.begin(), plain.end(), true)));
    for (int probe = 0; probe < 20; ++probe) {
      const std::uint64_t at = random.below(plain.size());
      const bool value = random.chance(1, 2);
      EXPECT_EQ(map.test(at), plain[at]);
      const auto hit = std::find(plain.begin() + static_cast<std::ptrdiff_t>(at), plain.end(), value);
      const auto expected = static_cast<std::uint64_t>(hit - plain.begin());
      EXPECT_EQ(map.find(at, value).value_or(plain.size()), expected);
      const auto run_end = std::find(plain.begin() + static_cast<std::ptrdiff_t>(at), plain.end(), !plain[at]);
      const std::uint64_t limit = 1 + random.below(2 * kPage);
      const auto length = static_cast<std::uint64_t>(run_end - plain.begin()) - at;
      EXPECT_EQ(map.run_length(at, limit), std::min(limit, length));
    }
    for (std::uint32_t page = 0; page < map.page_count(); ++page) expect_page_state(page);
  }

  void expect_dirty_pages() {
    std::vector<std::uint32_t> expected;
    for (std::uint32_t page = 0; page < dirty.size(); ++page) {
      if (dirty[page]) expected.push_back(page);
    }
    EXPECT_EQ(map.take_dirty_pages(), expected);
    EXPECT_TRUE(map.take_dirty_pages().empty());
    dirty.assign(dirty.size(), false);
  }

  TrackMap map;
  std::vector<bool> plain;
  std::vector<bool> dirty;

 private:
  void expect_page_state(std::uint32_t page) {
    const std::uint64_t first = page * kPage;
    const std::uint64_t bits = std::min(kPage, plain.size() - first);
    const auto begin = plain.begin() + static_cast<std::ptrdiff_t>(first);
    const auto ones = std::count(begin, begin + static_cast<std::ptrdiff_t>(bits), true);
    const auto expected = ones == 0                                  ? TrackMap::PageState::zeros
                          : static_cast<std::uint64_t>(ones) == bits ? TrackMap::PageState::ones
                                                                     : TrackMap::PageState::mixed;
    ASSERT_EQ(map.page_state(page), expected);
    if (expected != TrackMap::PageState::mixed) return;
    const auto bytes = map.page_bytes(page);
    for (std::uint64_t bit = 0; bit < bits; ++bit) {
      const bool value = ((std::to_integer<unsigned>(bytes[bit / 8]) >> (bit % 8)) & 1U) != 0;
      ASSERT_EQ(value, plain[first + bit]) << "page " << page << " bit " << bit;
    }
  }
};

TrackMap reload(const TrackMap& source) {
  TrackMap loaded(source.track_count(), false);
  EXPECT_TRUE(loaded.load_summary(source.encode_summary()));
  for (std::uint32_t page = 0; page < source.page_count(); ++page) {
    if (source.page_state(page) == TrackMap::PageState::mixed) loaded.load_mixed(page, source.page_bytes(page));
  }
  return loaded;
}

TEST(TrackMap, BehavesLikeAVectorOfBoolUnderRandomOperations) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Random random(seed);
    const std::uint64_t tracks = 1 + random.below(4 * kPage);
    Checked checked(tracks, random.chance(1, 2));
    for (int step = 0; step < 300; ++step) {
      const std::uint64_t first = random.below(tracks);
      const bool value = random.chance(1, 2);
      const std::uint64_t longest = random.chance(1, 4) ? tracks - first : std::min<std::uint64_t>(200, tracks - first);
      if (random.chance(1, 2))
        checked.set(first, value);
      else
        checked.set_run(first, random.below(longest + 1), value);
      if (step % 50 == 49) {
        checked.expect_equal(random);
        checked.expect_dirty_pages();
      }
    }
    const TrackMap loaded = reload(checked.map);
    EXPECT_EQ(loaded.count(), checked.map.count());
    EXPECT_EQ(loaded.encode_summary(), checked.map.encode_summary());
    for (std::uint64_t track = 0; track < tracks; ++track) ASSERT_EQ(loaded.test(track), checked.plain[track]);
  }
}

TEST(TrackMap, SixtyFourTebibytesOfOnesCostOneByteAPage) {
  TrackMap map(64_TiB / kTrackBytes, true);
  EXPECT_EQ(map.count(), 64_TiB / kTrackBytes);
  EXPECT_LT(map.memory_bytes(), 40'000U);
  EXPECT_EQ(map.find(0, false), std::nullopt);
  EXPECT_EQ(map.run_length(5, ~0ULL), map.track_count() - 5);
  map.set(map.track_count() - 1, false);
  EXPECT_EQ(map.find(0, false), map.track_count() - 1);
  EXPECT_EQ(map.count(), map.track_count() - 1);
}

TEST(TrackMap, PageThatBecomesUniformDropsItsMemoryAndStaysDirty) {
  TrackMap map(3 * kPage, false);
  map.set(kPage + 7, true);
  const std::size_t with_page = map.memory_bytes();
  EXPECT_EQ(map.page_state(1), TrackMap::PageState::mixed);
  EXPECT_EQ(map.take_dirty_pages(), std::vector<std::uint32_t>{1});

  map.set(kPage + 7, false);
  EXPECT_EQ(map.page_state(1), TrackMap::PageState::zeros);
  EXPECT_LT(map.memory_bytes() + 4000, with_page);
  EXPECT_EQ(map.take_dirty_pages(), std::vector<std::uint32_t>{1});

  map.set_run(kPage, kPage - 1, true);
  map.set(2 * kPage - 1, true);
  EXPECT_EQ(map.page_state(1), TrackMap::PageState::ones);
  EXPECT_LT(map.memory_bytes() + 4000, with_page);
  EXPECT_EQ(map.take_dirty_pages(), std::vector<std::uint32_t>{1});
}

TEST(TrackMap, WritingTheValueThatIsThereMarksNothingDirty) {
  TrackMap map(2 * kPage, true);
  EXPECT_FALSE(map.set(3, true));
  map.set_run(0, 2 * kPage, true);
  map.set_run(10, 0, false);
  EXPECT_TRUE(map.take_dirty_pages().empty());
  EXPECT_EQ(map.count(), 2 * kPage);
}

TEST(TrackMap, ShortLastPageIsUniformWhenAllItsTracksAre) {
  TrackMap map(kPage + 100, false);
  map.set_run(kPage, 100, true);
  EXPECT_EQ(map.page_state(1), TrackMap::PageState::ones);
  EXPECT_EQ(map.count(), 100U);
  map.set(kPage + 99, false);
  EXPECT_EQ(map.page_state(1), TrackMap::PageState::mixed);
  EXPECT_EQ(map.find(kPage + 99, true), std::nullopt);
  EXPECT_EQ(map.run_length(kPage, ~0ULL), 99U);
}

TEST(TrackMap, LoadingIgnoresBitsPastTheLastTrackAndMarksNothingDirty) {
  TrackMap map(100, false);
  const std::vector<std::byte> all_ones(4096, std::byte{0xFF});
  map.load_mixed(0, all_ones);
  EXPECT_EQ(map.count(), 100U);
  EXPECT_EQ(map.page_state(0), TrackMap::PageState::ones);
  map.load_uniform(0, false);
  EXPECT_EQ(map.count(), 0U);
  EXPECT_TRUE(map.take_dirty_pages().empty());
}

TEST(TrackMap, RefusesASummaryThatDoesNotFit) {
  TrackMap map(5 * kPage, true);
  const auto good = map.encode_summary();
  ASSERT_EQ(good.size(), 2U);
  auto third_state = good;
  third_state[0] |= std::byte{0x3};
  auto page_too_many = good;
  page_too_many[1] |= std::byte{0x4};
  EXPECT_FALSE(map.load_summary(third_state));
  EXPECT_FALSE(map.load_summary(page_too_many));
  EXPECT_FALSE(map.load_summary(std::span(good).first(1)));
  EXPECT_EQ(map.count(), 5 * kPage);
  EXPECT_TRUE(map.load_summary(good));
  EXPECT_EQ(map.count(), 5 * kPage);
}

TEST(TrackMap, KnowsWhichMixedPagesOfTheSummaryAreMissing) {
  TrackMap source(3 * kPage, false);
  source.set(1, true);
  source.set(2 * kPage, true);
  TrackMap map(3 * kPage, true);
  ASSERT_TRUE(map.load_summary(source.encode_summary()));
  EXPECT_EQ(map.missing_pages(), 2U);
  map.load_mixed(0, source.page_bytes(0));
  EXPECT_EQ(map.missing_pages(), 1U);
  EXPECT_DEATH(static_cast<void>(map.test(2 * kPage)), "invariant broken");
  map.load_mixed(2, source.page_bytes(2));
  EXPECT_EQ(map.missing_pages(), 0U);
  EXPECT_EQ(map.count(), 2U);
}

TEST(TrackMap, GrowsWithZerosBehindEveryKindOfLastPage) {
  for (const std::uint64_t before : {std::uint64_t{0}, std::uint64_t{100}, kPage, 3 * kPage + 7}) {
    for (const std::uint64_t more : {std::uint64_t{0}, std::uint64_t{1}, kPage - 3, 5 * kPage}) {
      for (const int content : {0, 1, 2}) {
        TrackMap map(before, content == 1);
        if (content == 2 && before > 0) map.set(before - 1, true);
        const std::uint64_t ones = map.count();
        map.grow(before + more);
        ASSERT_EQ(map.track_count(), before + more);
        EXPECT_EQ(map.count(), ones);
        EXPECT_EQ(map.find(before, true), std::nullopt);
        if (before > 0) {
          EXPECT_EQ(map.test(before - 1), ones > 0);
        }
        if (more == 0) continue;
        map.set(before + more - 1, true);
        EXPECT_EQ(map.count(), ones + 1);
        EXPECT_EQ(map.find(before, true), before + more - 1);
      }
    }
  }
}

/// A short page of ones is stored as one byte; once it is no longer all of its page, its bits must be stored.
TEST(TrackMap, WhatGrowingChangedReachesTheCheckpoint) {
  TrackMap map(kPage + 5, true);
  EXPECT_TRUE(map.take_dirty_pages().empty());
  map.grow(kPage + 9);
  EXPECT_EQ(map.take_dirty_pages(), std::vector<std::uint32_t>{1});
  TrackMap loaded(kPage + 9, false);
  ASSERT_TRUE(loaded.load_summary(map.encode_summary()));
  loaded.load_mixed(1, map.page_bytes(1));
  EXPECT_EQ(loaded.count(), kPage + 5);
  EXPECT_FALSE(loaded.test(kPage + 5));
}

TEST(TrackMap, EmptyMapHasNoPages) {
  TrackMap map(0, true);
  EXPECT_EQ(map.page_count(), 0U);
  EXPECT_EQ(map.count(), 0U);
  EXPECT_EQ(map.find(0, true), std::nullopt);
  EXPECT_TRUE(map.load_summary(map.encode_summary()));
}

}  // namespace
}  // namespace tt::volume
