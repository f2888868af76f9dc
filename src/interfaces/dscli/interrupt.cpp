// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>

#include "base/assert.h"

namespace tt::dscli {

namespace {

// A pipe, so that a signal between a check and poll() is not lost. Signal handlers reach only globals.
int g_pipe[2] = {-1, -1};
volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int) {
  const int saved = errno;
  g_interrupted = 1;
  [[maybe_unused]] const ssize_t ignored = ::write(g_pipe[1], "x", 1);
  errno = saved;
}

}  // namespace

void catch_interrupts() {
  if (g_pipe[0] >= 0) return;
  TT_ASSERT(::pipe2(g_pipe, O_CLOEXEC | O_NONBLOCK) == 0);
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  TT_ASSERT(::sigaction(SIGINT, &action, nullptr) == 0);
}

void clear_interrupt() {
  g_interrupted = 0;
  char drained[64];
  while (g_pipe[0] >= 0 && ::read(g_pipe[0], drained, sizeof drained) > 0) {
  }
}

bool interrupted() {
  return g_interrupted != 0;
}

Wake wait_for(int fd, short events, std::int64_t timeout_ms) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    if (interrupted()) return Wake::interrupted;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd watched[2] = {{g_pipe[0], POLLIN, 0}, {fd, events, 0}};
    const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
    const int ready = ::poll(watched, 2, wait_ms);
    if (ready > 0 && watched[1].revents != 0) return Wake::ready;
    if (ready == 0 && left <= 0) return Wake::timed_out;
  }
}

}  // namespace tt::dscli
