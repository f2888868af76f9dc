// SPDX-License-Identifier: Apache-2.0
// Which volumes a client sees, by who it is: through whole sessions of the server, with the image's own tables.
#include "host/nbd/access_lab.h"

namespace tt::nbd {
namespace {

TEST_F(AccessTest, WithoutAHostConnectionNobodySeesAnything) {
  start();
  EXPECT_EQ(list("192.0.2.7:4000"), Names{});
  Client client = connect("192.0.2.7:4000");
  say(client, client_flags());
  const auto answers = parse_option_answers(say(client, option(Option::go, info_data("0001"))));
  ASSERT_TRUE(answers && answers->size() == 1);
  EXPECT_EQ(answers->front().type, OptionReply::err_unknown);
  Client old = connect("192.0.2.7:4000");
  say(old, join({client_flags(), option(Option::export_name, text_bytes("0001"))}));
  EXPECT_TRUE(old.closed());
}

TEST_F(AccessTest, EveryWayToAskGivesOnlyMappedVolumes) {
  start();
  map("addr:192.0.2.0/24", ids({1, 2}));
  EXPECT_EQ(list("192.0.2.7:4000"), (Names{"0001", "0002"}));
  for (const Option way : {Option::info, Option::go}) {
    Client client = connect("192.0.2.7:4000");
    say(client, client_flags());
    auto answers = parse_option_answers(say(client, option(way, info_data("0003"))));
    ASSERT_TRUE(answers && answers->size() == 1);
    EXPECT_EQ(answers->front().type, OptionReply::err_unknown) << "it exists, but not for this host";
    answers = parse_option_answers(say(client, option(way, info_data("0002"))));
    ASSERT_TRUE(answers && !answers->empty());
    EXPECT_EQ(answers->back().type, OptionReply::ack);
  }
  Client context = connect("192.0.2.7:4000");
  say(context, join({client_flags(), option(Option::structured_reply)}));
  const auto answers =
      parse_option_answers(say(context, option(Option::set_meta_context, context_data("0003", {"base:allocation"}))));
  ASSERT_TRUE(answers && answers->size() == 1);
  EXPECT_EQ(answers->front().type, OptionReply::err_unknown);
  Client refused = connect("192.0.2.7:4000");
  say(refused, join({client_flags(), option(Option::export_name, text_bytes("0003"))}));
  EXPECT_TRUE(refused.closed());
  Client served = connect("192.0.2.7:4000");
  say(served, join({client_flags(), option(Option::export_name, text_bytes("0001"))}));
  EXPECT_FALSE(served.closed());
}

TEST_F(AccessTest, AHostIsTheConnectionThatNamesItMostClosely) {
  start();
  map("any", ids({0}));
  map("addr:192.0.2.0/24", ids({1}));
  map("addr:192.0.2.7", ids({2}));
  map("addr:2001:db8::/32", ids({3}));
  map("addr:::/0", ids({0, 1}));
  map("addr:fe80::/10", ids({0, 2}));
  map("unix:1000", ids({2, 3}));
  EXPECT_EQ(list("198.51.100.1:4000"), Names{"0000"}) << "no address of IPv6";
  EXPECT_EQ(list("192.0.2.8:4000"), Names{"0001"});
  EXPECT_EQ(list("192.0.2.7:4000"), Names{"0002"});
  EXPECT_EQ(list("[::ffff:192.0.2.7]:4000"), Names{"0002"});
  EXPECT_EQ(list("[2001:db8::1]:4000"), Names{"0003"});
  EXPECT_EQ(list("[2001:db9::1]:4000"), (Names{"0000", "0001"}));
  EXPECT_EQ(list("[fe80::1%eth0]:4000"), (Names{"0000", "0002"}));
  EXPECT_EQ(list("unix:uid=1000"), (Names{"0002", "0003"}));
  EXPECT_EQ(list("unix:uid=10001"), Names{"0000"});
  EXPECT_EQ(list("unix:unknown"), Names{"0000"});
}

TEST_F(AccessTest, ProvedNamesCountMoreThanAddresses) {
  start(TlsMode::required);
  map("addr:192.0.2.7", ids({0}));
  map("tls:HOST1", ids({1}));
  map("psk:alice", ids({2}));
  volume::HostConnectionRequest classic;
  classic.wwpn = 0x10000000C9123456;
  classic.volume_group = volume::kAllFixedBlock512;
  image_.change(volume::plan_make_host_connection(image_.config, classic));
  publish();
  EXPECT_EQ(list_in_tls("host1"), Names{"0001"});
  EXPECT_EQ(list_in_tls("", "alice"), Names{"0002"});
  EXPECT_EQ(list_in_tls("wwpn"), (Names{"0000", "0001", "0002", "0003"})) << "the certificate's name is the WWPN";
  EXPECT_EQ(list_in_tls("", "10000000C9999999"), Names{"0000"}) << "a key nobody named: the address counts";
  classic.wwpn = 0x10000000C9999999;
  image_.change(volume::plan_make_host_connection(image_.config, classic));
  publish();
  EXPECT_EQ(list_in_tls("", "10000000C9999999").size(), 4U) << "the key's name is the WWPN";
  map("tls:wwpn.example", ids({3}));
  EXPECT_EQ(list_in_tls("wwpn"), Names{"0003"}) << "any name counts more than a WWPN";
  EXPECT_EQ(list("192.0.2.7:4000"), Names{}) << "nothing is said in the clear";
}

TEST_F(AccessTest, AlternativeNamesOfACertificateCount) {
  start(TlsMode::required);
  for (const char* name : {"tls:host1.example", "tls:urn:h1", "tls:192.0.2.9"}) {
    const auto id = map(name, ids({3}));
    EXPECT_EQ(list_in_tls("host1"), Names{"0003"}) << name;
    unmap(id);
    EXPECT_EQ(list_in_tls("host1"), Names{}) << name;
  }
}

TEST_F(AccessTest, OnlyTheListedPortsLetAHostIn) {
  start();
  volume::HostConnectionRequest request;
  request.identity = "any";
  request.volume_group = volume::kAllFixedBlock512;
  request.port_rule = volume::PortRule::listed;
  request.io_ports = {1};
  image_.change(volume::plan_make_host_connection(image_.config, request));
  publish();
  EXPECT_EQ(list("192.0.2.7:4000").size(), 4U);
  EXPECT_EQ(list("unix:uid=0"), Names{});
  request = {};
  request.port_rule = volume::PortRule::none;
  image_.change(volume::plan_change_host_connection(image_.config, 0, request));
  publish();
  EXPECT_EQ(list("192.0.2.7:4000"), Names{});
}

TEST_F(AccessTest, ALostMappingRefusesIoAndItsReturnAllowsIt) {
  start();
  const auto id = map("addr:192.0.2.7", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  EXPECT_EQ(error_of(client, request(Command::read, 1, 0, 512)), 0U);
  unmap(id);
  const auto eperm = static_cast<std::uint32_t>(NbdError::eperm);
  EXPECT_EQ(error_of(client, request(Command::read, 2, 0, 512)), eperm);
  EXPECT_EQ(error_of(client, request(Command::write, 3, 0, 512, 0, Bytes(512, std::byte{7}))), eperm);
  EXPECT_EQ(error_of(client, request(Command::write, 4, 0, 262144, 0, Bytes(262144, std::byte{7}))), eperm);
  EXPECT_EQ(error_of(client, request(Command::flush, 5, 0, 0)), eperm);
  EXPECT_EQ(error_of(client, request(Command::trim, 6, 0, 512)), eperm);
  EXPECT_EQ(error_of(client, request(Command::write_zeroes, 7, 0, 512)), eperm);
  EXPECT_EQ(error_of(client, request(Command::block_status, 8, 0, 512)), eperm);
  EXPECT_EQ(service_.content(1)[0], std::byte{0}) << "nothing was written";
  EXPECT_EQ(list("192.0.2.7:4000"), Names{});
  map("any", ids({1}));
  EXPECT_EQ(error_of(client, request(Command::read, 9, 0, 512)), 0U) << "mapped by another connection";
}

TEST_F(AccessTest, AVolumeThatLeavesTheGroupIsLost) {
  start();
  map("any", ids({1, 2}));
  Client one = serve("192.0.2.7:4000", "0001");
  Client two = serve("192.0.2.7:4001", "0002");
  image_.change(volume::plan_change_volume_group(
      image_.config, {0, std::nullopt, volume::ChangeVolumeGroupRequest::Action::remove, ids({1}), {}}));
  publish();
  EXPECT_NE(error_of(one, request(Command::read, 1, 0, 512)), 0U);
  EXPECT_EQ(error_of(two, request(Command::read, 1, 0, 512)), 0U);
}

TEST_F(AccessTest, RequestsInFlightWhenTheMappingGoesAreAnswered) {
  start();
  const auto id = map("any", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  service_.hold(true);
  EXPECT_TRUE(say(client, request(Command::read, 1, 0, 512)).empty());
  unmap(id);
  service_.hold(false);
  service_.let_go(0);
  reactor_.run_ready();
  const auto answers = parse_answers(client.down->take_all());
  ASSERT_TRUE(answers && answers->size() == 1);
  EXPECT_EQ(answers->front().error, 0U);
}

/// The client takes its time to hear that it may have the volume.
TEST_F(AccessTest, AMappingThatGoesBeforeTheAnswerArrivesIsGone) {
  start();
  const auto id = map("any", ids({1}));
  Client client = connect("192.0.2.7:4000");
  client.down->take_all();
  client.down->capacity = 1;
  client.up->push(join({client_flags(), option(Option::go, info_data("0001"))}));
  reactor_.run_ready();
  unmap(id);
  client.down->capacity = 1 << 20;
  client.down->take_all();
  reactor_.run_ready();
  client.down->take_all();
  EXPECT_EQ(error_of(client, request(Command::read, 1, 0, 512)), static_cast<std::uint32_t>(NbdError::eperm));
}

/// Its header was sent while the volume was mapped; the rest waits for the mapping to go.
TEST_F(AccessTest, AWriteWhosePayloadComesLateIsRefused) {
  start();
  for (const std::uint32_t length : {512U, 262144U}) {
    SCOPED_TRACE(length);
    const auto id = map("any", ids({1}));
    Client client = serve("192.0.2.7:4000", "0001");
    const Bytes write = request(Command::write, 1, 0, length, 0, Bytes(length, std::byte{7}));
    EXPECT_TRUE(say(client, Bytes(write.begin(), write.end() - 100)).empty());
    unmap(id);
    EXPECT_EQ(error_of(client, Bytes(write.end() - 100, write.end())), static_cast<std::uint32_t>(NbdError::eperm));
    EXPECT_EQ(service_.content(1)[0], std::byte{0}) << "nothing was written";
    EXPECT_EQ(error_of(client, request(Command::read, 2, 0, 512)), static_cast<std::uint32_t>(NbdError::eperm))
        << "the session goes on";
  }
}

TEST_F(AccessTest, NoNameOfACertificateCommandsTheTerminal) {
  folder_.issue("ours", "hostile", "a\x1b[2J\nb\xc2\x9bz");
  start(TlsMode::allowed);
  EXPECT_EQ(list_in_tls("hostile"), Names{});
  const auto unknown = desk_.unknown_hosts();
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_EQ(unknown[0].identity, "tls:a?[2j?b?z");
}

TEST_F(AccessTest, LoginsNameHostAndVolume) {
  start();
  map("any", ids({0}));
  const auto id = map("addr:192.0.2.7", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  Client idle = connect("192.0.2.7:4001");
  auto logins = desk_.logins();
  ASSERT_EQ(logins.size(), 1U) << "a connection without a volume is no login";
  EXPECT_EQ(logins[0].port, 1);
  EXPECT_EQ(logins[0].peer, "192.0.2.7:4000");
  EXPECT_EQ(logins[0].identity, "addr:192.0.2.7");
  EXPECT_EQ(logins[0].connection, id);
  EXPECT_EQ(logins[0].volume, "0001");
  EXPECT_TRUE(logins[0].open);
  unmap(id);
  logins = desk_.logins();
  EXPECT_EQ(logins[0].connection, 0) << "it is anybody now";
  EXPECT_FALSE(logins[0].open);
  client.far_end->shut_down();
  reactor_.run_ready();
  EXPECT_TRUE(desk_.logins().empty());
}

TEST_F(AccessTest, UnknownHostsAreRememberedUntilTheyAreNamed) {
  start();
  Client quiet = connect("192.0.2.1:4000");
  EXPECT_TRUE(desk_.unknown_hosts().empty()) << "it has not asked for anything";
  list("192.0.2.7:4000");
  list("192.0.2.7:4001");
  list("unix:uid=5");
  const auto unknown = desk_.unknown_hosts();
  ASSERT_EQ(unknown.size(), 2U);
  EXPECT_EQ(unknown[0].identity, "addr:192.0.2.7");
  EXPECT_EQ(unknown[0].wwpn, volume::derived_wwpn("addr:192.0.2.7")) << "what mkhostconnect will give it";
  EXPECT_EQ(unknown[1].identity, "unix:5");
  Client at_another_port = knock("192.0.2.7:4002", 0);
  say(at_another_port, join({client_flags(), option(Option::list)}));
  EXPECT_EQ(desk_.unknown_hosts().size(), 3U) << "it may be let in at one of them";
  for (int i = 0; i < 100; ++i) list("198.51.100." + std::to_string(i) + ":1");
  EXPECT_EQ(desk_.unknown_hosts().size(), image::HostDesk::kMostUnknownHosts);
  map("addr:198.51.100.0/24", ids({1}));
  EXPECT_TRUE(desk_.unknown_hosts().empty());
}

TEST_F(AccessTest, ACrashLeavesNothingBehind) {
  start();
  map("any", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  server_->kill();
  ports_.reset();
  server_.reset();
  EXPECT_TRUE(desk_.logins().empty());
}

}  // namespace
}  // namespace tt::nbd
