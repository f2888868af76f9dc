// SPDX-License-Identifier: Apache-2.0
// A test of the tests: with "BITS hardened before the target's data" switched on the crash campaign must fail soon, and
// the very case that failed must pass with the bug switched off, so that it was the bug that was found.
#include <gtest/gtest.h>

#include "image/batch.h"
#include "scenarios.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kSeedsThatMustDo = 100;

struct PlantedBug {
  PlantedBug() { image::Batch::bits_before_data = true; }
  ~PlantedBug() { image::Batch::bits_before_data = false; }
  PlantedBug(const PlantedBug&) = delete;
  PlantedBug& operator=(const PlantedBug&) = delete;
};

sim::CaseId case_of(std::uint64_t seed) {
  sim::CaseId id;
  id.scenario = "crashes";
  id.seed = seed;
  return id;
}

/// The first seed whose case fails; 0 = none.
std::uint64_t first_failure(std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    if (sim::run_case(case_of(seed), crashes).failed) return seed;
  }
  return 0;
}

TEST(Canary, CrashCampaignFindsBitsBeforeData) {
  std::uint64_t found = 0;
  sim::Outcome with_bug;
  {
    const PlantedBug bug;
    found = first_failure(kSeedsThatMustDo);
    if (found != 0) with_bug = sim::run_case(case_of(found), crashes);
  }
  ASSERT_NE(found, 0U) << "the planted bug was not found in " << kSeedsThatMustDo << " seeds";
  EXPECT_TRUE(with_bug.failed) << "seed " << found << " does not fail again";
  const sim::Outcome without_bug = sim::run_case(case_of(found), crashes);
  EXPECT_FALSE(without_bug.failed) << without_bug.report;
  RecordProperty("seed", static_cast<int>(found));
}

}  // namespace
}  // namespace tt::simulation
