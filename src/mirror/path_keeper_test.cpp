// SPDX-License-Identifier: Apache-2.0
#include "mirror/path_keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <set>
#include <string>

#include "sim/net.h"

namespace tt::mirror {
namespace {

constexpr std::uint64_t kHere = 0x500507630EFFFE00;
constexpr std::uint64_t kThere = 0x500507630EFFFE01;
const std::vector<PathPorts> kTwo{{0x0001, 0x0101}, {0x0102, 0x0002}};
const OpenPath kWords{0x10, 0x20, 0xFF10, 0xFF20, false};
const PathKey kKey{kThere, 0x10, 0x20};

constexpr std::uint64_t kSlowBlock = 4096;

/// The image there: knows which paths were opened.
class Target final : public LinkServices {
 public:
  PathStatus admit(const Hello&) override { return PathStatus::established; }
  rt::Task<Reply> serve(Link& link, const Reply& request) override {
    Answer answer;
    if (silent) co_await rt::sleep_for(*silent, 3600 * rt::kSecond);
    if (const auto* open = std::get_if<OpenPath>(&request.message)) {
      answer.path = verdict;
      if (verdict == PathStatus::established) opened.insert({link.id(), open->source_lss});
    } else if (const auto* close = std::get_if<ClosePath>(&request.message)) {
      opened.erase({link.id(), close->source_lss});
      ++closed;
    } else if (const auto* fence = std::get_if<Fence>(&request.message)) {
      co_await keeper->fence(link.peer_wwnn(), fence->link);
      ++fenced;
    } else if (const auto* zero = std::get_if<Zero>(&request.message); zero != nullptr && slow != nullptr) {
      if (zero->first_block == kSlowBlock) co_await rt::sleep_for(*slow, 10 * rt::kSecond);
      done.push_back(zero->first_block);
    } else if (!opened.contains({link.id(), static_cast<int>(request.head.pair.value)})) {
      answer.code = AnswerCode::state;
    }
    Reply reply;
    reply.message = answer;
    co_return std::move(reply);
  }

  rt::Reactor* silent = nullptr;  ///< Takes questions, beats, and does not answer.
  rt::Reactor* slow = nullptr;    ///< Does what is asked of kSlowBlock after ten seconds.
  PathKeeper* keeper = nullptr;
  std::vector<std::uint64_t> done;
  int fenced = 0;
  PathStatus verdict = PathStatus::established;
  std::set<std::pair<std::uint64_t, int>> opened;
  int closed = 0;
};

/// Ports are listeners of one name each.
std::uint16_t tcp_port(std::uint16_t port) {
  return static_cast<std::uint16_t>(5000 + port);
}

class ToPorts final : public Dialer {
 public:
  explicit ToPorts(rt::Net& net) : net_(net) {}
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> dial(std::uint64_t, PathPorts ports) override {
    ++dials;
    if (fails != Errc::ok) co_return fails;
    auto stream = co_await net_.connect_tcp("there", tcp_port(ports.remote), rt::kUsualConnection);
    co_return std::move(stream);
  }
  int dials = 0;
  Errc fails = Errc::ok;

 private:
  rt::Net& net_;
};

rt::Task<void> accept_at(rt::Listener& listener, PathKeeper& keeper, rt::Scope& scope, std::uint16_t port) {
  for (;;) {
    auto stream = co_await listener.accept();
    if (!stream) co_return;
    scope.spawn(keeper.attend(std::move(*stream), port, {kHere}));
  }
}

rt::Task<void> establish(PathKeeper& keeper, PathKey key, OpenPath words, std::vector<PathPorts> ports,
                         std::vector<PathReport>& statuses, bool& over) {
  auto result = co_await keeper.establish(key, words, std::move(ports));
  statuses = std::move(result);
  over = true;
}

rt::Task<void> stop(PathKeeper& keeper, bool& over) {
  co_await keeper.stop();
  over = true;
}

rt::Task<void> ask_zero(PathKeeper& keeper, PathKey key, std::optional<Errc>& outcome, std::uint64_t block = 8) {
  Message message(Zero{block, 8});
  auto reply = co_await keeper.ask(key, Generation(key.source_lss), 1, std::move(message));
  outcome = !reply ? reply.error().code : reply->code() == AnswerCode::done ? Errc::ok : Errc::invalid_argument;
}

rt::Task<void> probe(PathKeeper& keeper, std::uint64_t wwnn, PathPorts ports, std::optional<PathStatus>& status) {
  auto found = co_await keeper.probe(wwnn, ports);
  status = found.status;
}

rt::Task<void> rehearse(PathKeeper& keeper, PathKey key, OpenPath words, std::vector<PathPorts> ports,
                        std::vector<PathReport>& reports, bool& over) {
  auto result = co_await keeper.rehearse(key, words, std::move(ports));
  reports = std::move(result);
  over = true;
}

/// An image with paths, and one that is called, which can be away for a while.
struct Site {
  explicit Site(std::uint64_t seed, sim::NetworkOptions options = {})
      : world(seed),
        here(world.boot(1)),
        there(world.boot(1)),
        network(world, options),
        here_net(network.mount(here.reactor())),
        there_net(network.mount(there.reactor())),
        dialer(*here_net),
        scope(here.reactor()),
        there_scope(there.reactor()) {
    keeper.emplace(here.reactor(), LinkIdentity{kHere, 1, 0, "2107-75FA120"}, nobody, dialer, LinkOptions{});
    rise();
  }
  ~Site() {
    world.crash();
    scope.kill();
    there_scope.kill();
    keeper.reset();
    target.reset();
    listeners.clear();
  }

