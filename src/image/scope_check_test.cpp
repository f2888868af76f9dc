// SPDX-License-Identifier: Apache-2.0
// What a scope leaves of a request, for each way in which operations name objects or reach others.
#include "image/scope_check.h"

#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::image {
namespace {

using nlohmann::json;

/// Volumes 0000 and 0002 in RG1 "east", 0001 and 0003 in RG0; LSS 02 in RG1; V0 in RG1, V1 in RG0.
struct Fixture : volume::SampleImage {
  Fixture() {
    const auto pool = add_pool(0, {100});
    volume::ResourceGroupRequest group;
    group.id = 1;
    group.label = "east";
    change(plan_make_resource_group(config, group));
    for (std::uint16_t id = 0; id < 4; ++id) {
      auto made = request(id, pool, 1);
      made.resource_group = id % 2 == 0 ? 1 : 0;
      change(plan_make_volume(config, made, Generation(next_lsn++), 0));
    }
    volume::ChangeLssRequest lss;
    lss.id = 2;
    lss.resource_group = 1;
    change(plan_change_lss(config, lss));
    for (const std::uint16_t in : std::vector<std::uint16_t>{1, 0}) {
      volume::MakeVolumeGroupRequest volumes;
      volumes.name = "g";
      volumes.resource_group = in;
      change(plan_make_volume_group(config, volumes));
    }
  }

