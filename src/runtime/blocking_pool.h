// SPDX-License-Identifier: Apache-2.0
// A few threads for calls that block: all disk operations of the posix backend; under io_uring only the rare calls it
// has no operation for (discarding on block devices, name look-ups). Threads start when they are first needed.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/loop_reactor.h"

namespace tt::rt {

class BlockingPool {
 public:
  explicit BlockingPool(unsigned max_threads) : max_threads_(max_threads) {}
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// Runs what is queued, then joins the threads. The home reactors of the jobs must still exist.
  ~BlockingPool();

  /// Jobs start in FIFO order, at most max_threads at once. Any thread.
  void submit(Job& job);
  [[nodiscard]] unsigned max_threads() const noexcept { return max_threads_; }

 private:
  void work();

  const unsigned max_threads_;
  std::mutex mutex_;
  std::condition_variable work_queued_;
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  std::size_t queued_ = 0;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tt::rt