  void rise() {
    target.emplace(there.reactor(), LinkIdentity{kThere, ++life, 0, "2107-75FA121"}, services, dialer, LinkOptions{});
    services.keeper = &*target;
    for (const PathPorts ports : kTwo) {
      auto listener = there_net->listen_tcp("there", tcp_port(ports.remote));
      ASSERT_TRUE(listener);
      listeners.push_back(std::move(*listener));
      there_scope.spawn(accept_at(*listeners.back(), *target, there_scope, ports.remote));
    }
  }
  void fall() {
    for (const auto& listener : listeners) listener->close();
    bool over = false;
    there_scope.spawn(stop(*target, over));
    ASSERT_TRUE(run_until([&] { return over && there_scope.count() == 0; }));
    listeners.clear();
    target.reset();
    services.opened.clear();
  }
  std::vector<PathReport> make(PathKey key, OpenPath words, std::vector<PathPorts> ports) {
    std::vector<PathReport> statuses;
    bool over = false;
    scope.spawn(establish(*keeper, key, words, std::move(ports), statuses, over));
    EXPECT_TRUE(run_until([&] { return over; }));
    return statuses;
  }
  Errc ask(PathKey key) {
    std::optional<Errc> outcome;
    scope.spawn(ask_zero(*keeper, key, outcome));
    EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
    return outcome.value_or(Errc::timed_out);
  }
  /// Of a block that takes its time; nobody waits for it.
  void ask_slowly(PathKey key) {
    services.slow = &there.reactor();
    outcomes.emplace_back();
    scope.spawn(ask_zero(*keeper, key, outcomes.back(), kSlowBlock));
    world.run_for(rt::kSecond);
  }
  /// The image here is started anew, and makes its paths again.
  void start_anew(std::uint64_t its_life) {
    bool over = false;
    scope.spawn(stop(*keeper, over));
    ASSERT_TRUE(run_until([&] { return over; }));
    keeper.emplace(here.reactor(), LinkIdentity{kHere, its_life, 0, "2107-75FA120"}, nobody, dialer, LinkOptions{});
  }
  PathStatus reaches(std::uint64_t wwnn, PathPorts ports) {
    std::optional<PathStatus> status;
    scope.spawn(probe(*keeper, wwnn, ports, status));
    EXPECT_TRUE(run_until([&] { return status.has_value(); }));
    return status.value_or(PathStatus::none);
  }
  bool run_until(const std::function<bool()>& done) { return world.run_until(done) == sim::RunEnd::reached; }
  bool is_up(PathKey key) { return keeper->health(key) == PathSet::Health::up; }

