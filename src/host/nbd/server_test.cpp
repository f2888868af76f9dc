// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/server.h"

#include <gtest/gtest.h>

#include <cstring>

#include "host/testing/certificates.h"
#include "host/testing/manual_reactor.h"
#include "host/testing/memory_stream.h"
#include "host/testing/nbd_client.h"
#include "host/testing/ram_block_service.h"

namespace tt::nbd {
namespace {

using namespace host_testing;

constexpr BufferPool::SizeClasses kSmallPool = {
    {{4_KiB, 256}, {16_KiB, 32}, {64_KiB, 16}, {256_KiB, 8}, {1_MiB, 4}, {kMaximumPayloadBytes, 2}}};

/// A client of the server under test: the far ends of its two pipes.
struct Client {
  std::shared_ptr<Pipe> up;
  std::shared_ptr<Pipe> down;
  [[nodiscard]] bool closed() const { return down->write_end_closed(); }
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() : service_(reactor_), scope_(reactor_) {
    settings_.buffers = kSmallPool;
    service_.add_volume(0x0100, 1_MiB);
    folder_.make_authority("ours");
    folder_.issue("ours", "server", "storage.example");
    std::string why;
    auto loaded = tls::ServerContext::load({folder_.path("server.pem"), folder_.path("server.key"), {}, {}}, why);
    EXPECT_TRUE(loaded) << why;
    tls_ = std::move(loaded).value();
  }

  void start(TlsMode mode = TlsMode::off) {
    server_.emplace(reactor_, service_, settings_, tls_.get());
    auto listener = std::make_unique<MemoryListener>(reactor_);
    listener_ = listener.get();
    server_->listen(std::move(listener), mode);
    reactor_.run_ready();
  }
  std::unique_ptr<rt::ByteStream> open(Client& client, const std::string& peer = "memory") {
    client = {std::make_shared<Pipe>(reactor_), std::make_shared<Pipe>(reactor_)};
    listener_->connect(std::make_unique<MemoryStream>(client.up, client.down, peer));
    return std::make_unique<MemoryStream>(client.down, client.up);
  }
  Client connect(bool handshake = true, const std::string& peer = "memory") {
    Client client;
    open_ends_.push_back(open(client, peer));
    reactor_.run_ready();
    if (!handshake || client.closed()) return client;
    client.up->push(modern_handshake("0100"));
    reactor_.run_ready();
    client.down->take_all();
    return client;
  }
  void send(Client& client, const Bytes& bytes) {
    client.up->push(bytes);
    reactor_.run_ready();
  }
  static rt::Task<void> stop_it(Server& server, bool& stopped) {
    co_await server.stop();
    stopped = true;
  }
  void begin_stop() {
    scope_.spawn(stop_it(*server_, stopped_));
    reactor_.run_ready();
  }
  void stop() {
    begin_stop();
    reactor_.advance(30 * rt::kSecond);
    EXPECT_TRUE(stopped_);
  }

