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

}  // namespace
}  // namespace tt::live
