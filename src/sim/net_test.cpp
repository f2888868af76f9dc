// SPDX-License-Identifier: Apache-2.0
#include "sim/net.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "runtime/scope.h"

namespace tt::sim {
namespace {

using Stream = std::unique_ptr<rt::ByteStream>;
using Bytes = std::vector<std::byte>;

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 7 + i / 251) & 0xFFU);
  return bytes;
}

rt::Task<void> send_all(rt::ByteStream& stream, const Bytes& bytes, Errc& result) {
  const std::size_t half = bytes.size() / 2;
  auto* data = const_cast<std::byte*>(bytes.data());
  iovec pieces[2] = {{data, half}, {data + half, bytes.size() - half}};
  auto sent = co_await stream.write_all(pieces);
  result = sent ? Errc::ok : sent.error().code;
}

/// Until the end of the stream.
rt::Task<void> receive_all(rt::ByteStream& stream, Bytes& bytes, std::set<std::size_t>& sizes, Errc& result) {
  Bytes buffer(10'000);
  for (;;) {
    auto read = co_await stream.read_some(buffer);
    if (!read) {
      result = read.error().code;
      co_return;
    }
    sizes.insert(*read);
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*read));
  }
}

rt::Task<void> echo_server(rt::Listener& listener, int& served) {
  for (;;) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    Stream stream = std::move(*accepted);
    std::byte one{};
    auto read = co_await stream->read_some({&one, 1});
    if (!read) continue;
    iovec piece{&one, 1};
    auto written = co_await stream->write_all({&piece, 1});
    if (written) ++served;
  }
}

rt::Task<void> client(rt::Net& net, std::string host, std::uint16_t port, Errc& result) {
  auto connected = co_await net.connect_tcp(host, port, rt::kUsualConnection);
  if (!connected) {
    result = connected.error().code;
    co_return;
  }
  Stream stream = std::move(*connected);
  std::byte one{42};
  iovec piece{&one, 1};
  auto written = co_await stream->write_all({&piece, 1});
  std::byte back{};
  auto read = co_await stream->read_some({&back, 1});
  result = written && read && back == one ? Errc::ok : Errc::corrupt;
}

struct Ends {
  explicit Ends(std::uint64_t seed, NetworkOptions options = {})
      : world(seed),
        left(world.boot(1)),
        right(world.boot(1)),
        network(world, options),
        pair(network.make_pair(left.reactor(), right.reactor())),
        left_scope(left.reactor()),
        right_scope(right.reactor()) {}
  ~Ends() {
    world.crash();
    left_scope.kill();
    right_scope.kill();
  }

  World world;
  Machine& left;
  Machine& right;
  SimNetwork network;
  SimNetwork::Pair pair;
  rt::Scope left_scope;
  rt::Scope right_scope;
};

TEST(SimNet, bytes_arrive_in_order_in_random_pieces_and_then_the_end) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Ends ends(seed);
    const Bytes sent = pattern(300'000);
    Bytes received;
    std::set<std::size_t> sizes;
    Errc send_result = Errc::busy;
    Errc receive_result = Errc::busy;
    ends.left_scope.spawn(send_all(*ends.pair.first, sent, send_result));
    ends.right_scope.spawn(receive_all(*ends.pair.second, received, sizes, receive_result));
    ASSERT_EQ(ends.world.run_until([&] { return send_result != Errc::busy; }), RunEnd::reached);
    EXPECT_EQ(send_result, Errc::ok);
    ends.pair.first->shut_down();
    ASSERT_EQ(ends.world.run_until_idle(), RunEnd::idle);
    EXPECT_EQ(receive_result, Errc::disconnected);
    EXPECT_EQ(received, sent);
    EXPECT_GT(sizes.size(), 20U);
  }
}

