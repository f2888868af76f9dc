// SPDX-License-Identifier: Apache-2.0
// Which volumes a client sees, by who it is: through whole sessions of the server, with the image's own tables.
#include <gtest/gtest.h>

#include "host/nbd/ports.h"
#include "host/testing/certificates.h"
#include "host/testing/manual_reactor.h"
#include "host/testing/memory_stream.h"
#include "host/testing/nbd_client.h"
#include "host/testing/ram_block_service.h"
#include "image/host_desk.h"
#include "volume/sample_image.h"

namespace tt::nbd {
namespace {

using namespace host_testing;
using Names = std::vector<std::string>;

constexpr BufferPool::SizeClasses kSmallPool = {
    {{4_KiB, 16}, {16_KiB, 4}, {64_KiB, 4}, {256_KiB, 2}, {1_MiB, 2}, {kMaximumPayloadBytes, 2}}};

/// Listens nowhere; remembers what it was asked for.
class MemoryNet final : public rt::Net {
 public:
  explicit MemoryNet(rt::Reactor& reactor) : reactor_(reactor) {}
  Result<std::unique_ptr<rt::Listener>> listen_tcp(const std::string& host, std::uint16_t port) override {
    if (refuse) return Errc::io_error;
    asked.push_back(host + ":" + std::to_string(port));
    return make(host + ":" + std::to_string(port == 0 ? 4711 : port));
  }
  Result<std::unique_ptr<rt::Listener>> listen_unix(const std::string& path) override {
    asked.push_back(path);
    return make(path);
  }
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> connect_tcp(std::string, std::uint16_t) override {
    co_return Errc::disconnected;
  }

  Names asked;
  bool refuse = false;
  MemoryListener* newest = nullptr;

 private:
  std::unique_ptr<rt::Listener> make(std::string address) {
    auto listener = std::make_unique<MemoryListener>(reactor_, std::move(address));
    newest = listener.get();
    return listener;
  }
  rt::Reactor& reactor_;
};

struct Client {
  std::shared_ptr<Pipe> up;
  std::shared_ptr<Pipe> down;
  std::unique_ptr<rt::ByteStream> far_end;
  [[nodiscard]] bool closed() const { return down->write_end_closed(); }
};

class AccessTest : public testing::Test {
 protected:
  AccessTest() : service_(reactor_), desk_(service_), net_(reactor_), scope_(reactor_) {
    const auto pool = image_.add_pool(0, {100});
    for (std::uint16_t id = 0; id < 4; ++id) {
      image_.add_volume(id, pool, 1);
      service_.add_volume(id, 1_MiB);
    }
    settings_.buffers = kSmallPool;
    folder_.make_authority("ours");
    folder_.issue("ours", "server", "storage.example");
    folder_.issue("ours", "host1", "Host1", "DNS:host1.example,URI:urn:h1,IP:192.0.2.9");
    folder_.issue("ours", "wwpn", "10000000C9123456", "DNS:wwpn.example");
    folder_.write("keys.psk",
                  "alice:00112233445566778899aabbccddeeff\n10000000C9999999:00112233445566778899aabbccddee00\n");
  }
  ~AccessTest() override {
    if (!server_) return;
    scope_.spawn(stop_it(*server_));
    reactor_.advance(60 * rt::kSecond);
  }
  static rt::Task<void> stop_it(Server& server) { co_await server.stop(); }

  void start(TlsMode tls = TlsMode::off) {
    std::string why;
    auto loaded = tls::ServerContext::load(
        {folder_.path("server.pem"), folder_.path("server.key"), folder_.path("ours-ca.pem"), folder_.path("keys.psk")},
        why);
    ASSERT_TRUE(loaded) << why;
    tls_ = std::move(loaded).value();
    server_.emplace(reactor_, service_, settings_, tls_.get(), &desk_);
    ports_.emplace(net_, *server_);
    ports_->add(0, {.unix_path = "/nbd.sock"});
    ports_->add(1, {.unix_path = {}, .host = "127.0.0.1", .tcp_port = 0, .tls = tls});
    for (const std::uint16_t id : {std::uint16_t{0}, std::uint16_t{1}}) {
      ASSERT_TRUE(ports_->open(id));
      listeners_[id] = net_.newest;
    }
    publish();
  }
  void publish() { desk_.install(std::make_shared<const image::AccessTable>(image_.config)); }

