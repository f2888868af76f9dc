// SPDX-License-Identifier: Apache-2.0
// The paths from one LSS here to one LSS of another image: how each of them is, when the next attempt is due, and which
// of them takes the next frame (spec: remote mirror, 1.2). Pure; the caller makes connections and says how that went.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mirror/message.h"
#include "mirror/path_ports.h"
#include "runtime/reactor.h"

namespace tt::mirror {

/// Whether a path with that status is tried again without anybody asking: what failed for a reason that passes.
bool retries_itself(PathStatus status) noexcept;
/// Whether frames may be sent on it.
constexpr bool is_usable(PathStatus status) noexcept {
  return status == PathStatus::established;
}

/// What the other end says of a link or path that is not up: its words, unless they would say that it is, or nothing.
constexpr PathStatus refusal_of(PathStatus said) noexcept {
  const bool sensible = said != PathStatus::established && said != PathStatus::none && said != PathStatus::degraded &&
                        said != PathStatus::removed;
  return sensible ? said : PathStatus::link_down;
}

class PathSet {
 public:
  enum class Health : std::uint8_t { up, degraded, down };

  /// The new set instead of the old one. A path that was in both stays as it is; the others are to be tried at once.
  /// Indices are those of `ports`, which have passed check_ports().
  void replace(std::span<const PathPorts> ports, rt::TimeNs now);

  [[nodiscard]] std::size_t size() const noexcept { return paths_.size(); }
  [[nodiscard]] PathPorts ports(std::size_t path) const noexcept { return paths_[path].ports; }
  /// As it is shown: what has failed for longer than ten minutes is retry_exceeded, and tried on.
  [[nodiscard]] PathStatus status(std::size_t path, rt::TimeNs now) const noexcept;
  [[nodiscard]] Health health() const noexcept;

  void established(std::size_t path) noexcept;
  /// An attempt failed, or a link was lost. The next attempt is due after 1, 2, 4 ... 30 seconds; never, for what does
  /// not retry itself.
  void failed(std::size_t path, PathStatus status, rt::TimeNs now) noexcept;
  /// Somebody repaired it, or says so: tried at once, whatever it was.
  void try_now(std::size_t path, rt::TimeNs now) noexcept;
  /// Empty: established, or not to be tried.
  [[nodiscard]] std::optional<rt::TimeNs> next_attempt(std::size_t path) const noexcept { return paths_[path].due; }

  /// The usable path with the fewest bytes under way; among equals each in turn. Empty: none is usable.
  std::optional<std::size_t> pick(std::span<const std::uint64_t> bytes_under_way) noexcept;

 private:
  struct Path {
    PathPorts ports;
    PathStatus status = PathStatus::none;
    std::optional<rt::TimeNs> due;
    std::optional<rt::TimeNs> failing_since;
    rt::TimeNs pause = 0;  ///< Before the attempt after the next.
  };
  std::vector<Path> paths_;
  std::size_t turn_ = 0;
};

}  // namespace tt::mirror
