// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

class Apply : public testing::Test {
 protected:
  Apply() : pool(image.add_pool(0, {40})) {
    for (std::uint16_t id = 0; id < 6; ++id) image.add_volume(id, pool, id + 1U);
  }
  const VolumeConfig& volume(std::uint16_t id) const { return *image.config.find_volume(VolumeId(id)); }

  SampleImage image;
  std::uint16_t pool;
};

TEST_F(Apply, LssComesWithItsFirstVolumeAndGoesWithItsLast) {
  ASSERT_TRUE(image.config.lsses.contains(0));
  EXPECT_EQ(image.config.lsses.at(0).long_busy_timeout_s, 60U);
  EXPECT_FALSE(image.config.lsses.at(0).consistency_group);
  image.add_volume(0x02FF, pool, 1);
  image.add_volume(0x0200, pool, 1);
  ASSERT_TRUE(image.config.lsses.contains(2));
  image.change(plan_remove_volume(image.config, VolumeId(0x0200)));
  EXPECT_TRUE(image.config.lsses.contains(2));
  image.change(plan_remove_volume(image.config, VolumeId(0x02FF)));
  EXPECT_FALSE(image.config.lsses.contains(2));
  EXPECT_TRUE(image.config.lsses.contains(0));
}

TEST_F(Apply, LssWithAChangedAttributeOutlivesItsVolumes) {
  image.add_volume(0x0200, pool, 1);
  image.config.lsses.at(2).consistency_group = true;
  image.change(plan_remove_volume(image.config, VolumeId(0x0200)));
  EXPECT_TRUE(image.config.lsses.at(2).consistency_group);
}

TEST_F(Apply, LongBusyTimeoutOfANewLssFollowsThePersonality) {
  SampleImage ds6000(Personality::ds6000);
  ds6000.add_volume(0x0000, ds6000.add_pool(0, {1}), 1);
  EXPECT_EQ(ds6000.config.lsses.at(0).long_busy_timeout_s, 120U);
}

TEST_F(Apply, RemovedVolumesGiveTheirExtentsBack) {
  const auto free_before = image.config.free_extents(pool);
  image.change(plan_remove_volume(image.config, VolumeId(5)));
  EXPECT_EQ(image.config.free_extents(pool), free_before + 6);
  EXPECT_EQ(image.config.find_volume(VolumeId(5)), nullptr);
}

TEST_F(Apply, EstablishKillsTheDirtyDataOfItsTargetsWithinTheSourcesTracks) {
  const Lsn t0(image.next_lsn++);
  image.change(Establish{.pairs = {image.pair(0, 2, t0), image.pair(0, 3, t0), image.pair(1, 4, t0)}});
  EXPECT_EQ(image.config.relationships.size(), 3U);
  EXPECT_EQ(volume(2).kills, (std::vector<Kill>{{.lsn = t0, .track_count = 16384}}));
  EXPECT_EQ(volume(3).kills, (std::vector<Kill>{{.lsn = t0, .track_count = 16384}}));
  EXPECT_EQ(volume(4).kills, (std::vector<Kill>{{.lsn = t0, .track_count = 2 * 16384}}));
  EXPECT_TRUE(volume(0).kills.empty());
}

TEST_F(Apply, KillsKeepOnlyWhatNewerOnesDoNotCover) {
  const auto kill_by = [this](std::uint16_t source) {
    const Generation generation = image.establish(source, 5);
    const Lsn t0 = image.config.relationships.at(generation).t0;
    image.change(EndRelationship{.relationship = generation});
    return Kill{.lsn = t0, .track_count = (source + 1U) * 16384};
  };
  const Kill large = kill_by(3);
  const Kill middle = kill_by(1);
  const Kill little = kill_by(0);
  EXPECT_EQ(volume(5).kills, (std::vector<Kill>{large, middle, little}));
  const Kill middle_again = kill_by(1);
  EXPECT_EQ(volume(5).kills, (std::vector<Kill>{large, middle_again}));
  const Kill larger = kill_by(4);
  EXPECT_EQ(volume(5).kills, (std::vector<Kill>{larger}));
}

TEST_F(Apply, WithdrawnRelationshipsAreClosingUntilTheyEnd) {
  const Generation generation = image.establish(0, 1);
  ASSERT_NE(image.config.target_of(VolumeId(1)), nullptr);
  image.withdraw(generation);
  EXPECT_TRUE(image.config.relationships.at(generation).closing());
  EXPECT_EQ(image.config.target_of(VolumeId(1)), nullptr);
  image.change(EndRelationship{.relationship = generation});
  EXPECT_TRUE(image.config.relationships.empty());
}

TEST_F(Apply, EstablishEndsClosingRelationshipsOntoItsTargets) {
  const Generation onto_target = image.establish(0, 3);
  const Generation elsewhere = image.establish(0, 4);
  image.withdraw(onto_target);
  image.withdraw(elsewhere);
  const Generation fresh = image.establish(1, 3);
  EXPECT_FALSE(image.config.relationships.contains(onto_target));
  EXPECT_TRUE(image.config.relationships.contains(elsewhere));
  EXPECT_EQ(image.config.target_of(VolumeId(3))->generation, fresh);
}

TEST_F(Apply, FailuresAreRemembered) {
  const Generation generation = image.establish(0, 1);
  image.change(FailRelationship{.relationship = generation});
  EXPECT_EQ(image.config.relationships.at(generation).state, RelationshipState::failed);
  EXPECT_NE(image.config.target_of(VolumeId(1)), nullptr) << "a failed relationship still holds its target";
  image.change(FailRank{.rank = 0});
  EXPECT_TRUE(image.config.ranks.at(0).failed);
}

using ApplyDeath = Apply;

TEST_F(ApplyDeath, MutationsThatDoNotFitAreProgrammerErrors) {
  const Generation generation = image.establish(0, 1);
  auto change = [this](const Mutation& mutation) { apply(image.config, mutation); };
  EXPECT_DEATH(change(EndRelationship{.relationship = Generation(999)}), "invariant broken");
  EXPECT_DEATH(change(Establish{.pairs = {image.pair(2, 3, Lsn(50)), image.pair(2, 4, Lsn(51))}}), "invariant broken");
  EXPECT_DEATH(change(Establish{.pairs = {image.pair(0, 1, Lsn(50))}}), "invariant broken");
  EXPECT_DEATH(change(Establish{.pairs = {image.pair(2, 3, Lsn(50)), image.pair(4, 3, Lsn(50))}}), "invariant broken");
  EXPECT_DEATH(change(RemoveVolume{.volume = VolumeId(0)}), "invariant broken");
  EXPECT_DEATH(change(RemovePool{.pool = pool}), "invariant broken");
  EXPECT_DEATH(change(MakePool{.pool = {.id = pool, .name = {}}}), "invariant broken");
  EXPECT_DEATH(change(MakeVolume{.volume = volume(2)}), "invariant broken");
  EXPECT_DEATH(change(FreeExtent{.volume = VolumeId(2), .extent_number = 0}), "invariant broken");
  EXPECT_DEATH(change(FailRank{.rank = 9}), "invariant broken");
  image.withdraw(generation);
  EXPECT_DEATH(change(Withdraw{.relationships = {generation}, .at = Lsn(99)}), "invariant broken");
}

}  // namespace
}  // namespace tt::volume
