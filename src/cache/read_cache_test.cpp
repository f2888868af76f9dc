// SPDX-License-Identifier: Apache-2.0
#include "cache/read_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace tt::cache {
namespace {

constexpr std::uint16_t kRank = 3;

std::vector<std::byte> letters(char letter, std::size_t bytes) {
  return std::vector<std::byte>(bytes, static_cast<std::byte>(letter));
}

Place grain(std::uint64_t n, std::uint16_t rank = kRank) {
  return {rank, n * kGrainBytes};
}

class ReadCacheTest : public testing::Test {
 protected:
  explicit ReadCacheTest(std::uint64_t grains = 64) : cache_(grains * ReadCache::kBytesPerGrain) {}

  /// As a host's read that finds `letter` on the medium; true if the cache had all of it.
  bool host_reads(std::uint64_t first, std::uint64_t count, char letter) {
    std::vector<std::byte> into(count * kGrainBytes);
    const std::size_t found = cache_.read(grain(first), into);
    if (found == into.size()) {
      EXPECT_EQ(into, letters(letter, into.size())) << "grain " << first;
      return true;
    }
    const Place rest{kRank, first * kGrainBytes + found};
    const Ticket ticket = cache_.look(rest, into.size() - found);
    cache_.offer(ticket, rest, letters(letter, into.size() - found), Pattern::random);
    return false;
  }
  void batch_writes(std::uint64_t first, std::uint64_t count, char letter, bool good = true) {
    cache_.begin_write(grain(first), count * kGrainBytes);
    cache_.end_write(grain(first), letters(letter, count * kGrainBytes), good);
  }
  char first_letter(std::uint64_t n) {
    std::byte byte{'-'};
    cache_.read(grain(n), {&byte, 1});
    return static_cast<char>(byte);
  }

