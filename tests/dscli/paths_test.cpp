// SPDX-License-Identifier: Apache-2.0
// What commands on paths leave behind that no list shows.
#include <gtest/gtest.h>

#include "conversation.h"

namespace tt::live {
namespace {

using mirror::PathStatus;

constexpr std::uint64_t kOther = 0x500507637BFFC39B;

std::vector<PathStatus> tried(Site& site, const volume::PathSetConfig& set) {
  std::vector<PathStatus> statuses;
  for (const mirror::PathReport& path : site.image().desk().statuses(set)) statuses.push_back(path.status);
  return statuses;
}

/// A set of which no path came up is not tried in secret.
TEST(Paths, AFailedCommandLeavesNoAttemptsBehind) {
  Site site;
  site.add_image("IBM.2107-75ABCD1");
  site.add_image("IBM.2107-75XYZW1");
  site.connect_images();
  Conversation admin(site);
  volume::PathSetConfig set;
  set.key = {kOther, 0x14, 0x20};
  set.ports = {{0x100, 0x177}};
  const std::string command = "mkpprcpath -remotewwnn 500507637BFFC39B -srclss 14 -tgtlss 20 ";
  EXPECT_EQ(admin.say(command + "I0100:I0177").exit_code, 4);
  EXPECT_EQ(tried(site, set), std::vector<PathStatus>{PathStatus::none});
  set.ports = {{0x100, 0x100}};
  EXPECT_EQ(admin.say(command + "I0100:I0100").exit_code, 0);
  EXPECT_EQ(tried(site, set), std::vector<PathStatus>{PathStatus::established});
  EXPECT_EQ(admin.say(command + "I0100:I0177").exit_code, 4);
  EXPECT_EQ(tried(site, set), std::vector<PathStatus>{PathStatus::established});
  EXPECT_EQ(admin.say("mkpprcpath -remotedev IBM.2107-75OTHR1" + command.substr(10) + "I0101:I0101").exit_code, 4);
  EXPECT_EQ(tried(site, set), std::vector<PathStatus>{PathStatus::established});
  EXPECT_EQ(admin.say("rmpprcpath -quiet 14:20").exit_code, 0);
  EXPECT_EQ(tried(site, set), std::vector<PathStatus>{PathStatus::none});
}

/// Asks for nothing, and is asked nothing.
class Nobody final : public mirror::LinkServices {
  PathStatus admit(const mirror::Hello&) override { return PathStatus::not_available_there; }
  rt::Task<mirror::Reply> serve(mirror::Link&, const mirror::Reply&) override { co_return mirror::Reply(); }
};

rt::Task<void> call(mirror::Link& link, std::uint64_t wwnn) {
  auto agreed = co_await link.call(wwnn, LiveImage::kMirrorPort);
  if (agreed) co_await link.run();
}

/// An image is not used up by those that call it: 64 links, and the next one is told why.
TEST(Paths, LinksOfOthersAreCounted) {
  Site site;
  LiveImage& image = site.add_image("IBM.2107-75ABCD1");
  site.connect_images();
  const std::uint64_t wwnn = image::wwnn_number(image.lab().control().config());
  sim::SimReactor& reactor = image.lab().life->machine().reactor(0);
  sim::SimNetwork network(site.world);
  Nobody nobody;
  rt::Scope scope(reactor);
  std::vector<std::unique_ptr<mirror::Link>> links;
  for (int i = 0; i < 65; ++i) {
    auto pair = network.make_pair(reactor, reactor);
    mirror::LinkIdentity self{kOther, 1, LiveImage::kMirrorPort, "2107-75XYZW1"};
    links.push_back(
        std::make_unique<mirror::Link>(reactor, std::move(pair.first), std::move(self), nobody, mirror::LinkOptions{}));
    scope.spawn(image.desk().attend(std::move(pair.second), LiveImage::kMirrorPort, {}));
    scope.spawn(call(*links.back(), wwnn));
  }
  site.advance(1);
  const auto with = [&](PathStatus status) {
    return std::ranges::count_if(links, [status](const auto& link) { return link->status() == status; });
  };
  EXPECT_EQ(with(PathStatus::established), 64);
  EXPECT_EQ(with(PathStatus::login_limit_there), 1);
  site.world.crash();
  scope.kill();
}

}  // namespace
}  // namespace tt::live