  sim::World world;
  sim::Machine& here;
  sim::Machine& there;
  sim::SimNetwork network;
  std::unique_ptr<rt::Net> here_net;
  std::unique_ptr<rt::Net> there_net;
  ToPorts dialer;
  Target nobody;
  Target services;
  std::optional<PathKeeper> keeper;
  std::optional<PathKeeper> target;
  std::deque<std::optional<Errc>> outcomes;
  std::vector<std::unique_ptr<rt::Listener>> listeners;
  std::uint64_t life = 0;
  rt::Scope scope;
  rt::Scope there_scope;
};

PathStatus only(const std::vector<PathReport>& statuses) {
  EXPECT_EQ(statuses.size(), 1U);
  return statuses.empty() ? PathStatus::none : statuses[0].status;
}

/// RM-2: both ports are up; naming one again leaves that one.
TEST(PathKeeperTest, RM2_BothPortsThenOne) {
  Site site(1);
  const auto both = site.make(kKey, kWords, kTwo);
  ASSERT_EQ(both.size(), 2U);
  for (const auto& path : both) EXPECT_EQ(path.status, PathStatus::established);
  EXPECT_EQ(site.services.opened.size(), 2U);
  EXPECT_EQ(only(site.make(kKey, kWords, {kTwo[1]})), PathStatus::established);
  ASSERT_TRUE(site.run_until([&] { return site.services.closed == 1 && site.network.connections() == 1; }));
  EXPECT_EQ(site.ask(kKey), Errc::ok);
  EXPECT_EQ(site.dialer.dials, 2) << "what stays is not disturbed";
}

/// RM-3: nothing is tried again where another image answers.
TEST(PathKeeperTest, RM3_AnotherImage) {
  Site site(1);
  const PathKey wrong{0x1234, 0x10, 0x20};
  EXPECT_EQ(only(site.make(wrong, kWords, {kTwo[0]})), PathStatus::other_image);
  site.world.run_for(300 * rt::kSecond);
  EXPECT_EQ(site.dialer.dials, 1);
  site.keeper->remove(wrong);
  EXPECT_TRUE(site.keeper->statuses(wrong).empty());
}

TEST(PathKeeperTest, AProbeLeavesNothingBehindAndSharesWhatIsUp) {
  Site site(1);
  EXPECT_EQ(site.reaches(kThere, kTwo[0]), PathStatus::established);
  ASSERT_TRUE(site.run_until([&] { return site.network.connections() == 0; }));
  EXPECT_TRUE(site.services.opened.empty()) << "no path is opened for it";
  EXPECT_EQ(site.reaches(0x1234, kTwo[0]), PathStatus::other_image);
  EXPECT_EQ(site.reaches(kThere, {1, 77}), PathStatus::link_down);
  site.make(kKey, kWords, kTwo);
  const int dials = site.dialer.dials;
  EXPECT_EQ(site.reaches(kThere, kTwo[0]), PathStatus::established);
  EXPECT_EQ(site.dialer.dials, dials);
  EXPECT_EQ(site.keeper->peer_serial(kKey), "2107-75FA121");
  site.world.run_for(10 * rt::kSecond);
  EXPECT_TRUE(site.is_up(kKey)) << "the probe took nothing with it";
}

TEST(PathKeeperTest, ARehearsalLeavesWhatThereIs) {
  Site site(1);
  site.make(kKey, kWords, kTwo);
  site.services.verdict = PathStatus::other_ssid;
  std::vector<PathReport> reports;
  bool over = false;
  site.scope.spawn(rehearse(*site.keeper, kKey, kWords, {kTwo[0], {1, 77}}, reports, over));
  ASSERT_TRUE(site.run_until([&] { return over; }));
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].status, PathStatus::other_ssid);
  EXPECT_EQ(reports[1].status, PathStatus::link_down);
  site.world.run_for(10 * rt::kSecond);
  EXPECT_TRUE(site.is_up(kKey));
  EXPECT_EQ(site.services.closed, 0);
}

/// A link that was given up takes its questions with it: nobody waits for the limit of an answer.
TEST(PathKeeperTest, AStopIsQuick) {
  Site site(1);
  site.make(kKey, kWords, kTwo);
  const rt::TimeNs begin = site.world.now();
  bool over = false;
  site.scope.spawn(stop(*site.keeper, over));
  ASSERT_TRUE(site.run_until([&] { return over; }));
  EXPECT_LT(site.world.now() - begin, rt::kSecond);
}

/// One that beats is alive, but a path that it does not open is not up.
TEST(PathKeeperTest, NobodyWaitsForEverForAPathToBeOpened) {
  Site site(1);
  site.services.silent = &site.there.reactor();
  const rt::TimeNs begin = site.world.now();
  EXPECT_EQ(only(site.make(kKey, kWords, {kTwo[0]})), PathStatus::link_down);
  EXPECT_LT(site.world.now() - begin, 10 * rt::kSecond);
  site.services.silent = nullptr;
  ASSERT_TRUE(site.run_until([&] { return site.is_up(kKey); })) << "it comes back when it answers";
}