  ReadCache cache_;
};

TEST_F(ReadCacheTest, KeepsWhatWasReadWhileThereIsRoom) {
  EXPECT_FALSE(host_reads(5, 1, 'a'));
  EXPECT_TRUE(host_reads(5, 1, 'a'));
  EXPECT_FALSE(host_reads(6, 1, 'b'));
  EXPECT_TRUE(host_reads(5, 1, 'a'));
  EXPECT_EQ(cache_.held_bytes(), 2 * kGrainBytes);
  EXPECT_FALSE(cache_.holds(grain(4), 2 * kGrainBytes));
  EXPECT_TRUE(cache_.holds({kRank, 5 * kGrainBytes + 512}, kGrainBytes));
}

TEST_F(ReadCacheTest, ARangeIsServedAsFarAsItIsHeld) {
  host_reads(14, 4, 'a');  // over the end of a track
  std::vector<std::byte> into(8 * kGrainBytes, std::byte{'-'});
  EXPECT_EQ(cache_.read({kRank, 14 * kGrainBytes + 1024}, into), 4 * kGrainBytes - 1024);
  EXPECT_EQ(into[4 * kGrainBytes - 1025], std::byte{'a'});
  EXPECT_EQ(into[4 * kGrainBytes - 1024], std::byte{'-'});
}

TEST_F(ReadCacheTest, OnlyWholeGrainsAreKept) {
  const Place place{kRank, 512};
  cache_.offer(cache_.look(place, 2 * kGrainBytes), place, letters('a', 2 * kGrainBytes), Pattern::random);
  EXPECT_EQ(cache_.held_bytes(), kGrainBytes);
  EXPECT_FALSE(cache_.holds(grain(0), 1024));
  EXPECT_TRUE(cache_.holds(grain(1), kGrainBytes));
  EXPECT_FALSE(cache_.holds(grain(2), 512));
}

TEST_F(ReadCacheTest, RanksAreApart) {
  host_reads(1, 1, 'a');
  EXPECT_FALSE(cache_.holds(grain(1, 4), kGrainBytes));
  cache_.forget_rank(4);
  EXPECT_TRUE(cache_.holds(grain(1), kGrainBytes));
  cache_.forget_rank(kRank);
  EXPECT_FALSE(cache_.holds(grain(1), kGrainBytes));
  EXPECT_EQ(cache_.held_bytes(), 0U);
}

TEST_F(ReadCacheTest, AWriteTakesTheOldBytesAtOnceAndBringsTheNewOnes) {
  host_reads(2, 3, 'a');
  cache_.begin_write(grain(3), kGrainBytes);
  EXPECT_TRUE(cache_.holds(grain(2), kGrainBytes));
  EXPECT_FALSE(cache_.holds(grain(3), kGrainBytes));
  EXPECT_TRUE(cache_.holds(grain(4), kGrainBytes));
  cache_.end_write(grain(3), letters('b', kGrainBytes), true);
  EXPECT_TRUE(host_reads(3, 1, 'b'));
  EXPECT_TRUE(host_reads(2, 1, 'a'));
}

TEST_F(ReadCacheTest, WhatWasNeverReadIsNotKeptWhenItIsWritten) {
  batch_writes(3, 1, 'b');
  EXPECT_EQ(cache_.held_bytes(), 0U);
}

TEST_F(ReadCacheTest, AFailedWriteLeavesNothing) {
  host_reads(2, 3, 'a');
  batch_writes(3, 1, 'b', false);
  EXPECT_TRUE(cache_.holds(grain(2), kGrainBytes));
  EXPECT_FALSE(cache_.holds(grain(3), kGrainBytes));
}

TEST_F(ReadCacheTest, PartsOfAGrainAreWrittenOver) {
  host_reads(0, 1, 'a');
  const Place first{kRank, 512};
  const Place second{kRank, 2048};
  cache_.begin_write(first, 512);
  cache_.begin_write(second, 512);
  cache_.end_write(first, letters('b', 512), true);
  cache_.end_write(second, letters('c', 512), true);
  std::vector<std::byte> into(kGrainBytes);
  ASSERT_EQ(cache_.read(grain(0), into), kGrainBytes);
  EXPECT_EQ(into[0], std::byte{'a'});
  EXPECT_EQ(into[512], std::byte{'b'});
  EXPECT_EQ(into[1024], std::byte{'a'});
  EXPECT_EQ(into[2048], std::byte{'c'});
}

TEST_F(ReadCacheTest, OneBadRunSpoilsTheGrainWhicheverEndsFirst) {
  for (const bool first_is_good : {false, true}) {
    host_reads(0, 1, 'a');
    cache_.begin_write({kRank, 0}, 512);
    cache_.begin_write({kRank, 1024}, 512);
    cache_.end_write({kRank, 0}, letters('b', 512), first_is_good);
    cache_.end_write({kRank, 1024}, letters('b', 512), !first_is_good);
    EXPECT_FALSE(cache_.holds(grain(0), 512));
  }
}

// ---- races: in each of them the bytes are old, or may be ----

TEST_F(ReadCacheTest, AReadThatAWriteOvertookIsNotKept) {
  const Ticket ticket = cache_.look(grain(1), kGrainBytes);
  batch_writes(1, 1, 'b');
  cache_.offer(ticket, grain(1), letters('a', kGrainBytes), Pattern::random);
  EXPECT_FALSE(cache_.holds(grain(1), kGrainBytes));
}

TEST_F(ReadCacheTest, AReadThatEndsDuringTheWriteIsNotKept) {
  const Ticket ticket = cache_.look(grain(1), kGrainBytes);
  cache_.begin_write(grain(1), kGrainBytes);
  cache_.offer(ticket, grain(1), letters('a', kGrainBytes), Pattern::random);
  cache_.end_write(grain(1), letters('b', kGrainBytes), true);
  EXPECT_FALSE(cache_.holds(grain(1), kGrainBytes));
}

TEST_F(ReadCacheTest, AReadThatBeginsDuringTheWriteIsNotKept) {
  for (const bool ends_before : {false, true}) {
    cache_.begin_write(grain(1), kGrainBytes);
    const Ticket ticket = cache_.look(grain(1), kGrainBytes);
    if (ends_before) cache_.offer(ticket, grain(1), letters('a', kGrainBytes), Pattern::random);
    cache_.end_write(grain(1), letters('b', kGrainBytes), true);
    if (!ends_before) cache_.offer(ticket, grain(1), letters('a', kGrainBytes), Pattern::random);
    EXPECT_FALSE(cache_.holds(grain(1), kGrainBytes));
  }
}

TEST_F(ReadCacheTest, AWriteOfAnyOfItsTracksVoidsALongRead) {
  const Ticket ticket = cache_.look(grain(8), 40 * kGrainBytes);
  batch_writes(33, 1, 'b');
  cache_.offer(ticket, grain(8), letters('a', 40 * kGrainBytes), Pattern::random);
  EXPECT_EQ(cache_.held_bytes(), 0U);
}

TEST_F(ReadCacheTest, AReadOfARankThatWasForgottenMeanwhileIsNotKept) {
  const Ticket ticket = cache_.look(grain(1), kGrainBytes);
  cache_.forget_rank(kRank);
  cache_.offer(ticket, grain(1), letters('a', kGrainBytes), Pattern::random);
  EXPECT_EQ(cache_.held_bytes(), 0U);
}

TEST_F(ReadCacheTest, AWriteOfARankThatIsForgottenMeanwhileBringsNothing) {
  host_reads(1, 1, 'a');
  cache_.begin_write(grain(1), kGrainBytes);
  cache_.forget_rank(kRank);
  cache_.end_write(grain(1), letters('b', kGrainBytes), true);
  EXPECT_EQ(cache_.held_bytes(), 0U);
}

// ---- what stays ----

TEST_F(ReadCacheTest, AFullCacheTakesWhatIsReadTwice) {
  for (std::uint64_t n = 0; n < 64; ++n) host_reads(n * 16, 1, 'a');
  EXPECT_EQ(cache_.held_bytes(), cache_.capacity_bytes());
  EXPECT_FALSE(host_reads(5000, 1, 'b'));
  EXPECT_FALSE(host_reads(5000, 1, 'b'));  // now it is kept
  EXPECT_TRUE(host_reads(5000, 1, 'b'));
  EXPECT_EQ(cache_.held_bytes(), cache_.capacity_bytes());
  EXPECT_EQ(cache_.evicted(), 1U);
  EXPECT_FALSE(cache_.holds(grain(0), kGrainBytes));  // the oldest that nobody read again
}

TEST_F(ReadCacheTest, AScanPushesNothingOut) {
  for (int turn = 0; turn < 3; ++turn) {
    for (std::uint64_t n = 0; n < 60; ++n) host_reads(n, 1, 'a');
  }
  for (std::uint64_t n = 1000; n < 9000; n += 16) EXPECT_FALSE(host_reads(n, 16, 's'));
  for (std::uint64_t n = 0; n < 60; ++n) EXPECT_TRUE(host_reads(n, 1, 'a')) << n;
}

/// The same scan again and again, longer than the cache: it gains what has found its place at first, and churns
/// nothing.
TEST_F(ReadCacheTest, ARepeatedScanChurnsLittle) {
  for (int turn = 0; turn < 10; ++turn) {
    for (std::uint64_t n = 0; n < 64 * 16; n += 16) host_reads(n, 16, 's');
  }
  EXPECT_LE(cache_.evicted(), 64U);
}

TEST_F(ReadCacheTest, AWriteToWhatIsReadCountsForNothing) {
  for (std::uint64_t n = 0; n < 64; ++n) host_reads(n * 16, 1, 'a');
  for (int i = 0; i < 5; ++i) batch_writes(0, 1, 'b');
  host_reads(5000, 1, 'c');
  host_reads(5000, 1, 'c');
  EXPECT_FALSE(cache_.holds(grain(0), kGrainBytes));
}

class TinyReadCacheTest : public ReadCacheTest {
 protected:
  TinyReadCacheTest() : ReadCacheTest(3) {}
};

TEST_F(TinyReadCacheTest, ATrackThatDoesNotFitIsKeptInPart) {
  host_reads(0, 16, 'a');
  host_reads(0, 16, 'a');
  EXPECT_EQ(cache_.held_bytes(), 3 * kGrainBytes);
  EXPECT_TRUE(host_reads(0, 3, 'a'));
}

TEST_F(TinyReadCacheTest, TracksThatAreAllInUseStillMakeRoom) {
  for (std::uint64_t n = 0; n < 3; ++n) host_reads(n * 16, 1, 'a');
  for (std::uint64_t n = 0; n < 30; ++n) EXPECT_TRUE(host_reads(n % 3 * 16, 1, 'a'));
  host_reads(5000, 1, 'b');
  host_reads(5000, 1, 'b');
  EXPECT_TRUE(host_reads(5000, 1, 'b'));
}

/// Skewed reads over ten times the room: what is read most must be in.
TEST_F(ReadCacheTest, SkewedReadsFindTheirHotPart) {
  std::mt19937_64 random(7);
  std::uint64_t hits = 0;
  constexpr int kReads = 40'000;
  for (int i = 0; i < kReads; ++i) {
    const bool hot = random() % 10 < 8;  // eight of ten reads go to 48 grains, the others to 6400
    const std::uint64_t n = hot ? random() % 48 * 33 : 100'000 + random() % 6400;
    hits += host_reads(n, 1, 'z') ? 1 : 0;
  }
  EXPECT_GT(hits, kReads * 75U / 100);
}

/// Every byte that the cache gives is what its medium holds; writes and reads end whenever they like.
TEST_F(ReadCacheTest, EqualsTheMediumWhateverHappens) {
  struct Reading {
    Ticket ticket;
    std::uint64_t first;
    std::vector<std::byte> bytes;
  };
  constexpr std::uint64_t kGrains = 200;
  std::uint64_t served = 0;
  std::uint64_t admitted = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ReadCache cache((1 + seed * 3) * ReadCache::kBytesPerGrain);
    std::mt19937_64 random(seed);
    std::vector<std::byte> medium(kGrains * kGrainBytes);
    std::vector<Reading> reads;
    std::map<std::uint64_t, std::vector<std::byte>> writes;  // of one grain each
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t n = random() % 4 == 0 ? random() % kGrains : random() % 20;
      switch (random() % 6) {
        case 0:
        case 1: {  // a read begins
          const std::uint64_t count = 1 + random() % std::min<std::uint64_t>(kGrains - n, 20);
          const std::span<const std::byte> on_medium(medium.data() + n * kGrainBytes, count * kGrainBytes);
          std::vector<std::byte> into(on_medium.size());
          const std::size_t found = cache.read(grain(n), into);
          ASSERT_TRUE(std::equal(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(found), on_medium.begin()))
              << "seed " << seed << " step " << step;
          served += found;
          const Ticket ticket = cache.look(grain(n), on_medium.size());
          reads.push_back({ticket, n, {on_medium.begin(), on_medium.end()}});  // what it will return is decided now
          break;
        }
        case 2:  // one ends
          if (!reads.empty()) {
            const auto at = reads.begin() + static_cast<std::ptrdiff_t>(random() % reads.size());
            cache.offer(at->ticket, grain(at->first), at->bytes, Pattern::random);
            reads.erase(at);
          }
          break;
        case 3:
          if (!writes.contains(n)) {
            cache.begin_write(grain(n), kGrainBytes);
            writes[n] = letters(static_cast<char>('a' + random() % 26), kGrainBytes);
          }
          break;
        case 4:  // the medium has it, some time before the write ends
          if (const auto at = writes.find(n); at != writes.end()) {
            std::memcpy(medium.data() + n * kGrainBytes, at->second.data(), kGrainBytes);
            if (random() % 2 == 0) {
              cache.end_write(grain(n), at->second, random() % 8 != 0);
              writes.erase(at);
            }
          }
          break;
        default:
          if (random() % 200 == 0) cache.forget_rank(kRank);
      }
      ASSERT_LE(cache.held_bytes(), cache.capacity_bytes());
    }
    admitted += cache.admitted();
  }
  EXPECT_GT(served, 1000 * kGrainBytes);
  EXPECT_GT(admitted, 1000U);
}

}  // namespace
}  // namespace tt::cache
