// SPDX-License-Identifier: Apache-2.0
#include "volume/copy_table.h"

#include <gtest/gtest.h>

#include <vector>

#include "volume/mutation.h"
#include "volume/random_image.h"

namespace tt::volume {

namespace {

template <class Copies>
std::vector<Generation> generations(const Copies& copies) {
  std::vector<Generation> found;
  for (const auto& copy : copies) found.push_back(copy.generation);
  return found;
}

template <class Table, class End>
std::vector<Generation> scan(const Table& table, End end, VolumeId id) {
  std::vector<Generation> found;
  for (const auto& [generation, copy] : table) {
    if (copy.*end == id) found.push_back(generation);
  }
  return found;
}

/// Every volume that there is, and one that there is not.
void expect_found_as_by_scan(const ImageConfig& config) {
  std::vector<VolumeId> ids{VolumeId(0xFFFF)};
  for (const auto& [id, volume] : config.volumes) ids.push_back(id);
  for (const VolumeId id : ids) {
    EXPECT_EQ(generations(config.relationships.from(id)), scan(config.relationships, &Relationship::source, id));
    EXPECT_EQ(generations(config.relationships.onto(id)), scan(config.relationships, &Relationship::target, id));
    EXPECT_EQ(generations(config.loans.from(id)), scan(config.loans, &Loan::lender, id));
    EXPECT_EQ(generations(config.loans.onto(id)), scan(config.loans, &Loan::borrower, id));
    EXPECT_EQ(generations(config.range_copies.from(id)), scan(config.range_copies, &RangeCopy::source, id));
    EXPECT_EQ(generations(config.range_copies.onto(id)), scan(config.range_copies, &RangeCopy::target, id));
  }
}

}  // namespace

TEST(CopyTable, FindsWhatAScanFindsAfterRandomOperations) {
  std::size_t relationships = 0;
  std::size_t loans = 0;
  std::size_t ranges = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomImage random(seed);
    for (int step = 0; step < 1000; ++step) {
      random.step();
      const ImageConfig& config = random.image.config;
      expect_found_as_by_scan(config);
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << ", step " << step;
      relationships += config.relationships.size();
      loans += config.loans.size();
      ranges += config.range_copies.size();
    }
    const auto decoded = decode_config(encode_config(random.image.config));
    ASSERT_TRUE(decoded);
    expect_found_as_by_scan(*decoded);
  }
  EXPECT_GT(relationships, 0U);
  EXPECT_GT(loans, 0U);
  EXPECT_GT(ranges, 0U);
}

TEST(CopyTable, ACopyOfATableIsIndependentAndEqualWhileTheEntriesAre) {
  using Table = decltype(ImageConfig::relationships);
  Relationship r;
  r.source = VolumeId(1);
  r.target = VolumeId(0xFFFF);
  r.generation = Generation(7);
  Table table;
  EXPECT_TRUE(table.emplace(r.generation, r).second);
  EXPECT_FALSE(table.emplace(r.generation, r).second);
  const Table copy = table;
  EXPECT_EQ(copy, table);
  EXPECT_EQ(table.erase(r.generation), 1U);
  EXPECT_EQ(table.erase(r.generation), 0U);
  EXPECT_NE(copy, table);
  EXPECT_TRUE(table.from(r.source).empty());
  EXPECT_TRUE(table.onto(r.target).empty());
  EXPECT_EQ(generations(copy.from(r.source)), std::vector{r.generation});
  EXPECT_EQ(generations(copy.onto(r.target)), std::vector{r.generation});
}

}  // namespace tt::volume
