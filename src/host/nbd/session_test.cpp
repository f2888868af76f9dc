// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/session.h"

#include <gtest/gtest.h>

#include "host/testing/manual_reactor.h"
#include "host/testing/memory_stream.h"
#include "host/testing/nbd_client.h"
#include "host/testing/ram_block_service.h"

namespace tt::nbd {
namespace {

using namespace host_testing;
using namespace command_flag;

constexpr BufferPool::SizeClasses kSmallPool = {
    {{4_KiB, 256}, {16_KiB, 32}, {64_KiB, 16}, {256_KiB, 8}, {1_MiB, 4}, {kMaximumPayloadBytes, 2}}};

class SessionTest : public testing::Test {
 protected:
  SessionTest() : service_(reactor_), scope_(reactor_) {
    settings_.buffers = kSmallPool;
    service_.add_volume(0x0100, 64_MiB);
  }
  ~SessionTest() override {
    in_->close_write_end();
    out_->close_read_end();
    while (service_.held() > 0) service_.let_go(0);
    service_.hold(false);
    reactor_.run_ready();
    EXPECT_EQ(scope_.count(), 0U);
    if (buffers_) {
      EXPECT_EQ(buffers_->in_use(), 0U);
    }
  }

  void start() {
    buffers_.emplace(reactor_, settings_.buffers, set_aside_);
    SessionContext context{reactor_, service_, *buffers_, settings_, counters_, nullptr};
    session_.emplace(context, std::make_unique<MemoryStream>(in_, out_), Entrance{});
    scope_.spawn(session_->run());
    reactor_.run_ready();
    EXPECT_EQ(out_->take_all().size(), kGreetingBytes);
  }
  /// Up to the transmission phase, as libnbd or qemu would.
  void connect() {
    start();
    send(modern_handshake("0100"));
    EXPECT_EQ(parse_option_answers(out_->take_all())->size(), 6U);
    out_->writes.clear();
  }
  /// As a client of the old school: simple replies only.
  void connect_simple() {
    start();
    send(join({client_flags(), option(Option::export_name, text_bytes("0100"))}));
    EXPECT_EQ(out_->take_all().size(), 10U);
    out_->writes.clear();
  }
  void send(const Bytes& bytes) {
    in_->push(bytes);
    reactor_.run_ready();
  }
  std::vector<Answer> answers(const std::map<std::uint64_t, std::size_t>& simple_reads = {}) {
    auto parsed = parse_answers(out_->take_all(), simple_reads);
    EXPECT_TRUE(parsed);
    return parsed.value_or(std::vector<Answer>());
  }
  Answer only_answer() {
    const auto list = answers();
    EXPECT_EQ(list.size(), 1U);
    return list.empty() ? Answer() : list.front();
  }
  static Bytes pattern(std::size_t bytes, unsigned seed) {
    Bytes data(bytes);
    for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i * 31 + i / 512 + seed + 1);
    return data;
  }
  [[nodiscard]] bool ended() const { return scope_.count() == 0; }

  ManualReactor reactor_;
  RamBlockService service_;
  ServerSettings settings_;
  ServerCounters counters_;
  std::shared_ptr<Pipe> in_ = std::make_shared<Pipe>(reactor_);
  std::shared_ptr<Pipe> out_ = std::make_shared<Pipe>(reactor_);
  std::uint32_t set_aside_ = 0;
  std::optional<BufferPool> buffers_;
  std::optional<Session> session_;
  rt::Scope scope_;
};

TEST_F(SessionTest, WritesAndReadsOfEverySizeClass) {
  connect();
  std::uint64_t cookie = 0;
  for (const std::uint32_t bytes : {512U, 4096U, 16384U, 16896U, 65536U, 1U << 20U, 32U << 20U}) {
    const Bytes data = pattern(bytes, static_cast<unsigned>(++cookie));
    send(request(Command::write, cookie, 4096, bytes, 0, data));
    const Answer written = only_answer();
    EXPECT_EQ(written.cookie, cookie);
    EXPECT_EQ(written.error, 0U);
    send(request(Command::read, ++cookie, 4096, bytes));
    EXPECT_EQ(assemble_read(answers(), cookie, 4096, bytes), data);
  }
  EXPECT_EQ(buffers_->in_use(), 0U);
}

TEST_F(SessionTest, SimpleRepliesCarryTheData) {
  connect_simple();
  const Bytes data = pattern(8192, 1);
  send(join({request(Command::write, 1, 0, 8192, kFua, data), request(Command::read, 2, 0, 8192)}));
  const auto list = answers({{2, 8192}});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1].payload, data);
  send(request(Command::read, 3, 64_MiB, 512));
  EXPECT_EQ(only_answer().error, static_cast<std::uint32_t>(NbdError::einval));
}

