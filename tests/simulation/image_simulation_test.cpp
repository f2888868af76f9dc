// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "scenarios.h"

namespace tt::simulation {
namespace {

TEST(ImageSimulation, SurvivesCrashesOnManySeeds) {
  sim::CampaignOptions options;
  options.end_seed = 301;
  const sim::RunSummary summary = sim::campaign("crashes", crashes, options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

TEST(ImageSimulation, NeverWrongOnFailingMedia) {
  sim::CampaignOptions options;
  options.end_seed = 131;
  const sim::RunSummary summary = sim::campaign("failing_media", failing_media, options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

TEST(ImageSimulation, NeverWrongOnLyingMedia) {
  sim::CampaignOptions options;
  options.end_seed = 131;
  const sim::RunSummary summary = sim::campaign("lying_media", lying_media, options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

/// One of several images loses power, the others go on.
TEST(ImageSimulation, SeveralImagesDoNotNoticeEachOther) {
  sim::CampaignOptions options;
  options.end_seed = 31;
  const sim::RunSummary summary = sim::campaign("several", several, options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

/// One of them has bad disks: it may refuse, the others may not, and nobody may be wrong.
TEST(ImageSimulation, SeveralImagesDoNotNoticeThatTheDisksOfOneFail) {
  sim::CampaignOptions options;
  options.end_seed = 16;
  const sim::RunSummary failing = sim::campaign("several_one_failing", several_one_failing, options);
  EXPECT_TRUE(failing.ok()) << failing.report;
  EXPECT_GT(failing.faults_fired, 0U);
  const sim::RunSummary lying = sim::campaign("several_one_lying", several_one_lying, options);
  EXPECT_TRUE(lying.ok()) << lying.report;
  EXPECT_GT(lying.faults_fired, 0U);
}

TEST(ImageSimulation, SeveralImagesSurviveThePowerLossOfAnyAtSomeIos) {
  sim::SweepOptions options;
  options.seeds = 3;
  options.max_per_kind = 3;
  const sim::RunSummary summary = sim::sweep("several", several, sim::crash_kinds(), options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

TEST(ImageSimulation, OneSeedIsOneHistoryOfSeveralImages) {
  std::set<std::uint64_t> hashes;
  constexpr std::uint64_t kSeeds = 4;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    sim::CaseId id;
    id.scenario = "several";
    id.seed = seed;
    const sim::Outcome first = sim::run_case(id, several);
    const sim::Outcome again = sim::run_case(id, several);
    EXPECT_EQ(first.trace_hash, again.trace_hash) << seed;
    EXPECT_EQ(first.unseed, again.unseed) << seed;
    hashes.insert(first.trace_hash);
  }
  EXPECT_EQ(hashes.size(), kSeeds);
}

TEST(ImageSimulation, EN55_DeadRankRingLives) {
  sim::CampaignOptions options;
  options.end_seed = 4;
  const sim::RunSummary summary = sim::campaign("dead_rank", dead_rank, options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

TEST(ImageSimulation, SurvivesACrashAtEveryIo) {
  sim::SweepOptions options;
  options.max_per_kind = 60;
  const sim::RunSummary summary = sim::sweep("short_history", short_history, sim::crash_kinds(), options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

/// Those of one and two commands, and one crash in each; image_sim --scenario sequences --sweep tries more.
TEST(ImageSimulation, SurvivesACrashInEverySequenceOfTwoCommands) {
  sim::SweepOptions options;
  options.seeds = 210;
  options.max_per_kind = 1;
  const sim::RunSummary summary = sim::sweep("sequences", sequences, sim::crash_kinds().first(1), options);
  EXPECT_TRUE(summary.ok()) << summary.report;
}

}  // namespace
}  // namespace tt::simulation
