// SPDX-License-Identifier: Apache-2.0
// What goes wrong, and at which I/O. Rules are asked in their order when an operation is submitted; the first that
// fires decides. A rule fires at its n-th matching operation, or at a rate, or both.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "runtime/disk.h"
#include "runtime/reactor.h"

namespace tt::sim {

enum class FaultKind : std::uint8_t {
  none,
  crash_before,  ///< Power goes before the operation reaches the device.
  crash_after,   ///< The operation takes full effect, power goes before anyone hears of it.
  torn_crash,    ///< Power goes while the operation is under way: some of its units are there, some are not.
  io_error,      ///< EIO; a failed write leaves any mix of old and new units, a failed flush may lose what it covered.
  no_space,      ///< ENOSPC from a write or an allocation; nothing is written.
  late_error,    ///< The write says it went well and is lost at power-off; the next flush of the file says EIO once.
  slow,          ///< The device takes slow_factor times as long, for slow_for.
  lost_write,    ///< The write says it went well and never reached the medium.
  misdirected_write,  ///< The write lands at another offset of the same file.
  bit_rot,            ///< One bit of the write is wrong on the medium.
  latent_error,       ///< One unit of the range is unreadable from now on, until it is written again.
};

const char* name_of(FaultKind kind) noexcept;
/// FaultKind::none for an unknown name.
FaultKind fault_kind_of(const std::string& name) noexcept;

using IoMask = std::uint32_t;
constexpr IoMask mask_of(rt::DiskOp::Kind kind) noexcept {
  return IoMask{1} << static_cast<unsigned>(kind);
}
inline constexpr IoMask kReads = mask_of(rt::DiskOp::Kind::read);
inline constexpr IoMask kWrites = mask_of(rt::DiskOp::Kind::write);
inline constexpr IoMask kFlushes = mask_of(rt::DiskOp::Kind::flush);
inline constexpr IoMask kAllocations = mask_of(rt::DiskOp::Kind::allocate);
inline constexpr IoMask kDiscards = mask_of(rt::DiskOp::Kind::discard);
/// Everything that changes what a crash leaves behind.
inline constexpr IoMask kChanges = kWrites | kFlushes | kAllocations | kDiscards;
inline constexpr IoMask kAllIo = kReads | kChanges;

struct FaultRule {
  FaultKind kind = FaultKind::none;
  IoMask operations = kAllIo;
  std::string file;      ///< Fires only for files whose name contains this; empty = all.
  std::uint64_t at = 0;  ///< Fires at this matching operation, counted from 1 since the rule was armed; 0 = never.
  std::uint32_t per_million = 0;  ///< Fires at random, too.
  bool sticky = false;            ///< Having fired once it fires at every further matching operation of that file.
  bool after_previous = false;    ///< Armed (its count begins) when the rule before it in the plan has fired.
  std::uint32_t slow_factor = 100;
  rt::TimeNs slow_for = 2 * rt::kSecond;
};

/// The operation a rule looks at.
struct IoQuery {
  rt::DiskOp::Kind kind = rt::DiskOp::Kind::flush;
  std::uint32_t file = 0;
  const std::string* file_name = nullptr;
};

struct Verdict {
  FaultKind kind = FaultKind::none;
  std::uint32_t slow_factor = 1;
  rt::TimeNs slow_for = 0;
};

class FaultPlan {
 public:
  /// Returns the number of the rule.
  std::size_t add(FaultRule rule);
  void clear() noexcept { rules_.clear(); }
  /// While quiet no rule fires and nothing is counted; for the phase of a scenario that must go well.
  void set_quiet(bool quiet) noexcept { quiet_ = quiet; }
  [[nodiscard]] std::uint64_t fired(std::size_t rule) const noexcept { return rules_[rule].fired; }
  [[nodiscard]] std::uint64_t fired_total() const noexcept { return fired_total_; }
  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }
  [[nodiscard]] const FaultRule& rule(std::size_t i) const noexcept { return rules_[i].rule; }

  /// Asked once for each submitted operation.
  Verdict decide(const IoQuery& io, Random& random);
  /// Operations submitted since the start while the plan was not quiet.
  [[nodiscard]] std::uint64_t io_count(IoMask operations = kAllIo) const noexcept;
  /// Operations submitted after the one at which a rule fired for the first time; 0 if none did.
  [[nodiscard]] std::uint64_t io_count_since_first_fault(IoMask operations = kAllIo) const noexcept;

  /// The part of a run that a sweep may be limited to (SweepOptions::part): between the first calls of these.
  void begin_part() noexcept;
  void end_part() noexcept;
  struct IoRange {
    std::uint64_t before = 0;  ///< Operations before the part.
    std::uint64_t end = 0;     ///< Those and the ones of the part.
  };
  /// All of the run if no part was named.
  [[nodiscard]] IoRange part(IoMask operations = kAllIo) const noexcept;

 private:
  struct Armed {
    FaultRule rule;
    std::uint64_t seen = 0;
    std::uint64_t fired = 0;
    std::vector<std::uint32_t> stuck_files;
  };
  [[nodiscard]] bool fires(Armed& armed, const IoQuery& io, Random& random) const;

  std::vector<Armed> rules_;
  using Counts = std::array<std::uint64_t, 5>;  // by kind of operation
  static std::uint64_t sum(const Counts& counts, IoMask operations) noexcept;
  Counts counts_{};
  Counts counts_at_first_fault_{};
  std::optional<Counts> counts_before_part_;
  std::optional<Counts> counts_after_part_;
  std::uint64_t fired_total_ = 0;
  bool quiet_ = false;
};

}  // namespace tt::sim