TEST_F(SessionTest, BytesMayArriveOneByOne) {
  start();
  const Bytes data = pattern(1024, 3);
  const Bytes all = join({modern_handshake("0100"), request(Command::write, 1, 512, 1024, 0, data),
                          request(Command::read, 2, 512, 1024), request(Command::disc, 3, 0, 0)});
  in_->largest_read = 1;
  send(all);
  EXPECT_TRUE(ended());
  const Bytes out = out_->take_all();
  const auto list = parse_answers(Bytes(out.end() - (16 + 28 + 1024), out.end()));
  ASSERT_TRUE(list);
  EXPECT_EQ(assemble_read(*list, 2, 512, 1024), data);
}

TEST_F(SessionTest, EachCommandReachesTheServiceAsItWasMeant) {
  connect();
  service_.recording = true;
  send(join({request(Command::write, 1, 0, 512, kFua, Bytes(512)), request(Command::write, 2, 512, 512, 0, Bytes(512)),
             request(Command::flush, 3, 0, 0), request(Command::trim, 4, 0, 65536),
             request(Command::write_zeroes, 5, 65536, 65536, kNoHole | kFua), request(Command::write_zeroes, 6, 0, 512),
             request(Command::cache, 7, 0, 4096), request(Command::block_status, 8, 0, 1U << 20U)}));
  using K = Call::Kind;
  const std::vector<Call> expected = {{K::write, 0, 512, true, false},         {K::write, 512, 512, false, false},
                                      {K::flush, 0, 0, false, false},          {K::zero, 0, 65536, false, true},
                                      {K::zero, 65536, 65536, true, false},    {K::zero, 0, 512, false, true},
                                      {K::extents, 0, 1U << 20U, false, false}};
  EXPECT_EQ(service_.calls, expected);
  const auto list = answers();
  ASSERT_EQ(list.size(), 8U);
  for (const Answer& a : list) EXPECT_EQ(a.error, 0U) << a.cookie;
}

TEST_F(SessionTest, BlockStatusShowsHolesAndData) {
  connect();
  send(request(Command::write, 1, 65536, 512, 0, Bytes(512, std::byte{1})));
  only_answer();
  send(request(Command::block_status, 2, 0, 4U << 20U));
  const Answer a = only_answer();
  ASSERT_EQ(a.payload.size(), 4U + 3 * 8);
  EXPECT_EQ(load_be<std::uint32_t>(a.payload.data() + 4), 65536U);
  EXPECT_EQ(load_be<std::uint32_t>(a.payload.data() + 8), 3U);
  EXPECT_EQ(load_be<std::uint32_t>(a.payload.data() + 16), 0U);
  EXPECT_EQ(load_be<std::uint32_t>(a.payload.data() + 24), 3U);
  send(request(Command::block_status, 3, 0, 4U << 20U, kReqOne));
  EXPECT_EQ(only_answer().payload.size(), 4U + 8);
}

TEST_F(SessionTest, RepliesComeInTheOrderOfCompletion) {
  connect();
  service_.hold(true);
  for (std::uint64_t cookie = 1; cookie <= 5; ++cookie) send(request(Command::flush, cookie, 0, 0));
  ASSERT_EQ(service_.held(), 5U);
  for (const std::size_t index : {4U, 1U, 0U, 1U, 0U}) {
    service_.let_go(index);
    reactor_.run_ready();
  }
  std::vector<std::uint64_t> order;
  for (const Answer& a : answers()) order.push_back(a.cookie);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{5, 2, 1, 4, 3}));
}

