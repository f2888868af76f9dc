// SPDX-License-Identifier: Apache-2.0
// Host access over the life of an image: upgrade, crashes, and desks of several reactors.
#include <gtest/gtest.h>

#include "image/host_desk.h"
#include "lab.h"

namespace tt::simulation {
namespace {

std::vector<std::string> visible(Lab& lab, const char* peer) {
  const auto login = lab.life->image().desk(0).login({.port = 0, .peer = peer, .psk = {}, .certificate_names = {}});
  std::vector<std::string> names;
  for (const image::ExportInfo& info : login->exports()) names.push_back(info.name);
  return names;
}

using Names = std::vector<std::string>;

Result<void> change(Lab& lab, image::ControlPlane::HostPlanner plan) {
  return lab.run(lab.control().change_hosts(std::move(plan)));
}

template <class Plan>
Result<volume::Mutation> as_mutation(Result<Plan> plan) {
  if (!plan) return plan.error();
  return volume::Mutation(std::move(plan).value());
}

TEST(HostAccess, ANewImageIsOpenAndSaysSo) {
  Lab lab(1);
  lab.make(0x0000, 10);
  ASSERT_EQ(lab.control().config().host_connections.size(), 1U);
  EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{"0000"});
}

TEST(HostAccess, AnImageFromBeforeGetsItsOpenConnectionOnce) {
  Lab lab(1);
  lab.make(0x0000, 10);
  volume::ImageConfig old = lab.control().config();
  old.host_access_begun = false;
  old.host_connections.clear();
  lab.control().load(old);
  for (int life = 0; life < 3; ++life) {
    SCOPED_TRACE(life);
    life == 0 ? lab.restart() : lab.crash();
    EXPECT_TRUE(lab.control().config().host_access_begun);
    ASSERT_EQ(lab.control().config().host_connections.size(), 1U);
    EXPECT_EQ(lab.control().config().host_connections.at(0).identity, "any");
    EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{"0000"});
  }
}

TEST(HostAccess, AClosedImageStaysClosed) {
  Lab lab(1);
  lab.make(0x0000, 10);
  const auto removed = change(lab, [](const volume::ImageConfig& config) {
    return as_mutation(volume::plan_remove_host_connection(config, 0));
  });
  ASSERT_TRUE(removed);
  EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{});
  lab.crash();
  EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{});
  lab.restart();
  EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{});
}

TEST(HostAccess, AVolumeOfTheSameIdIsNotInTheOldGroups) {
  Lab lab(1);
  const VolumeId first = lab.make(0x0000, 10);
  lab.make(0x0002, 10);
  volume::HostConnectionRequest request;
  request.volume_group = std::uint16_t{0};
  const auto made = change(lab, [&](const volume::ImageConfig& config) {
    return as_mutation(volume::plan_make_volume_group(
        config, {"g", volume::VolumeGroupType::scsi_mask, {VolumeId(0x0000), VolumeId(0x0002)}, {}}));
  });
  ASSERT_TRUE(made);
  const auto mapped = change(lab, [&](const volume::ImageConfig& config) {
    return as_mutation(volume::plan_change_host_connection(config, 0, request));
  });
  ASSERT_TRUE(mapped);
  EXPECT_EQ(visible(lab, "192.0.2.7:4000"), (Names{"0000", "0002"}));
  ASSERT_TRUE(lab.remove(first));
  lab.make(0x0000, 10);
  EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{"0002"});
  lab.crash();
  EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{"0002"});
}

/// Nobody may use a mapping that a crash takes back, nor keep one that it does not bring back.
TEST(HostAccess, IsWhatItWasAnsweredAtEveryCrash) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Lab lab(seed);
    lab.make(0x0000, 10);
    const auto removed = change(lab, [](const volume::ImageConfig& config) {
      return as_mutation(volume::plan_remove_host_connection(config, 0));
    });
    ASSERT_TRUE(removed);
    volume::HostConnectionRequest request;
    request.identity = "addr:192.0.2.7";
    request.volume_group = volume::kAllFixedBlock512;
    const auto made = change(lab, [&](const volume::ImageConfig& config) {
      return as_mutation(volume::plan_make_host_connection(config, request));
    });
    ASSERT_TRUE(made);
    lab.crash();
    EXPECT_EQ(visible(lab, "192.0.2.7:4000"), Names{"0000"});
    EXPECT_EQ(visible(lab, "192.0.2.8:4000"), Names{});
  }
}

}  // namespace
}  // namespace tt::simulation
