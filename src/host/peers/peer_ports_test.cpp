// SPDX-License-Identifier: Apache-2.0
// Two images' ports with TLS between them in a simulated network: who may come in, who is reached, who is cut off. What
// is said over the connections is tried with whole images (tests/dscli, tests/mirror).
#include "host/peers/peer_ports.h"

#include <gtest/gtest.h>

#include "host/testing/certificates.h"
#include "sim/net.h"

namespace tt::peers {
namespace {

using host_testing::CertificateFolder;
using Stream = std::unique_ptr<rt::ByteStream>;

constexpr std::uint64_t kThere = 0x500507630AFFC29F;
constexpr mirror::PathPorts kPorts{0x100, 0x100};

/// Keeps who comes until the other end is gone.
class Visitors final : public image::CallDesk {
 public:
  rt::Task<void> attend(Stream stream, std::uint16_t, std::vector<std::uint64_t> proven) override {
    ++came;
    last_proven = std::move(proven);
    std::array<std::byte, 1> byte{};
    auto read = co_await stream->read_some(byte);
    (void)read;
    ++went;
  }
  void port_closed(std::uint16_t port) override { closed.push_back(port); }

  int came = 0;
  int went = 0;
  std::vector<std::uint64_t> last_proven;
  std::vector<std::uint16_t> closed;
};

rt::Task<void> dial(PeerPorts& ports, mirror::PathPorts pair, std::optional<Result<Stream>>& into) {
  auto stream = co_await ports.dial(kThere, pair);
  into.emplace(std::move(stream));
}

rt::Task<void> connect(rt::Net& net, std::optional<Result<Stream>>& into) {
  auto stream = co_await net.connect_tcp("there", 10900, rt::kUsualConnection);
  into.emplace(std::move(stream));
}

rt::Task<void> read_one(rt::ByteStream& stream, std::optional<Errc>& into) {
  std::array<std::byte, 1> byte{};
  auto read = co_await stream.read_some(byte);
  into = read ? Errc::ok : read.error().code;
}

rt::Task<void> stop(PeerPorts& ports, bool& over) {
  co_await ports.stop();
  over = true;
}

struct Certificates {
  Certificates() {
    folder.make_authority("ours");
    folder.make_authority("theirs");
    folder.issue("ours", "plain", "any image");
    folder.issue("ours", "named", "there", "DNS:500507630AFFC29F");
    folder.issue("ours", "other", "500507630AFFC200");
    folder.issue("theirs", "stranger", "stranger");
  }
  std::unique_ptr<tls::PeerContext> context(const std::string& name) const {
    const std::string authority = name == "stranger" ? "theirs" : "ours";
    std::string why;
    auto made = tls::PeerContext::load(
        {folder.path(name + ".pem"), folder.path(name + ".key"), folder.path(authority + "-ca.pem")}, why);
    EXPECT_TRUE(made) << why;
    return std::move(*made);
  }
  CertificateFolder folder;
};

/// A port here and one there; empty names of certificates: without TLS.
struct Two {
  Two(const Certificates& certificates, const std::string& mine, const std::string& theirs) {
    if (!mine.empty()) own = certificates.context(mine);
    if (!theirs.empty()) other = certificates.context(theirs);
    here.emplace(here_machine.reactor(), *here_net,
                 PeerPortsOptions{.tls = own.get(), .partners = [this]() -> Result<PartnerTable> { return partners; }});
    there.emplace(there_machine.reactor(), *there_net,
                  PeerPortsOptions{.tls = other.get(),
                                   .partners = []() -> Result<PartnerTable> { return PartnerTable(); },
                                   .most_connections = 3});
    here->use_desk(nobody);
    there->use_desk(visitors);
    here->add(0x100, {"here", 0});
    there->add(0x100, {"there", 10900});
    EXPECT_TRUE(here->open(0x100) && there->open(0x100));
  }
  ~Two() {
    world.crash();
    scope.kill();
    streams.clear();
    here->kill();
    there->kill();
  }
  /// ok: the caller has a connection, and the other end took it.
  Errc call(mirror::PathPorts pair = kPorts) {
    const int before = visitors.came;
    std::optional<Result<Stream>> stream;
    scope.spawn(dial(*here, pair, stream));
    EXPECT_EQ(world.run_until([&] { return stream.has_value(); }), sim::RunEnd::reached);
    if (!stream->has_value()) return stream->error().code;
    streams.push_back(std::move(**stream));
    world.run_for(100 * rt::kMillisecond);
    return visitors.came > before ? Errc::ok : Errc::disconnected;
  }