TEST_F(SessionTest, RepliesThatAreReadyTogetherGoOutInOneSend) {
  connect();
  service_.hold(true);
  Bytes burst;
  for (std::uint64_t i = 0; i < 64; ++i) {
    const Bytes one = request(Command::read, i, i * 4096, 4096);
    burst.insert(burst.end(), one.begin(), one.end());
  }
  send(join({request(Command::write, 99, 0, 512, 0, Bytes(512, std::byte{1})), burst}));
  ASSERT_EQ(service_.held(), 65U);
  while (service_.held() > 0) service_.let_go(0);
  reactor_.run_ready();
  EXPECT_EQ(answers().size(), 65U);
  EXPECT_EQ(out_->writes.size(), 1U);
}

TEST_F(SessionTest, InFlightRequestsAreBoundedAndTheRestIsNotRead) {
  settings_.requests_per_connection = 8;
  connect();
  service_.hold(true);
  in_->largest_read = kRequestBytes;
  for (std::uint64_t i = 0; i < 20; ++i) send(request(Command::read, i, 0, 512));
  EXPECT_EQ(service_.held(), 8U);
  EXPECT_EQ(session_->in_flight(), 8U);
  EXPECT_EQ(in_->size(), 11 * kRequestBytes);  // one more was read and waits for its slot
  service_.hold(false);
  while (service_.held() > 0) service_.let_go(0);
  reactor_.run_ready();
  EXPECT_EQ(answers().size(), 20U);
}

TEST_F(SessionTest, PayloadInFlightIsBounded) {
  settings_.bytes_per_connection = 32_MiB;
  connect();
  service_.hold(true);
  send(join({request(Command::read, 1, 0, 32U << 20U), request(Command::read, 2, 0, 32U << 20U)}));
  EXPECT_EQ(service_.held(), 1U);
  service_.hold(false);
  service_.let_go(0);
  reactor_.run_ready();
  EXPECT_EQ(answers().size(), 2U);
}

TEST_F(SessionTest, AClientThatTakesNoRepliesStopsOnlyItself) {
  out_->capacity = 64_KiB;
  connect();
  for (std::uint64_t i = 0; i < 400; ++i) in_->push(request(Command::read, i, 0, 4096, kDf));
  reactor_.run_ready();
  EXPECT_LE(out_->size(), 64_KiB);
  EXPECT_EQ(session_->in_flight(), 128U);
  Bytes all;
  while (out_->size() > 0) {
    const Bytes part = out_->take_all();
    all.insert(all.end(), part.begin(), part.end());
    reactor_.run_ready();
  }
  EXPECT_EQ(parse_answers(all)->size(), 400U);
}

TEST_F(SessionTest, RefusedWritesAreSkippedAndTheNextRequestIsFound) {
  connect();
  const std::uint32_t oversize = kMaximumPayloadBytes + 512;
  send(join({request(Command::write, 1, 100, 512, 0, Bytes(512)),
             request(Command::write, 2, 64_MiB, 1U << 20U, 0, Bytes(1U << 20U)),
             request(Command::write, 3, 0, oversize, 0, Bytes(oversize)), request(Command::flush, 4, 0, 0)}));
  const auto list = answers();
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0].error, 22U);
  EXPECT_EQ(list[1].error, 28U);
  EXPECT_EQ(list[2].error, 75U);
  EXPECT_EQ(list[3].error, 0U);
  EXPECT_EQ(counters_.failed_requests, 3U);
}

TEST_F(SessionTest, ErrorsOfTheServiceReachTheClient) {
  connect();
  service_.fail_next(Errc::media_full);
  send(request(Command::write, 1, 0, 512, 0, Bytes(512)));
  EXPECT_EQ(only_answer().error, 28U);
  service_.fail_next(Errc::rank_failed);
  send(request(Command::read, 2, 0, 512));
  const Answer a = only_answer();
  EXPECT_EQ(a.error, 5U);
  EXPECT_TRUE(a.structured);
  service_.remove_volume(0x0100);
  service_.add_volume(0x0100, 64_MiB);
  send(request(Command::read, 3, 0, 512));
  EXPECT_EQ(only_answer().error, 5U);  // the volume of the same name is not ours
}

