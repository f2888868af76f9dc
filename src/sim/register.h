// SPDX-License-Identifier: Apache-2.0
// The oracle's model of one sector: a register under concurrent writes, crashes and point-in-time images.
//
// A version is a write that may be, or may have been, the content. Its effect happened at one instant between `begin`
// and the first of: acknowledged, seen by a read (effective_by); refused (never, or before its next overwrite); decided
// by a crash. From that follows what a read [b, e] may return: a version that was not certainly overwritten before b.
//   overwritten by w  <=  the version's effect certainly lies before w.begin and w certainly took effect; or a read saw
//                         w although the version's effect certainly lies before that read began.
// After a crash everything may be back that no *hardened* version has overwritten.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/tag.h"

namespace tt::sim {

/// Position in the order of the oracle's calls.
using Instant = std::uint64_t;
inline constexpr Instant kNever = ~Instant{0};

/// The instant of one point-in-time copy, as far as it is known: low < T0 < high.
struct CutWindow {
  Instant begin = 0;
  Instant low = 0;
  Instant high = kNever;
};

struct Version;
using VersionRef = std::shared_ptr<Version>;

struct Version {
  enum class Kind : std::uint8_t {
    plain,    ///< `value`
    image,    ///< the content of another sector at the instant of a copy: one of `choices`
    unknown,  ///< was an image and is withdrawn: anything; the first read decides (`value` once `fixed`)
  };
  Kind kind = Kind::plain;
  Value value;
  bool fixed = false;
  bool withdrawing = false;  ///< An image that may be on its way to become unknown.
  std::vector<VersionRef> choices;
  std::shared_ptr<CutWindow> cut;

  Instant begin = 0;
  Instant acknowledged_at = kNever;  ///< Of an unknown: the withdraw.
  Instant effective_by = kNever;
  Instant refused_at = kNever;
  Instant decided_by = kNever;
  Instant removed_at = kNever;          ///< No read that begins later may return it.
  bool hardened = false;                ///< Survives every crash.
  bool gone = false;                    ///< Overwritten by a hardened version: no crash brings it back.
  mutable bool being_followed = false;  ///< A walk along choices passes it.
  std::vector<std::weak_ptr<Version>> overwritten_by;

  /// Its effect, if it had one, lies before this.
  [[nodiscard]] Instant end() const noexcept;
  [[nodiscard]] bool matches(const Value& seen) const;
  /// May still be anything.
  [[nodiscard]] bool open() const noexcept { return withdrawing || (kind == Kind::unknown && !fixed); }
  [[nodiscard]] std::string text() const;
};

class Register {
 public:
  [[nodiscard]] const std::vector<VersionRef>& versions() const noexcept { return versions_; }

  void add(VersionRef version) { versions_.push_back(std::move(version)); }
  /// `version` certainly took effect before `now`.
  void took_effect(Version& version, Instant now);
  void refused(Version& version, Instant now) noexcept { version.refused_at = now; }
  void erase(const Version& version);
  /// `other` stands where `version` stood; false if that is forgotten already.
  bool replace(const Version& version, const VersionRef& other);
  /// `forgets_unknown`: what was seen of unknown versions holds no longer.
  void crash(Instant now, bool forgets_unknown);
  /// Forgets versions that neither a crash nor a read begun at or after `oldest_read` can return.
  void prune(Instant oldest_read);

  struct Observation {
    Value seen;
    Instant begin = 0;  ///< Of the read.
    Instant now = 0;
    Instant last_crash = 0;
    bool hardens = false;  ///< What a read returned can no longer be lost.
  };
  /// Empty if the read is legal; else why not.
  std::string observe(const Observation& read);
  [[nodiscard]] std::string describe() const;

 private:
  static bool narrow(Version& version, const Value& seen);
  static void drop_what_cannot_be(std::vector<VersionRef>& matching);
  static void note_overwritten(Version& older, const VersionRef& by);
  void find_gone();

  std::vector<VersionRef> versions_;
};

}  // namespace tt::sim
