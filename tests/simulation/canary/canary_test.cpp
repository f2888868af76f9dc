// SPDX-License-Identifier: Apache-2.0
// A test of the tests: with a planted bug switched on a campaign must fail soon, and the very case that failed must
// pass with the bug switched off, so that it was the bug that was found.
#include <gtest/gtest.h>

#include "image/batch.h"
#include "scenarios.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kSeedsThatMustDo = 100;

class PlantedBug {
 public:
  explicit PlantedBug(bool& where) : switch_(where) { switch_ = true; }
  ~PlantedBug() { switch_ = false; }
  PlantedBug(const PlantedBug&) = delete;
  PlantedBug& operator=(const PlantedBug&) = delete;

 private:
  bool& switch_;
};

struct Campaign {
  const char* name;
  sim::Scenario scenario;

  [[nodiscard]] sim::Outcome run(std::uint64_t seed) const {
    sim::CaseId id;
    id.scenario = name;
    id.seed = seed;
    return sim::run_case(id, scenario);
  }
  /// The first seed whose case fails; 0 = none.
  [[nodiscard]] std::uint64_t first_failure() const {
    for (std::uint64_t seed = 1; seed <= kSeedsThatMustDo; ++seed) {
      if (run(seed).failed) return seed;
    }
    return 0;
  }
};

void expect_found(bool& bug, const Campaign& campaign) {
  std::uint64_t found = 0;
  sim::Outcome with_bug;
  {
    const PlantedBug planted(bug);
    found = campaign.first_failure();
    if (found != 0) with_bug = campaign.run(found);
  }
  ASSERT_NE(found, 0U) << "the planted bug was not found in " << kSeedsThatMustDo << " seeds";
  EXPECT_TRUE(with_bug.failed) << "seed " << found << " does not fail again";
  const sim::Outcome without_bug = campaign.run(found);
  EXPECT_FALSE(without_bug.failed) << without_bug.report;
  testing::Test::RecordProperty("seed", static_cast<int>(found));
}

TEST(Canary, CrashCampaignFindsBitsBeforeData) {
  expect_found(image::Batch::bits_before_data, {"crashes", crashes});
}

TEST(Canary, SequencesFindBitsBeforeData) {
  expect_found(image::Batch::bits_before_data, {"sequences", sequences});
}

TEST(Canary, CrashCampaignFindsDataBeforeItsAnnouncement) {
  expect_found(image::MediaSums::data_before_announcement, {"crashes", crashes});
}

TEST(Canary, LyingMediaAreNoticedByTheirChecksums) {
  expect_found(image::MediaSums::matches_everything, {"lying_media", lying_media});
}

TEST(Canary, CrashCampaignFindsLoansOfWhatTheLenderHasNot) {
  expect_found(image::Batch::lends_before_data, {"crashes", crashes});
}

}  // namespace
}  // namespace tt::simulation
