// SPDX-License-Identifier: Apache-2.0
// Which runs of tracks may be copied (section 2.7 of the FlashCopy specification).
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

constexpr std::uint64_t kVolumeTracks = 1_GiB / kTrackBytes;

class RangeRules : public testing::Test {
 protected:
  RangeRules() {
    const auto pool = image.add_pool(0, {40}, kSmallExtentBytes);
    for (std::uint16_t id = 0; id < 6; ++id) image.add_volume(id, pool, 1, AllocationMethod::ese);
    image.add_volume(6, pool, 1, AllocationMethod::tse);
  }
  static RangeRequest request(int source, int target, std::vector<TrackRun> runs) {
    return {.source = VolumeId(static_cast<std::uint16_t>(source)),
            .target = VolumeId(static_cast<std::uint16_t>(target)),
            .runs = std::move(runs)};
  }
  Errc verdict(int source, int target, std::vector<TrackRun> runs) const {
    const std::vector<RangeRequest> requests = {request(source, target, std::move(runs))};
    return code_of(validate_ranges(image.config, requests).front());
  }
  Generation copy(int source, int target, std::vector<TrackRun> runs) {
    RangeCopy copy;
    copy.source = VolumeId(static_cast<std::uint16_t>(source));
    copy.target = VolumeId(static_cast<std::uint16_t>(target));
    copy.generation = Generation(image.next_lsn++);
    copy.t0 = Lsn(image.next_lsn++);
    copy.runs = std::move(runs);
    image.change(EstablishRanges{{copy}});
    return copy.generation;
  }

  SampleImage image;
};

TEST_F(RangeRules, RunsAreOfWholeTracksOfBothVolumes) {
  EXPECT_EQ(verdict(0, 1, {{0, kVolumeTracks - 1, 1}}), Errc::ok);
  EXPECT_EQ(verdict(0, 1, {{0, kVolumeTracks - 1, 2}}), Errc::out_of_range);
  EXPECT_EQ(verdict(0, 1, {{kVolumeTracks, 0, 1}}), Errc::out_of_range);
  EXPECT_EQ(verdict(0, 1, {{1, 0, ~std::uint64_t{0}}}), Errc::out_of_range);
  EXPECT_EQ(verdict(0, 1, {{0, 0, 0}}), Errc::out_of_range);
  EXPECT_EQ(verdict(0, 1, {}), Errc::out_of_range);
  EXPECT_EQ(verdict(0, 99, {{0, 0, 1}}), Errc::volume_not_found);
  EXPECT_EQ(verdict(99, 0, {{0, 0, 1}}), Errc::volume_not_found);
}

TEST_F(RangeRules, TheirTargetsDoNotMeet) {
  EXPECT_EQ(verdict(0, 1, {{0, 5, 3}, {9, 7, 1}}), Errc::already_a_target);
  EXPECT_EQ(verdict(0, 1, {{0, 5, 3}, {1, 8, 1}}), Errc::ok) << "sources may";
  copy(0, 1, {{0, 5, 3}});
  EXPECT_EQ(verdict(2, 1, {{0, 7, 1}}), Errc::already_a_target);
  EXPECT_EQ(verdict(2, 1, {{0, 8, 1}}), Errc::ok);
  EXPECT_EQ(verdict(2, 0, {{9, 2, 1}}), Errc::other_relationships) << "it is a source";
  EXPECT_EQ(verdict(1, 2, {{5, 9, 1}}), Errc::ok) << "what a target shows may be copied on";
  const std::vector<RangeRequest> both = {request(0, 3, {{0, 0, 1}}), request(3, 4, {{0, 0, 1}}),
                                          request(2, 3, {{0, 0, 1}}), request(2, 0, {{0, 0, 1}})};
  const auto verdicts = validate_ranges(image.config, both);
  EXPECT_EQ(code_of(verdicts[0]), Errc::ok);
  EXPECT_EQ(code_of(verdicts[1]), Errc::other_relationships) << "before or after the first?";
  EXPECT_EQ(code_of(verdicts[2]), Errc::already_a_target);
  EXPECT_EQ(code_of(verdicts[3]), Errc::other_relationships);
}

