// SPDX-License-Identifier: Apache-2.0
// Resource groups: each rejection, what they hold, and that a configuration that contradicts itself is refused.
#include "volume/resource_groups.h"

#include <gtest/gtest.h>

#include "model/resource_scope.h"
#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

/// Volumes 0000 and 0001, group RG3 with the label "east".
struct Fixture : SampleImage {
  explicit Fixture(Personality personality = Personality::ds8000) : SampleImage(personality) {
    const auto pool = add_pool(0, {100});
    for (std::uint16_t id = 0; id < 2; ++id) add_volume(id, pool, 1);
    if (personality == Personality::ds8000) change(plan_make_resource_group(config, labelled(3, "east")));
  }
  static ResourceGroupRequest labelled(std::uint16_t id, const char* label) {
    ResourceGroupRequest request;
    request.id = id;
    request.label = label;
    return request;
  }
  Result<ChangeVolume> move_volume(std::uint16_t id, std::uint16_t group) const {
    ChangeVolumeRequest request;
    request.id = VolumeId(id);
    request.resource_group = group;
    return plan_change_volume(config, request);
  }
  Result<ChangeLss> move_lss(std::uint8_t id, std::uint16_t group) const {
    ChangeLssRequest request;
    request.id = id;
    request.resource_group = group;
    return plan_change_lss(config, request);
  }
  /// The code of the plan; it must not have changed anything.
  template <class Plan>
  Errc refused(const Result<Plan>& plan, const ImageConfig& before) const {
    EXPECT_EQ(config, before);
    return code_of(plan);
  }
};

TEST(ResourceGroups, AreMadeWithALabelOfTheirOwn) {
  Fixture image;
  const ImageConfig before = image.config;
  const auto make = [&](std::uint16_t id, const char* label) {
    return image.refused(plan_make_resource_group(image.config, Fixture::labelled(id, label)), before);
  };
  EXPECT_EQ(make(3, "west"), Errc::id_taken);
  EXPECT_EQ(make(0, "west"), Errc::id_taken) << "RG0 is there";
  EXPECT_EQ(make(4, "east"), Errc::id_taken) << "the label";
  EXPECT_EQ(make(4, "PUBLIC"), Errc::id_taken) << "the label of RG0";
  EXPECT_EQ(make(64, "west"), Errc::limit_reached);
  EXPECT_EQ(make(4, "w*"), Errc::invalid_argument);
  EXPECT_EQ(make(4, ""), Errc::invalid_argument);
  EXPECT_EQ(make(4, "0123456789012345678901234567890123"), Errc::invalid_argument);
  ResourceGroupRequest plain;
  plain.id = 63;
  image.change(plan_make_resource_group(image.config, plain));
  const ResourceGroupConfig expected{.id = 63, .name = "RG63", .label = "RG63", .description = ""};
  EXPECT_EQ(image.config.resource_groups.at(63), expected);
}

TEST(ResourceGroups, ADs6000HasNoneButThePublicOne) {
  const Fixture image(Personality::ds6000);
  EXPECT_EQ(code_of(plan_make_resource_group(image.config, Fixture::labelled(1, "west"))), Errc::limit_reached);
  EXPECT_EQ(code_of(image.move_volume(0, 1)), Errc::object_not_found);
  EXPECT_EQ(code_of(image.move_volume(0, 0)), Errc::ok);
}

TEST(ResourceGroups, Change) {
  Fixture image;
  image.change(plan_make_resource_group(image.config, Fixture::labelled(4, "west")));
  const ImageConfig before = image.config;
  const auto change = [&](std::uint16_t id, const char* label) {
    return image.refused(plan_change_resource_group(image.config, Fixture::labelled(id, label)), before);
  };
  EXPECT_EQ(change(0, "west"), Errc::not_combinable);
  EXPECT_EQ(change(5, "north"), Errc::object_not_found);
  EXPECT_EQ(change(4, "east"), Errc::id_taken);
  EXPECT_EQ(change(4, "a b"), Errc::invalid_argument);
  EXPECT_EQ(change(4, "west"), Errc::ok) << "its own";
  ResourceGroupRequest request;
  request.id = 4;
  request.name = "second";
  request.description = "machines in the west";
  image.change(plan_change_resource_group(image.config, request));
  const ResourceGroupConfig expected{.id = 4, .name = "second", .label = "west", .description = "machines in the west"};
  EXPECT_EQ(image.config.resource_groups.at(4), expected);
}

