// SPDX-License-Identifier: Apache-2.0
#include "runtime/idle_policy.h"

#include <gtest/gtest.h>

namespace tt::rt {
namespace {

constexpr TimeNs kSpinLimit = 5 * kMicrosecond;
constexpr std::size_t kDeep = IdlePolicy::kDeepQueue;

void pause_often(IdlePolicy& policy, TimeNs pause) {
  for (int i = 0; i < 64; ++i) policy.paused(pause);
}

TEST(IdlePolicy, SleepsAtFirstAndAfterLongPauses) {
  IdlePolicy policy(kSpinLimit);
  EXPECT_EQ(policy.plan(0).spin, 0);
  EXPECT_EQ(policy.plan(kDeep).spin, 0);
  pause_often(policy, kSecond);
  EXPECT_EQ(policy.plan(0).spin, 0);
  EXPECT_EQ(policy.plan(kDeep).spin, 0);
}

TEST(IdlePolicy, SpinsShortlyWhilePausesAreShort) {
  IdlePolicy policy(kSpinLimit);
  pause_often(policy, 3 * kMicrosecond);
  const IdlePlan plan = policy.plan(0);
  EXPECT_EQ(plan.nap, 0);
  EXPECT_EQ(plan.spin, kSpinLimit);
}

TEST(IdlePolicy, NapsForHalfOfThePauseWhenADeepQueueWaits) {
  IdlePolicy policy(kSpinLimit);
  pause_often(policy, 200 * kMicrosecond);
  EXPECT_EQ(policy.plan(kDeep - 1).spin, 0) << "few wait: sleep";
  const IdlePlan plan = policy.plan(kDeep);
  EXPECT_GT(plan.nap, 90 * kMicrosecond);
  EXPECT_LE(plan.nap, 101 * kMicrosecond);
  EXPECT_GT(plan.spin, 200 * kMicrosecond) << "until the disk must have answered";
}

TEST(IdlePolicy, SpinsAtOnceWhenANapWouldBeShort) {
  IdlePolicy policy(kSpinLimit);
  pause_often(policy, 20 * kMicrosecond);
  const IdlePlan plan = policy.plan(kDeep);
  EXPECT_EQ(plan.nap, 0);
  EXPECT_GT(plan.spin, 20 * kMicrosecond);
}

TEST(IdlePolicy, SpinsEverMoreRarelyInVainUntilOnePays) {
  IdlePolicy policy(kSpinLimit);
  pause_often(policy, kSpinLimit);
  unsigned spins = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (policy.plan(0).spin == 0) continue;
    ++spins;
    policy.spun(false);
  }
  EXPECT_LT(spins, 60U);
  while (policy.plan(0).spin == 0) {
  }
  policy.spun(true);
  EXPECT_NE(policy.plan(0).spin, 0);
  policy.spun(false);
  EXPECT_NE(policy.plan(0).spin, 0) << "the first vain one skips none";
}

TEST(IdlePolicy, LimitZeroNeverSpins) {
  IdlePolicy policy(0);
  pause_often(policy, kMicrosecond);
  EXPECT_EQ(policy.plan(0).spin, 0);
  EXPECT_EQ(policy.plan(kDeep).spin, 0);
}

}  // namespace
}  // namespace tt::rt
