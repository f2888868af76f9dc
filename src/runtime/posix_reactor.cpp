// SPDX-License-Identifier: Apache-2.0
#include "runtime/posix_reactor.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/assert.h"

namespace tt::rt {
namespace {

constexpr int kEventsPerCall = 128;
constexpr std::uint32_t kAllEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}  // namespace

Result<std::unique_ptr<PosixReactor>> PosixReactor::create(const LoopOptions& options) {
  UniqueFd epoll_fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_fd) return {Errc::io_error, static_cast<std::uint64_t>(errno)};
  std::unique_ptr<PosixReactor> reactor(new PosixReactor(options, std::move(epoll_fd)));
  // Edge-triggered, so each write to the wake descriptor is one event and nobody has to read it. Its watch is null.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (::epoll_ctl(reactor->epoll_fd_.get(), EPOLL_CTL_ADD, reactor->wake_fd(), &event) != 0) {
    return {Errc::io_error, static_cast<std::uint64_t>(errno)};
  }
  return reactor;
}

bool PosixReactor::watch(int fd, PosixWatch& watch) noexcept {
  epoll_event event{};
  event.events = kAllEvents;
  event.data.ptr = &watch;
  return ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void PosixReactor::wait(TimeNs timeout) noexcept {
  epoll_event events[kEventsPerCall];
  int count = -1;
  if (fine_timeouts_ && timeout > 0) {
    const timespec limit{timeout / kSecond, timeout % kSecond};
    count = ::epoll_pwait2(epoll_fd_.get(), events, kEventsPerCall, &limit, nullptr);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) fine_timeouts_ = false;
  }
  if (!fine_timeouts_ || timeout <= 0) {
    const TimeNs milliseconds = timeout <= 0 ? timeout : (timeout + kMillisecond - 1) / kMillisecond;
    count = ::epoll_wait(epoll_fd_.get(), events, kEventsPerCall,
                         timeout < 0 ? -1 : static_cast<int>(std::min<TimeNs>(milliseconds, INT_MAX)));
  }
  TT_ASSERT(count >= 0 || errno == EINTR);
  // No coroutine runs between here and the end of the loop, so no watch can disappear under our hands.
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr != nullptr) static_cast<PosixWatch*>(events[i].data.ptr)->ready(events[i].events);
  }
}

}  // namespace tt::rt
