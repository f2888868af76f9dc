// SPDX-License-Identifier: Apache-2.0
// Volume groups, host connections and I/O ports: each rejection, and what the accepted ones become.
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

using Action = ChangeVolumeGroupRequest::Action;

std::vector<VolumeId> ids(std::initializer_list<int> numbers) {
  std::vector<VolumeId> volumes;
  for (const int number : numbers) volumes.emplace_back(static_cast<std::uint16_t>(number));
  return volumes;
}

/// Volumes 0000 to 0004.
struct Fixture : SampleImage {
  explicit Fixture(Personality personality = Personality::ds8000) : SampleImage(personality) {
    const auto pool = add_pool(0, {100});
    for (std::uint16_t id = 0; id < 5; ++id) add_volume(id, pool, 1);
  }
  std::uint16_t group(VolumeGroupType type, std::vector<VolumeId> volumes = {}, std::vector<std::uint8_t> luns = {}) {
    const auto plan = plan_make_volume_group(config, {"g", type, std::move(volumes), std::move(luns)}).value();
    change(Mutation(plan));
    return plan.group.id;
  }
  Result<ChangeVolumeGroup> edit(std::uint16_t id, Action action, std::vector<VolumeId> volumes,
                                 std::vector<std::uint8_t> luns = {}) {
    return plan_change_volume_group(config, {id, std::nullopt, action, std::move(volumes), std::move(luns)});
  }
  Members members(std::uint16_t id) { return members_of(config.volume_groups.at(id).members); }
  std::uint16_t connect(const HostConnectionRequest& request) {
    const auto plan = plan_make_host_connection(config, request).value();
    change(Mutation(plan));
    return plan.connection.id;
  }
};

HostConnectionRequest as(const char* identity) {
  HostConnectionRequest request;
  request.name = "host";
  request.identity = identity;
  return request;
}

TEST(Members, RunsAreAsFewAsPossible) {
  const Members all = {{VolumeId(0), 3}, {VolumeId(1), 4}, {VolumeId(2), 9}, {VolumeId(5), 10}};
  const std::vector<MemberRun> mask = {{VolumeId(0), 3, 0}, {VolumeId(5), 1, 0}};
  const std::vector<MemberRun> mapped = {{VolumeId(0), 2, 3}, {VolumeId(2), 1, 9}, {VolumeId(5), 1, 10}};
  EXPECT_EQ(runs_of(all, VolumeGroupType::scsi_mask), mask);
  EXPECT_EQ(runs_of(all, VolumeGroupType::scsi_map256), mapped);
  EXPECT_EQ(members_of(mapped), all);
  for (const auto& [volume, lun] : all) EXPECT_TRUE(holds(mask, volume));
  for (const VolumeId other : ids({3, 4, 6, 0xFEFF})) EXPECT_FALSE(holds(mask, other));
}

TEST(VolumeGroups, TakeTheLowestFreeIdButNeverAPredefinedOne) {
  Fixture image;
  for (std::uint16_t expected = 0; expected < 12; ++expected) {
    const std::uint16_t id = image.group(VolumeGroupType::scsi_mask);
    EXPECT_EQ(id, expected < 10 ? expected : expected + 1);
  }
  image.change(plan_remove_volume_group(image.config, 3));
  EXPECT_EQ(image.group(VolumeGroupType::scsi_mask), 3);
}