TEST(PathKeeperTest, WhyThereIsNoConnectionIsShown) {
  for (const auto& [error, status] :
       {std::pair(Errc::object_not_found, PathStatus::port_not_configured),
        std::pair(Errc::not_combinable, PathStatus::configuration_error),
        std::pair(Errc::authentication_failed, PathStatus::initialization_failed),
        std::pair(Errc::timed_out, PathStatus::timed_out), std::pair(Errc::disconnected, PathStatus::link_down)}) {
    Site site(1);
    site.dialer.fails = error;
    EXPECT_EQ(only(site.make(kKey, kWords, {kTwo[0]})), status);
    EXPECT_EQ(site.keeper->peer_serial(kKey), "");
  }
}

TEST(PathKeeperTest, AClosedPortEndsLinksInBothDirectionsAndPathsComeBack) {
  Site site(1);
  site.make(kKey, kWords, kTwo);
  site.keeper->close_port(kTwo[0].local);
  ASSERT_TRUE(site.run_until([&] { return site.keeper->health(kKey) == PathSet::Health::degraded; }));
  EXPECT_EQ(site.keeper->statuses(kKey)[0].status, PathStatus::link_down);
  ASSERT_TRUE(site.run_until([&] { return site.is_up(kKey); }));
  site.target->close_port(kTwo[1].remote);
  ASSERT_TRUE(site.run_until([&] { return site.keeper->health(kKey) == PathSet::Health::degraded; }));
  EXPECT_EQ(site.keeper->statuses(kKey)[1].status, PathStatus::not_available_there);
  ASSERT_TRUE(site.run_until([&] { return site.is_up(kKey); }));
}

/// RM-5: paths have a direction, and belong to their LSSs.
TEST(PathKeeperTest, RM5_OtherLssesHaveNoPath) {
  Site site(1);
  site.make(kKey, kWords, kTwo);
  EXPECT_EQ(site.ask({kThere, 0x20, 0x10}), Errc::disconnected);
  EXPECT_EQ(site.ask(kKey), Errc::ok);
}

/// RM-6: lines that are cut come back by themselves, and with them the paths at the other end.
TEST(PathKeeperTest, RM6_WhatIsCutComesBack) {
  Site site(2);
  site.make(kKey, kWords, kTwo);
  for (int i = 0; i < 5; ++i) {
    site.network.cut_all();
    ASSERT_TRUE(site.run_until([&] { return site.keeper->health(kKey) == PathSet::Health::down; }));
    EXPECT_EQ(site.ask(kKey), Errc::disconnected);
    const rt::TimeNs begin = site.world.now();
    ASSERT_TRUE(site.run_until([&] { return site.is_up(kKey); }));
    EXPECT_LT(site.world.now() - begin, 2 * rt::kSecond);
    EXPECT_EQ(site.ask(kKey), Errc::ok);
  }
}

/// The answer was lost with the line. What is asked after that is done after it.
TEST(PathKeeperTest, RM20_WhatIsSentAfterALostLineIsDoneAfterIt) {
  Site site(5);
  site.make(kKey, kWords, kTwo);
  site.ask_slowly(kKey);
  site.network.cut_all();
  ASSERT_TRUE(site.run_until([&] { return site.outcomes.back().has_value(); }));
  EXPECT_EQ(site.outcomes.back(), Errc::disconnected);
  ASSERT_TRUE(site.run_until([&] { return site.keeper->health(kKey) == PathSet::Health::down; }));
  ASSERT_TRUE(site.run_until([&] { return site.is_up(kKey); }));
  EXPECT_EQ(site.ask(kKey), Errc::ok);
  EXPECT_EQ(site.services.done, (std::vector<std::uint64_t>{kSlowBlock, 8}));
  EXPECT_EQ(site.services.fenced, 1);
  EXPECT_EQ(site.ask(kKey), Errc::ok);
  EXPECT_EQ(site.services.fenced, 1) << "once is enough";
}

