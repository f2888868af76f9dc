// SPDX-License-Identifier: Apache-2.0
#include "runtime/platform.h"

#include <pthread.h>
#include <sched.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

#include "runtime/os_random.h"
#include "runtime/posix_net.h"
#include "runtime/posix_reactor.h"
#include "runtime/posix_storage.h"
#include "runtime/scope.h"
#include "runtime/signals.h"
#include "runtime/uring_net.h"
#include "runtime/uring_storage.h"

namespace tt::rt {
namespace {

/// Enough for the rare calls that block under io_uring.
constexpr unsigned kUringPoolThreads = 2;

LoopOptions loop_options(const PlatformOptions& options, unsigned i) {
  LoopOptions loop;
  loop.seed = options.seed + i;
  loop.spin_limit = options.spin_limit;
  return loop;
}

class UringPlatform final : public Platform {
 public:
  explicit UringPlatform(const PlatformOptions& options) : Platform(options, kUringPoolThreads) {}

  Result<void> build() {
    for (unsigned i = 0; i < options_.reactors; ++i) {
      UringOptions uring;
      uring.loop = loop_options(options_, i);
      TT_TRY(auto reactor, UringReactor::create(uring));
      nets_.push_back(std::make_unique<UringNet>(*reactor, pool_));
      reactors_.push_back(std::move(reactor));
    }
    return {};
  }
  std::unique_ptr<Storage> storage(unsigned i, std::string directory) override {
    return std::make_unique<UringStorage>(uring(i), pool_, std::move(directory), options_.notice);
  }
  Net& net(unsigned i) noexcept override { return *nets_.at(i); }
  [[nodiscard]] std::string description() const override {
    return std::string("io_uring (") + static_cast<const UringReactor&>(*reactors_.front()).mode() + ")";
  }

 private:
  UringReactor& uring(unsigned i) { return static_cast<UringReactor&>(*reactors_.at(i)); }
  std::vector<std::unique_ptr<UringNet>> nets_;
};

class PosixPlatform final : public Platform {
 public:
  explicit PosixPlatform(const PlatformOptions& options) : Platform(options, options.disk_threads) {}

  Result<void> build() {
    for (unsigned i = 0; i < options_.reactors; ++i) {
      TT_TRY(auto reactor, PosixReactor::create(loop_options(options_, i)));
      nets_.push_back(std::make_unique<PosixNet>(*reactor, pool_));
      reactors_.push_back(std::move(reactor));
    }
    return {};
  }
  std::unique_ptr<Storage> storage(unsigned i, std::string directory) override {
    return std::make_unique<PosixStorage>(reactor(i), pool_, std::move(directory), options_.notice);
  }
  Net& net(unsigned i) noexcept override { return *nets_.at(i); }
  [[nodiscard]] std::string description() const override {
    return "posix (" + std::to_string(pool_.max_threads()) + " threads)";
  }

 private:
  std::vector<std::unique_ptr<PosixNet>> nets_;
};

template <class Kind>
Result<std::unique_ptr<Platform>> build(const PlatformOptions& options) {
  auto platform = std::make_unique<Kind>(options);
  TT_CHECK(platform->build());
  return std::unique_ptr<Platform>(std::move(platform));
}

/// Pins the calling thread to the i-th processor that this process may use.
void pin_to_processor(unsigned i, const cpu_set_t& allowed) {
  const int count = CPU_COUNT(&allowed);
  if (count <= 0) return;
  int skip = static_cast<int>(i) % count;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    return;
  }
}

Task<void> run_then_stop(Task<void> task, LoopReactor& reactor) {
  co_await task;
  reactor.stop();
}

}  // namespace

Platform::Platform(const PlatformOptions& options, unsigned pool_threads) : options_(options), pool_(pool_threads) {}

void Platform::run(Task<void> main_task) {
  TT_ASSERT(!ran_);
  ran_ = true;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof allowed, &allowed);

  std::vector<std::thread> threads;
  {
    const SignalsBlocked block;  // signals are for the thread that called run()
    for (unsigned i = 1; i < size(); ++i) {
      threads.emplace_back([this, i, &allowed] {
        ::pthread_setname_np(::pthread_self(), ("tt-reactor-" + std::to_string(i)).c_str());
        if (options_.pin_threads) pin_to_processor(i, allowed);
        reactor(i).run();
      });
    }
  }
  if (options_.pin_threads) pin_to_processor(0, allowed);
  {
    Scope scope(reactor(0));
    scope.spawn(run_then_stop(std::move(main_task), reactor(0)));
    reactor(0).run();
  }
  for (unsigned i = 1; i < size(); ++i) reactor(i).stop();
  for (auto& thread : threads) thread.join();
  if (options_.pin_threads) ::pthread_setaffinity_np(::pthread_self(), sizeof allowed, &allowed);
}

void Platform::request_shutdown() noexcept {
  if (shutdown_.exchange(Shutdown::requested) == Shutdown::awaited) reactor(0).deliver(shutdown_message_);
}

Result<std::unique_ptr<Platform>> make_platform(const PlatformOptions& given) {
  TT_ASSERT(given.reactors > 0 && given.disk_threads > 0);
  PlatformOptions options = given;
  if (options.seed == 0) options.seed = os_random_seed();
  if (options.backend == IoBackend::posix) return build<PosixPlatform>(options);

  const int refused = UringReactor::probe();
  if (refused == 0) return build<UringPlatform>(options);
  const bool demanded = options.backend == IoBackend::uring;
  if (options.notice) {
    options.notice("io_uring is not available: " + explain_uring_refusal(refused) +
                   (demanded ? "" : "; using threads for disks and epoll for sockets, which is slower"));
  }
  if (demanded) return {Errc::io_error, static_cast<std::uint64_t>(refused)};
  return build<PosixPlatform>(options);
}

std::string explain_uring_refusal(int error) {
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
  switch (error) {
    case EPERM:
    case EACCES:
      if (disabled == 2) return "the setting kernel.io_uring_disabled=2 forbids it to every process";
      if (disabled == 1) {
        return "the setting kernel.io_uring_disabled=1 allows it only to the group kernel.io_uring_group and to "
               "processes with CAP_SYS_ADMIN";
      }
      return "a seccomp filter (the usual default of containers) or a security module forbids it";
    case ENOSYS:
      return "this kernel was built without it or is older than 5.11, or a seccomp filter hides it";
    case ENOMEM:
      return "no memory for its rings; on kernels before 5.12 the limit of locked memory (ulimit -l) counts";
    case EMFILE:
    case ENFILE:
      return "the limit of open files is reached (ulimit -n)";
    default:
      return std::string("the kernel answers \"") + std::strerror(error) + "\"";
  }
}

}  // namespace tt::rt