TEST(VolumeGroups, PredefinedOnesAreThereAndStay) {
  Fixture image;
  for (const std::uint16_t id : {kAllCkd, kAllFixedBlock512, kAllFixedBlock520}) {
    ASSERT_NE(find_volume_group(image.config, id), nullptr);
    EXPECT_EQ(code_of(plan_remove_volume_group(image.config, id)), Errc::not_combinable);
    EXPECT_EQ(code_of(image.edit(id, Action::add, ids({1}))), Errc::not_combinable);
    EXPECT_EQ(code_of(plan_join(image.config, VolumeId(1), false, std::vector{id})), Errc::not_combinable);
  }
  EXPECT_TRUE(group_sees(*find_volume_group(image.config, 20), VolumeId(4), false));
  EXPECT_FALSE(group_sees(*find_volume_group(image.config, 10), VolumeId(4), false));
  EXPECT_FALSE(group_sees(*find_volume_group(image.config, 30), VolumeId(4), false));
  EXPECT_FALSE(group_sees(*find_volume_group(image.config, 20), VolumeId(4), true));
  EXPECT_TRUE(group_sees(*find_volume_group(image.config, 30), VolumeId(4), true));
}

TEST(VolumeGroups, ChangeByAddingRemovingAndReplacing) {
  Fixture image;
  const auto id = image.group(VolumeGroupType::scsi_mask, ids({0, 1}));
  image.change(image.edit(id, Action::add, ids({1, 3})));
  EXPECT_EQ(image.members(id).size(), 3U);
  image.change(image.edit(id, Action::remove, ids({0})));
  EXPECT_EQ(image.config.volume_groups.at(id).members, (std::vector<MemberRun>{{VolumeId(1)}, {VolumeId(3)}}));
  image.change(image.edit(id, Action::replace, ids({4})));
  EXPECT_EQ(image.config.volume_groups.at(id).members, (std::vector<MemberRun>{{VolumeId(4)}}));
  image.change(plan_change_volume_group(image.config, {id, "renamed", Action::none, {}, {}}));
  EXPECT_EQ(image.config.volume_groups.at(id).name, "renamed");
  EXPECT_EQ(image.members(id).size(), 1U);
}

TEST(VolumeGroups, Map256NumbersItsVolumes) {
  Fixture image;
  const auto id = image.group(VolumeGroupType::scsi_map256, ids({0, 1}), {5, 0});
  image.change(image.edit(id, Action::add, ids({2, 3})));
  EXPECT_EQ(image.members(id), (Members{{VolumeId(0), 5}, {VolumeId(1), 0}, {VolumeId(2), 1}, {VolumeId(3), 2}}));
  image.change(image.edit(id, Action::remove, ids({1})));
  image.change(image.edit(id, Action::add, ids({4, 0})));
  EXPECT_EQ(image.members(id).at(VolumeId(4)), 0) << "the lowest free number";
  EXPECT_EQ(code_of(image.edit(id, Action::add, ids({1}), {5})), Errc::id_taken);
  EXPECT_EQ(code_of(image.edit(id, Action::add, ids({0}), {6})), Errc::id_taken) << "it has another one";
  EXPECT_EQ(code_of(image.edit(id, Action::add, ids({0}), {5})), Errc::ok);
  EXPECT_EQ(code_of(image.edit(id, Action::add, ids({0, 1}), {5})), Errc::not_combinable) << "one number for two";
  EXPECT_EQ(code_of(image.edit(id, Action::remove, ids({0}), {5})), Errc::not_combinable);
}

TEST(VolumeGroups, Map256HoldsNoMoreThan256) {
  SampleImage image;
  const auto pool = image.add_pool(0, {300});
  std::vector<VolumeId> volumes;
  for (std::uint16_t i = 0; i < 257; ++i) {
    const auto id = static_cast<std::uint16_t>(i < 256 ? i : 0x0200);
    image.add_volume(id, pool, 1);
    volumes.emplace_back(id);
  }
  EXPECT_EQ(code_of(plan_make_volume_group(image.config, {"g", VolumeGroupType::scsi_map256, volumes, {}})),
            Errc::limit_reached);
  EXPECT_EQ(code_of(plan_make_volume_group(image.config, {"g", VolumeGroupType::scsi_mask, volumes, {}})), Errc::ok);
  volumes.pop_back();
  image.change(plan_make_volume_group(image.config, {"g", VolumeGroupType::scsi_map256, volumes, {}}));
  EXPECT_EQ(image.config.volume_groups.at(0).members.size(), 1U);
  EXPECT_EQ(code_of(plan_join_volume_groups(image.config, VolumeId(0x0200), std::vector<std::uint16_t>{0})),
            Errc::limit_reached);
}