TEST(ResourceGroups, EverythingStartsInThePublicOneAndMoves) {
  Fixture image;
  EXPECT_EQ(use_of(image.config, 0).volumes, 2U);
  image.change(image.move_volume(1, 3));
  image.change(image.move_lss(0x20, 3));
  MakeVolumeGroupRequest group;
  group.name = "g";
  group.resource_group = 3;
  image.change(plan_make_volume_group(image.config, group));
  HostConnectionRequest host;
  host.name = "h";
  host.identity = "unix:0";
  host.resource_group = 3;
  image.change(BeginHostAccess{.connection = open_host_connection()});
  image.change(plan_make_host_connection(image.config, host));
  const ResourceGroupUse use = use_of(image.config, 3);
  EXPECT_EQ(use.volumes, 1U);
  EXPECT_EQ(use.lsses, 1U);
  EXPECT_EQ(use.volume_groups, 1U);
  EXPECT_EQ(use.host_connections, 1U);
  const auto decoded = decode_config(encode_config(image.config));
  ASSERT_EQ(code_of(decoded), Errc::ok);
  EXPECT_EQ(*decoded, image.config);
}

TEST(ResourceGroups, AreRemovedWhenNothingIsInThem) {
  Fixture image;
  const auto remove = [&](std::uint16_t id) { return code_of(plan_remove_resource_group(image.config, id)); };
  EXPECT_EQ(remove(0), Errc::not_combinable);
  EXPECT_EQ(remove(5), Errc::object_not_found);
  image.change(image.move_lss(0x20, 3));
  EXPECT_EQ(remove(3), Errc::still_in_use) << "an LSS without volumes counts";
  image.change(image.move_lss(0x20, 0));
  EXPECT_FALSE(image.config.lsses.contains(0x20)) << "it has nothing of its own any more";
  image.change(plan_remove_resource_group(image.config, 3));
  EXPECT_TRUE(image.config.resource_groups.empty());
}

TEST(ResourceGroups, NothingIsPutIntoOneThatIsNotThere) {
  Fixture image;
  const ImageConfig before = image.config;
  auto request = image.request(4, 0, 1);
  request.resource_group = 9;
  EXPECT_EQ(image.refused(plan_make_volume(image.config, request, Generation(900), 0), before), Errc::object_not_found);
  EXPECT_EQ(image.refused(image.move_volume(0, 9), before), Errc::object_not_found);
  EXPECT_EQ(image.refused(image.move_lss(0, 9), before), Errc::object_not_found);
  MakeVolumeGroupRequest group;
  group.resource_group = 9;
  EXPECT_EQ(image.refused(plan_make_volume_group(image.config, group), before), Errc::object_not_found);
  HostConnectionRequest host;
  host.identity = "unix:0";
  host.resource_group = 9;
  EXPECT_EQ(image.refused(plan_make_host_connection(image.config, host), before), Errc::object_not_found);
}

TEST(ResourceGroups, ContradictionsAreCorrupt) {
  Fixture image;
  image.change(plan_make_resource_group(image.config, Fixture::labelled(4, "west")));
  const auto damaged = [&](auto damage) {
    ImageConfig config = image.config;
    damage(config);
    return code_of(decode_config(encode_config(config)));
  };
  EXPECT_EQ(damaged([](auto&) {}), Errc::ok);
  EXPECT_EQ(damaged([](auto& c) { c.resource_groups.at(4).label = "east"; }), Errc::corrupt);
  EXPECT_EQ(damaged([](auto& c) { c.resource_groups.at(4).label = "PUBLIC"; }), Errc::corrupt);
  EXPECT_EQ(damaged([](auto& c) { c.resource_groups.at(4).label = "*"; }), Errc::corrupt);
  EXPECT_EQ(damaged([](auto& c) { c.resource_groups.at(4).id = 64; }), Errc::corrupt);
  EXPECT_EQ(damaged([](auto& c) { c.volumes.at(VolumeId(0)).resource_group = 5; }), Errc::corrupt);
  EXPECT_EQ(damaged([](auto& c) { c.lsses.at(0).resource_group = 5; }), Errc::corrupt);
}

TEST(ResourceScopes, CoverLabels) {
  using model::scope_covers;
  EXPECT_TRUE(scope_covers("*", "PUBLIC"));
  EXPECT_TRUE(scope_covers("*", "east"));
  EXPECT_TRUE(scope_covers("PUBLIC", "PUBLIC"));
  EXPECT_FALSE(scope_covers("PUBLIC", "east"));
  EXPECT_TRUE(scope_covers("east", "east"));
  EXPECT_FALSE(scope_covers("east", "east.1"));
  EXPECT_FALSE(scope_covers("east", "East"));
  EXPECT_TRUE(scope_covers("east*", "east"));
  EXPECT_TRUE(scope_covers("east*", "east.1"));
  EXPECT_FALSE(scope_covers("east*", "eas"));
  EXPECT_FALSE(scope_covers("", "east"));
  for (const char* good : {"*", "a", "east*", "East_1-2.3", "01234567890123456789012345678901*"}) {
    EXPECT_TRUE(model::is_resource_scope(good)) << good;
  }
  for (const char* bad : {"", "**", "*a", "a*b", "a b", "012345678901234567890123456789012"}) {
    EXPECT_FALSE(model::is_resource_scope(bad)) << bad;
  }
}

}  // namespace
}  // namespace tt::volume
