// SPDX-License-Identifier: Apache-2.0
// The image's side of the conversation, on streams in memory.
#include "interfaces/control/server.h"

#include <gtest/gtest.h>

#include "interfaces/testing/peer.h"

namespace tt::control {
namespace {

using host_testing::ManualReactor;
using host_testing::MemoryStream;
using testing::OneListenerNet;
using testing::Peer;

/// Answers after `steps` turns of the loop, so that calls overlap; "busy" operations wait to be released.
class SlowExecutor final : public model::Executor {
 public:
  explicit SlowExecutor(rt::Reactor& reactor) : gate(reactor, 0) {}

  rt::Task<model::Response> execute(model::Request request) override {
    ++calls;
    if (request.operation == "rmfbvol") co_await gate.acquire();
    model::Response response;
    response.rows.push_back({{"id", "0300"}});
    response.rows.push_back({{"id", "0100"}});
    if (request.operation == "rmfbvol") response.results.push_back({"0100", Errc::ok, 0});
    co_return response;
  }

  rt::Semaphore gate;
  int calls = 0;
};

class ControlServerTest : public ::testing::Test {
 protected:
  ControlServerTest() : executor(reactor), net(reactor), server(reactor, executor, options()) {
    EXPECT_TRUE(server.start(net, "anywhere"));
  }
  ~ControlServerTest() override {
    executor.gate.release(1000);
    rt::Scope scope(reactor);
    scope.spawn(server.stop());
    reactor.run_ready();
    EXPECT_EQ(scope.count(), 0U);
  }
  static ControlOptions options() {
    ControlOptions options;
    options.image_id = "IBM.2107-75ABCD1";
    options.program = "image";
    options.max_connections = 2;
    options.max_calls = 2;
    return options;
  }
  std::unique_ptr<Peer> connect() {
    auto peer = std::make_unique<Peer>(reactor);
    net.listener().connect(std::make_unique<MemoryStream>(peer->to_server, peer->from_server));
    reactor.run_ready();
    return peer;
  }
  std::unique_ptr<Peer> greeted() {
    auto peer = connect();
    Hello hello;
    hello.program = "console";
    peer->send(encode(hello));
    reactor.run_ready();
    const auto answer = decode_hello(peer->receive());
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->image_id, "IBM.2107-75ABCD1");
    EXPECT_EQ(answer->refused, "");
    return peer;
  }

  ManualReactor reactor;
  SlowExecutor executor;
  OneListenerNet net;
  ControlServer server;
};

TEST_F(ControlServerTest, AnswersACallWithSortedRows) {
  auto peer = greeted();
  peer->send_call(5, "lsfbvol", {{"select", {"0100-01FF"}}});
  reactor.run_ready();
  const auto answer = decode_answer(peer->receive());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, 5U);
  ASSERT_EQ(answer->response.rows.size(), 1U);
  EXPECT_EQ(answer->response.rows[0]["id"], "0100");
}

TEST_F(ControlServerTest, CallsOverlapAndAnswersComeInAnyOrder) {
  auto peer = greeted();
  peer->send_call(1, "rmfbvol", {{"ids", {"0100"}}});
  peer->send_call(2, "lsfbvol", nlohmann::json::object());
  reactor.run_ready();
  EXPECT_EQ(decode_answer(peer->receive())->id, 2U);
  executor.gate.release();
  reactor.run_ready();
  EXPECT_EQ(decode_answer(peer->receive())->id, 1U);
}

TEST_F(ControlServerTest, FurtherCallsWaitWhenTooManyAreUnderWay) {
  auto peer = greeted();
  for (std::uint64_t id = 1; id <= 4; ++id) peer->send_call(id, "rmfbvol", {{"ids", {"0100"}}});
  reactor.run_ready();
  EXPECT_EQ(executor.calls, 2);
  executor.gate.release(4);
  reactor.run_ready();
  EXPECT_EQ(executor.calls, 4);
}

TEST_F(ControlServerTest, RefusesWhatTheCatalogueDoesNotDeclare) {
  auto peer = greeted();
  peer->send_call(1, "no_such_operation", nlohmann::json::object());
  reactor.run_ready();
  EXPECT_EQ(decode_answer(peer->receive())->response.status, Errc::not_in_this_release);
  peer->send_call(2, "rmfbvol", {{"ids", 5}});
  reactor.run_ready();
  EXPECT_EQ(decode_answer(peer->receive())->response.status, Errc::invalid_argument);
  peer->send_call(3, "mkuser", nlohmann::json::object());
  reactor.run_ready();
  EXPECT_EQ(decode_answer(peer->receive())->response.status, Errc::not_in_this_release);
  EXPECT_EQ(executor.calls, 0);
}

TEST_F(ControlServerTest, AnotherVersionIsRefusedInWords) {
  auto peer = connect();
  Hello hello;
  hello.version = kVersion + 1;
  hello.program = "console of tomorrow";
  peer->send(encode(hello));
  reactor.run_ready();
  const auto answer = decode_hello(peer->receive());
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->refused.find("install the same release"), std::string::npos);
  EXPECT_TRUE(peer->from_server->write_end_closed());
}

TEST_F(ControlServerTest, NonsenseEndsTheConnectionButNoOther) {
  auto other = greeted();
  for (const std::string& nonsense : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(8, '\0'), make_frame("[]")}) {
    auto peer = connect();
    peer->send_raw(nonsense);
    reactor.run_ready();
    EXPECT_TRUE(peer->from_server->write_end_closed());
  }
  other->send_call(1, "lsfbvol", nlohmann::json::object());
  reactor.run_ready();
  EXPECT_TRUE(decode_answer(other->receive()));
}

TEST_F(ControlServerTest, TooManyConnectionsAreRefusedInWords) {
  auto one = greeted();
  auto two = greeted();
  auto three = connect();
  three->send(encode(Hello{kVersion, "console", "", ""}));
  reactor.run_ready();
  EXPECT_NE(decode_hello(three->receive())->refused, "");
}

TEST_F(ControlServerTest, ALostConnectionLetsItsCallsEnd) {
  auto peer = greeted();
  peer->send_call(1, "rmfbvol", {{"ids", {"0100"}}});
  reactor.run_ready();
  peer->to_server->close_write_end();
  peer->from_server->close_read_end();
  reactor.run_ready();
  executor.gate.release();
  reactor.run_ready();
  EXPECT_EQ(executor.calls, 1);
  auto next = greeted();
}

}  // namespace
}  // namespace tt::control