TEST(VolumeGroups, Rejections) {
  Fixture image;
  const auto make = [&](VolumeGroupType type, std::vector<VolumeId> volumes, std::vector<std::uint8_t> luns = {}) {
    return code_of(plan_make_volume_group(image.config, {"g", type, std::move(volumes), std::move(luns)}));
  };
  EXPECT_EQ(make(VolumeGroupType::scsi_mask, ids({0, 9})), Errc::volume_not_found);
  EXPECT_EQ(make(VolumeGroupType::scsi_mask, ids({0, 0})), Errc::not_combinable);
  EXPECT_EQ(make(VolumeGroupType::scsi_mask, ids({0}), {1}), Errc::not_combinable) << "LUNs are derived";
  EXPECT_EQ(make(VolumeGroupType::scsi_map256, ids({0, 1}), {1, 1}), Errc::id_taken);
  EXPECT_EQ(make(VolumeGroupType::os400_mask, ids({0})), Errc::not_combinable) << "a volume of 512-byte blocks";
  EXPECT_EQ(make(VolumeGroupType::os400_mask, {}), Errc::ok);
  const auto id = image.group(VolumeGroupType::scsi_mask, ids({0}));
  EXPECT_EQ(code_of(image.edit(id, Action::remove, ids({1}))), Errc::volume_not_found) << "no member";
  EXPECT_EQ(code_of(image.edit(99, Action::add, ids({1}))), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_remove_volume_group(image.config, 99)), Errc::object_not_found);
}

TEST(VolumeGroups, AreLimitedByThePersonality) {
  for (const auto& [personality, most] :
       {std::pair(Personality::ds6000, 1040U), std::pair(Personality::ds8000, 8320U)}) {
    SampleImage image(personality);
    for (std::uint32_t i = 3; i < most; ++i) {
      image.config.volume_groups[static_cast<std::uint16_t>(1000 + i)] = {};
    }
    EXPECT_EQ(code_of(plan_make_volume_group(image.config, {})), Errc::limit_reached);
    image.config.volume_groups.erase(1003);
    EXPECT_EQ(code_of(plan_make_volume_group(image.config, {})), Errc::ok);
  }
}

TEST(VolumeGroups, AreJoinedByNewVolumesAndLeftByRemovedOnes) {
  Fixture image;
  const auto mask = image.group(VolumeGroupType::scsi_mask, ids({0}));
  const auto map = image.group(VolumeGroupType::scsi_map256, ids({0}));
  auto request = image.request(0x0006, 0, 1);
  request.volume_groups = {mask, map};
  image.change(plan_make_volume(image.config, request, Generation(1000), 1));
  EXPECT_TRUE(image.members(mask).contains(VolumeId(6)));
  EXPECT_EQ(image.members(map).at(VolumeId(6)), 1);
  EXPECT_TRUE(in_volume_group(image.config, VolumeId(6)));
  image.change(plan_remove_volume(image.config, VolumeId(6)));
  EXPECT_FALSE(in_volume_group(image.config, VolumeId(6)));
  EXPECT_FALSE(image.members(map).contains(VolumeId(6)));

  for (const auto& [groups, error] : std::vector<std::pair<std::vector<std::uint16_t>, Errc>>{
           {{99}, Errc::object_not_found}, {{20}, Errc::not_combinable}, {{mask, mask}, Errc::not_combinable}}) {
    request.volume_groups = groups;
    EXPECT_EQ(code_of(plan_make_volume(image.config, request, Generation(1001), 1)), error);
    EXPECT_EQ(code_of(plan_join_volume_groups(image.config, VolumeId(1), groups)), error);
  }
  EXPECT_EQ(code_of(plan_join_volume_groups(image.config, VolumeId(77), {})), Errc::volume_not_found);
  const auto again = plan_join_volume_groups(image.config, VolumeId(0), std::vector{mask, map});
  ASSERT_EQ(code_of(again), Errc::ok);
  EXPECT_TRUE(again->places.empty()) << "it is there already";
}

