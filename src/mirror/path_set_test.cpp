// SPDX-License-Identifier: Apache-2.0
#include "mirror/path_set.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace tt::mirror {
namespace {

using rt::kSecond;

const std::array<PathPorts, 2> kTwo{PathPorts{0x0001, 0x0101}, PathPorts{0x0102, 0x0002}};

PathSet two_established() {
  PathSet set;
  set.replace(kTwo, 0);
  set.established(0);
  set.established(1);
  return set;
}

/// RM-4: at most eight, none twice.
TEST(PathSetTest, RM4_WhatMayBeASet) {
  std::vector<PathPorts> ports;
  EXPECT_FALSE(check_ports(ports));
  for (std::uint16_t n = 0; n < 8; ++n) ports.push_back({n, 1});
  EXPECT_TRUE(check_ports(ports));
  ports.push_back({8, 1});
  EXPECT_FALSE(check_ports(ports)) << "nine";
  ports.resize(2);
  ports[1] = ports[0];
  EXPECT_FALSE(check_ports(ports)) << "one twice";
}

/// RM-2: a set replaces the one before; what stays is not disturbed.
TEST(PathSetTest, RM2_ASetReplacesTheOneBefore) {
  PathSet set = two_established();
  EXPECT_EQ(set.health(), PathSet::Health::up);
  set.replace(std::span(kTwo).subspan(1), 5 * kSecond);
  ASSERT_EQ(set.size(), 1U);
  EXPECT_EQ(set.ports(0), kTwo[1]);
  EXPECT_EQ(set.status(0, 5 * kSecond), PathStatus::established);
  EXPECT_FALSE(set.next_attempt(0)) << "it is up already";
  set.replace(kTwo, 6 * kSecond);
  EXPECT_EQ(set.status(0, 6 * kSecond), PathStatus::none);
  EXPECT_EQ(set.next_attempt(0), 6 * kSecond);
  EXPECT_EQ(set.health(), PathSet::Health::degraded);
}

/// RM-6: one of several is lost and comes back.
TEST(PathSetTest, RM6_OneOfTwoIsLostAndComesBack) {
  PathSet set = two_established();
  set.failed(0, PathStatus::link_down, 100 * kSecond);
  EXPECT_EQ(set.health(), PathSet::Health::degraded);
  const std::array<std::uint64_t, 2> under_way{0, 1'000'000};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(set.pick(under_way), 1U);
  set.failed(1, PathStatus::link_down, 101 * kSecond);
  EXPECT_EQ(set.health(), PathSet::Health::down);
  EXPECT_FALSE(set.pick(under_way));
  set.established(0);
  set.established(1);
  EXPECT_EQ(set.health(), PathSet::Health::up);
  EXPECT_EQ(set.pick(under_way), 0U);
}

TEST(PathSetTest, AttemptsComeLessOftenAndNeverStop) {
  PathSet set;
  set.replace(std::span(kTwo).first(1), 0);
  rt::TimeNs now = 0;
  std::vector<rt::TimeNs> pauses;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(set.next_attempt(0));
    pauses.push_back((*set.next_attempt(0) - now) / kSecond);
    now = *set.next_attempt(0);
    set.failed(0, PathStatus::timed_out, now);
  }
  pauses.resize(8);
  EXPECT_EQ(pauses, (std::vector<rt::TimeNs>{0, 1, 2, 4, 8, 16, 30, 30}));
  EXPECT_EQ(set.status(0, now), PathStatus::retry_exceeded) << "a report; it is tried on";
  set.established(0);
  EXPECT_EQ(set.status(0, now), PathStatus::established);
  set.failed(0, PathStatus::link_down, now);
  EXPECT_EQ(set.next_attempt(0), now + kSecond) << "from the beginning";
  EXPECT_EQ(set.status(0, now), PathStatus::link_down);
}

TEST(PathSetTest, AMistakeIsNotTriedAgainUntilSomebodyAsks) {
  PathSet set;
  set.replace(std::span(kTwo).first(1), 0);
  for (const PathStatus status :
       {PathStatus::other_image, PathStatus::other_ssid, PathStatus::configuration_error, PathStatus::not_capable_there,
        PathStatus::port_not_configured, PathStatus::removed}) {
    set.failed(0, status, kSecond);
    EXPECT_FALSE(set.next_attempt(0)) << static_cast<int>(status);
    EXPECT_EQ(set.status(0, 3600 * kSecond), status) << "stays what it is";
  }
  set.try_now(0, 7 * kSecond);
  EXPECT_EQ(set.next_attempt(0), 7 * kSecond);
}

TEST(PathSetTest, LoadIsSpread) {
  PathSet set;
  std::vector<PathPorts> ports;
  for (std::uint16_t n = 0; n < 4; ++n) ports.push_back({n, n});
  set.replace(ports, 0);
  for (std::size_t n = 0; n < 4; ++n) set.established(n);
  set.failed(2, PathStatus::link_down, 0);
  std::vector<std::uint64_t> idle(4);
  std::map<std::size_t, int> picked;
  for (int i = 0; i < 300; ++i) ++picked[*set.pick(idle)];
  EXPECT_EQ(picked, (std::map<std::size_t, int>{{0, 100}, {1, 100}, {3, 100}}));
  const std::vector<std::uint64_t> busy{500, 100, 0, 300};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(set.pick(busy), 1U) << "the one with the least under way";
}

}  // namespace
}  // namespace tt::mirror
