// SPDX-License-Identifier: Apache-2.0
#include "runtime/idle_policy.h"

#include <gtest/gtest.h>

namespace tt::rt {
namespace {

constexpr TimeNs kLookLimit = 5 * kMicrosecond;
constexpr std::size_t kDeep = IdlePolicy::kDeepQueue;

void pause_often(IdlePolicy& policy, TimeNs pause) {
  for (int i = 0; i < 64; ++i) policy.paused(pause);
}

TEST(IdlePolicy, SleepsAtFirstAndAfterLongPauses) {
  IdlePolicy policy(kLookLimit);
  EXPECT_EQ(policy.plan(0).look, 0);
  EXPECT_EQ(policy.plan(kDeep).look, 0);
  pause_often(policy, kSecond);
  EXPECT_EQ(policy.plan(0).look, 0);
  EXPECT_EQ(policy.plan(kDeep).look, 0);
}

TEST(IdlePolicy, LooksShortlyWhilePausesAreShort) {
  IdlePolicy policy(kLookLimit);
  pause_often(policy, 3 * kMicrosecond);
  const IdlePlan plan = policy.plan(0);
  EXPECT_EQ(plan.nap, 0);
  EXPECT_EQ(plan.look, kLookLimit);
}

TEST(IdlePolicy, NapsForHalfOfThePauseWhenADeepQueueWaits) {
  IdlePolicy policy(kLookLimit);
  pause_often(policy, 200 * kMicrosecond);
  EXPECT_EQ(policy.plan(kDeep - 1).look, 0) << "few wait: sleep";
  const IdlePlan plan = policy.plan(kDeep);
  EXPECT_GT(plan.nap, 90 * kMicrosecond);
  EXPECT_LE(plan.nap, 101 * kMicrosecond);
  EXPECT_GT(plan.look, 200 * kMicrosecond) << "until the disk must have answered";
}

TEST(IdlePolicy, LooksAtOnceWhenANapWouldBeShort) {
  IdlePolicy policy(kLookLimit);
  pause_often(policy, 20 * kMicrosecond);
  const IdlePlan plan = policy.plan(kDeep);
  EXPECT_EQ(plan.nap, 0);
  EXPECT_GT(plan.look, 20 * kMicrosecond);
}

TEST(IdlePolicy, LooksEverMoreRarelyInVainUntilOnePays) {
  IdlePolicy policy(kLookLimit);
  pause_often(policy, kLookLimit);
  unsigned looks = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (policy.plan(0).look == 0) continue;
    ++looks;
    policy.looked(false);
  }
  EXPECT_LT(looks, 60U);
  while (policy.plan(0).look == 0) {
  }
  policy.looked(true);
  EXPECT_NE(policy.plan(0).look, 0);
  policy.looked(false);
  EXPECT_NE(policy.plan(0).look, 0) << "the first vain one skips none";
}

TEST(IdlePolicy, LimitZeroNeverLooks) {
  IdlePolicy policy(0);
  pause_often(policy, kMicrosecond);
  EXPECT_EQ(policy.plan(0).look, 0);
  EXPECT_EQ(policy.plan(kDeep).look, 0);
}

}  // namespace
}  // namespace tt::rt