TEST(HostConnections, DeriveTheWwpnOrTheIdentity) {
  Fixture image;
  const auto first = image.connect(as("tls:Host.Example"));
  const HostConnectionConfig& connection = image.config.host_connections.at(first);
  EXPECT_EQ(connection.identity, "tls:host.example");
  EXPECT_EQ(connection.wwpn >> 60U, 3U) << "locally assigned";
  HostConnectionRequest classic;
  classic.wwpn = 0x10000000C9123456;
  const auto second = image.connect(classic);
  EXPECT_EQ(second, 1);
  EXPECT_EQ(image.config.host_connections.at(second).identity, "wwpn");

  const auto old = connection.wwpn;
  image.change(plan_change_host_connection(image.config, first, as("unix:7")));
  EXPECT_NE(connection.wwpn, old) << "it spoke of the old identity";
  HostConnectionRequest both = as("addr:10.0.0.0/8");
  both.wwpn = 0x10000000C9000001;
  image.change(plan_change_host_connection(image.config, first, both));
  image.change(plan_change_host_connection(image.config, first, as("addr:10.1.0.0/16")));
  EXPECT_EQ(connection.wwpn, 0x10000000C9000001) << "given by a person";
}

TEST(HostConnections, Rejections) {
  Fixture image;
  const auto mask = image.group(VolumeGroupType::scsi_mask);
  const auto map = image.group(VolumeGroupType::scsi_map256);
  const auto os400 = image.group(VolumeGroupType::os400_mask);
  const auto taken = image.connect(as("psk:one"));
  const auto check = [&](const HostConnectionRequest& request) {
    return code_of(plan_make_host_connection(image.config, request));
  };
  EXPECT_EQ(check({}), Errc::invalid_argument) << "neither WWPN nor identity";
  EXPECT_EQ(check(as("wwpn")), Errc::invalid_argument) << "which?";
  EXPECT_EQ(check(as("nonsense")), Errc::invalid_argument);
  EXPECT_EQ(check(as("psk:one")), Errc::id_taken);
  HostConnectionRequest request = as("psk:two");
  request.wwpn = image.config.host_connections.at(taken).wwpn;
  EXPECT_EQ(check(request), Errc::id_taken);

  const auto with_type = [&](const char* type, std::uint16_t group) {
    HostConnectionRequest typed = as("psk:two");
    typed.host_type = type;
    typed.volume_group = group;
    return check(typed);
  };
  EXPECT_EQ(with_type("nobody", mask), Errc::invalid_argument);
  EXPECT_EQ(with_type("pSeries", 99), Errc::object_not_found);
  EXPECT_EQ(with_type("PSERIES", mask), Errc::ok);
  EXPECT_EQ(with_type("pSeries", map), Errc::not_combinable);
  EXPECT_EQ(with_type("LinuxRHEL", map), Errc::ok);
  EXPECT_EQ(with_type("LinuxRHEL", mask), Errc::not_combinable);
  EXPECT_EQ(with_type("LinuxRHEL", 20), Errc::ok);
  EXPECT_EQ(with_type("LinuxRHEL", 10), Errc::not_combinable);
  EXPECT_EQ(with_type("iSeries", 20), Errc::not_combinable);
  EXPECT_EQ(with_type("iSeries", 30), Errc::ok);
  EXPECT_EQ(with_type("iSeries", os400), Errc::ok);

  request = as("psk:two");
  request.profile = "IBM pSeries - AIX";
  EXPECT_EQ(plan_make_host_connection(image.config, request)->connection.host_type, "pSeries");
  request.host_type = "pSeries";
  EXPECT_EQ(check(request), Errc::not_combinable) << "type and profile";
  request.profile.reset();
  request.block_bytes = std::uint16_t{512};
  EXPECT_EQ(check(request), Errc::not_combinable) << "type and block size";
  request = as("psk:two");
  request.block_bytes = std::uint16_t{4096};
  EXPECT_EQ(check(request), Errc::invalid_argument);
  request = as("psk:two");
  request.port_rule = PortRule::listed;
  EXPECT_EQ(check(request), Errc::invalid_argument) << "a list without ports";
  request.io_ports = {3, 1, 3};
  EXPECT_EQ(plan_make_host_connection(image.config, request)->connection.io_ports, (std::vector<std::uint16_t>{1, 3}));

  EXPECT_EQ(code_of(plan_change_host_connection(image.config, 99, as("psk:two"))), Errc::object_not_found);
  EXPECT_EQ(code_of(plan_remove_host_connection(image.config, 99)), Errc::object_not_found);
}