/// Whoever is started anew knows nothing of what it sent before.
TEST(PathKeeperTest, WhatAFormerLifeSentIsDoneBefore) {
  for (const int starts : {1, 2, 4}) {
    Site site(6);
    site.make(kKey, kWords, kTwo);
    site.ask_slowly(kKey);
    site.network.cut_all();
    for (int start = 0; start < starts; ++start) {
      site.start_anew(static_cast<std::uint64_t>(2 + start));
      std::vector<PathReport> statuses;
      site.outcomes.emplace_back();
      if (start + 1 == starts) site.make(kKey, kWords, kTwo);
      site.world.run_for(rt::kSecond);
    }
    ASSERT_TRUE(site.run_until([&] { return site.is_up(kKey); })) << starts;
    EXPECT_EQ(site.ask(kKey), Errc::ok) << starts;
    EXPECT_EQ(site.services.done, (std::vector<std::uint64_t>{kSlowBlock, 8})) << starts;
    site.fall();
  }
}

/// Paths stay defined while the other image is away, and are there again when it is.
TEST(PathKeeperTest, AfterARestartOfTheOtherImage) {
  Site site(3);
  site.make(kKey, kWords, kTwo);
  site.fall();
  ASSERT_TRUE(site.run_until([&] { return site.keeper->health(kKey) == PathSet::Health::down; }));
  site.world.run_for(700 * rt::kSecond);
  for (const auto& path : site.keeper->statuses(kKey)) EXPECT_EQ(path.status, PathStatus::retry_exceeded);
  site.rise();
  const rt::TimeNs begin = site.world.now();
  ASSERT_TRUE(site.run_until([&] { return site.is_up(kKey); }));
  EXPECT_LE(site.world.now() - begin, 31 * rt::kSecond);
  EXPECT_EQ(site.services.opened.size(), 2U);
}

/// However many LSSs: one connection for two ports.
TEST(PathKeeperTest, LinksAreShared) {
  Site site(4);
  for (std::uint8_t lss = 0; lss < 40; ++lss) {
    OpenPath words = kWords;
    words.source_lss = lss;
    EXPECT_EQ(only(site.make({kThere, lss, 0x20}, words, {kTwo[0]})), PathStatus::established);
  }
  EXPECT_EQ(site.network.connections(), 1U);
  EXPECT_EQ(site.services.opened.size(), 40U);
  for (std::uint8_t lss = 0; lss < 40; ++lss) site.keeper->remove({kThere, lss, 0x20});
  ASSERT_TRUE(site.run_until([&] { return site.network.connections() == 0; }));
  EXPECT_EQ(site.services.closed, 40);
  EXPECT_TRUE(site.services.opened.empty());
}

/// A refusal that does not pass is tried again when somebody asks.
TEST(PathKeeperTest, ARefusalIsTriedAgainOnDemand) {
  Site site(5);
  site.services.verdict = PathStatus::other_ssid;
  EXPECT_EQ(only(site.make(kKey, kWords, {kTwo[0]})), PathStatus::other_ssid);
  site.world.run_for(100 * rt::kSecond);
  EXPECT_EQ(only(site.keeper->statuses(kKey)), PathStatus::other_ssid);
  site.services.verdict = PathStatus::established;
  EXPECT_EQ(only(site.make(kKey, kWords, {kTwo[0]})), PathStatus::established);
}

/// Removed and made again at once: the link that is being closed is nobody's any more.
TEST(PathKeeperTest, RemovedAndMadeAgain) {
  sim::NetworkOptions options;
  options.window_bytes = 70;  // a goodbye takes its time
  Site site(6, options);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(only(site.make(kKey, kWords, {kTwo[0]})), PathStatus::established) << i;
    site.keeper->remove(kKey);
    site.world.run_for(static_cast<rt::TimeNs>(site.world.random().below(1500)) * rt::kMicrosecond);
  }
}

/// While attempts fail, and while one is under way: whoever waits is told, and the stop ends.
TEST(PathKeeperTest, AStopDuringAttempts) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Site site(seed);
    if (seed % 2 == 0) site.fall();
    std::vector<PathReport> statuses;
    bool over = false;
    site.scope.spawn(establish(*site.keeper, kKey, kWords, kTwo, statuses, over));
    site.world.run_for(static_cast<rt::TimeNs>(site.world.random().below(seed % 3 == 0 ? 3'000'000 : 1'000)) *
                       rt::kMicrosecond);
    bool stopped = false;
    site.scope.spawn(stop(*site.keeper, stopped));
    ASSERT_TRUE(site.run_until([&] { return stopped && over; })) << seed;
    EXPECT_TRUE(site.keeper->statuses(kKey).empty());
    EXPECT_EQ(site.ask(kKey), Errc::disconnected);
  }
}

