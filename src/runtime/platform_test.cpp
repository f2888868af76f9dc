// SPDX-License-Identifier: Apache-2.0
// The loop, timers, messages between reactors, and the choice of the backend.
#include "runtime/platform.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "runtime/scope.h"
#include "runtime/test_platform.h"

namespace tt::rt {
namespace {

class PlatformTest : public BackendTest {};
TT_EACH_BACKEND(PlatformTest);

Task<void> wander(Platform& platform, unsigned start, unsigned rounds, std::uint64_t* visits) {
  unsigned at = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    const unsigned to = (start + i) % platform.size();
    co_await hop(platform.reactor(at), platform.reactor(to));
    at = to;
    ++visits[to * 8];  // each reactor counts its own visits: a lost hand-over would be a data race
  }
  co_await hop(platform.reactor(at), platform.reactor(0));
}

Task<void> wander_together(Platform& platform, unsigned tasks, unsigned rounds, std::uint64_t* visits) {
  Scope scope(platform.reactor(0));
  for (unsigned t = 0; t < tasks; ++t) scope.spawn(wander(platform, t, rounds, visits));
  co_await scope.join();
}

TEST_P(PlatformTest, TasksHopAmongFourReactors) {
  make(4);
  std::uint64_t visits[4 * 8] = {};
  platform_->run(wander_together(*platform_, 16, 2'000, visits));
  EXPECT_EQ(visits[0] + visits[8] + visits[16] + visits[24], 16U * 2'000U);
  EXPECT_EQ(visits[8], 16U * 500U);
}

Task<void> note_time(Reactor& reactor, TimeNs deadline, int name, std::vector<int>* order) {
  co_await sleep_until(reactor, deadline);
  EXPECT_GE(reactor.now(), deadline);
  order->push_back(name);
}

Task<void> sleep_in_order(Reactor& reactor, std::vector<int>* order) {
  Scope scope(reactor);
  const TimeNs base = reactor.now() + 5 * kMillisecond;
  scope.spawn(note_time(reactor, base + 2 * kMillisecond, 4, order));
  scope.spawn(note_time(reactor, base, 1, order));
  scope.spawn(note_time(reactor, base, 2, order));
  scope.spawn(note_time(reactor, base - 3 * kMillisecond, 0, order));
  scope.spawn(note_time(reactor, base, 3, order));
  co_await scope.join();
}

TEST_P(PlatformTest, TimersFireInOrderAndEqualOnesAsArmed) {
  make();
  std::vector<int> order;
  platform_->run(sleep_in_order(platform_->reactor(0), &order));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

Task<void> check_frozen_time(Reactor& reactor) {
  const TimeNs before = reactor.now();
  ::usleep(2000);
  EXPECT_EQ(reactor.now(), before) << "time stands still within a turn";
  co_await yield(reactor);
  EXPECT_GE(reactor.now(), before + 2 * kMillisecond);
}

TEST_P(PlatformTest, TimeIsConstantWithinATurn) {
  make();
  platform_->run(check_frozen_time(platform_->reactor(0)));
  EXPECT_GT(platform_->reactor(0).wall_seconds(), 1'600'000'000);
}

Task<void> wait_for_shutdown(Platform& platform, bool* ended) {
  co_await platform.shutdown_requested();
  *ended = true;
}

TEST_P(PlatformTest, ShutdownFromAnotherThread) {
  Platform& platform = make(2);
  bool ended = false;
  std::thread other([&platform] {
    ::usleep(20'000);
    platform.request_shutdown();
    platform.request_shutdown();
  });
  platform.run(wait_for_shutdown(platform, &ended));
  other.join();
  EXPECT_TRUE(ended);
}

TEST_P(PlatformTest, ShutdownRequestedBeforeAnybodyWaits) {
  Platform& platform = make();
  bool ended = false;
  platform.request_shutdown();
  platform.run(wait_for_shutdown(platform, &ended));
  EXPECT_TRUE(ended);
}

std::atomic<Platform*> signalled_platform{nullptr};

TEST_P(PlatformTest, ShutdownFromASignalHandler) {
  Platform& platform = make(2);
  signalled_platform = &platform;
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) { signalled_platform.load()->request_shutdown(); };
  ::sigaction(SIGUSR1, &action, &before);
  bool ended = false;
  std::thread other([main = ::pthread_self()] {
    ::usleep(20'000);
    ::pthread_kill(main, SIGUSR1);
  });
  platform.run(wait_for_shutdown(platform, &ended));
  other.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(ended);
}

TimeNs processor_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * kSecond +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * kMicrosecond;
}

Task<void> idle(Reactor& reactor, TimeNs* used) {
  co_await sleep_for(reactor, 50 * kMillisecond);
  const TimeNs before = processor_time();
  co_await sleep_for(reactor, 300 * kMillisecond);
  *used = processor_time() - before;
}

TEST_P(PlatformTest, IdleReactorsCostNothing) {
  make(4);
  TimeNs used = kSecond;
  platform_->run(idle(platform_->reactor(0), &used));
  EXPECT_LT(used, 30 * kMillisecond);
}

TEST_P(PlatformTest, PinnedReactorsRun) {
  PlatformOptions options;
  options.reactors = 3;
  options.backend = GetParam();
  options.pin_threads = true;
  auto platform = std::move(*make_platform(options));
  std::uint64_t visits[3 * 8] = {};
  platform->run(wander_together(*platform, 3, 300, visits));
  EXPECT_EQ(visits[0] + visits[8] + visits[16], 900U);
}

/// Makes io_uring_setup fail for this process like a container's seccomp filter does.
void forbid_uring() {
  const sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{sizeof program / sizeof program[0], const_cast<sock_filter*>(program)};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    ::_exit(2);
  }
}

[[noreturn]] void make_where_forbidden(IoBackend backend) {
  forbid_uring();
  PlatformOptions options;
  options.backend = backend;
  options.notice = [](const std::string& notice) { std::fprintf(stderr, "%s\n", notice.c_str()); };
  auto made = make_platform(options);
  if (!made) ::_exit(made.error().detail == EPERM ? 3 : 4);
  std::fprintf(stderr, "%s\n", (*made)->description().c_str());
  ::_exit(0);
}

TEST(PlatformChoice, FallsBackWithAReasonWhereUringIsForbidden) {
  EXPECT_EXIT(make_where_forbidden(IoBackend::automatic), testing::ExitedWithCode(0), "seccomp.*\nposix \\(16 threads");
  EXPECT_EXIT(make_where_forbidden(IoBackend::uring), testing::ExitedWithCode(3), "seccomp");
}

TEST(PlatformChoice, RefusalsAreExplained) {
  EXPECT_NE(explain_uring_refusal(ENOSYS).find("older than 5.11"), std::string::npos);
  EXPECT_NE(explain_uring_refusal(ENOMEM).find("ulimit -l"), std::string::npos);
  EXPECT_NE(explain_uring_refusal(EMFILE).find("ulimit -n"), std::string::npos);
  EXPECT_NE(explain_uring_refusal(EIO).find("Input/output"), std::string::npos);
}

TEST(PlatformChoice, AutomaticTakesUringWhereItWorks) {
  if (UringReactor::probe() != 0) GTEST_SKIP() << explain_uring_refusal(UringReactor::probe());
  PlatformOptions options;
  auto platform = std::move(*make_platform(options));
  EXPECT_EQ(platform->description().rfind("io_uring (", 0), 0U);
}

}  // namespace
}  // namespace tt::rt
