// SPDX-License-Identifier: Apache-2.0
#include "runtime/blocking_pool.h"

#include <gtest/gtest.h>

#include <barrier>
#include <vector>

#include "runtime/posix_reactor.h"

namespace tt::rt {
namespace {

constexpr unsigned kThreads = 8;

struct MeetingJob final : Job {
  MeetingJob(LoopReactor& reactor, std::barrier<>& place, unsigned* count) : Job(reactor), meet(place), left(count) {}
  void run() noexcept override { meet.arrive_and_wait(); }
  void finish() noexcept override {
    if (--*left == 0) static_cast<LoopReactor&>(home).stop();
  }
  std::barrier<>& meet;
  unsigned* left;
};

// Each group of jobs ends only when all of its members run at once: the posix disk really has that depth.
TEST(BlockingPool, AsManyJobsRunAtOnceAsThereAreThreads) {
  auto reactor = std::move(*PosixReactor::create({}));
  std::barrier meeting(kThreads);
  unsigned left = 4 * kThreads;
  BlockingPool pool(kThreads);
  std::vector<std::unique_ptr<MeetingJob>> jobs;
  for (unsigned i = 0; i < 4 * kThreads; ++i) {
    jobs.push_back(std::make_unique<MeetingJob>(*reactor, meeting, &left));
    pool.submit(*jobs.back());
  }
  reactor->run();
  EXPECT_EQ(left, 0U);
}

struct CountingJob final : Job {
  CountingJob(LoopReactor& reactor, std::atomic<unsigned>& counter) : Job(reactor), ran(counter) {}
  void run() noexcept override { ++ran; }
  void finish() noexcept override {}
  std::atomic<unsigned>& ran;
};

TEST(BlockingPool, DestructionRunsWhatIsQueued) {
  auto reactor = std::move(*PosixReactor::create({}));
  std::atomic<unsigned> ran{0};
  std::vector<std::unique_ptr<CountingJob>> jobs;
  {
    BlockingPool pool(2);
    for (unsigned i = 0; i < 500; ++i) {
      jobs.push_back(std::make_unique<CountingJob>(*reactor, ran));
      pool.submit(*jobs.back());
    }
  }
  EXPECT_EQ(ran.load(), 500U);
}

}  // namespace
}  // namespace tt::rt
