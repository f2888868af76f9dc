// SPDX-License-Identifier: Apache-2.0
// Streams and listeners: the same expectations for both backends.
#include "runtime/net.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <numeric>

#include "base/units.h"
#include "runtime/scope.h"
#include "runtime/socket.h"
#include "runtime/test_platform.h"

namespace tt::rt {
namespace {

using Bytes = std::vector<std::byte>;
using StreamPtr = std::unique_ptr<ByteStream>;

class NetTest : public BackendTest {
 protected:
  TemporaryDirectory directory_{"/tmp"};
};
TT_EACH_BACKEND(NetTest);

std::uint16_t port_of(const Listener& listener) {
  const std::string address = listener.address();
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

Bytes pattern(std::size_t bytes) {
  Bytes data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i * 7 + (i >> 8U));
  return data;
}

Task<void> read_exactly(ByteStream& stream, std::span<std::byte> into, bool* ok) {
  *ok = true;
  while (!into.empty() && *ok) {
    auto got = co_await stream.read_some(into);
    *ok = got.has_value();
    if (got) into = into.subspan(*got);
  }
}

/// Accepts one connection, sends back `bytes` bytes that arrive, then expects the end.
Task<void> echo(Listener& listener, std::size_t bytes) {
  auto accepted = co_await listener.accept();
  EXPECT_TRUE(accepted);
  if (!accepted) co_return;
  ByteStream& stream = **accepted;
  Bytes buffer(bytes);
  bool ok = false;
  co_await read_exactly(stream, buffer, &ok);
  EXPECT_TRUE(ok);
  // Uneven pieces, also empty ones, and more of them than one system call takes.
  std::vector<iovec> pieces;
  for (std::size_t at = 0, piece = 0; at < bytes; at += piece) {
    piece = std::min(bytes - at, pieces.size() % 7 * 1000 + pieces.size() % 3);
    pieces.push_back({buffer.data() + at, piece});
  }
  auto written = co_await stream.write_all(pieces);
  EXPECT_TRUE(written);
  auto end = co_await stream.read_some(buffer);
  EXPECT_FALSE(end);
  if (!end) {
    EXPECT_EQ(end.error().code, Errc::disconnected);
  }
}

Task<void> talk(ByteStream& stream, std::size_t bytes) {
  Bytes out = pattern(bytes);
  Bytes in(bytes);
  std::vector<iovec> pieces{{out.data(), bytes}};
  auto written = co_await stream.write_all(pieces);
  EXPECT_TRUE(written);
  bool ok = false;
  co_await read_exactly(stream, in, &ok);
  EXPECT_TRUE(ok);
  EXPECT_TRUE(in == out);
}

Task<void> echo_over_tcp(Platform& platform, Listener& listener, std::size_t bytes) {
  Scope scope(platform.reactor(0));
  scope.spawn(echo(listener, bytes));
  auto connected = co_await platform.net(0).connect_tcp("127.0.0.1", port_of(listener), kUsualConnection);
  EXPECT_TRUE(connected);
  if (connected) {
    EXPECT_EQ((*connected)->peer_name(), listener.address());
    co_await talk(**connected, bytes);
    connected->reset();
  }
  co_await scope.join();
}

TEST_P(NetTest, TcpCarriesLargeMessagesInPieces) {
  make();
  auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  EXPECT_NE(port_of(*listener), 0);
  platform_->run(echo_over_tcp(*platform_, *listener, 8_MiB));
}

Task<void> take_one(Listener& listener, std::string& peer) {
  auto stream = co_await listener.accept();
  if (stream) peer = (*stream)->peer_name();
}

Task<void> connect_from(Platform& platform, Listener& listener, std::string from, std::string& peer, Errc& code) {
  Scope scope(platform.reactor(0));
  scope.spawn(take_one(listener, peer));
  ConnectOptions options;
  options.from = std::move(from);
  options.retries = 1;
  auto connected = co_await platform.net(0).connect_tcp("127.0.0.1", port_of(listener), options);
  code = connected ? Errc::ok : connected.error().code;
  if (!connected) listener.close();
  co_await scope.join();
}

TEST_P(NetTest, AConnectionLeavesFromTheAddressThatIsNamed) {
  for (const auto& [from, peer_begins, expected] :
       {std::tuple("127.0.0.2", "127.0.0.2:", Errc::ok), std::tuple("::1", "", Errc::object_not_found),
        std::tuple("no address", "", Errc::object_not_found), std::tuple("192.0.2.1", "", Errc::io_error)}) {
    make();
    auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
    std::string peer;
    Errc code = Errc::ok;
    platform_->run(connect_from(*platform_, *listener, from, peer, code));
    EXPECT_EQ(code, expected) << from;
    EXPECT_TRUE(peer.starts_with(peer_begins)) << peer;
  }
}

TEST_P(NetTest, WhoMayNotWaitIsToldAtOnceThatAnAddressIsTaken) {
  make();
  auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  const TimeNs begin = platform_->reactor(0).now();
  const auto second = platform_->net(0).try_listen_tcp("127.0.0.1", port_of(*listener));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
  EXPECT_LT(platform_->reactor(0).now() - begin, kSecond) << "listen_tcp() asks for two seconds";
  EXPECT_TRUE(platform_->net(0).try_listen_tcp("127.0.0.1", 0));
}

Task<void> connect_by_name(Platform& platform, Listener& listener) {
  Scope scope(platform.reactor(0));
  scope.spawn(echo(listener, 10));
  auto connected = co_await platform.net(0).connect_tcp("localhost", port_of(listener), kUsualConnection);
  EXPECT_TRUE(connected);
  if (connected) {
    co_await talk(**connected, 10);
    connected->reset();
  }
  co_await scope.join();
  auto unknown = co_await platform.net(0).connect_tcp("no-such-host.invalid", 1, kUsualConnection);
  EXPECT_FALSE(unknown);
  if (!unknown) {
    EXPECT_EQ(unknown.error().code, Errc::object_not_found);
  }
}

TEST_P(NetTest, NamesAreResolved) {
  make();
  auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  platform_->run(connect_by_name(*platform_, *listener));
}

Task<void> connect_refused(Platform& platform, std::uint16_t port) {
  auto connected = co_await platform.net(0).connect_tcp("127.0.0.1", port, kUsualConnection);
  EXPECT_FALSE(connected);
  if (!connected) {
    EXPECT_EQ(connected.error().code, Errc::disconnected);
  }
}

TEST_P(NetTest, RefusedConnectionIsAnError) {
  make();
  std::uint16_t port = 0;
  {
    auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
    port = port_of(*listener);
  }
  platform_->run(connect_refused(*platform_, port));
}

Task<void> accept_until_closed(Listener& listener, int* outcome) {
  auto accepted = co_await listener.accept();
  *outcome = accepted ? 0 : static_cast<int>(accepted.error().code);
}

Task<void> close_while_accepting(Platform& platform, Listener& listener, int* outcome) {
  Scope scope(platform.reactor(0));
  scope.spawn(accept_until_closed(listener, outcome));
  co_await sleep_for(platform.reactor(0), 5 * kMillisecond);
  listener.close();
  co_await scope.join();
  auto later = co_await listener.accept();
  EXPECT_FALSE(later);
}

TEST_P(NetTest, ClosingAListenerEndsAccept) {
  make(2);
  auto tcp = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  int outcome = 0;
  platform_->run(close_while_accepting(*platform_, *tcp, &outcome));
  EXPECT_EQ(outcome, static_cast<int>(Errc::cancelled));
}

TEST_P(NetTest, ClosingAUnixListenerEndsAcceptAndRemovesTheFile) {
  make();
  const std::string path = directory_.path() + "/socket";
  auto listener = std::move(*platform_->net(0).listen_unix(path));
  EXPECT_EQ(listener->address(), path);
  int outcome = 0;
  platform_->run(close_while_accepting(*platform_, *listener, &outcome));
  EXPECT_EQ(outcome, static_cast<int>(Errc::cancelled));
  EXPECT_FALSE(std::filesystem::exists(path));
}

Task<void> expect_disconnected_read(ByteStream& stream, bool* ended) {
  Bytes buffer(100);
  auto got = co_await stream.read_some(buffer);
  EXPECT_FALSE(got);
  if (!got) {
    EXPECT_EQ(got.error().code, Errc::disconnected);
  }
  *ended = true;
}

Task<void> expect_disconnected_write(ByteStream& stream, bool* ended) {
  Bytes data(64_MiB);
  std::vector<iovec> pieces{{data.data(), data.size()}};
  auto written = co_await stream.write_all(pieces);  // far more than socket buffers take, and nobody reads
  EXPECT_FALSE(written);
  if (!written) {
    EXPECT_EQ(written.error().code, Errc::disconnected);
  }
  *ended = true;
}

Task<void> accept_one(Listener& listener, StreamPtr* into) {
  auto accepted = co_await listener.accept();
  EXPECT_TRUE(accepted);
  if (accepted) *into = std::move(*accepted);
}

Task<void> shut_down_while_busy(Platform& platform, Listener& listener) {
  Scope scope(platform.reactor(0));
  StreamPtr server;
  scope.spawn(accept_one(listener, &server));
  auto client = co_await platform.net(0).connect_tcp("127.0.0.1", port_of(listener), kUsualConnection);
  co_await scope.join();
  bool read_ended = false;
  bool write_ended = false;
  scope.spawn(expect_disconnected_read(*server, &read_ended));
  scope.spawn(expect_disconnected_write(*server, &write_ended));
  co_await sleep_for(platform.reactor(0), 20 * kMillisecond);
  EXPECT_FALSE(read_ended);
  EXPECT_FALSE(write_ended);
  server->shut_down();
  co_await scope.join();
  EXPECT_TRUE(read_ended);
  EXPECT_TRUE(write_ended);
  scope.spawn(expect_disconnected_read(*server, &read_ended));
  scope.spawn(expect_disconnected_write(*server, &write_ended));
  co_await scope.join();
}

TEST_P(NetTest, ShutDownEndsPendingAndLaterOperations) {
  make();
  auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  platform_->run(shut_down_while_busy(*platform_, *listener));
}

Task<void> write_to_a_closed_peer(Platform& platform, Listener& listener) {
  Scope scope(platform.reactor(0));
  StreamPtr server;
  scope.spawn(accept_one(listener, &server));
  auto client = co_await platform.net(0).connect_tcp("127.0.0.1", port_of(listener), kUsualConnection);
  co_await scope.join();
  client->reset();
  bool ended = false;
  co_await expect_disconnected_write(*server, &ended);  // and no SIGPIPE
}

TEST_P(NetTest, WritingToAClosedPeerIsDisconnected) {
  make();
  auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  platform_->run(write_to_a_closed_peer(*platform_, *listener));
}

UniqueFd plain_unix_client(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

Task<void> check_unix_peer(Listener& listener, std::string path) {
  const UniqueFd client = plain_unix_client(path);
  EXPECT_TRUE(static_cast<bool>(client));
  auto accepted = co_await listener.accept();
  EXPECT_TRUE(accepted);
  if (!accepted) co_return;
  EXPECT_EQ((*accepted)->peer_name(), "unix:uid=" + std::to_string(::getuid()));
  EXPECT_EQ(::send(client.get(), "hello", 5, 0), 5);
  Bytes buffer(16);
  auto got = co_await (*accepted)->read_some(buffer);
  EXPECT_TRUE(got);
  if (got) {
    EXPECT_EQ(*got, 5U);
  }
}

TEST_P(NetTest, UnixSocketsArePrivateAndNameTheirPeer) {
  make();
  const std::string path = directory_.path() + "/socket";
  auto listener = std::move(*platform_->net(0).listen_unix(path));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  platform_->run(check_unix_peer(*listener, path));
}

TEST_P(NetTest, StaleUnixSocketIsReplacedALiveOneIsNot) {
  make();
  const std::string path = directory_.path() + "/socket";
  {
    const UniqueFd dead = std::move(*make_unix_listener(path, false));
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  auto listener = platform_->net(0).listen_unix(path);
  ASSERT_TRUE(listener);
  EXPECT_EQ(platform_->net(0).listen_unix(path).error().code, Errc::busy);

  const std::string file = directory_.path() + "/file";
  {
    const UniqueFd plain(::open(file.c_str(), O_CREAT | O_WRONLY, 0600));
  }
  EXPECT_EQ(platform_->net(0).listen_unix(file).error().code, Errc::busy);
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(platform_->net(0).listen_unix(std::string(200, 'x')).error().code, Errc::invalid_argument);
}

TEST_P(NetTest, PortInUseIsBusy) {
  make();
  auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  EXPECT_EQ(platform_->net(0).listen_tcp("127.0.0.1", port_of(*listener)).error().code, Errc::busy);
}

Task<void> one_client(Platform& platform, std::uint16_t port) {
  auto connected = co_await platform.net(0).connect_tcp("127.0.0.1", port, kUsualConnection);
  EXPECT_TRUE(connected);
  if (connected) co_await talk(**connected, 3000);
}

Task<void> accept_then_echo(Platform& platform, Listener& listener, unsigned connections) {
  Scope scope(platform.reactor(0));
  for (unsigned i = 0; i < connections; ++i) {
    scope.spawn(one_client(platform, port_of(listener)));
    co_await echo(listener, 3000);
  }
  co_await scope.join();
}

TEST_P(NetTest, ManyConnectionsOneAfterTheOther) {
  make();
  auto listener = std::move(*platform_->net(0).listen_tcp("127.0.0.1", 0));
  platform_->run(accept_then_echo(*platform_, *listener, 100));
}

}  // namespace
}  // namespace tt::rt