  /// A group of these volumes, and a host connection that sees it.
  std::uint16_t map(const char* identity, std::vector<VolumeId> volumes) {
    auto group = volume::plan_make_volume_group(image_.config,
                                                {"g", volume::VolumeGroupType::scsi_mask, std::move(volumes), {}});
    const auto group_id = group->group.id;
    image_.change(std::move(group));
    volume::HostConnectionRequest request;
    request.identity = identity;
    request.volume_group = group_id;
    auto connection = volume::plan_make_host_connection(image_.config, request);
    const auto id = connection->connection.id;
    image_.change(std::move(connection));
    publish();
    return id;
  }
  void unmap(std::uint16_t connection) {
    image_.change(volume::plan_remove_host_connection(image_.config, connection));
    publish();
  }

  /// Waits to be accepted.
  Client knock(const std::string& peer, std::size_t port) {
    Client client{std::make_shared<Pipe>(reactor_), std::make_shared<Pipe>(reactor_), nullptr};
    listeners_[port]->connect(std::make_unique<MemoryStream>(client.up, client.down, peer));
    client.far_end = std::make_unique<MemoryStream>(client.down, client.up);
    return client;
  }
  Client connect(const std::string& peer) {
    Client client = knock(peer, peer.starts_with("unix:") ? 0 : 1);
    reactor_.run_ready();
    return client;
  }
  Bytes say(Client& client, const Bytes& bytes) {
    client.up->push(bytes);
    reactor_.run_ready();
    return client.down->take_all();
  }

  static Names names_in(const Bytes& option_answers) {
    const auto answers = parse_option_answers(option_answers);
    EXPECT_TRUE(answers);
    Names names;
    for (const OptionAnswer& answer : *answers) {
      if (answer.type != OptionReply::server) continue;
      names.emplace_back(reinterpret_cast<const char*>(answer.data.data()) + 4, 4);  // a description follows
    }
    return names;
  }
  /// What a client from there finds in the list.
  Names list(const std::string& peer) {
    Client client = connect(peer);
    const Bytes out = say(client, join({client_flags(), option(Option::list)}));
    return names_in(Bytes(out.begin() + kGreetingBytes, out.end()));
  }
  Client serve(const std::string& peer, std::string_view name) {
    Client client = connect(peer);
    say(client, modern_handshake(name));
    return client;
  }
  std::uint32_t error_of(Client& client, const Bytes& bytes) {
    const auto answers = parse_answers(say(client, bytes));
    EXPECT_TRUE(answers && answers->size() == 1);
    return answers && !answers->empty() ? answers->front().error : 9999;
  }

  /// The list inside TLS, as a client with this certificate or key.
  Names list_in_tls(const std::string& certificate, const char* psk = nullptr);