TEST_F(SessionTest, DisconnectAnswersWhatIsInFlightFirst) {
  connect();
  service_.hold(true);
  send(join({request(Command::read, 1, 0, 512), request(Command::disc, 2, 0, 0)}));
  EXPECT_FALSE(ended());
  service_.let_go(0);
  reactor_.run_ready();
  EXPECT_TRUE(ended());
  EXPECT_TRUE(out_->write_end_closed());
  EXPECT_EQ(answers().size(), 1U);
}

TEST_F(SessionTest, ALostClientDoesNotTakeBuffersFromRequestsInFlight) {
  connect();
  service_.hold(true);
  send(join({request(Command::read, 1, 0, 65536), request(Command::write, 2, 0, 512, 0, Bytes(512))}));
  in_->close_write_end();
  out_->close_read_end();
  reactor_.run_ready();
  EXPECT_FALSE(ended());
  EXPECT_EQ(buffers_->in_use(), 1U);
  service_.let_go(1);
  service_.let_go(0);
  reactor_.run_ready();
  EXPECT_TRUE(ended());
  EXPECT_EQ(buffers_->in_use(), 0U);
}

TEST_F(SessionTest, AStreamCutInsideAPayloadEndsTheSession) {
  connect();
  send(request(Command::write, 1, 0, 1U << 20U, 0, Bytes(5000)));
  in_->close_write_end();
  reactor_.run_ready();
  EXPECT_TRUE(ended());
  EXPECT_EQ(buffers_->in_use(), 0U);
}

TEST_F(SessionTest, AStreamOutOfStepIsClosed) {
  connect();
  send(Bytes(kRequestBytes, std::byte{0xee}));
  EXPECT_TRUE(ended());
  EXPECT_EQ(out_->size(), 0U);
}

TEST_F(SessionTest, DrainAnswersOldRequestsAndRefusesNewOnes) {
  connect();
  service_.hold(true);
  send(request(Command::flush, 1, 0, 0));
  session_->begin_drain();
  send(join({request(Command::write, 2, 0, 512, 0, Bytes(512)), request(Command::read, 3, 0, 512)}));
  EXPECT_FALSE(ended());
  service_.let_go(0);
  reactor_.run_ready();
  EXPECT_TRUE(ended());
  std::map<std::uint64_t, std::uint32_t> errors;
  for (const Answer& a : answers()) errors[a.cookie] = a.error;
  EXPECT_EQ(errors, (std::map<std::uint64_t, std::uint32_t>{{1, 0}, {2, 108}, {3, 108}}));
}

/// A frozen volume answers much later; until then others have the buffers, and what was sent is not lost.
TEST_F(SessionTest, WritesOfAFrozenVolumeGiveTheirBuffersBack) {
  settings_.parked_bytes = 1_MiB + 4_KiB;
  connect();
  service_.hold(true);
  service_.freeze(true);
  const Bytes large = pattern(1_MiB, 1);
  const Bytes small = pattern(4_KiB, 2);
  const Bytes third = pattern(64_KiB, 3);
  send(request(Command::write, 1, 0, 1_MiB, 0, large));
  send(request(Command::write, 2, 2_MiB, 4_KiB, 0, small));
  EXPECT_EQ(service_.held(), 2U);
  EXPECT_EQ(buffers_->in_use(), 0U);
  EXPECT_EQ(counters_.parked_bytes, 1_MiB + 4_KiB);
  send(request(Command::write, 3, 3_MiB, 64_KiB, 0, third));  // no room outside of the buffers
  EXPECT_EQ(buffers_->in_use(), 1U);
  while (service_.held() > 0) service_.let_go(0);
  service_.hold(false);
  reactor_.run_ready();
  EXPECT_EQ(answers().size(), 3U);
  EXPECT_EQ(counters_.parked_bytes, 0U);
  EXPECT_EQ(buffers_->in_use(), 0U);
  const auto content = service_.content(0x0100);
  EXPECT_TRUE(std::equal(large.begin(), large.end(), content.begin()));
  EXPECT_TRUE(std::equal(small.begin(), small.end(), content.begin() + 2_MiB));
  EXPECT_TRUE(std::equal(third.begin(), third.end(), content.begin() + 3_MiB));
}

