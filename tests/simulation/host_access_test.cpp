// SPDX-License-Identifier: Apache-2.0
// Host access over the life of an image: upgrade, crashes, and desks of several reactors.
#include <gtest/gtest.h>

#include "image/executor.h"
#include "image/executor_support.h"
#include "image/host_desk.h"
#include "image/io_ports.h"
#include "lab.h"

namespace tt::simulation {
namespace {

using image::as_mutation;

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

/// What a program listens on, without the listening.
class TestPorts final : public image::IoPorts {
 public:
  [[nodiscard]] std::vector<image::IoPortStatus> status() const override {
    std::vector<image::IoPortStatus> all;
    for (const auto& [id, port] : ports) {
      all.emplace_back();
      all.back().id = id;
      all.back().listening = port.listening;
      all.back().sessions = port.sessions;
    }
    return all;
  }
  Result<void> open(std::uint16_t port) override {
    if (refuse) return Errc::io_error;
    ports.at(port).listening = true;
    return {};
  }
  void close(std::uint16_t port) override { ports.at(port) = {}; }

  struct Port {
    bool listening = false;
    std::uint32_t sessions = 0;
  };
  std::map<std::uint16_t, Port> ports = {{0, {true, 0}}, {1, {true, 0}}};
  bool refuse = false;
};

struct PortLab {
  PortLab() { executor.use_ports(ports); }
  Pending<model::Response> start(const char* topology, const char* port = "I0000") {
    return lab.start(executor.execute({"setioport", "admin", {{"topology", topology}, {"ids", {port}}}}));
  }
  Errc outcome(const Pending<model::Response>& command) {
    const bool ended = lab.wait(command);
    TT_ASSERT(ended && (*command)->results.size() == 1);
    return (*command)->results[0].code;
  }
  bool recorded_open(std::uint16_t port = 0) {
    return volume::io_port_of(lab.control().config(), port).topology != volume::Topology::off;
  }

  Lab lab{1};
  TestPorts ports;
  image::ImageExecutor executor{lab.life->image(), "test"};
};

TEST(IoPorts, AreAsRecordedWhenCommandsCross) {
  for (const bool ends_open : {false, true}) {
    for (rt::TimeNs between = 0; between <= 2 * rt::kMillisecond; between += 50 * rt::kMicrosecond) {
      SCOPED_TRACE(between);
      PortLab at;
      const auto first = at.start(ends_open ? "off" : "scsi-fcp");
      at.lab.run_for(between);
      const auto second = at.start(ends_open ? "scsi-fcp" : "off");
      EXPECT_EQ(at.outcome(first), Errc::ok);
      EXPECT_EQ(at.outcome(second), Errc::ok);
      EXPECT_EQ(at.recorded_open(), ends_open) << "the later command counts";
      EXPECT_EQ(at.ports.ports.at(0).listening, ends_open);
      EXPECT_TRUE(at.ports.ports.at(1).listening);
    }
  }
}

TEST(IoPorts, StayOpenForAHostThatCameWhileTheCommandWaited) {
  PortLab at;
  const auto other = at.start("off", "I0001");
  const auto command = at.start("off");
  at.ports.ports.at(0).sessions = 1;
  EXPECT_EQ(at.outcome(other), Errc::ok);
  EXPECT_EQ(at.outcome(command), Errc::still_in_use);
  EXPECT_TRUE(at.recorded_open());
  EXPECT_TRUE(at.ports.ports.at(0).listening);
}

TEST(IoPorts, ThatCannotBeOpenedSaySo) {
  PortLab at;
  EXPECT_EQ(at.outcome(at.start("off")), Errc::ok);
  at.ports.refuse = true;
  EXPECT_EQ(at.outcome(at.start("scsi-fcp")), Errc::io_error);
  at.ports.refuse = false;
  EXPECT_EQ(at.outcome(at.start("scsi-fcp")), Errc::ok) << "it can be tried again";
  EXPECT_TRUE(at.ports.ports.at(0).listening);
}

}  // namespace
}  // namespace tt::simulation
