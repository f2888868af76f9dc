// SPDX-License-Identifier: Apache-2.0
// What is known of one end of a mirrored pair (spec: remote mirror, 1.3 and 1.4). Values are stored and sent: they
// keep their numbers for ever.
#pragma once

#include <array>
#include <cstdint>

namespace tt::mirror {

enum class PairType : std::uint8_t { metro_mirror = 1, global_copy = 2 };
/// The source is the end whose hosts may write.
enum class PairRole : std::uint8_t { source = 1, target = 2 };
enum class PairState : std::uint8_t {
  copy_pending = 1,  ///< Tracks are being sent. For Global Copy the state it lives in.
  full_duplex = 2,   ///< Metro Mirror only: what was answered is at both ends.
  suspended = 3,     ///< Nothing is sent; the source records what changes.
};
/// Numbers are the codes of the field, as in its traps and queries.
enum class SuspendReason : std::uint8_t {
  none = 0,
  host_source = 3,      ///< A command at the source.
  host_target = 4,      ///< A command at the target.
  update_target = 5,    ///< At the target: the source said so.
  internal_here = 6,    ///< Something in the image that says it.
  simplex_target = 7,   ///< At the source: the target has no pair any more.
  internal_target = 8,  ///< At the source: the target failed, or is out of reach.
  power = 9,            ///< An image was started after an unclean end.
  freeze = 10,
};

struct PairPhase {
  PairRole role = PairRole::source;
  PairType type = PairType::metro_mirror;
  PairState state = PairState::copy_pending;
  SuspendReason reason = SuspendReason::none;  ///< Not none exactly when suspended.
  /// Became the source by a failover: the other end has not agreed, and only a failback makes it a target.
  bool failed_over = false;

  friend bool operator==(const PairPhase&, const PairPhase&) = default;
};

/// Both ends hold the same number while they are a pair: a pair of another one says nothing of these data.
using Lineage = std::array<std::uint8_t, 16>;

/// A larger epoch is not believed: nobody could raise it any more.
inline constexpr std::uint64_t kLastEpoch = std::uint64_t{1} << 62U;

/// What was said of a pair when it was made or resumed; both ends hold it.
struct PairAttributes {
  bool target_read = false;
  bool cascade = false;
  bool critical_mode = false;
  bool resumes_itself = true;
  bool reset_reserve = false;  ///< Of the command alone.

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.target_read), io(m.cascade), io(m.critical_mode), io(m.resumes_itself), io(m.reset_reserve);
  }
  friend bool operator==(const PairAttributes&, const PairAttributes&) = default;
};

constexpr bool known(PairType t) noexcept {
  return t == PairType::metro_mirror || t == PairType::global_copy;
}
constexpr bool known(PairRole r) noexcept {
  return r == PairRole::source || r == PairRole::target;
}
constexpr bool known(PairState s) noexcept {
  return s == PairState::copy_pending || s == PairState::full_duplex || s == PairState::suspended;
}
constexpr bool known(SuspendReason r) noexcept {
  const auto n = static_cast<std::uint8_t>(r);
  return n == 0 || (n >= 3 && n <= 10);
}

/// Whether an end can be in it at all.
constexpr bool is_possible(const PairPhase& p) noexcept {
  const bool suspended = p.state == PairState::suspended;
  if (suspended != (p.reason != SuspendReason::none)) return false;
  if (p.state == PairState::full_duplex && p.type != PairType::metro_mirror) return false;
  if (p.failed_over && (p.role != PairRole::source || p.reason != SuspendReason::host_source)) return false;
  if (p.role == PairRole::target) {
    return p.reason == SuspendReason::none || p.reason == SuspendReason::host_target ||
           p.reason == SuspendReason::update_target || p.reason == SuspendReason::internal_here;
  }
  return p.reason != SuspendReason::update_target;
}

}  // namespace tt::mirror