TEST_F(SessionTest, ASlowHandshakeIsCut) {
  start();
  send(client_flags());
  reactor_.advance(settings_.handshake_timeout / 2);
  session_->watch();
  reactor_.run_ready();
  EXPECT_FALSE(ended());
  send(option(Option::list));
  reactor_.advance(settings_.handshake_timeout);
  session_->watch();
  reactor_.run_ready();
  EXPECT_TRUE(ended());
}

TEST_F(SessionTest, IdleConnectionsLiveUnlessToldOtherwise) {
  connect();
  reactor_.advance(1'000'000 * rt::kSecond);
  session_->watch();
  reactor_.run_ready();
  EXPECT_FALSE(ended());
}

TEST_F(SessionTest, IdleTimeoutCutsWhenNothingIsInFlight) {
  settings_.idle_timeout = 10 * rt::kSecond;
  connect();
  service_.hold(true);
  send(request(Command::flush, 1, 0, 0));
  reactor_.advance(60 * rt::kSecond);
  session_->watch();
  reactor_.run_ready();
  EXPECT_FALSE(ended());
  service_.let_go(0);
  reactor_.run_ready();
  reactor_.advance(60 * rt::kSecond);
  session_->watch();
  reactor_.run_ready();
  EXPECT_TRUE(ended());
}

TEST_F(SessionTest, AStalledClientIsCutOnlyWhenOthersNeedItsBuffers) {
  connect();
  send(request(Command::write, 1, 0, 32U << 20U, 0, Bytes(5000)));
  reactor_.advance(2 * settings_.stall_timeout);
  session_->watch();
  reactor_.run_ready();
  EXPECT_FALSE(ended());
  EXPECT_TRUE(buffers_->reserve(32_MiB).await_ready());  // the second and last large buffer
  session_->watch();
  reactor_.run_ready();
  EXPECT_TRUE(ended());
}

TEST_F(SessionTest, WhoReadsNoRepliesLeavesBuffersForOthers) {
  set_aside_ = 2;
  connect();
  service_.hold(true);
  const std::uint32_t count = kSmallPool[2].count;  // of 64 KiB
  for (std::uint32_t i = 0; i < count + 5; ++i) send(request(Command::read, i, 0, 64U << 10U));
  EXPECT_EQ(service_.held(), count) << "all but what is set aside";
  EXPECT_TRUE(buffers_->starved());
  EXPECT_TRUE(buffers_->reserve(64_KiB).await_ready()) << "somebody else finds one";
  // What it asked for is done all the same, with the buffers that it has.
  while (service_.held() > 0) {
    service_.let_go(0);
    reactor_.run_ready();
  }
  EXPECT_EQ(answers().size(), count + 5);
}

TEST_F(SessionTest, SteadyRequestsAllocateNothing) {
  connect();
  const auto round = [this] {
    Bytes burst;
    for (std::uint64_t i = 0; i < 32; ++i) {
      const Bytes one = join({request(Command::write, i, i * 4096, 4096, 0, Bytes(4096, std::byte{1})),
                              request(Command::read, i + 100, i * 4096, 4096)});
      burst.insert(burst.end(), one.begin(), one.end());
    }
    send(burst);
    EXPECT_EQ(answers().size(), 64U);
  };
  for (int i = 0; i < 3; ++i) round();
  const std::size_t before = rt::frame_pool_misses();
  for (int i = 0; i < 20; ++i) round();
  EXPECT_EQ(rt::frame_pool_misses(), before);
}

TEST_F(SessionTest, ACrashMayStrikeAnywhere) {
  connect();
  service_.hold(true);
  send(join({request(Command::read, 1, 0, 65536), request(Command::write, 2, 0, 512, 0, Bytes(512))}));
  scope_.kill();
  session_.reset();
  EXPECT_EQ(buffers_->in_use(), 0U);
  service_.forget_held();
}

}  // namespace
}  // namespace tt::nbd
