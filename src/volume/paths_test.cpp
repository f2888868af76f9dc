// SPDX-License-Identifier: Apache-2.0
// Paths in the configuration: each rejection, the LSS that lives with them, and contradictions.
#include "volume/paths.h"

#include <gtest/gtest.h>

#include "volume/sample_image.h"

namespace tt::volume {
namespace {

constexpr std::uint64_t kOwn = 0x5005076300000001;
constexpr std::uint64_t kOther = 0x5005076300000002;

SetPathsRequest request(std::uint8_t source, std::uint8_t target, std::vector<mirror::PathPorts> ports,
                        std::uint64_t wwnn = kOther) {
  SetPathsRequest request;
  request.set.key = {wwnn, source, target};
  request.set.partner = wwnn == kOther ? "IBM.2107-75OTHR1" : "IBM.2107-75THRD1";
  request.set.ports = std::move(ports);
  return request;
}

Errc refusal(const SampleImage& image, const SetPathsRequest& request) {
  return code_of(plan_set_paths(image.config, request, kOwn));
}

void set(SampleImage& image, const SetPathsRequest& request) {
  image.change(plan_set_paths(image.config, request, kOwn));
}

Errc code_of_removal(const SampleImage& image, const RemovePathsRequest& request) {
  return code_of(plan_remove_paths(image.config, request));
}

TEST(Paths, RM2_ASetReplacesTheOneBefore) {
  SampleImage image;
  set(image, request(0x10, 0x20, {{1, 1}, {2, 2}}));
  set(image, request(0x10, 0x20, {{2, 1}}));
  ASSERT_EQ(image.config.path_sets.size(), 1U);
  EXPECT_EQ(image.config.path_sets.begin()->second.ports, (std::vector<mirror::PathPorts>{{2, 1}}));
}

TEST(Paths, RM4_OneToEightDifferentPortsOfLssesThatThereAre) {
  const SampleImage image;
  std::vector<mirror::PathPorts> ports;
  EXPECT_EQ(refusal(image, request(0x10, 0x20, ports)), Errc::bad_combination);
  for (std::uint16_t i = 0; i < 8; ++i) ports.push_back({1, i});
  EXPECT_EQ(refusal(image, request(0x10, 0x20, ports)), Errc::ok);
  EXPECT_EQ(refusal(image, request(0xFF, 0x20, ports)), Errc::object_not_found);
  ports.back() = {1, 0};
  EXPECT_EQ(refusal(image, request(0x10, 0x20, ports)), Errc::bad_combination);
  ports.back() = {1, 7};
  ports.push_back({1, 8});
  EXPECT_EQ(refusal(image, request(0x10, 0x20, ports)), Errc::bad_combination);
  const SampleImage ds6000(Personality::ds6000);
  EXPECT_EQ(refusal(ds6000, request(0x1F, 0x20, {{1, 1}})), Errc::ok);
  EXPECT_EQ(refusal(ds6000, request(0x20, 0x20, {{1, 1}})), Errc::object_not_found);
}

TEST(Paths, AnLssMayBeConnectedWithAnotherOneOfItsImageButNotWithItself) {
  const SampleImage image;
  EXPECT_EQ(refusal(image, request(0x10, 0x20, {{1, 1}}, kOwn)), Errc::ok);
  EXPECT_EQ(refusal(image, request(0x10, 0x10, {{1, 1}}, kOwn)), Errc::bad_combination);
  EXPECT_EQ(refusal(image, request(0x10, 0x10, {{1, 1}})), Errc::ok);
}

TEST(Paths, TheSubsystemIdIsComparedWhereOneIsGiven) {
  const SampleImage image;
  auto asked = request(0x10, 0x20, {{1, 1}});
  asked.source_ssid = 0xFF10;
  EXPECT_EQ(refusal(image, asked), Errc::ok);
  asked.source_ssid = 0xFF11;
  EXPECT_EQ(refusal(image, asked), Errc::ssid_differs);
}

TEST(Paths, AnLssHasPathsToFourOthersOrSixteen) {
  for (const auto& [personality, most] : {std::pair(Personality::ds6000, 4), std::pair(Personality::ds8000, 16)}) {
    SampleImage image(personality);
    for (int i = 0; i < most; ++i) set(image, request(0x10, static_cast<std::uint8_t>(i), {{1, 1}}));
    EXPECT_EQ(refusal(image, request(0x10, 0x1F, {{1, 1}})), Errc::mirror_limit);
    EXPECT_EQ(refusal(image, request(0x10, 0, {{1, 1}}, 3)), Errc::mirror_limit) << "of another image";
    EXPECT_EQ(refusal(image, request(0x10, 0, {{2, 2}})), Errc::ok) << "one that it has";
    EXPECT_EQ(refusal(image, request(0x11, 0x1F, {{1, 1}})), Errc::ok) << "another LSS";
  }
}

TEST(Paths, AnLssExistsForItsPaths) {
  SampleImage image;
  set(image, request(0, 0x20, {{1, 1}}));
  EXPECT_TRUE(image.config.lsses.contains(0));
  image.add_volume(0, image.add_pool(0, {4}), 1);
  image.change(RemoveVolume{VolumeId(0)});
  EXPECT_TRUE(image.config.lsses.contains(0)) << "the path still needs it";
  image.add_volume(0, 0, 1);
  image.change(plan_remove_paths(image.config, {0, 0x20, std::nullopt, std::nullopt}));
  EXPECT_TRUE(image.config.lsses.contains(0)) << "the volume still needs it";
  image.change(RemoveVolume{VolumeId(0)});
  EXPECT_FALSE(image.config.lsses.contains(0));
}

TEST(Paths, WhatIsRemovedHasToBeClear) {
  SampleImage image;
  RemovePathsRequest asked{0x10, 0x20, std::nullopt, std::nullopt};
  EXPECT_EQ(code_of_removal(image, asked), Errc::no_path);
  set(image, request(0x10, 0x20, {{1, 1}}));
  set(image, request(0x10, 0x21, {{1, 1}}));
  EXPECT_EQ(code_of_removal(image, asked), Errc::ok);
  set(image, request(0x10, 0x20, {{1, 1}}, 3));
  EXPECT_EQ(code_of_removal(image, asked), Errc::bad_combination) << "of which image?";
  asked.wwnn = 3;
  EXPECT_EQ(plan_remove_paths(image.config, asked)->key.wwnn, 3U);
  asked.partner = "IBM.2107-75OTHR1";
  EXPECT_EQ(code_of_removal(image, asked), Errc::no_path);
  asked.wwnn.reset();
  EXPECT_EQ(plan_remove_paths(image.config, asked)->key.wwnn, kOther);
}

TEST(Paths, ContradictionsAreCorrupt) {
  SampleImage image;
  set(image, request(0x10, 0x20, {{1, 1}, {2, 2}}));
  const mirror::PathKey key = image.config.path_sets.begin()->first;
  const auto damaged = [&](auto damage) {
    ImageConfig config = image.config;
    damage(config);
    return code_of(decode_config(encode_config(config)));
  };
  EXPECT_EQ(damaged([](auto&) {}), Errc::ok);
  EXPECT_EQ(damaged([&](auto& c) { c.path_sets.at(key).ports.clear(); }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.path_sets.at(key).ports[1] = {1, 1}; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.path_sets.at(key).key.source_lss = 0xFF; }), Errc::corrupt);
  EXPECT_EQ(damaged([](auto& c) { c.lsses.clear(); }), Errc::corrupt);
  const auto decoded = decode_config(encode_config(image.config));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->path_sets, image.config.path_sets);
}

}  // namespace
}  // namespace tt::volume