  CertificateFolder folder_;
  std::unique_ptr<tls::ServerContext> tls_;
  ManualReactor reactor_;
  RamBlockService service_;
  ServerSettings settings_;
  std::optional<Server> server_;
  MemoryListener* listener_ = nullptr;
  std::vector<std::unique_ptr<rt::ByteStream>> open_ends_;
  rt::Scope scope_;
  bool stopped_ = false;
};

TEST_F(ServerTest, EightConnectionsShareOneVolume) {
  start();
  std::vector<Client> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(connect());
  EXPECT_EQ(server_->sessions().size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    send(clients[i], request(Command::write, i, i * 512, 512, 0, Bytes(512, std::byte(i + 1))));
  }
  for (Client& c : clients) {
    c.down->take_all();
    send(c, request(Command::read, 9, 0, 4096));
    const auto answers = parse_answers(c.down->take_all());
    ASSERT_TRUE(answers);
    const auto content = assemble_read(*answers, 9, 0, 4096);
    ASSERT_TRUE(content);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ((*content)[i * 512], std::byte(i + 1));
  }
  EXPECT_EQ(server_->sessions().front().export_name, "0100");
  EXPECT_EQ(server_->counters().bytes_read, 8U * 4096);
  stop();
  for (const Client& c : clients) EXPECT_TRUE(c.closed());
}

TEST_F(ServerTest, StopsAtOnceWhenNothingIsConnected) {
  start();
  begin_stop();
  EXPECT_TRUE(stopped_);
}

TEST_F(ServerTest, StopAnswersWhatIsInFlight) {
  start();
  Client client = connect();
  Client in_handshake = connect(false);
  service_.hold(true);
  send(client, request(Command::flush, 1, 0, 0));
  begin_stop();
  EXPECT_FALSE(stopped_);
  EXPECT_TRUE(in_handshake.closed());
  service_.let_go(0);
  reactor_.run_ready();
  EXPECT_TRUE(stopped_);
  EXPECT_EQ(parse_answers(client.down->take_all())->size(), 1U);
}

TEST_F(ServerTest, StopCutsAClientThatTakesNoReplies) {
  start();
  Client client = connect();
  client.down->capacity = 100;
  send(client, request(Command::read, 1, 0, 65536, command_flag::kDf));
  begin_stop();
  reactor_.advance(settings_.drain_timeout - rt::kSecond);
  EXPECT_FALSE(stopped_);
  reactor_.advance(3 * rt::kSecond);
  EXPECT_TRUE(stopped_);
}

TEST_F(ServerTest, AFullHouseMakesRoomByCuttingTheSlowestHandshake) {
  settings_.max_connections = 3;
  start();
  Client first = connect();
  Client slow = connect(false);
  Client second = connect();
  Client third = connect();
  EXPECT_TRUE(slow.closed());
  EXPECT_FALSE(first.closed() || second.closed() || third.closed());
  Client refused = connect();
  EXPECT_TRUE(refused.closed());
  EXPECT_EQ(server_->counters().refused, 1U);
  stop();
}

TEST_F(ServerTest, OneAddressDoesNotTakeAllPlaces) {
  settings_.max_connections = 8;
  settings_.connections_per_address = 2;
  start();
  Client greedy = connect(true, "192.0.2.7:1000");
  Client slow = connect(false, "192.0.2.7:1001");
  Client other_slow = connect(false, "192.0.2.70:1000");
  Client second = connect(true, "192.0.2.7:1002");
  EXPECT_TRUE(slow.closed()) << "its own handshake makes room";
  EXPECT_FALSE(greedy.closed() || second.closed() || other_slow.closed());
  Client third = connect(true, "192.0.2.7:1003");
  EXPECT_TRUE(third.closed());
  Client v6 = connect(true, "[2001:db8::1]:1000");
  Client v6_second = connect(true, "[2001:db8::1]:1001");
  Client v6_third = connect(true, "[2001:db8::1]:1002");
  EXPECT_FALSE(v6.closed() || v6_second.closed());
  EXPECT_TRUE(v6_third.closed());
  std::vector<Client> local;
  for (int i = 0; i < 3; ++i) local.push_back(connect(true, "unix:uid=1000"));
  for (const Client& client : local) EXPECT_FALSE(client.closed()) << "users of this machine share the other limits";
  EXPECT_EQ(server_->counters().refused, 2U);
  stop();
}

TEST_F(ServerTest, SilentClientsAreCutByTheClock) {
  start();
  Client silent = connect(false);
  reactor_.advance(settings_.handshake_timeout - rt::kSecond);
  EXPECT_FALSE(silent.closed());
  reactor_.advance(3 * rt::kSecond);
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(server_->sessions().empty());
  stop();
}

TEST_F(ServerTest, ACrashLeavesNothingBehind) {
  start();
  Client client = connect();
  Client other = connect(false);
  service_.hold(true);
  send(client, join({request(Command::read, 1, 0, 65536), request(Command::write, 2, 0, 512, 0, Bytes(512))}));
  server_->kill();
  service_.forget_held();
  server_.reset();
}

/// A client that upgrades to TLS and goes through a whole session in it.
rt::Task<void> talk_tls(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> wire, tls::SslPtr ssl, Bytes before,
                        Bytes inside, Bytes& answer) {
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
  piece = {inside.data(), inside.size()};
  sent = co_await stream.write_all({&piece, 1});
  while (sent) {
    auto got = co_await stream.read_some(buffer);
    if (!got) break;
    answer.insert(answer.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

TEST_F(ServerTest, AWholeSessionInsideTls) {
  tls::SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_file(context.get(), folder_.path("ours-ca.pem").c_str());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  for (const TlsMode mode : {TlsMode::allowed, TlsMode::required}) {
    SCOPED_TRACE(static_cast<int>(mode));
    stopped_ = false;
    start(mode);
    tls::SslPtr ssl(SSL_new(context.get()));
    SSL_set_connect_state(ssl.get());
    Client client;
    auto wire = open(client);
    const Bytes data(4096, std::byte{9});
    // Inside TLS the client flags are not sent again.
    const Bytes options = modern_handshake("0100");
    const Bytes inside = join({Bytes(options.begin() + 4, options.end()), request(Command::write, 1, 0, 4096, 0, data),
                               request(Command::read, 2, 0, 4096), request(Command::disc, 3, 0, 0)});
    Bytes answer;
    scope_.spawn(talk_tls(reactor_, std::move(wire), std::move(ssl), join({client_flags(), option(Option::starttls)}),
                          inside, answer));
    reactor_.run_ready();
    EXPECT_EQ(scope_.count(), 0U);
    ASSERT_GT(answer.size(), 16U + 28 + 4096);
    const auto replies = parse_answers(Bytes(answer.end() - (16 + 28 + 4096), answer.end()));
    ASSERT_TRUE(replies);
    EXPECT_EQ(assemble_read(*replies, 2, 0, 4096), data);
    stop();
  }
}

TEST_F(ServerTest, WordsSlippedInBehindStarttlsEndTheConnection) {
  start(TlsMode::allowed);
  Client client = connect(false);
  send(client, join({client_flags(), option(Option::starttls), option(Option::go, info_data("0100"))}));
  EXPECT_TRUE(client.closed());
  stop();
}

TEST_F(ServerTest, RequiredTlsLetsNobodyInWithoutIt) {
  start(TlsMode::required);
  Client client = connect(false);
  send(client, join({client_flags(), option(Option::go, info_data("0100"))}));
  const Bytes out = client.down->take_all();
  const auto answers = parse_option_answers(Bytes(out.begin() + kGreetingBytes, out.end()));
  ASSERT_TRUE(answers && answers->size() == 1);
  EXPECT_EQ(answers->front().type, OptionReply::err_tls_reqd);
  Client old = connect(false);
  send(old, join({client_flags(), option(Option::export_name, text_bytes("0100"))}));
  EXPECT_TRUE(old.closed());
  stop();
}

}  // namespace
}  // namespace tt::nbd
