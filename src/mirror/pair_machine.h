// SPDX-License-Identifier: Apache-2.0
// The state machine of one end of a pair, whole, as a function: phase and event in, next phase and actions out (spec:
// remote mirror, 2.3 to 2.7 and 2.12). docs/mirror-states.md is printed from it, so that each cell can be judged.
//
// The caller does the actions in the order of their bits. If the other end does not agree, the event is over and
// nothing has changed here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "mirror/pair.h"

namespace tt::mirror {

enum class PairEvent : std::uint8_t {
  // Commands. Those that name a type take it from PairInput::type.
  pause,
  resume,   ///< resumepprc at the source.
  convert,  ///< mkpprc -type mmir on an active Global Copy pair.
  freeze,
  failover,       ///< failoverpprc at the target.
  failback,       ///< failbackpprc at the end whose data stays.
  failback_held,  ///< The same with -suspend.
  remove,         ///< rmpprc, the other end within reach.
  remove_here,    ///< rmpprc -unconditional -at this end.
  // What the other end says.
  told_pause,     ///< It has suspended, by a command at its end.
  told_error,     ///< It has suspended, because of an error.
  told_resume,    ///< The source goes on, with PairInput::type.
  told_duplex,    ///< The source has nothing left to send, and asks the target to say so first.
  told_failback,  ///< It keeps its data, this end becomes the target.
  told_failback_held,
  told_remove,
  refused_epoch,       ///< It refused data because it was failed over.
  refused_simplex,     ///< It knows no such pair.
  refused_media,       ///< It could not store what was sent.
  silent,              ///< No answer in time, or no path left.
  found_higher_epoch,  ///< At a handshake: it claims to be the source, with an epoch above ours.
  found_other_lineage,
  // What happens here.
  in_step,  ///< At the source: nothing left to send or unanswered, and the target has said full duplex.
  path_up,
  error_here,
  started_clean,  ///< Nothing was unanswered when the image ended.
  started_unclean,
};
inline constexpr std::uint8_t kPairEvents = static_cast<std::uint8_t>(PairEvent::started_unclean) + 1;

/// What to do, in the order of the bits. What comes before commit and fails undoes nothing that is durable.
enum class PairAction : std::uint16_t {
  hold_writes = 1U << 0U,      ///< No write is taken until the step is done.
  stop_sending = 1U << 1U,     ///< No frame of this pair leaves any more; a target takes none.
  refuse_hosts = 1U << 2U,     ///< This end is a target now.
  mark_unanswered = 1U << 3U,  ///< Tracks of writes without the target's answer become out of sync.
  mark_intent = 1U << 4U,      ///< Tracks of every stripe with a durable intent become out of sync.
  raise_epoch = 1U << 5U,
  ask_peer = 1U << 6U,          ///< The other end has to agree, and makes its own step durable first.
  merge_peer_marks = 1U << 7U,  ///< What the other end has changed or may miss becomes out of sync here.
  commit = 1U << 8U,            ///< The next phase becomes durable.
  accept_hosts = 1U << 9U,
  tell_peer = 1U << 10U,     ///< If it can be reached; nobody waits for it.
  judge_writes = 1U << 11U,  ///< Unanswered writes: refused, held, or answered now.
  start_copying = 1U << 12U,
  report = 1U << 13U,  ///< Nobody at this end asked for it: traps and notices.
  drop = 1U << 14U,    ///< The pair is no more, with its marks.
};
using PairActions = std::uint16_t;
constexpr PairActions operator|(PairAction a, PairAction b) noexcept {
  return static_cast<PairActions>(static_cast<PairActions>(a) | static_cast<PairActions>(b));
}
constexpr PairActions operator|(PairActions a, PairAction b) noexcept {
  return static_cast<PairActions>(a | static_cast<PairActions>(b));
}
constexpr bool has(PairActions actions, PairAction action) noexcept {
  return (actions & static_cast<PairActions>(action)) != 0;
}

struct PairInput {
  PairEvent event = PairEvent::pause;
  PairType type = PairType::metro_mirror;  ///< Of resume, failover, failback and what the other end says of these.
  bool resumes_itself = true;              ///< Global Copy without -disableautoresync.
};

struct PairStep {
  std::optional<PairPhase> next;  ///< Empty: no pair.
  PairActions actions = 0;

  friend bool operator==(const PairStep&, const PairStep&) = default;
};

/// Empty if the event does not fit the phase: a command is refused (wrong state), a message answered so; nothing
/// changes. A step to the same phase without actions says that it fits and there is nothing to do.
[[nodiscard]] std::optional<PairStep> step(const PairPhase& phase, const PairInput& input) noexcept;

/// The first phase of each end of a new pair.
[[nodiscard]] PairPhase first_phase(PairRole role, PairType type, bool copies) noexcept;

}  // namespace tt::mirror