  sim::World world{1};
  sim::Machine& here_machine = world.boot(1);
  sim::Machine& there_machine = world.boot(1);
  sim::SimNetwork network{world};
  std::unique_ptr<rt::Net> here_net = network.mount(here_machine.reactor());
  std::unique_ptr<rt::Net> there_net = network.mount(there_machine.reactor());
  rt::Scope scope{here_machine.reactor()};
  std::unique_ptr<tls::PeerContext> own;
  std::unique_ptr<tls::PeerContext> other;
  PartnerTable partners{{{kThere, 0x100}, {"there", 10900}}};
  Visitors nobody;
  Visitors visitors;
  std::optional<PeerPorts> here;
  std::optional<PeerPorts> there;
  std::vector<Stream> streams;
};

TEST(PeerPorts, ImagesOfOneAuthorityMeet) {
  const Certificates certificates;
  Two two(certificates, "plain", "plain");
  EXPECT_EQ(two.call(), Errc::ok);
  EXPECT_EQ(two.visitors.last_proven, std::vector<std::uint64_t>());
  EXPECT_EQ(two.there->status()[0].sessions, 1U);
  EXPECT_EQ(two.there->status()[0].security, "Required");
  EXPECT_EQ(two.there->status()[0].address, "there:10900");
}

TEST(PeerPorts, ACertificateThatNamesImagesIsForNoOther) {
  const Certificates certificates;
  EXPECT_EQ(Two(certificates, "plain", "named").call(), Errc::ok);
  EXPECT_EQ(Two(certificates, "plain", "other").call(), Errc::authentication_failed);
  Two two(certificates, "other", "plain");
  EXPECT_EQ(two.call(), Errc::ok);
  EXPECT_EQ(two.visitors.last_proven, std::vector<std::uint64_t>{0x500507630AFFC200}) << "the greeting judges it";
}

TEST(PeerPorts, StrangersAndWhoSpeaksNoTlsStayOutside) {
  const Certificates certificates;
  Two stranger(certificates, "stranger", "plain");
  EXPECT_NE(stranger.call(), Errc::ok);
  Two at_a_stranger(certificates, "plain", "stranger");
  EXPECT_EQ(at_a_stranger.call(), Errc::authentication_failed);
  Two open(certificates, "", "plain");
  EXPECT_NE(open.call(), Errc::ok);
  for (const Two* two : {&stranger, &at_a_stranger, &open}) EXPECT_EQ(two->visitors.came, 0);
}

TEST(PeerPorts, WithoutTlsEverybodyIsLetIn) {
  const Certificates certificates;
  Two two(certificates, "", "");
  EXPECT_EQ(two.call(), Errc::ok);
  EXPECT_EQ(two.there->status()[0].security, "Disabled");
}

TEST(PeerPorts, EachReasonForWhichNobodyIsReachedHasItsOwnError) {
  const Certificates certificates;
  Two two(certificates, "plain", "plain");
  EXPECT_EQ(two.call({0x107, 0x100}), Errc::object_not_found) << "no such port here";
  EXPECT_EQ(two.call({0x100, 0x107}), Errc::not_combinable) << "nobody knows where that is";
  two.partners[{kThere, 0x101}] = {"there", 10901};
  EXPECT_EQ(two.call({0x100, 0x101}), Errc::disconnected) << "nobody listens; the table is read at each attempt";
  two.here->close(0x100);
  EXPECT_EQ(two.call(), Errc::disconnected) << "our port is closed";
  EXPECT_TRUE(two.here->open(0x100));
  EXPECT_EQ(two.call(), Errc::ok);
}

TEST(PeerPorts, AClosedPortTakesNobodyAndTellsTheDesk) {
  const Certificates certificates;
  Two two(certificates, "", "");
  EXPECT_EQ(two.there->open(0x107).error().code, Errc::object_not_found);
  two.there->close(0x100);
  EXPECT_EQ(two.visitors.closed, std::vector<std::uint16_t>{0x100});
  EXPECT_FALSE(two.there->status()[0].listening);
  EXPECT_EQ(two.call(), Errc::disconnected);
  EXPECT_TRUE(two.there->open(0x100)) << "at the same address";
  EXPECT_EQ(two.call(), Errc::ok);
}

TEST(PeerPorts, APortWhoseAddressIsTakenOpensWhenItIsFree) {
  const Certificates certificates;
  Two two(certificates, "", "");
  PeerPorts late(two.there_machine.reactor(), *two.there_net,
                 {.partners = []() -> Result<PartnerTable> { return PartnerTable(); }});
  Visitors visitors;
  late.use_desk(visitors);
  late.add(0x100, {"there", 10900});
  EXPECT_FALSE(late.open(0x100));
  two.world.run_for(20 * rt::kSecond);
  EXPECT_FALSE(late.status()[0].listening);
  two.there->close(0x100);
  two.world.run_for(6 * rt::kSecond);
  EXPECT_TRUE(late.status()[0].listening);
  late.close(0x100);
  EXPECT_TRUE(two.there->open(0x100));
  EXPECT_FALSE(late.open(0x100));
  late.close(0x100);
  two.there->close(0x100);
  two.world.run_for(6 * rt::kSecond);
  EXPECT_FALSE(late.status()[0].listening) << "nobody wants it any more";
  two.world.crash();
  late.kill();
}

/// Whoever says nothing has no certificate to show: it makes room, and is cut off after three seconds.
TEST(PeerPorts, SilenceTakesNoPlaces) {
  const Certificates certificates;
  Two two(certificates, "plain", "plain");
  std::vector<std::optional<Result<Stream>>> silent(3);
  for (auto& one : silent) two.scope.spawn(connect(*two.here_net, one));
  two.world.run_for(100 * rt::kMillisecond);
  for (const auto& one : silent) ASSERT_TRUE(one && *one);
  std::vector<std::optional<Errc>> told(3);
  for (std::size_t i = 0; i < 3; ++i) two.scope.spawn(read_one(***silent[i], told[i]));
  EXPECT_EQ(two.call(), Errc::ok) << "all three places were taken";
  EXPECT_EQ(std::ranges::count(told, std::optional(Errc::disconnected)), 1) << "one of them made room";
  two.world.run_for(4 * rt::kSecond);
  EXPECT_EQ(std::ranges::count(told, std::optional(Errc::disconnected)), 3);
  for (int more = 0; more < 2; ++more) EXPECT_EQ(two.call(), Errc::ok);
  EXPECT_EQ(two.call(), Errc::disconnected) << "three links: nobody makes room";
  for (auto& one : silent) two.streams.push_back(std::move(**one));
}

TEST(PeerPorts, StopEndsWhenWhoCameHasGone) {
  const Certificates certificates;
  Two two(certificates, "plain", "plain");
  ASSERT_EQ(two.call(), Errc::ok);
  bool over = false;
  two.scope.spawn(stop(*two.there, over));
  two.world.run_for(rt::kSecond);
  EXPECT_FALSE(over) << "the desk ends links, not the port";
  two.streams.front()->shut_down();
  two.world.run_for(rt::kSecond);
  EXPECT_TRUE(over);
  EXPECT_EQ(two.visitors.went, 1);
}

TEST(PeerContext, FilesThatAreWrongAreExplained) {
  const Certificates certificates;
  const auto path = [&](const char* name) { return certificates.folder.path(name); };
  const std::pair<tls::PeerFiles, const char*> cases[] = {
      {{path("none.pem"), path("plain.key"), path("ours-ca.pem")}, "none.pem"},
      {{path("plain.pem"), path("named.key"), path("ours-ca.pem")}, "named.key"},
      {{path("plain.pem"), path("plain.key"), path("none.pem")}, "authority"},
  };
  for (const auto& [files, text] : cases) {
    std::string why;
    EXPECT_FALSE(tls::PeerContext::load(files, why));
    EXPECT_NE(why.find(text), std::string::npos) << why;
  }
}

}  // namespace
}  // namespace tt::peers
