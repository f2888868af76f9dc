// SPDX-License-Identifier: Apache-2.0
// The rules for FlashCopy pairs; FCnn are the numbers of the test list in the FlashCopy specification.
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

/// Volumes 0000-000F of 2 GiB (000F: 1 GiB, 000E: 3 GiB), 0100 and 1F00 of 2 GiB.
class Pairs : public testing::TestWithParam<Personality> {
 protected:
  Pairs() : image(GetParam()) {
    const auto even = image.add_pool(0, {60});
    const auto odd = image.add_pool(1, {60});
    for (std::uint16_t id = 0; id < 14; ++id) image.add_volume(id, even, 2);
    image.add_volume(0x000E, even, 3);
    image.add_volume(0x000F, even, 1);
    image.add_volume(0x0100, odd, 2);
    image.add_volume(0x1F00, odd, 2);
  }

  std::vector<Errc> verdicts(std::initializer_list<std::pair<int, int>> pairs) const {
    std::vector<PairRequest> requests;
    for (const auto& [source, target] : pairs) {
      requests.push_back({.source = VolumeId(static_cast<std::uint16_t>(source)),
                          .target = VolumeId(static_cast<std::uint16_t>(target)),
                          .options = {}});
    }
    std::vector<Errc> codes;
    for (const auto& verdict : validate_pairs(image.config, requests)) codes.push_back(code_of(verdict));
    return codes;
  }
  [[nodiscard]] static Errc unless_it_cascades(Errc code) { return limits_of(GetParam()).cascades ? Errc::ok : code; }
  Errc verdict(int source, int target) const { return verdicts({{source, target}}).front(); }

  SampleImage image;
};

TEST_P(Pairs, VolumeThatDoesNotExistIs101) {
  EXPECT_EQ(verdict(0x0077, 0x0001), Errc::volume_not_found);
  EXPECT_EQ(verdict(0x0000, 0x0077), Errc::volume_not_found);
  EXPECT_EQ(verdict(0x0077, 0x0077), Errc::volume_not_found);
}

TEST_P(Pairs, FC15_SourceAsItsOwnTargetIs103) {
  EXPECT_EQ(verdict(0, 0), Errc::source_is_target);
}

TEST_P(Pairs, FC16_SmallerTargetIs105) {
  EXPECT_EQ(verdict(0, 0x000F), Errc::target_too_small);
  auto request = image.request(0x0020, 0, 0);
  request.block_count = 2_GiB / kBlockBytes - 1;
  image.change(plan_make_volume(image.config, request, Generation(500), 0));
  EXPECT_EQ(verdict(0, 0x0020), Errc::target_too_small) << "one block short, though it has as many tracks";
}

TEST_P(Pairs, FC17_LargerTargetIsAccepted) {
  EXPECT_EQ(verdict(0, 0x000E), Errc::ok);
}

TEST_P(Pairs, FC18_PairsMayCrossSubsystems) {
  EXPECT_EQ(verdict(0x0100, 0x1F00), Errc::ok);
  EXPECT_EQ(verdict(0x0000, 0x1F00), Errc::ok);
}

TEST_P(Pairs, FC21_ThirteenthTargetIs108) {
  for (std::uint16_t target = 1; target <= 12; ++target) image.establish(0, target);
  EXPECT_EQ(verdict(0, 13), Errc::too_many_targets);
  EXPECT_EQ(verdict(0x0100, 13), Errc::ok);
}

TEST_P(Pairs, FC21_ThirteenTargetsInOneCommandGiveTwelve) {
  const auto codes = verdicts({{0, 1},
                               {0, 2},
                               {0, 3},
                               {0, 4},
                               {0, 5},
                               {0, 6},
                               {0, 7},
                               {0, 8},
                               {0, 9},
                               {0, 10},
                               {0, 11},
                               {0, 12},
                               {0, 13},
                               {0x0100, 13}});
  std::vector<Errc> expected(14, Errc::ok);
  expected[12] = Errc::too_many_targets;
  EXPECT_EQ(codes, expected);
}

TEST_P(Pairs, FC21_WithdrawnTargetsDoNotCount) {
  std::vector<Generation> generations;
  for (std::uint16_t target = 1; target <= 12; ++target) generations.push_back(image.establish(0, target));
  image.withdraw(generations.front());
  EXPECT_EQ(verdict(0, 13), Errc::ok);
}