  CertificateFolder folder_;
  ManualReactor reactor_;
  volume::SampleImage image_;
  RamBlockService service_;
  image::HostDesk desk_;
  MemoryNet net_;
  ServerSettings settings_;
  std::unique_ptr<tls::ServerContext> tls_;
  std::optional<Server> server_;
  std::optional<Ports> ports_;
  MemoryListener* listeners_[2] = {};
  rt::Scope scope_;
};

rt::Task<void> talk_tls(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> wire, tls::SslPtr ssl, Bytes& answer) {
  Bytes before = join({client_flags(), option(Option::starttls)});
  iovec piece{before.data(), before.size()};
  auto sent = co_await wire->write_all({&piece, 1});
  if (!sent) co_return;
  Bytes buffer(1 << 16);
  std::size_t seen = 0;
  while (seen < kGreetingBytes + kOptionReplyHeaderBytes) {
    auto got = co_await wire->read_some(std::span(buffer).first(kGreetingBytes + kOptionReplyHeaderBytes - seen));
    if (!got) co_return;
    seen += *got;
  }
  tls::TlsStream stream(reactor, std::move(wire), std::move(ssl));
  auto shaken = co_await stream.handshake();
  if (!shaken) co_return;
  Bytes inside = join({option(Option::list), option(Option::abort)});
  piece = {inside.data(), inside.size()};
  sent = co_await stream.write_all({&piece, 1});
  while (sent) {
    auto got = co_await stream.read_some(buffer);
    if (!got) break;
    answer.insert(answer.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

const char* psk_name = nullptr;

unsigned offer_psk(SSL*, const char*, char* identity, unsigned identity_bytes, unsigned char* key, unsigned) {
  const std::string name = psk_name;
  EXPECT_LT(name.size(), identity_bytes);
  std::copy(name.begin(), name.end(), identity);
  identity[name.size()] = '\0';
  const unsigned char bytes[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                   0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};
  std::copy(std::begin(bytes), std::end(bytes), key);
  if (name != "alice") key[15] = 0;
  return sizeof bytes;
}

Names AccessTest::list_in_tls(const std::string& certificate, const char* psk) {
  const tls::SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (psk != nullptr) {
    psk_name = psk;
    SSL_CTX_set_psk_client_callback(context.get(), offer_psk);
  } else {
    SSL_CTX_use_certificate_file(context.get(), folder_.path(certificate + ".pem").c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context.get(), folder_.path(certificate + ".key").c_str(), SSL_FILETYPE_PEM);
  }
  tls::SslPtr ssl(SSL_new(context.get()));
  SSL_set_connect_state(ssl.get());
  Client client = connect("192.0.2.7:4000");
  Bytes answer;
  scope_.spawn(talk_tls(reactor_, std::move(client.far_end), std::move(ssl), answer));
  reactor_.run_ready();
  reactor_.advance(rt::kSecond);
  EXPECT_EQ(scope_.count(), 0U);
  return names_in(answer);
}

std::vector<VolumeId> ids(std::initializer_list<int> numbers) {
  std::vector<VolumeId> volumes;
  for (const int number : numbers) volumes.emplace_back(static_cast<std::uint16_t>(number));
  return volumes;
}

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

TEST_F(AccessTest, PortsCloseAndOpenAtTheSameAddress) {
  start();
  map("any", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  auto status = ports_->status();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].type, "NBD Unix");
  EXPECT_EQ(status[1].address, "127.0.0.1:4711");
  EXPECT_EQ(status[1].sessions, 1U);
  EXPECT_TRUE(status[1].listening);

  Client elsewhere = serve("unix:uid=5", "0001");
  Client halfway = connect("192.0.2.8:4000");
  Client late = knock("192.0.2.9:4000", 1);
  ports_->close(1);
  reactor_.run_ready();
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(late.closed());
  EXPECT_EQ(late.down->size(), 0U) << "nobody greets it";
  EXPECT_FALSE(elsewhere.closed()) << "it came in at the other port";
  EXPECT_TRUE(halfway.closed()) << "it could go on to attach a volume";
  EXPECT_FALSE(ports_->status()[1].listening);
  EXPECT_EQ(ports_->address(1), "127.0.0.1:4711") << "it is remembered";
  EXPECT_EQ(server_->addresses(), Names{"/nbd.sock"});
  net_.refuse = true;
  EXPECT_EQ(ports_->open(1).error().code, Errc::io_error);
  EXPECT_FALSE(ports_->status()[1].listening);
  net_.refuse = false;
  ASSERT_TRUE(ports_->open(1));
  EXPECT_EQ(net_.asked.back(), "127.0.0.1:4711");
  const std::size_t asked = net_.asked.size();
  ASSERT_TRUE(ports_->open(1));
  EXPECT_EQ(net_.asked.size(), asked) << "it is open";
  listeners_[1] = net_.newest;
  EXPECT_EQ(list("192.0.2.7:4000"), Names{"0001"});
  EXPECT_EQ(ports_->open(7).error().code, Errc::object_not_found);
}

TEST_F(AccessTest, PortsCountWhatHostsDo) {
  start();
  map("any", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  EXPECT_EQ(error_of(client, request(Command::read, 1, 0, 4096)), 0U);
  EXPECT_EQ(error_of(client, request(Command::write, 2, 0, 512, 0, Bytes(512, std::byte{7}))), 0U);
  EXPECT_NE(error_of(client, request(Command::read, 3, 2_MiB, 512)), 0U) << "refused, so not counted";
  service_.hold(true);
  EXPECT_TRUE(say(client, request(Command::read, 4, 0, 512)).empty());
  reactor_.advance(20 * rt::kMillisecond);
  service_.hold(false);
  service_.let_go(0);
  reactor_.run_ready();
  const image::PortTraffic traffic = ports_->status()[1].traffic;
  EXPECT_EQ(traffic.reads, 2U);
  EXPECT_EQ(traffic.read_bytes, 4608U);
  EXPECT_EQ(traffic.read_ns, 20U * rt::kMillisecond);
  EXPECT_EQ(traffic.writes, 1U);
  EXPECT_EQ(traffic.write_bytes, 512U);
  EXPECT_EQ(ports_->status()[0].traffic.reads, 0U) << "the other port";
  ports_->close(1);
  ASSERT_TRUE(ports_->open(1));
  EXPECT_EQ(ports_->status()[1].traffic.reads, 2U) << "since the image started";
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
