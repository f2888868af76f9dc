// SPDX-License-Identifier: Apache-2.0
// Whole sessions of the server with the image's own tables, for tests of who sees what and where: four volumes, a Unix
// port 0 and a TCP port 1, and clients that say where they come from.
#pragma once

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

using namespace host_testing;
using Names = std::vector<std::string>;

inline constexpr BufferPool::SizeClasses kSmallPool = {
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
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> connect_tcp(std::string, std::uint16_t,
                                                                rt::ConnectOptions) override {
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

inline rt::Task<void> talk_tls(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> wire, tls::SslPtr ssl,
                               Bytes& answer) {
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

inline const char* psk_name = nullptr;

inline unsigned offer_psk(SSL*, const char*, char* identity, unsigned identity_bytes, unsigned char* key, unsigned) {
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

inline Names AccessTest::list_in_tls(const std::string& certificate, const char* psk) {
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

inline std::vector<VolumeId> ids(std::initializer_list<int> numbers) {
  std::vector<VolumeId> volumes;
  for (const int number : numbers) volumes.emplace_back(static_cast<std::uint16_t>(number));
  return volumes;
}

}  // namespace tt::nbd