/// A path that goes and comes back in one breath: what is said of the former one does not close the new one.
TEST(PathKeeperTest, AFormerPathDoesNotCloseItsSuccessor) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Site site(seed);
    std::vector<PathReport> statuses;
    std::deque<bool> overs;
    site.make({kThere, 0x11, 0x20}, {0x11, 0x20, 0xFF11, 0xFF20, false}, kTwo);  // keeps the links up
    for (std::size_t i = 0; i < 7; ++i) {
      overs.push_back(false);
      std::vector<PathPorts> ports{kTwo[i % 2]};
      site.scope.spawn(establish(*site.keeper, kKey, kWords, std::move(ports), statuses, overs.back()));
      site.world.run_for(static_cast<rt::TimeNs>(site.world.random().below(300)) * rt::kMicrosecond);
    }
    ASSERT_TRUE(site.run_until([&] { return std::ranges::all_of(overs, [](bool over) { return over; }); }));
    site.world.run_for(rt::kSecond);
    EXPECT_EQ(site.ask(kKey), Errc::ok) << seed;
  }
}

/// Another SSID is another promise: said again on every path.
TEST(PathKeeperTest, OtherWordsAreSaid) {
  Site site(8);
  site.make(kKey, kWords, kTwo);
  OpenPath other = kWords;
  other.source_ssid = 0x1234;
  site.services.verdict = PathStatus::other_ssid;
  for (const auto& path : site.make(kKey, other, kTwo)) EXPECT_EQ(path.status, PathStatus::other_ssid);
}

/// An image that does not say how the path is does not know paths.
TEST(PathKeeperTest, AnAnswerWithoutAStatus) {
  Site site(7);
  site.services.verdict = PathStatus::none;
  EXPECT_EQ(only(site.make(kKey, kWords, {kTwo[0]})), PathStatus::initialization_failed);
}

/// Cuts, removals, other sets and absences of the other image in any order: what is wanted at the end comes up, what
/// is not is gone, and a stop ends.
TEST(PathKeeperTest, AnythingInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    sim::NetworkOptions options;
    options.cut_per_million = static_cast<std::uint32_t>(seed % 4 * 3000);
    Site site(seed, options);
    bool away = false;
    std::vector<PathReport> statuses;
    std::deque<bool> overs;
    for (int i = 0; i < 40; ++i) {
      const auto lss = static_cast<std::uint8_t>(site.world.random().below(4));
      const PathKey key{kThere, lss, 0x20};
      OpenPath words = kWords;
      words.source_lss = lss;
      switch (site.world.random().below(6)) {
        case 0:
          site.keeper->remove(key);
          break;
        case 1:
          site.network.cut_all();
          break;
        case 2:
          away ? site.rise() : site.fall();
          away = !away;
          break;
        default: {
          const bool one = site.world.random().chance(1, 2);
          overs.push_back(false);
          site.scope.spawn(
              establish(*site.keeper, key, words, one ? std::vector{kTwo[lss % 2]} : kTwo, statuses, overs.back()));
        }
      }
      site.world.run_for(static_cast<rt::TimeNs>(site.world.random().below(3'000'000)) * rt::kMicrosecond);
    }
    if (away) site.rise();
    for (std::uint8_t lss = 0; lss < 4; ++lss) {
      const PathKey key{kThere, lss, 0x20};
      OpenPath words = kWords;
      words.source_lss = lss;
      overs.push_back(false);
      site.scope.spawn(establish(*site.keeper, key, words, kTwo, statuses, overs.back()));
    }
    ASSERT_TRUE(site.run_until([&] { return std::ranges::all_of(overs, [](bool over) { return over; }); }));
    ASSERT_TRUE(site.run_until([&] {
      bool up = true;
      for (std::uint8_t lss = 0; lss < 4; ++lss) up = up && site.is_up({kThere, lss, 0x20});
      return up;
    }));
    // Both ends agree on what is open, on every path: frames of an LSS pair are taken.
    for (std::uint8_t lss = 0; options.cut_per_million == 0 && lss < 4; ++lss) {
      for (int i = 0; i < 4; ++i) EXPECT_EQ(site.ask({kThere, lss, 0x20}), Errc::ok);
    }
    bool stopped = false;
    site.scope.spawn(stop(*site.keeper, stopped));
    ASSERT_TRUE(site.run_until([&] { return stopped && site.scope.count() == 0; }));
    ASSERT_TRUE(site.run_until([&] { return site.network.connections() == 0; }));
  }
}

}  // namespace
}  // namespace tt::mirror