TEST(HostConnections, WithoutATypeFitTheirGroup) {
  Fixture image;
  const auto map = image.group(VolumeGroupType::scsi_map256);
  const auto mask = image.group(VolumeGroupType::scsi_mask);
  HostConnectionRequest request = as("any");
  request.volume_group = map;
  const auto id = image.connect(request);
  const auto& connection = image.config.host_connections.at(id);
  EXPECT_EQ(discovery_of(image.config, connection), model::AddressDiscovery::lun_polling);
  request.volume_group = mask;
  image.change(plan_change_host_connection(image.config, id, request));
  EXPECT_EQ(discovery_of(image.config, connection), model::AddressDiscovery::report_luns);
  request.discovery = model::AddressDiscovery::lun_polling;
  EXPECT_EQ(code_of(plan_change_host_connection(image.config, id, request)), Errc::not_combinable);
}

TEST(HostConnections, HoldTheirVolumeGroup) {
  Fixture image;
  const auto group = image.group(VolumeGroupType::scsi_mask);
  HostConnectionRequest request = as("any");
  request.volume_group = group;
  const auto id = image.connect(request);
  EXPECT_EQ(code_of(plan_remove_volume_group(image.config, group)), Errc::still_in_use);
  image.change(plan_remove_host_connection(image.config, id));
  EXPECT_EQ(code_of(plan_remove_volume_group(image.config, group)), Errc::ok);
}

TEST(HostConnections, AreLimitedByThePersonality) {
  for (const auto& [personality, most] :
       {std::pair(Personality::ds6000, 1024U), std::pair(Personality::ds8000, 8192U)}) {
    SampleImage image(personality);
    for (std::uint32_t i = 0; i < most; ++i) {
      HostConnectionConfig connection;
      connection.id = static_cast<std::uint16_t>(i);
      image.config.host_connections[connection.id] = connection;
    }
    EXPECT_EQ(code_of(plan_make_host_connection(image.config, as("any"))), Errc::limit_reached);
    image.config.host_connections.erase(5);
    const auto plan = plan_make_host_connection(image.config, as("any"));
    ASSERT_EQ(code_of(plan), Errc::ok);
    EXPECT_EQ(plan->connection.id, 5);
  }
}

TEST(IoPorts, OnlyWhatDiffersIsKept) {
  SampleImage image;
  EXPECT_EQ(io_port_of(image.config, 3).topology, Topology::scsi_fcp);
  image.change(SetIoPort{.port = {.id = 3, .topology = Topology::off, .port_group = 2}});
  EXPECT_EQ(io_port_of(image.config, 3).topology, Topology::off);
  image.change(SetIoPort{.port = {.id = 3}});
  EXPECT_TRUE(image.config.io_ports.empty());
}

// ---- the decoder refuses what contradicts itself --------------------------------------------------------------------

Errc reloaded(const ImageConfig& config) {
  return code_of(decode_config(encode_config(config)));
}