TEST(SimNet, a_writer_waits_for_a_slow_reader) {
  NetworkOptions options;
  options.window_bytes = 1000;
  Ends ends(1, options);
  const Bytes sent = pattern(5000);
  Errc result = Errc::busy;
  ends.left_scope.spawn(send_all(*ends.pair.first, sent, result));
  EXPECT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(result, Errc::busy);
  ends.pair.first->shut_down();
  EXPECT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(result, Errc::disconnected);
}

TEST(SimNet, a_writer_learns_that_the_reader_is_gone) {
  NetworkOptions options;
  options.window_bytes = 1000;
  Ends ends(1, options);
  const Bytes sent = pattern(5000);
  Errc result = Errc::busy;
  ends.left_scope.spawn(send_all(*ends.pair.first, sent, result));
  EXPECT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  ends.pair.second = nullptr;
  EXPECT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(result, Errc::disconnected);
  EXPECT_EQ(ends.network.connections(), 0U);
}

TEST(SimNet, cuts_end_both_sides) {
  int cut = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    NetworkOptions options;
    options.cut_per_million = 15'000;
    Ends ends(seed, options);
    const Bytes sent = pattern(300'000);
    Bytes received;
    std::set<std::size_t> sizes;
    Errc send_result = Errc::busy;
    Errc receive_result = Errc::busy;
    ends.left_scope.spawn(send_all(*ends.pair.first, sent, send_result));
    ends.right_scope.spawn(receive_all(*ends.pair.second, received, sizes, receive_result));
    ASSERT_EQ(ends.world.run_until_idle(), RunEnd::idle);
    ASSERT_LE(received.size(), sent.size());
    EXPECT_TRUE(std::equal(received.begin(), received.end(), sent.begin()));
    if (receive_result != Errc::disconnected) continue;
    ++cut;
    EXPECT_EQ(send_result == Errc::disconnected || send_result == Errc::ok, true);
  }
  EXPECT_GT(cut, 5);
  EXPECT_LT(cut, 40);
}

TEST(SimNet, the_crash_of_one_machine_disconnects_the_other) {
  Ends ends(1);
  Bytes received;
  std::set<std::size_t> sizes;
  Errc result = Errc::busy;
  Errc ignored = Errc::busy;
  const Bytes sent = pattern(100);
  ends.right_scope.spawn(receive_all(*ends.pair.second, received, sizes, result));
  ends.left_scope.spawn(receive_all(*ends.pair.first, received, sizes, ignored));
  ASSERT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  ends.world.crash(ends.left);
  ends.left_scope.kill();
  ends.pair.first = nullptr;
  ASSERT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(result, Errc::disconnected);
  EXPECT_EQ(ignored, Errc::busy);
}

TEST(SimNet, clients_find_a_listener_by_its_address) {
  Ends ends(5);
  const auto server_net = ends.network.mount(ends.right.reactor());
  const auto client_net = ends.network.mount(ends.left.reactor());
  auto listener = std::move(*server_net->listen_tcp("127.0.0.1", 0));
  const std::string address = listener->address();
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  EXPECT_FALSE(server_net->listen_tcp("127.0.0.1", port).has_value());
  int served = 0;
  ends.right_scope.spawn(echo_server(*listener, served));
  Errc results[3] = {Errc::busy, Errc::busy, Errc::busy};
  ends.left_scope.spawn(client(*client_net, "127.0.0.1", port, results[0]));
  ends.left_scope.spawn(client(*client_net, "127.0.0.1", port, results[1]));
  ends.left_scope.spawn(client(*client_net, "127.0.0.1", 1, results[2]));
  ASSERT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(results[0], Errc::ok);
  EXPECT_EQ(results[1], Errc::ok);
  EXPECT_EQ(results[2], Errc::disconnected);
  EXPECT_EQ(served, 2);
  listener->close();
  ASSERT_EQ(ends.world.run_until_idle(), RunEnd::idle);
  EXPECT_EQ(ends.right_scope.count(), 0U);
  EXPECT_TRUE(server_net->listen_tcp("127.0.0.1", port).has_value());
}

}  // namespace
}  // namespace tt::sim
