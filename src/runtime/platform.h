// SPDX-License-Identifier: Apache-2.0
// The real world for one process: N reactors, each on a thread of its own, with disks and network. main() uses it so:
//
//   PlatformOptions options;                       // how many reactors, which backend
//   auto made = make_platform(options);            // threads do not run yet
//   if (!made) ...                                 // a backend was demanded that the system refuses
//   Platform& platform = **made;
//   ... build the image on platform.reactor(i), platform.storage(i, dir), platform.net(i) ...
//   installed as handler of SIGTERM and SIGINT: platform.request_shutdown()
//   platform.run(serve(platform, image));          // blocks until serve() has ended
//
//   Task<void> serve(Platform& platform, Image& image) {   // runs on reactor 0
//     ... start; hop(platform.reactor(0), platform.reactor(i)) reaches the others ...
//     co_await platform.shutdown_requested();
//     ... shut down streams and listeners, join every scope ...
//   }
//
// Reactor 0 runs on the thread that calls run(). When the task ends, all reactors stop after their current turn: by
// then no operation may be in flight and no task may wait, which the scopes and sockets of the image assert when they
// die. Everything built on the platform dies before it.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/blocking_pool.h"
#include "runtime/disk_file.h"
#include "runtime/loop_reactor.h"
#include "runtime/net.h"
#include "runtime/task.h"

namespace tt::rt {

enum class IoBackend : std::uint8_t { automatic, uring, posix };

struct PlatformOptions {
  unsigned reactors = 1;
  /// automatic: io_uring where the system allows it, else the posix backend and a notice that says why.
  IoBackend backend = IoBackend::automatic;
  /// Reactor i stays on the i-th processor this process may use.
  bool pin_threads = false;
  /// Disk operations in progress at once under the posix backend (all reactors together).
  unsigned disk_threads = 16;
  TimeNs spin_limit = LoopOptions{}.spin_limit;
  /// 0 = from the operating system. Reactor i gets seed + i.
  std::uint64_t seed = 0;
  /// Remarks for the operator, a sentence each. Called by make_platform() and by Storage::open(), on their threads.
  NoticeSink notice;
};

class Platform {
 public:
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;
  virtual ~Platform() = default;

  [[nodiscard]] unsigned size() const noexcept { return static_cast<unsigned>(reactors_.size()); }
  [[nodiscard]] LoopReactor& reactor(unsigned i) noexcept { return *reactors_.at(i); }
  /// Files below `directory`, for use on reactor i only.
  virtual std::unique_ptr<Storage> storage(unsigned i, std::string directory) = 0;
  /// For use on reactor i only; before run() it may already listen.
  virtual Net& net(unsigned i) noexcept = 0;
  /// "io_uring (single issuer, deferred task run)" or "posix (16 threads)".
  [[nodiscard]] virtual std::string description() const = 0;

  /// Starts the threads, runs the task on reactor 0 in the calling thread, stops and joins all. Once per platform.
  void run(Task<void> main_task);

  /// Lets shutdown_requested() go on. Any thread, also a signal handler; more than once is the same as once.
  void request_shutdown() noexcept;

  class ShutdownAwaiter {
   public:
    explicit ShutdownAwaiter(Platform& platform) noexcept : platform_(platform) {}
    [[nodiscard]] bool await_ready() const noexcept { return platform_.shutdown_.load() == Shutdown::requested; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiter) noexcept {
      platform_.shutdown_message_.target = waiter;
      Shutdown expected = Shutdown::running;
      return platform_.shutdown_.compare_exchange_strong(expected, Shutdown::awaited);
    }
    void await_resume() const noexcept {}

   private:
    Platform& platform_;
  };
  /// One waiter, on reactor 0.
  ShutdownAwaiter shutdown_requested() noexcept { return ShutdownAwaiter(*this); }

 protected:
  Platform(const PlatformOptions& options, unsigned pool_threads);

  const PlatformOptions options_;
  std::vector<std::unique_ptr<LoopReactor>> reactors_;
  BlockingPool pool_;  ///< Dies before the reactors its jobs come home to.

 private:
  enum class Shutdown : std::uint8_t { running, awaited, requested };

  std::atomic<Shutdown> shutdown_{Shutdown::running};
  Message shutdown_message_;
  bool ran_ = false;
};

/// io_error with the errno when the demanded backend is refused; the notice then says why.
Result<std::unique_ptr<Platform>> make_platform(const PlatformOptions& options);

/// One sentence: why io_uring is likely to be refused, given the errno of the attempt. For the notice and for tests.
std::string explain_uring_refusal(int error);

}  // namespace tt::rt
