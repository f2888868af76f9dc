// SPDX-License-Identifier: Apache-2.0
#include "mirror/link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/crc32c.h"
#include "sim/net.h"

namespace tt::mirror {
namespace {

constexpr std::uint64_t kHere = 0x500507630EFFFE00;
constexpr std::uint64_t kThere = 0x500507630EFFFE01;
const LinkIdentity kCaller{kHere, 11, 0x0001, "2107-75FA120"};
const LinkIdentity kCalled{kThere, 22, 0x0101, "2107-75FA121"};

std::vector<std::byte> data_for(std::uint64_t n, std::size_t blocks) {
  std::vector<std::byte> data(blocks * kBlockBytes);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>((n * 31 + i * 7 + i / 509) & 0xFFU);
  return data;
}

/// An image that notes what it was asked.
class Notes final : public LinkServices {
 public:
  explicit Notes(sim::World& world, rt::Reactor& reactor) : world_(world), reactor_(reactor) {}

  PathStatus admit(const Hello&) override { return admits; }
  rt::Task<Reply> serve(Link&, const Reply& request) override {
    ++being_served;
    if (const auto* write = std::get_if<Write>(&request.message)) {
      begun.push_back(write->first_block);
      EXPECT_TRUE(served.insert(write->first_block).second) << "served twice: " << write->first_block;
      const auto expected = data_for(write->first_block, write->data.size() / kBlockBytes);
      EXPECT_TRUE(std::ranges::equal(expected, write->data)) << write->first_block;
    }
    if (stands_still) co_await rt::sleep_for(reactor_, 3600 * rt::kSecond);
    co_await rt::sleep_for(reactor_, static_cast<rt::TimeNs>(world_.random().below(2'000)) * rt::kMicrosecond);
    Reply reply;
    if (const auto* get = std::get_if<GetMarks>(&request.message)) {
      const std::size_t bytes = divide_up(get->track_count, 8);
      reply.bytes = std::make_unique<std::byte[]>(bytes);
      std::fill_n(reply.bytes.get(), bytes, std::byte{0x55});
      reply.message = Marks{get->first_track, get->track_count, {reply.bytes.get(), bytes}};
    } else {
      reply.message = Answer{AnswerCode::done, PathStatus::none, request.head.pair.value};
    }
    --being_served;
    co_return std::move(reply);
  }

  PathStatus admits = PathStatus::established;
  bool stands_still = false;
  int being_served = 0;
  std::set<std::uint64_t> served;
  std::vector<std::uint64_t> begun;

 private:
  sim::World& world_;
  rt::Reactor& reactor_;
};

rt::Task<void> live(Link& link, std::optional<Errc>& greeting, bool& ended, bool calls, std::uint64_t wwnn,
                    std::uint16_t port) {
  auto agreed = calls ? link.call(wwnn, port) : link.receive_call();
  auto result = co_await std::move(agreed);
  greeting = result ? Errc::ok : result.error().code;
  if (result) co_await link.run();
  ended = true;
}

rt::Task<void> ask_one(Link& link, std::uint64_t n, std::size_t blocks, std::optional<Errc>& outcome) {
  const auto data = data_for(n, blocks);
  Write write;
  write.first_block = n;
  write.data = data;
  Message message(write);
  auto reply = co_await link.ask(Generation(n + 1), 5, std::move(message));
  if (reply) {
    EXPECT_EQ(reply->code(), AnswerCode::done);
    EXPECT_EQ(std::get<Answer>(reply->message).detail, n + 1);
  }
  outcome = reply ? Errc::ok : reply.error().code;
}

/// Two images and a line between them.
struct TwoImages {
  explicit TwoImages(std::uint64_t seed, sim::NetworkOptions options = {})
      : world(seed),
        left(world.boot(1)),
        right(world.boot(1)),
        network(world, options),
        left_notes(world, left.reactor()),
        right_notes(world, right.reactor()),
        left_scope(left.reactor()),
        right_scope(right.reactor()) {
    auto pair = network.make_pair(left.reactor(), right.reactor());
    caller.emplace(left.reactor(), std::move(pair.first), kCaller, left_notes, LinkOptions{});
    called.emplace(right.reactor(), std::move(pair.second), kCalled, right_notes, LinkOptions{});
  }
  ~TwoImages() {
    world.crash();
    left_scope.kill();
    right_scope.kill();
    caller.reset();
    called.reset();
  }

  void start(std::uint64_t wwnn = kThere, std::uint16_t port = 0x0101) {
    left_scope.spawn(live(*caller, caller_greeting, caller_ended, true, wwnn, port));
    right_scope.spawn(live(*called, called_greeting, called_ended, false, 0, 0));
  }
  bool greet() {
    start();
    return run_until([this] { return caller_greeting && called_greeting; }) && caller->up() && called->up();
  }
  bool run_until(const std::function<bool()>& done) { return world.run_until(done) == sim::RunEnd::reached; }
  bool both_ended() {
    return run_until([this] { return caller_ended && called_ended; });
  }

  sim::World world;
  sim::Machine& left;
  sim::Machine& right;
  sim::SimNetwork network;
  Notes left_notes;
  Notes right_notes;
  std::optional<Link> caller;
  std::optional<Link> called;
  std::optional<Errc> caller_greeting;
  std::optional<Errc> called_greeting;
  bool caller_ended = false;
  bool called_ended = false;
  rt::Scope left_scope;
  rt::Scope right_scope;
};

TEST(LinkTest, BothKnowEachOtherAfterTheGreeting) {
  TwoImages images(1);
  ASSERT_TRUE(images.greet());
  EXPECT_EQ(images.caller->peer_wwnn(), kThere);
  EXPECT_EQ(images.caller->peer_life(), 22U);
  EXPECT_EQ(images.caller->peer_serial(), "2107-75FA121");
  EXPECT_EQ(images.called->peer_wwnn(), kHere);
  EXPECT_EQ(images.called->id(), images.caller->id());
  EXPECT_EQ(images.caller->status(), PathStatus::established);
}

/// RM-3: another image than the one that is named.
TEST(LinkTest, RM3_AnotherImageIsStatus06AtBothEnds) {
  TwoImages images(1);
  images.start(0x1234);
  ASSERT_TRUE(images.both_ended());
  EXPECT_EQ(images.caller_greeting, Errc::disconnected);
  EXPECT_EQ(images.caller->status(), PathStatus::other_image);
  EXPECT_EQ(images.called->status(), PathStatus::other_image);
}

TEST(LinkTest, AnotherPortAndWhoIsNotAdmitted) {
  TwoImages other_port(1);
  other_port.start(kThere, 0x0102);
  ASSERT_TRUE(other_port.both_ended());
  EXPECT_EQ(other_port.caller->status(), PathStatus::configuration_error);

  TwoImages unwanted(1);
  unwanted.right_notes.admits = PathStatus::login_limit_there;
  unwanted.start();
  ASSERT_TRUE(unwanted.both_ended());
  EXPECT_EQ(unwanted.caller->status(), PathStatus::login_limit_there);
  EXPECT_FALSE(unwanted.caller->reason().empty());
}

/// RM-82: who takes the connection and says nothing keeps nobody waiting for more than three seconds.
TEST(LinkTest, RM82_AGreetingWithoutAnswerEnds) {
  TwoImages images(1);
  images.left_scope.spawn(
      live(*images.caller, images.caller_greeting, images.caller_ended, true, kThere, std::uint16_t{0x0101}));
  const rt::TimeNs begin = images.world.now();
  ASSERT_TRUE(images.run_until([&] { return images.caller_ended; }));
  EXPECT_EQ(images.caller_greeting, Errc::timed_out);
  EXPECT_EQ(images.caller->status(), PathStatus::timed_out);
  EXPECT_LE(images.world.now() - begin, 4 * rt::kSecond);
}

rt::Task<void> stop_reading(rt::ByteStream& stream, Notes&, bool& greeted) {
  std::vector<std::byte> hello(kFrameHeadBytes + 256);
  auto read = co_await stream.read_some(hello);
  if (!read) co_return;
  Welcome welcome;
  welcome.wwnn = kThere;
  FrameHead head;
  head.number = 1;
  head.answers = 1;
  auto bytes = encode_frame(head, welcome);
  iovec piece{bytes.data(), bytes.size()};
  auto sent = co_await stream.write_all({&piece, 1});
  greeted = sent.has_value();
}

/// RM-82, later: the other end hangs after the greeting. What was asked ends as unknown.
TEST(LinkTest, RM82_ALinkThatFallsSilentIsDown) {
  sim::World world(1);
  sim::Machine& left = world.boot(1);
  sim::Machine& right = world.boot(1);
  sim::SimNetwork network(world);
  auto pair = network.make_pair(left.reactor(), right.reactor());
  Notes notes(world, left.reactor());
  rt::Scope scope(left.reactor());
  rt::Scope other(right.reactor());
  std::optional<Errc> greeting;
  std::vector<std::optional<Errc>> outcomes(40);
  bool ended = false;
  bool greeted = false;
  Link link(left.reactor(), std::move(pair.first), kCaller, notes, {});
  scope.spawn(live(link, greeting, ended, true, kThere, 0x0101));
  other.spawn(stop_reading(*pair.second, notes, greeted));
  ASSERT_EQ(world.run_until([&] { return greeting.has_value(); }), sim::RunEnd::reached);
  ASSERT_TRUE(link.up());
  // More than the window holds, so that some wait for room too.
  for (std::size_t i = 0; i < outcomes.size(); ++i) scope.spawn(ask_one(link, i, 2048, outcomes[i]));
  const rt::TimeNs begin = world.now();
  ASSERT_EQ(world.run_until([&] { return ended; }), sim::RunEnd::reached);
  EXPECT_LE(world.now() - begin, 5 * rt::kSecond);
  EXPECT_EQ(link.status(), PathStatus::link_down);
  ASSERT_EQ(world.run_until([&] { return scope.count() == 0; }), sim::RunEnd::reached);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome, Errc::disconnected);
  pair.second.reset();
}

TEST(LinkTest, AQuietLinkStaysUp) {
  TwoImages images(1);
  ASSERT_TRUE(images.greet());
  images.world.run_for(600 * rt::kSecond);
  EXPECT_TRUE(images.caller->up() && images.called->up());
}

/// Serving that takes for ever is no silence: the line lives.
TEST(LinkTest, ASlowAnswerIsNoSilence) {
  TwoImages images(1);
  images.right_notes.stands_still = true;
  ASSERT_TRUE(images.greet());
  std::optional<Errc> outcome;
  images.left_scope.spawn(ask_one(*images.caller, 1, 8, outcome));
  images.world.run_for(29 * rt::kSecond);
  EXPECT_TRUE(images.caller->up());
  EXPECT_FALSE(outcome.has_value());
}

/// ... but whoever lives and never answers is of no use, and is left.
TEST(LinkTest, AnAnswerThatNeverComesEndsTheLink) {
  TwoImages images(1);
  images.right_notes.stands_still = true;
  ASSERT_TRUE(images.greet());
  std::optional<Errc> outcome;
  images.left_scope.spawn(ask_one(*images.caller, 1, 8, outcome));
  images.world.run_for(35 * rt::kSecond);
  EXPECT_EQ(images.caller->status(), PathStatus::timed_out);
  EXPECT_EQ(outcome, Errc::disconnected);
}

TEST(LinkTest, FramesAreServedInTheOrderInWhichTheyWereSent) {
  TwoImages images(3);
  ASSERT_TRUE(images.greet());
  std::vector<std::optional<Errc>> outcomes(200);
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    images.left_scope.spawn(ask_one(*images.caller, i, 1 + i % 16, outcomes[i]));
  ASSERT_TRUE(
      images.run_until([&] { return std::ranges::all_of(outcomes, [](const auto& o) { return o.has_value(); }); }));
  ASSERT_EQ(images.right_notes.begun.size(), outcomes.size());
  EXPECT_TRUE(std::ranges::is_sorted(images.right_notes.begun));
}

rt::Task<void> get_marks(Link& link, std::optional<Errc>& outcome) {
  Message message(GetMarks{128, 100'000});
  auto reply = co_await link.ask(Generation(1), 1, std::move(message));
  if (reply) {
    const auto& marks = std::get<Marks>(reply->message);
    EXPECT_EQ(marks.first_track, 128U);
    EXPECT_EQ(marks.data.size(), 12'500U);
    EXPECT_EQ(marks.data.back(), std::byte{0x55});
  }
  outcome = reply ? Errc::ok : reply.error().code;
}

TEST(LinkTest, AnswersMayCarryData) {
  TwoImages images(4);
  ASSERT_TRUE(images.greet());
  std::vector<std::optional<Errc>> outcomes(2000);  // more than the window holds
  for (auto& outcome : outcomes) images.left_scope.spawn(get_marks(*images.caller, outcome));
  ASSERT_TRUE(
      images.run_until([&] { return std::ranges::all_of(outcomes, [](const auto& o) { return o.has_value(); }); }));
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome, Errc::ok);
}

TEST(LinkTest, TheOtherEndIsToldWhy) {
  TwoImages images(1);
  ASSERT_TRUE(images.greet());
  std::optional<Errc> outcome;
  images.left_scope.spawn(ask_one(*images.caller, 1, 8, outcome));
  images.called->close(PathStatus::not_available_there, "the path was removed");
  ASSERT_TRUE(images.both_ended());
  ASSERT_TRUE(images.run_until([&] { return outcome.has_value(); }));
  EXPECT_EQ(images.caller->status(), PathStatus::not_available_there);
  EXPECT_EQ(images.caller->reason(), "the path was removed");
  EXPECT_EQ(images.called->status(), PathStatus::not_available_there);
  EXPECT_EQ(outcome, Errc::disconnected);
}

/// Both ends ask, on lines that are cut at any byte: each ask ends once; what was answered was done, and once.
TEST(LinkTest, WhateverHappensToTheLineEachAskEndsOnce) {
  std::size_t done = 0;
  std::size_t unknown = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    sim::NetworkOptions options;
    options.cut_per_million = seed % 3 == 0 ? 0 : static_cast<std::uint32_t>(seed * 100);
    options.window_bytes = 1000 + seed * 997;
    TwoImages images(seed, options);
    if (!images.greet()) {
      EXPECT_NE(options.cut_per_million, 0U);
      continue;
    }
    std::vector<std::optional<Errc>> left(80);
    std::vector<std::optional<Errc>> right(80);
    for (std::size_t i = 0; i < left.size(); ++i) {
      images.left_scope.spawn(ask_one(*images.caller, i, 1 + images.world.random().below(700), left[i]));
      images.right_scope.spawn(ask_one(*images.called, i, 1 + images.world.random().below(700), right[i]));
    }
    const auto all_over = [](const auto& outcomes) {
      return std::ranges::all_of(outcomes, [](const auto& o) { return o.has_value(); });
    };
    ASSERT_TRUE(images.run_until([&] { return all_over(left) && all_over(right); }));
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i] == Errc::ok) EXPECT_TRUE(images.right_notes.served.contains(i));
      if (right[i] == Errc::ok) EXPECT_TRUE(images.left_notes.served.contains(i));
      if (options.cut_per_million == 0) EXPECT_TRUE(left[i] == Errc::ok && right[i] == Errc::ok);
      done += left[i] == Errc::ok ? 1 : 0;
      unknown += left[i] == Errc::ok ? 0 : 1;
    }
    images.caller->close(PathStatus::removed, "over");
    ASSERT_TRUE(images.both_ended());
    EXPECT_EQ(images.left_notes.being_served + images.right_notes.being_served, 0);
  }
  EXPECT_GT(done, 500U);
  EXPECT_GT(unknown, 50U);
}

// ---- an end that does not keep to the protocol ----------------------------------------------------------------------

rt::Task<void> say(rt::ByteStream& stream, std::vector<std::byte> bytes, std::vector<std::byte>& heard) {
  iovec piece{bytes.data(), bytes.size()};
  auto sent = co_await stream.write_all({&piece, 1});
  if (!sent) co_return;
  std::vector<std::byte> buffer(4096);
  for (;;) {
    auto read = co_await stream.read_some(buffer);
    if (!read) co_return;
    heard.insert(heard.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*read));
  }
}

std::vector<std::byte> frame(std::uint64_t number, std::uint64_t answers, const Message& message) {
  FrameHead head;
  head.number = number;
  head.answers = answers;
  auto bytes = encode_frame(head, message);
  const auto data = data_of(message);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

Hello good_hello() {
  Hello hello;
  hello.wwnn = kHere;
  hello.wanted_wwnn = kThere;
  hello.wanted_port = 0x0101;
  hello.link = 99;
  hello.serial = "2107-75FA120";
  return hello;
}

struct Hostile {
  /// What the image did after all of it came.
  Hostile(const std::vector<std::vector<std::byte>>& pieces, rt::TimeNs duration)
      : world(1),
        machine(world.boot(1)),
        far(world.boot(1)),
        network(world),
        notes(world, machine.reactor()),
        scope(machine.reactor()),
        far_scope(far.reactor()) {
    auto pair = network.make_pair(far.reactor(), machine.reactor());
    stream = std::move(pair.first);
    link.emplace(machine.reactor(), std::move(pair.second), kCalled, notes, LinkOptions{});
    std::vector<std::byte> all;
    for (const auto& piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
    scope.spawn(live(*link, greeting, ended, false, 0, 0));
    far_scope.spawn(say(*stream, std::move(all), heard));
    world.run_for(duration);
  }
  ~Hostile() {
    world.crash();
    scope.kill();
    far_scope.kill();
    link.reset();
  }
  sim::World world;
  sim::Machine& machine;
  sim::Machine& far;
  sim::SimNetwork network;
  Notes notes;
  std::unique_ptr<rt::ByteStream> stream;
  std::optional<Link> link;
  std::optional<Errc> greeting;
  std::vector<std::byte> heard;
  bool ended = false;
  rt::Scope scope;
  rt::Scope far_scope;
};

TEST(LinkTest, NonsenseEndsTheLinkAtOnce) {
  const auto hello = frame(1, 0, good_hello());
  const auto data = data_for(7, 2);
  Write write;
  write.first_block = 7;
  write.data = data;
  auto damaged_head = frame(2, 0, write);
  damaged_head[20] ^= std::byte{1};
  Hello newer = good_hello();
  newer.oldest_version = newer.newest_version = kProtocolVersion + 1;
  const std::vector<std::pair<const char*, std::vector<std::vector<std::byte>>>> cases = {
      {"no frame at all", {std::vector<std::byte>(200, std::byte{'x'})}},
      {"work before the greeting", {frame(1, 0, write)}},
      {"a version of tomorrow", {frame(1, 0, newer)}},
      {"a damaged head", {hello, damaged_head}},
      {"a number twice", {hello, frame(2, 0, write), frame(2, 0, write)}},
      {"a hole in the numbers", {hello, frame(3, 0, write)}},
      {"an answer to nothing", {hello, frame(2, 1, Answer{})}},
      {"an answer that answers nothing", {hello, frame(2, 0, Answer{})}},
      {"a second greeting", {hello, frame(2, 0, good_hello())}},
  };
  for (const auto& [what, pieces] : cases) {
    SCOPED_TRACE(what);
    Hostile hostile(pieces, 500 * rt::kMillisecond);
    EXPECT_TRUE(hostile.ended);
    EXPECT_FALSE(hostile.link->up());
    EXPECT_FALSE(hostile.link->reason().empty());
  }
}

/// RM-21: damaged payload is not served; it can be sent again.
TEST(LinkTest, RM21_ADamagedPayloadIsAnsweredChecksum) {
  const auto data = data_for(7, 2);
  Write write;
  write.first_block = 7;
  write.data = data;
  auto damaged = frame(2, 0, write);
  damaged.back() ^= std::byte{1};
  Hostile hostile({frame(1, 0, good_hello()), damaged, frame(3, 0, write)}, 500 * rt::kMillisecond);
  EXPECT_TRUE(hostile.link->up());
  EXPECT_EQ(hostile.notes.served.size(), 1U);
  // Welcome, then both answers: the first of them says checksum.
  std::span<const std::byte> rest(hostile.heard);
  std::vector<AnswerCode> answers;
  while (rest.size() >= kFrameHeadBytes) {
    const auto head = decode_head(rest.first<kFrameHeadBytes>());
    ASSERT_TRUE(head.has_value());
    const auto message = decode_message(*head, rest.subspan(kFrameHeadBytes, head->payload_bytes));
    ASSERT_TRUE(message.has_value());
    if (const auto* answer = std::get_if<Answer>(&*message)) answers.push_back(answer->code);
    rest = rest.subspan(kFrameHeadBytes + head->payload_bytes);
  }
  EXPECT_EQ(answers, (std::vector{AnswerCode::checksum, AnswerCode::done}));
}

/// More than the window at once: memory stays bounded, whatever the other end sends.
TEST(LinkTest, WhoSendsMoreThanTheWindowIsCutOff) {
  std::vector<std::vector<std::byte>> pieces{frame(1, 0, good_hello())};
  for (std::uint64_t n = 0; n < 20; ++n) {
    const auto data = data_for(n, kMostDataBytes / kBlockBytes);
    Write write;
    write.first_block = n;
    write.data = data;
    pieces.push_back(frame(2 + n, 0, write));
  }
  Hostile hostile(pieces, 0);
  hostile.notes.stands_still = true;
  hostile.world.run_for(60 * rt::kSecond);
  EXPECT_FALSE(hostile.link->up());
  EXPECT_LE(hostile.notes.served.size(), 16U);
  EXPECT_GE(hostile.notes.served.size(), 14U);
}

rt::Task<void> say_and_never_read(rt::ByteStream& stream, std::vector<std::byte> bytes) {
  iovec piece{bytes.data(), bytes.size()};
  auto sent = co_await stream.write_all({&piece, 1});
  (void)sent;  // the link may have gone meanwhile
}

/// Beats need no room in the window; who asks for answers and does not read them is cut off all the same.
TEST(LinkTest, WhoReadsNoAnswersIsCutOff) {
  Hostile hostile({frame(1, 0, good_hello())}, 100 * rt::kMillisecond);
  ASSERT_TRUE(hostile.link->up());
  hostile.far_scope.kill();  // nobody reads there any more
  std::vector<std::byte> beats;
  for (std::uint64_t n = 0; n < 80'000; ++n) {
    const auto beat = frame(2 + n, 0, Beat{});
    beats.insert(beats.end(), beat.begin(), beat.end());
  }
  hostile.far_scope.spawn(say_and_never_read(*hostile.stream, std::move(beats)));
  hostile.world.run_for(60 * rt::kSecond);
  EXPECT_FALSE(hostile.link->up());
  EXPECT_EQ(hostile.link->status(), PathStatus::no_resources_there);
}

/// The other end of a link that calls, by hand.
struct Caller {
  explicit Caller(sim::NetworkOptions options)
      : world(1),
        machine(world.boot(1)),
        far(world.boot(1)),
        network(world, options),
        notes(world, machine.reactor()),
        scope(machine.reactor()),
        far_scope(far.reactor()) {
    auto pair = network.make_pair(machine.reactor(), far.reactor());
    link.emplace(machine.reactor(), std::move(pair.first), kCaller, notes, LinkOptions{});
    stream = std::move(pair.second);
    scope.spawn(live(*link, greeting, ended, true, kThere, 0x0101));
  }
  ~Caller() {
    world.crash();
    scope.kill();
    far_scope.kill();
    link.reset();
  }
  /// And reads nothing.
  void far_end_welcomes() {
    Welcome welcome;
    welcome.wwnn = kThere;
    far_scope.spawn(say_and_never_read(*stream, frame(1, 1, welcome)));
  }

  sim::World world;
  sim::Machine& machine;
  sim::Machine& far;
  sim::SimNetwork network;
  Notes notes;
  std::unique_ptr<rt::ByteStream> stream;
  std::optional<Link> link;
  std::optional<Errc> greeting;
  bool ended = false;
  rt::Scope scope;
  rt::Scope far_scope;
};

/// Whatever it says: a link that is over is not established, and will be made again.
TEST(LinkTest, AGoodbyeNeverSaysThatTheLinkIsUp) {
  for (const PathStatus said :
       {PathStatus::established, PathStatus::none, PathStatus::degraded, PathStatus::removed, PathStatus::other_ssid}) {
    for (const bool in_greeting : {true, false}) {
      Caller caller({});
      Goodbye goodbye;
      goodbye.status = said;
      Welcome welcome;
      welcome.wwnn = kThere;
      std::vector<std::byte> bytes = in_greeting ? frame(1, 1, goodbye) : frame(1, 1, welcome);
      if (!in_greeting) {
        const std::vector<std::byte> more = frame(2, 0, goodbye);
        bytes.insert(bytes.end(), more.begin(), more.end());
      }
      caller.far_scope.spawn(say_and_never_read(*caller.stream, std::move(bytes)));
      caller.world.run_for(rt::kSecond);
      EXPECT_TRUE(caller.ended);
      EXPECT_EQ(caller.link->status(), said == PathStatus::other_ssid ? said : PathStatus::link_down);
    }
  }
}

/// A goodbye behind frames that nobody reads does not hold up whoever wants to end.
TEST(LinkTest, AGoodbyeThatDoesNotGoOutIsGivenUp) {
  sim::NetworkOptions options;
  options.window_bytes = 4096;
  Caller caller(options);
  caller.far_end_welcomes();
  caller.world.run_for(rt::kSecond / 10);
  std::optional<Errc> outcome;
  caller.scope.spawn(ask_one(*caller.link, 1, 100, outcome));
  caller.world.run_for(rt::kSecond / 10);
  caller.link->close(PathStatus::not_available_there, "the end");
  caller.world.run_for(4 * rt::kSecond);
  EXPECT_TRUE(caller.ended);
  EXPECT_EQ(caller.link->status(), PathStatus::not_available_there);
  EXPECT_EQ(outcome, Errc::disconnected);
}

rt::Task<void> be_called(Link& link, std::vector<std::uint64_t> proven, std::optional<Errc>& greeting) {
  auto result = co_await link.receive_call(std::move(proven));
  greeting = result ? Errc::ok : result.error().code;
}

/// Whoever has the certificate of one image cannot call as another one.
TEST(LinkTest, WhoCallsIsWhoItsCertificateSays) {
  for (const auto& [proven, status] :
       {std::pair(std::vector<std::uint64_t>{kThere + 7}, PathStatus::initialization_failed),
        std::pair(std::vector<std::uint64_t>{kThere + 7, kHere}, PathStatus::established)}) {
    sim::World world(1);
    sim::Machine& machine = world.boot(1);
    sim::SimNetwork network(world);
    Notes notes(world, machine.reactor());
    auto pair = network.make_pair(machine.reactor(), machine.reactor());
    Link caller(machine.reactor(), std::move(pair.first), kCaller, notes, LinkOptions{});
    Link called(machine.reactor(), std::move(pair.second), kCalled, notes, LinkOptions{});
    rt::Scope scope(machine.reactor());
    std::optional<Errc> greeting;
    std::optional<Errc> answered;
    bool ended = false;
    scope.spawn(live(caller, greeting, ended, true, kThere, 0x0101));
    scope.spawn(be_called(called, proven, answered));
    world.run_for(rt::kSecond);
    EXPECT_EQ(caller.status(), status);
    EXPECT_EQ(called.status(), status);
    world.crash();
    scope.kill();
  }
}

/// What is not understood in the greeting is not a line that is down; with TLS also that our certificate was refused.
TEST(LinkTest, AnAnswerToTheGreetingThatMakesNoSense) {
  Welcome newer;
  newer.wwnn = kThere;
  newer.version = kProtocolVersion + 1;
  Welcome features;
  features.wwnn = kThere;
  features.features = 1;
  const std::vector<std::byte> garbage(200, std::byte{0x15});
  for (const auto& said : {frame(1, 1, newer), frame(1, 1, features), garbage}) {
    Caller caller({});
    caller.far_scope.spawn(say_and_never_read(*caller.stream, said));
    caller.world.run_for(rt::kSecond);
    EXPECT_TRUE(caller.ended);
    EXPECT_EQ(caller.link->status(), PathStatus::initialization_failed);
  }
}

TEST(LinkTest, RM3_AnImageThatWelcomesAsAnotherIsNotTaken) {
  Caller caller({});
  Welcome welcome;
  welcome.wwnn = kThere + 1;
  caller.far_scope.spawn(say_and_never_read(*caller.stream, frame(1, 1, welcome)));
  caller.world.run_for(rt::kSecond);
  EXPECT_TRUE(caller.ended);
  EXPECT_EQ(caller.link->status(), PathStatus::other_image);
}

rt::Task<void> read_some_more(rt::ByteStream& stream, std::uint64_t bytes, std::uint64_t& read_bytes) {
  std::vector<std::byte> buffer(10'000);
  while (read_bytes < bytes) {
    auto read = co_await stream.read_some(buffer);
    if (!read) co_return;
    read_bytes += *read;
  }
}

/// As long as the frame is on its way out its data are read: an answer that comes too early does not give them back.
TEST(LinkTest, AnAnswerBeforeTheFrameIsSentHasToWait) {
  sim::NetworkOptions options;
  options.window_bytes = 4096;
  Caller caller(options);
  caller.far_end_welcomes();
  ASSERT_EQ(caller.world.run_until([&] { return caller.greeting.has_value(); }), sim::RunEnd::reached);
  std::optional<Errc> outcome;
  caller.scope.spawn(ask_one(*caller.link, 1, 2000, outcome));
  caller.world.run_for(100 * rt::kMillisecond);
  Answer answer;
  answer.detail = 2;
  caller.far_scope.spawn(say_and_never_read(*caller.stream, frame(2, 2, answer)));
  caller.world.run_for(500 * rt::kMillisecond);
  EXPECT_FALSE(outcome.has_value()) << "a million bytes cannot have gone out";
  std::uint64_t read_bytes = 0;
  caller.far_scope.spawn(read_some_more(*caller.stream, 1'024'000, read_bytes));
  ASSERT_EQ(caller.world.run_until([&] { return outcome.has_value(); }), sim::RunEnd::reached);
  EXPECT_EQ(outcome, Errc::ok);
}

}  // namespace
}  // namespace tt::mirror