TEST(HostsDecoder, RefusesContradictions) {
  Fixture image;
  image.change(BeginHostAccess{.connection = open_host_connection()});
  const auto mask = image.group(VolumeGroupType::scsi_mask, ids({0, 1}));
  const auto map = image.group(VolumeGroupType::scsi_map256, ids({0, 1}));
  const ImageConfig good = image.config;
  ASSERT_EQ(reloaded(good), Errc::ok);
  const auto expect_corrupt = [&](const char* what, const auto& damage) {
    ImageConfig bad = good;
    damage(bad);
    EXPECT_EQ(reloaded(bad), Errc::corrupt) << what;
  };
  const auto set_members = [](std::uint16_t group, std::vector<MemberRun> runs) {
    return [=](ImageConfig& config) { config.volume_groups.at(group).members = runs; };
  };
  expect_corrupt("no such volume", set_members(mask, {{VolumeId(9)}}));
  expect_corrupt("beyond the last volume id", set_members(mask, {{VolumeId(0), 0x10001, 0}}));
  expect_corrupt("an empty run", set_members(mask, {{VolumeId(0), 0, 0}}));
  expect_corrupt("two runs for one", set_members(mask, {{VolumeId(0)}, {VolumeId(1)}}));
  expect_corrupt("descending", set_members(mask, {{VolumeId(3)}, {VolumeId(1)}}));
  expect_corrupt("overlapping", set_members(mask, {{VolumeId(0), 3, 0}, {VolumeId(2)}}));
  expect_corrupt("a LUN in a mask", set_members(mask, {{VolumeId(0), 1, 1}}));
  expect_corrupt("a LUN twice", set_members(map, {{VolumeId(0), 1, 4}, {VolumeId(2), 1, 4}}));
  expect_corrupt("a LUN above 255", set_members(map, {{VolumeId(0), 2, 255}}));
  expect_corrupt("a type that nobody makes",
                 [&](ImageConfig& c) { c.volume_groups.at(mask).type = VolumeGroupType::scsi_all; });
  expect_corrupt("a predefined id", [&](ImageConfig& c) {
    c.volume_groups[20] = c.volume_groups.at(mask);
    c.volume_groups[20].id = 20;
  });
  expect_corrupt("a group that is not there", [](ImageConfig& c) { c.host_connections.at(0).volume_group = 99; });
  expect_corrupt("an identity of another spelling",
                 [](ImageConfig& c) { c.host_connections.at(0).identity = "TLS:x"; });
  expect_corrupt("one WWPN twice", [](ImageConfig& c) {
    c.host_connections[1] = c.host_connections.at(0);
    c.host_connections[1].id = 1;
    c.host_connections[1].identity = "psk:x";
  });
  expect_corrupt("one identity twice", [](ImageConfig& c) {
    c.host_connections[1] = c.host_connections.at(0);
    c.host_connections[1].id = 1;
    c.host_connections[1].wwpn = 5;
  });
  expect_corrupt("connections before they count", [](ImageConfig& c) { c.host_access_begun = false; });
}

TEST(HostsDecoder, AnImageFromBeforeHasNothingOfIt) {
  ImageConfig old;
  old.storage_image_id = "IBM.2107-75TT001";
  auto decoded = decode_config(encode_config(old));
  ASSERT_EQ(code_of(decoded), Errc::ok);
  EXPECT_FALSE(decoded->host_access_begun);
  apply(*decoded, BeginHostAccess{.connection = open_host_connection()});
  EXPECT_TRUE(decoded->host_access_begun);
  ASSERT_EQ(decoded->host_connections.size(), 1U);
  EXPECT_EQ(decoded->host_connections.at(0).identity, "any");
  EXPECT_EQ(decoded->host_connections.at(0).volume_group, kAllFixedBlock512);
  EXPECT_EQ(reloaded(*decoded), Errc::ok);
}

}  // namespace
}  // namespace tt::volume
