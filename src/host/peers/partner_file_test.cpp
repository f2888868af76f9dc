// SPDX-License-Identifier: Apache-2.0
#include "host/peers/partner_file.h"

#include <gtest/gtest.h>

namespace tt::peers {
namespace {

TEST(PartnerFile, SaysWherePortsAre) {
  const auto table = parse_partners(
      "# the other site\n"
      "500507630AFFC29F  I0100  192.0.2.7:10900\n"
      "\n"
      "  500507630affc29f\ti0101\t[2001:db8::7]:10901   # by the other cable\r\n"
      "500507630AFFC2A0 I0100 storage2.example:10900");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->size(), 3U);
  EXPECT_EQ(table->at({0x500507630AFFC29F, 0x100}), (TcpAddress{"192.0.2.7", 10900}));
  EXPECT_EQ(table->at({0x500507630AFFC29F, 0x101}), (TcpAddress{"2001:db8::7", 10901}));
  EXPECT_EQ(table->at({0x500507630AFFC2A0, 0x100}), (TcpAddress{"storage2.example", 10900}));
  EXPECT_TRUE(parse_partners("")->empty());
}

TEST(PartnerFile, NamesTheLineThatIsWrong) {
  const std::string good = "500507630AFFC29F I0100 192.0.2.7:10900\n";
  for (const std::string bad :
       {"500507630AFFC29F I0100", "500507630AFFC29 I0100 192.0.2.7:10900", "500507630AFFC29F X0100 192.0.2.7:10900",
        "500507630AFFC29F I0101 192.0.2.7", "500507630AFFC29F I0101 192.0.2.7:0", "500507630AFFC29F I0101 :10900",
        "500507630AFFC29F I0101 192.0.2.7:109000", "500507630AFFC29F I0101 192.0.2.7:1x",
        "500507630AFFC29F I0101 2001:db8::7:10900", "500507630AFFC29F I0101 [[a]]:1",
        "500507630AFFC29F I0101 192.0.2.7:10900 more", "500507630AFFC29F I0100 192.0.2.8:10900"}) {
    const auto table = parse_partners(good + bad + "\n" + good);
    ASSERT_FALSE(table) << bad;
    EXPECT_EQ(table.error().detail, 2U) << bad;
  }
}

}  // namespace
}  // namespace tt::peers