  ScopedRequest judge(const char* operation, json arguments, const std::string& scope = "east") const {
    const volume::ImageConfig before = config;
    ScopedRequest judged = within_scope(config, scope, *model::find_operation(operation), std::move(arguments));
    EXPECT_EQ(config, before);
    return judged;
  }
  /// The names refused, with '/' and their group behind each.
  std::vector<std::string> refused(const char* operation, json arguments, const std::string& scope = "east") const {
    std::vector<std::string> names;
    for (const auto& refusal : judge(operation, std::move(arguments), scope).refusals) {
      if (!refusal) continue;
      EXPECT_EQ(refusal->code, Errc::outside_scope);
      names.push_back(refusal->name + "/" + std::to_string(refusal->detail));
    }
    return names;
  }
};

using Names = std::vector<std::string>;

json pair(const char* source, const char* target) {
  return {{"source", source}, {"target", target}};
}

TEST(ScopeCheck, EachObjectIsJudgedByItself) {
  const Fixture image;
  const ScopedRequest judged = image.judge("rmfbvol", {{"ids", {"0000", "0001", "0002", "0009"}}, {"mode", "normal"}});
  EXPECT_FALSE(judged.nothing_left);
  EXPECT_EQ(judged.arguments["ids"], json({"0000", "0002", "0009"})) << "what is not there is not ours to refuse";
  model::Response done;
  done.results = {{"0000", Errc::ok, 0}, {"0002", Errc::still_in_use, 0}, {"0009", Errc::volume_not_found, 0}};
  const model::Response all = with_refusals(judged, done);
  ASSERT_EQ(all.results.size(), 4U);
  EXPECT_EQ(all.results[1].name, "0001");
  EXPECT_EQ(all.results[1].code, Errc::outside_scope);
  EXPECT_EQ(all.results[2].code, Errc::still_in_use);
  EXPECT_EQ(all.results[3].code, Errc::volume_not_found);
}

TEST(ScopeCheck, BothEndsOfAPairMustBeCovered) {
  const Fixture image;
  const auto judge = [&](const char* operation) {
    return image.refused(operation, {{"pairs", {pair("0000", "0002"), pair("0000", "0001"), pair("0001", "0000")}}});
  };
  const Names expected = {"0000:0001/0", "0001:0000/0"};
  for (const char* operation : {"mkflash", "rmflash", "resyncflash", "reverseflash", "setflashrevertible",
                                "setflashrate", "verifyflash", "mkrangeflash", "rmrangeflash"}) {
    EXPECT_EQ(judge(operation), expected) << operation;
  }
}

/// As a target an LSS is one of another image, whatever group the LSS of that number is in here.
TEST(ScopeCheck, OfWhatIsInTwoImagesTheOwnEndCounts) {
  const Fixture image;
  const auto paths = [&](const char* source, const char* target) {
    return image.refused("mkpprcpath", {{"source_lss", source}, {"target_lss", target}, {"pairs", json::array()}});
  };
  EXPECT_EQ(paths("00", "02"), Names{"00/0"});
  EXPECT_EQ(paths("02", "00"), Names{});
  EXPECT_EQ(image.refused("rmpprcpath", {{"pairs", {pair("00", "02"), pair("02", "00")}}}), Names{"00:02/0"});
}

TEST(ScopeCheck, OfAMirroredPairTheEndThatIsHereCounts) {
  const Fixture image;
  const json pairs = {pair("0000", "0001"), pair("0001", "0000")};
  EXPECT_EQ(image.refused("pausepprc", {{"pairs", pairs}, {"at", "src"}}), Names{"0001:0000/0"});
  EXPECT_EQ(image.refused("pausepprc", {{"pairs", pairs}, {"at", "tgt"}}), Names{"0000:0001/0"});
  const json targets = {{{"target", "0000"}}, {{"target", "0001"}}};
  EXPECT_EQ(image.refused("rmpprc", {{"pairs", targets}, {"at", "tgt"}}), Names{"0001/0"});
  EXPECT_EQ(image.refused("mkpprc", {{"pairs", pairs}, {"type", "gcp"}}), Names{"0001:0000/0"});
}

TEST(ScopeCheck, WhatAllObjectsShareRefusesTheWholeRequest) {
  const Fixture image;
  EXPECT_EQ(image.refused("chfbvol", {{"ids", {"0000"}}, {"volume_groups", {"V0", "V1"}}}), Names{"V1/0"});
  EXPECT_EQ(image.refused("chfbvol", {{"ids", {"0000"}}, {"resource_group", "RG0"}}), Names{"RG0/0"});
  EXPECT_EQ(image.refused("chfbvol", {{"ids", {"0001"}}, {"resource_group", "RG1"}}), Names{"0001/0"});
  EXPECT_EQ(image.refused("chvolgrp", {{"id", "V0"}, {"action", "add"}, {"volumes", {"0000", "0003"}}}),
            Names{"0003/0"});
  EXPECT_EQ(image.refused("chvolgrp", {{"id", "V1"}, {"name", "x"}}), Names{"V1/0"});
  EXPECT_TRUE(image.judge("chvolgrp", {{"id", "V1"}, {"name", "x"}}).nothing_left);
  EXPECT_EQ(image.refused("rmvolgrp", {{"ids", {"V0", "V1"}}}), Names{"V1/0"});
}

TEST(ScopeCheck, WhatIsMadeIsInAGroupThatMustBeCovered) {
  const Fixture image;
  const json volumes = {{{"id", "0200"}, {"name", ""}}, {{"id", "0004"}, {"name", ""}}};
  EXPECT_EQ(image.refused("mkfbvol", {{"volumes", volumes}}), Names{"RG0/0"}) << "without -resgrp it is RG0";
  EXPECT_EQ(image.refused("mkfbvol", {{"volumes", volumes}, {"resource_group", "RG1"}}), Names{"0004/0"})
      << "and the LSS too";
  EXPECT_EQ(image.refused("mkvolgrp", {{"name", "x"}}), Names{"RG0/0"});
  EXPECT_EQ(image.refused("mkvolgrp", {{"name", "x"}, {"resource_group", "RG1"}}), Names{});
  EXPECT_EQ(image.refused("mkhostconnect", {{"name", "x"}, {"volume_group", "V0"}, {"resource_group", "RG1"}}),
            Names{});
}

TEST(ScopeCheck, PredefinedVolumeGroupsHoldEverything) {
  const Fixture image;
  const json arguments = {{"name", "x"}, {"volume_group", "V20"}, {"resource_group", "RG0"}};
  EXPECT_EQ(image.refused("mkhostconnect", arguments, "PUBLIC"), Names{"V20/1"});
  EXPECT_EQ(image.refused("mkhostconnect", arguments, "*"), Names{});
}

TEST(ScopeCheck, WhatAllGroupsShareNeedsThePublicOne) {
  const Fixture image;
  EXPECT_EQ(image.refused("chrank", {{"ids", {"R0"}}, {"action", "release"}}), Names{"R0/0"});
  EXPECT_EQ(image.refused("chsi", {{"name", "x"}}), Names{"IBM.2107-75TT001/0"});
  EXPECT_EQ(image.refused("setioport", {{"ids", {"I0000"}}}), Names{"I0000/0"});
  EXPECT_EQ(image.refused("setioport", {{"ids", {"I0000"}}}, "PUBLIC"), Names{});
  EXPECT_EQ(image.refused("chresgrp", {{"id", "RG1"}, {"name", "x"}}), Names{});
  EXPECT_EQ(image.refused("rmresgrp", {{"ids", {"RG1"}}}, "PUBLIC"), Names{"RG1/1"});
}

TEST(ScopeCheck, OperationsReachTheOtherEndsOfCopies) {
  Fixture image;
  image.establish(0, 1);
  const json normal = {{"ids", {"0000"}}, {"mode", "normal"}};
  const json force = {{"ids", {"0000"}}, {"mode", "force"}};
  EXPECT_EQ(image.refused("rmfbvol", normal), Names{});
  EXPECT_EQ(image.refused("rmfbvol", force), Names{"0000/0"});
  EXPECT_EQ(image.refused("commitflash", {{"ids", {"0000"}}}), Names{}) << "it is not revertible";
  auto& relationships = image.config.relationships;
  auto& relationship = relationships.find(relationships.begin()->first)->second;
  relationship.saved = Generation(1);
  relationship.options.sequence_number = 5;
  EXPECT_EQ(image.refused("commitflash", {{"ids", {"0000"}}}), Names{"0000/0"});
  EXPECT_EQ(image.refused("revertflash", {{"ids", {"0000"}}, {"sequence_number", 5}}), Names{"0000/0"});
  EXPECT_EQ(image.refused("revertflash", {{"ids", {"0000"}}, {"sequence_number", 6}}), Names{});
}

TEST(ScopeCheck, WithoutItsPairsACommandMustNotMeanAllOfThem) {
  Fixture image;
  image.establish(0, 1);
  auto& relationships = image.config.relationships;
  relationships.find(relationships.begin()->first)->second.options.sequence_number = 5;
  const ScopedRequest judged = image.judge("rmflash", {{"sequence_number", 5}});
  EXPECT_TRUE(judged.nothing_left);
  EXPECT_EQ(with_refusals(judged, {}).results.at(0).name, "0000:0001");
  EXPECT_FALSE(image.judge("rmflash", {{"sequence_number", 6}}).nothing_left) << "there is none";
  EXPECT_EQ(image.judge("rmflash", {{"sequence_number", 5}}, "*").arguments["pairs"].size(), 1U);
}

TEST(ScopeCheck, AThawReachesWhatIsFrozenInTheLss) {
  Fixture image;
  EXPECT_EQ(image.refused("unfreezeflash", {{"ids", {"00", "02"}}}), Names{"00/0"}) << "the LSS";
  image.config.lsses.at(0).resource_group = 1;
  EXPECT_EQ(image.refused("unfreezeflash", {{"ids", {"00", "02"}}}), Names{});
  image.config.frozen_sources = {VolumeId(0), VolumeId(3)};
  EXPECT_EQ(image.refused("unfreezeflash", {{"ids", {"00", "02"}}}), Names{"00/0"}) << "volume 0003";
}

}  // namespace
}  // namespace tt::image