TEST_F(RangeRules, WithinOneVolume) {
  EXPECT_EQ(verdict(0, 0, {{0, 5, 5}}), Errc::ok);
  EXPECT_EQ(verdict(0, 0, {{0, 4, 5}}), Errc::source_is_target);
  EXPECT_EQ(verdict(0, 0, {{0, 10, 2}, {11, 20, 1}}), Errc::source_is_target);
}

TEST_F(RangeRules, TwelveTargetsOfATrack) {
  for (std::uint64_t i = 0; i < 12; ++i) copy(0, 1, {{7, 10 * i, 2}});
  EXPECT_EQ(verdict(0, 1, {{8, 500, 1}}), Errc::too_many_targets);
  EXPECT_EQ(verdict(0, 1, {{9, 500, 1}}), Errc::ok);
}

TEST_F(RangeRules, VolumesInRelationships) {
  Establish establish;
  establish.pairs.push_back(image.pair(0, 1, Lsn(image.next_lsn++)));
  image.change(establish);
  EXPECT_EQ(verdict(2, 1, {{0, 0, 1}}), Errc::already_a_target);
  EXPECT_EQ(verdict(2, 0, {{0, 0, 1}}), Errc::ok) << "its copy keeps what was there";
  EXPECT_EQ(verdict(1, 2, {{0, 0, 1}}), Errc::ok);
  EXPECT_EQ(verdict(2, 6, {{0, 0, 1}}), Errc::space_efficient_target);
  EXPECT_EQ(verdict(6, 2, {{0, 0, 1}}), Errc::space_efficient_target);
}

TEST_F(RangeRules, VolumesOfOneFormat) {
  image.config.volumes.at(VolumeId{1}).t10dif = true;
  EXPECT_EQ(verdict(0, 1, {{0, 0, 1}}), Errc::types_differ);
}

TEST_F(RangeRules, WhatIsLeftOfThem) {
  const std::vector<TrackRun> runs = {{100, 0, 10}, {50, 20, 5}};
  const auto without = [&](std::vector<TrackRun> gone) { return without_targets(runs, gone); };
  EXPECT_EQ(without({}), std::vector<TrackRun>{});
  EXPECT_EQ(without({{0, 3, 2}}), (std::vector<TrackRun>{{100, 0, 3}, {105, 5, 5}, {50, 20, 5}}));
  EXPECT_EQ(without({{0, 8, 14}}), (std::vector<TrackRun>{{100, 0, 8}, {52, 22, 3}}));
  EXPECT_EQ(without({{0, 0, 30}}), std::vector<TrackRun>{});
  EXPECT_EQ(without({{0, 12, 5}}), runs);
}

TEST_F(RangeRules, HoldTheirVolumes) {
  const Generation generation = copy(0, 1, {{0, 5, 3}});
  for (const std::uint16_t id : {std::uint16_t{0}, std::uint16_t{1}}) {
    EXPECT_EQ(code_of(plan_remove_volume(image.config, VolumeId{id})), Errc::still_in_use);
    EXPECT_EQ(code_of(plan_release_space(image.config, VolumeId{id}, Lsn{900}, Generation{900})),
              Errc::other_relationships);
    EXPECT_FALSE(can_expand(image.config, VolumeId{id}));
  }
  image.change(ChangeRanges{generation, {{0, 5, 1}}});
  EXPECT_EQ(image.config.range_copies.at(generation).runs.size(), 1U);
  image.change(ChangeRanges{generation, {}});
  EXPECT_TRUE(can_expand(image.config, VolumeId{0}));
}

}  // namespace
}  // namespace tt::volume