TEST_P(Pairs, FC22_TargetOfAnyOtherRelationshipIs106) {
  const Generation generation = image.establish(0, 1);
  EXPECT_EQ(verdict(2, 1), Errc::already_a_target);
  EXPECT_EQ(verdict(0, 1), Errc::already_a_target);
  image.withdraw(generation);
  EXPECT_EQ(verdict(2, 1), Errc::ok) << "a closing relationship is invisible";
}

TEST_P(Pairs, FC23_TargetThatIsASourceIs107) {
  const Generation generation = image.establish(1, 2);
  EXPECT_EQ(verdict(0, 1), unless_it_cascades(Errc::cascade_not_available));
  image.withdraw(generation);
  EXPECT_EQ(verdict(0, 1), Errc::ok);
}

TEST_P(Pairs, FC23_SourceThatIsATargetIs107) {
  image.establish(0, 1);
  EXPECT_EQ(verdict(1, 2), unless_it_cascades(Errc::cascade_not_available));
}

TEST_P(Pairs, CascadesHaveNoLoopsAndAnEnd) {
  if (!limits_of(GetParam()).cascades) GTEST_SKIP() << "the personality has none";
  for (std::uint16_t id = 0; id < kMaxCascade; ++id) image.establish(id, static_cast<std::uint16_t>(id + 1));
  const int last = static_cast<int>(kMaxCascade);
  EXPECT_EQ(verdict(last, 0), Errc::other_relationships) << "a loop";
  EXPECT_EQ(verdict(3, 0), Errc::other_relationships) << "a loop";
  EXPECT_EQ(verdict(last, 10), Errc::other_relationships) << "too long below";
  EXPECT_EQ(verdict(10, 0), Errc::other_relationships) << "too long above";
  EXPECT_EQ(verdict(last - 1, 10), Errc::ok);
  EXPECT_EQ(verdicts({{11, 12}, {12, 13}, {13, 11}}),
            (std::vector<Errc>{Errc::ok, Errc::ok, Errc::other_relationships}));
}

TEST_P(Pairs, TargetWithSpaceOnAFailedRankIs117) {
  image.change(FailRank{.rank = 1});
  EXPECT_EQ(verdict(0, 0x0100), Errc::volume_offline);
  EXPECT_EQ(verdict(0x0100, 0), Errc::ok) << "a source is only read";
}

TEST_P(Pairs, EachPairIsJudgedAsIfTheGoodOnesBeforeItWereThere) {
  EXPECT_EQ(verdicts({{0, 1}, {2, 1}, {1, 3}, {4, 0}, {5, 5}, {0, 2}, {0x0077, 6}, {7, 6}}),
            (std::vector<Errc>{Errc::ok, Errc::already_a_target, unless_it_cascades(Errc::cascade_not_available),
                               unless_it_cascades(Errc::cascade_not_available), Errc::source_is_target, Errc::ok,
                               Errc::volume_not_found, Errc::ok}));
  EXPECT_TRUE(verdicts({}).empty());
}

TEST_P(Pairs, FC65_TrackSpaceEfficientTargetNeedsPermissionAndNoCopy) {
  image.config.volumes.at(VolumeId{0x0001}).method = AllocationMethod::tse;
  for (const bool copy : {false, true}) {
    for (const bool allowed : {false, true}) {
      PairRequest request{VolumeId{0x0000}, VolumeId{0x0001}, {}};
      request.options.background_copy = copy;
      request.allows_space_efficient = allowed;
      const Errc expected = allowed && !copy ? Errc::ok : Errc::space_efficient_target;
      EXPECT_EQ(code_of(validate_pairs(image.config, {&request, 1}).front()), expected) << copy << allowed;
    }
  }
}

TEST_P(Pairs, FindRelationshipNeedsBothEndsAndSkipsClosingOnes) {
  const Generation generation = image.establish(0, 1);
  EXPECT_EQ(find_relationship(image.config, VolumeId(0), VolumeId(1)).value(), generation);
  EXPECT_EQ(code_of(find_relationship(image.config, VolumeId(2), VolumeId(1))), Errc::no_such_relationship);
  EXPECT_EQ(code_of(find_relationship(image.config, VolumeId(1), VolumeId(0))), Errc::no_such_relationship);
  image.withdraw(generation);
  EXPECT_EQ(code_of(find_relationship(image.config, VolumeId(0), VolumeId(1))), Errc::no_such_relationship);
}

INSTANTIATE_TEST_SUITE_P(Personality, Pairs, testing::Values(Personality::ds6000, Personality::ds8000),
                         [](const auto& info) { return std::to_string(limits_of(info.param).machine_type); });

}  // namespace
}  // namespace tt::volume
