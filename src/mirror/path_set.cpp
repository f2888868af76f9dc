// SPDX-License-Identifier: Apache-2.0
#include "mirror/path_set.h"

#include <algorithm>
#include <utility>

namespace tt::mirror {

namespace {

constexpr rt::TimeNs kFirstPause = rt::kSecond;
constexpr rt::TimeNs kLongestPause = 30 * rt::kSecond;
constexpr rt::TimeNs kLongFailure = 600 * rt::kSecond;

}  // namespace

bool retries_itself(PathStatus status) noexcept {
  switch (status) {
    case PathStatus::initialization_failed:  // certificates and programs are renewed while images run
    case PathStatus::timed_out:
    case PathStatus::no_resources_here:
    case PathStatus::no_resources_there:
    case PathStatus::retry:
    case PathStatus::link_down:
    case PathStatus::retry_exceeded:
    case PathStatus::not_available_there:
    case PathStatus::login_limit_here:
    case PathStatus::login_limit_there:
      return true;
    default:
      return false;
  }
}

void PathSet::replace(std::span<const PathPorts> ports, rt::TimeNs now) {
  std::vector<Path> paths;
  for (const PathPorts wanted : ports) {
    const auto found = std::ranges::find(paths_, wanted, &Path::ports);
    if (found != paths_.end()) {
      paths.push_back(*found);
    } else {
      Path path;
      path.ports = wanted;
      path.due = now;
      paths.push_back(path);
    }
  }
  paths_ = std::move(paths);
}

PathStatus PathSet::status(std::size_t path, rt::TimeNs now) const noexcept {
  const Path& p = paths_[path];
  const bool long_failing = p.failing_since && now - *p.failing_since > kLongFailure;
  return long_failing && retries_itself(p.status) ? PathStatus::retry_exceeded : p.status;
}

PathSet::Health PathSet::health() const noexcept {
  const auto usable = std::ranges::count_if(paths_, [](const Path& p) { return is_usable(p.status); });
  if (usable == 0) return Health::down;
  return static_cast<std::size_t>(usable) == paths_.size() ? Health::up : Health::degraded;
}

void PathSet::established(std::size_t path) noexcept {
  Path& p = paths_[path];
  p.status = PathStatus::established;
  p.due.reset();
  p.failing_since.reset();
  p.pause = 0;
}

void PathSet::failed(std::size_t path, PathStatus status, rt::TimeNs now) noexcept {
  TT_ASSERT(!is_usable(status));
  Path& p = paths_[path];
  p.status = status;
  if (!p.failing_since) p.failing_since = now;
  p.due.reset();
  if (!retries_itself(status)) return;
  p.pause = p.pause == 0 ? kFirstPause : std::min(2 * p.pause, kLongestPause);
  p.due = now + p.pause;
}

void PathSet::try_now(std::size_t path, rt::TimeNs now) noexcept {
  Path& p = paths_[path];
  if (is_usable(p.status)) return;
  p.pause = 0;
  p.due = now;
}

std::optional<std::size_t> PathSet::pick(std::span<const std::uint64_t> bytes_under_way) noexcept {
  TT_ASSERT(bytes_under_way.size() == paths_.size());
  std::optional<std::size_t> best;
  for (std::size_t n = 0; n < paths_.size(); ++n) {
    const std::size_t path = (turn_ + n) % paths_.size();
    if (!is_usable(paths_[path].status)) continue;
    if (!best || bytes_under_way[path] < bytes_under_way[*best]) best = path;
  }
  if (best) turn_ = *best + 1;
  return best;
}

}  // namespace tt::mirror
