// SPDX-License-Identifier: Apache-2.0
#include "model/host_identity.h"

#include <gtest/gtest.h>

#include "model/host_types.h"

namespace tt::model {
namespace {

TEST(IpAddresses, OneTextForEachAddress) {
  const std::pair<const char*, const char*> good[] = {
      {"192.0.2.7", "192.0.2.7"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::ffff:192.0.2.7", "192.0.2.7"},
      {"::FFFF:c000:0207", "192.0.2.7"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:db8::", "2001:db8::"},
      {"2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
      {"1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
      {"fe80::a.b", nullptr},
      {"64:ff9b::10.1.2.3", "64:ff9b::a01:203"},
  };
  for (const auto& [text, canonical] : good) {
    const auto address = parse_ip_address(text);
    ASSERT_EQ(address.has_value(), canonical != nullptr) << text;
    if (address) {
      EXPECT_EQ(ip_address_text(*address), canonical);
    }
  }
}

TEST(IpAddresses, NothingElseIsOne) {
  for (const char* wrong : {"",
                            "1",
                            "1.2.3",
                            "1.2.3.4.5",
                            "1.2.3.256",
                            "01.2.3.4",
                            "1.2.3.-4",
                            "1.2.3.+4",
                            "1.2.3.4 ",
                            ".1.2.3",
                            "1..2.3",
                            ":",
                            ":::",
                            "1::2::3",
                            "1:2:3:4:5:6:7",
                            "1:2:3:4:5:6:7:8:9",
                            "1:2:3:4:5:6:7:8::",
                            "12345::",
                            "::g",
                            "1:",
                            ":1",
                            "::1.2.3",
                            "1.2.3.4::",
                            "::1.2.3.4:5",
                            "fe80::1%eth0",
                            "[::1]"}) {
    EXPECT_FALSE(parse_ip_address(wrong)) << wrong;
  }
}

TEST(IpNetworks, HoldTheirAddresses) {
  const auto network = [](const char* text) { return parse_host_identity(std::string("addr:") + text)->network; };
  const auto address = [](const char* text) { return *parse_ip_address(text); };
  const auto holds = [](const IpNetwork& network, const IpAddress& host) {
    return may_hold(network.prefix_bits, host) && network_part(host, network.prefix_bits) == network.address;
  };
  EXPECT_TRUE(holds(network("192.0.2.0/24"), address("192.0.2.255")));
  EXPECT_FALSE(holds(network("192.0.2.0/24"), address("192.0.3.0")));
  EXPECT_TRUE(holds(network("192.0.2.128/25"), address("192.0.2.129")));
  EXPECT_FALSE(holds(network("192.0.2.128/25"), address("192.0.2.127")));
  EXPECT_TRUE(holds(network("0.0.0.0/0"), address("10.1.1.1")));
  EXPECT_FALSE(holds(network("0.0.0.0/0"), address("::1"))) << "all of IPv4, nothing else";
  EXPECT_TRUE(holds(network("::/0"), address("2001:db8::1")));
  EXPECT_FALSE(holds(network("::/0"), address("10.1.1.1"))) << "all of IPv6, nothing else";
  EXPECT_FALSE(holds(network("::/64"), address("10.1.1.1")));
  EXPECT_TRUE(holds(network("2001:db8::/32"), address("2001:db8:ffff::1")));
  EXPECT_FALSE(holds(network("2001:db8::/32"), address("2001:db9::1")));
  EXPECT_TRUE(holds(network("128.0.0.0/1"), address("255.255.255.255")));
  EXPECT_FALSE(holds(network("128.0.0.0/1"), address("127.255.255.255")));
  EXPECT_TRUE(holds(network("10.0.0.1"), address("::ffff:10.0.0.1")));
}

TEST(HostIdentities, HaveOneSpelling) {
  const std::pair<const char*, const char*> good[] = {
      {"any", "any"},
      {"ANY", "any"},
      {"wwpn", "wwpn"},
      {"tls:Host1.Example", "tls:host1.example"},
      {"TLS:Host One", "tls:host one"},
      {"psk:Alice", "psk:Alice"},
      {"psk:a:b", "psk:a:b"},
      {"addr:192.0.2.7/32", "addr:192.0.2.7"},
      {"addr:192.0.2.7/24", "addr:192.0.2.0/24"},
      {"addr:::ffff:192.0.2.7", "addr:192.0.2.7"},
      {"addr:2001:DB8::7/32", "addr:2001:db8::/32"},
      {"addr:::/0", "addr:::/0"},
      {"unix:0", "unix:0"},
      {"unix:4294967294", "unix:4294967294"},
  };
  for (const auto& [text, canonical] : good) {
    EXPECT_EQ(canonical_host_identity(text), canonical) << text;
    EXPECT_EQ(canonical_host_identity(canonical), canonical);
  }
}

TEST(HostIdentities, NothingElseIsOne) {
  for (const char* wrong : {"",
                            "everyone",
                            "any:",
                            "wwpn:1",
                            "tls:",
                            "tls: a",
                            "tls:a ",
                            "tls:a,b",
                            "tls:a\nb",
                            "psk:",
                            "addr:",
                            "addr:x",
                            "addr:1.2.3.4/33",
                            "addr:1.2.3.4/-1",
                            "addr:1.2.3.4/",
                            "addr:::1/129",
                            "addr:::ffff:1.2.3.4/96",
                            "unix:",
                            "unix:-1",
                            "unix:root",
                            "unix:4294967295",
                            "uid:1"}) {
    EXPECT_FALSE(parse_host_identity(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_host_identity("psk:" + std::string(kLongestIdentityName + 1, 'x')));
  EXPECT_TRUE(parse_host_identity("psk:" + std::string(kLongestIdentityName, 'x')));
}

TEST(Wwpns, AreSixteenHexDigits) {
  EXPECT_EQ(parse_wwpn("10000000c9123456"), 0x10000000C9123456U);
  EXPECT_EQ(wwpn_text(0x10000000C9123456U), "10000000C9123456");
  for (const char* wrong : {"", "1", "0000000000000000", "10000000C912345", "10000000C91234567", "1000:0000C9123456",
                            "-0000000C9123456", "0x000000C9123456", "10000000C912345G"}) {
    EXPECT_FALSE(parse_wwpn(wrong)) << wrong;
  }
}

TEST(HostTypes, AreSortedAndFoundByNameAndProfile) {
  std::string_view before;
  for (const HostType& type : host_types()) {
    EXPECT_LT(before, type.name);
    before = type.name;
    EXPECT_EQ(find_host_type(type.name), &type);
    EXPECT_EQ(find_host_type_by_profile(type.profile), &type) << "profiles are unique";
    EXPECT_TRUE(type.block_bytes == 512 || type.name == "iSeries");
  }
  EXPECT_EQ(find_host_type("pseries")->name, "pSeries");
  EXPECT_EQ(find_host_type("VMS"), nullptr);
}

}  // namespace
}  // namespace tt::model
