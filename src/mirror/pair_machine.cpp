// SPDX-License-Identifier: Apache-2.0
#include "mirror/pair_machine.h"

#include "base/assert.h"

namespace tt::mirror {

namespace {

using Answer = std::optional<PairStep>;

/// While frames may be under way.
bool is_active(const PairPhase& p) noexcept {
  return p.state != PairState::suspended;
}

Answer nothing(const PairPhase& p) noexcept {
  return PairStep{p, 0};
}

PairPhase suspended(PairPhase p, SuspendReason reason) noexcept {
  p.state = PairState::suspended;
  p.reason = reason;
  return p;
}

PairPhase pending(PairRole role, PairType type) noexcept {
  return {role, type, PairState::copy_pending, SuspendReason::none, false};
}

PairActions commit_if(bool changed) noexcept {
  return changed ? static_cast<PairActions>(PairAction::commit) : PairActions{0};
}

// ---- the source -----------------------------------------------------------------------------------------------------

/// Before anybody is answered: nothing leaves, what is not answered is marked, the suspension is durable.
Answer suspend_source(const PairPhase& p, SuspendReason reason, PairActions more) noexcept {
  const PairActions actions =
      PairAction::stop_sending | PairAction::mark_unanswered | PairAction::commit | PairAction::judge_writes;
  return PairStep{suspended(p, reason), static_cast<PairActions>(actions | more)};
}

/// A suspension that came from elsewhere. One that is there already stays, unless the new reason says more.
Answer source_met(const PairPhase& p, SuspendReason reason, PairActions more, bool says_more) noexcept {
  if (is_active(p)) return suspend_source(p, reason, more | PairAction::report);
  if (!says_more || p.failed_over || p.reason == reason) return nothing(p);
  return PairStep{suspended(p, reason), PairAction::commit | PairAction::report};
}

Answer resume(const PairPhase& p, PairType type) noexcept {
  if (is_active(p) || p.failed_over || p.reason == SuspendReason::simplex_target) return std::nullopt;
  return PairStep{pending(PairRole::source, type),
                  PairAction::ask_peer | PairAction::commit | PairAction::start_copying};
}

/// What an error stopped, and no command. A pause makes it a command's.
bool resumes_by_itself(SuspendReason reason) noexcept {
  return reason == SuspendReason::internal_here || reason == SuspendReason::internal_target ||
         reason == SuspendReason::power;
}

/// A Metro Mirror never goes on by itself: its target is consistent, and would not be while it is brought up to date.
/// The end that is asked compares the lineage, so strange data are not copied onto by this either (RM-40).
Answer source_path_up(const PairPhase& p, bool resumes_itself) noexcept {
  if (is_active(p) || p.type != PairType::global_copy || !resumes_by_itself(p.reason) || !resumes_itself)
    return nothing(p);
  return PairStep{pending(PairRole::source, p.type),
                  PairAction::ask_peer | PairAction::commit | PairAction::start_copying | PairAction::report};
}

/// The other end is told first and has become a target, with all its marks, before this end counts on it.
Answer failback(const PairPhase& p, PairType type, bool held) noexcept {
  if (is_active(p)) return std::nullopt;
  const PairActions actions =
      PairAction::raise_epoch | PairAction::ask_peer | PairAction::merge_peer_marks | PairAction::commit;
  const PairPhase next = pending(PairRole::source, type);
  if (held) return PairStep{suspended(next, SuspendReason::host_source), actions};
  return PairStep{next, actions | PairAction::start_copying};
}

/// The other end keeps its data. What was changed here, or may be here only, is its to overwrite.
Answer source_becomes_target(PairType type, bool held) noexcept {
  const PairActions actions = PairAction::hold_writes | PairAction::stop_sending | PairAction::refuse_hosts |
                              PairAction::mark_unanswered | PairAction::mark_intent | PairAction::commit |
                              PairAction::judge_writes;
  const PairPhase next = pending(PairRole::target, type);
  return PairStep{held ? suspended(next, SuspendReason::update_target) : next, actions};
}

/// Global Copy has each mark durable with its write, so a crash tells it nothing new.
Answer source_started_unclean(const PairPhase& p) noexcept {
  if (!is_active(p) || p.type == PairType::global_copy) return nothing(p);
  return PairStep{suspended(p, SuspendReason::power),
                  PairAction::mark_intent | PairAction::commit | PairAction::report};
}

Answer leave_source(PairActions more) noexcept {
  const PairActions actions =
      PairAction::stop_sending | PairAction::commit | PairAction::judge_writes | PairAction::drop;
  return PairStep{std::nullopt, static_cast<PairActions>(actions | more)};
}

Answer source_command(const PairPhase& p, const PairInput& in) noexcept {
  switch (in.event) {
    case PairEvent::pause:
      if (resumes_by_itself(p.reason)) return PairStep{suspended(p, SuspendReason::host_source), commit_if(true)};
      if (!is_active(p)) return nothing(p);
      return suspend_source(p, SuspendReason::host_source, static_cast<PairActions>(PairAction::tell_peer));
    case PairEvent::freeze:
      if (!is_active(p)) return nothing(p);
      return suspend_source(p, SuspendReason::freeze, PairAction::hold_writes | PairAction::tell_peer);
    case PairEvent::resume:
      return resume(p, in.type);
    case PairEvent::convert:
      if (!is_active(p) || p.type != PairType::global_copy) return std::nullopt;
      return PairStep{pending(PairRole::source, PairType::metro_mirror), PairAction::ask_peer | PairAction::commit};
    case PairEvent::failover: {
      if (!p.failed_over) return std::nullopt;
      PairPhase next = p;
      next.type = in.type;
      return PairStep{next, commit_if(next != p)};
    }
    case PairEvent::failback:
    case PairEvent::failback_held:
      return failback(p, in.type, in.event == PairEvent::failback_held);
    case PairEvent::remove:
      return leave_source(static_cast<PairActions>(PairAction::ask_peer));
    case PairEvent::remove_here:
      return leave_source(0);
    default:
      return std::nullopt;
  }
}

Answer step_source(const PairPhase& p, const PairInput& in) noexcept {
  switch (in.event) {
    case PairEvent::told_pause:
      return source_met(p, SuspendReason::host_target, 0, false);
    case PairEvent::told_failback:
    case PairEvent::told_failback_held:
      return source_becomes_target(in.type, in.event == PairEvent::told_failback_held);
    case PairEvent::told_remove:
      return leave_source(0);
    case PairEvent::refused_epoch:
    case PairEvent::found_higher_epoch:
      // Two sources of one pair, and this one knows: only a command may say whose data stays.
      if (p.failed_over) return PairStep{p, static_cast<PairActions>(PairAction::report)};
      return source_met(p, SuspendReason::host_target, 0, true);
    case PairEvent::refused_simplex:
      return source_met(p, SuspendReason::simplex_target, 0, true);
    case PairEvent::told_error:
      return source_met(p, SuspendReason::internal_target, 0, false);
    case PairEvent::refused_media:
    case PairEvent::silent:
      return source_met(p, SuspendReason::internal_target, static_cast<PairActions>(PairAction::tell_peer), false);
    case PairEvent::found_other_lineage:
      return source_met(p, SuspendReason::internal_here, 0, true);
    case PairEvent::error_here:
      return source_met(p, SuspendReason::internal_here, static_cast<PairActions>(PairAction::tell_peer), false);
    case PairEvent::in_step: {
      if (!is_active(p) || p.type != PairType::metro_mirror) return std::nullopt;
      PairPhase next = p;
      next.state = PairState::full_duplex;
      return PairStep{next, commit_if(next != p)};
    }
    case PairEvent::path_up:
      return source_path_up(p, in.resumes_itself);
    case PairEvent::started_clean:
      return nothing(p);
    case PairEvent::started_unclean:
      return source_started_unclean(p);
    default:
      return source_command(p, in);
  }
}

// ---- the target -----------------------------------------------------------------------------------------------------

Answer suspend_target(const PairPhase& p, SuspendReason reason, PairActions more) noexcept {
  if (!is_active(p)) return nothing(p);
  return PairStep{suspended(p, reason),
                  static_cast<PairActions>((PairAction::stop_sending | PairAction::commit) | more)};
}

Answer fail_over(const PairPhase& p, PairType type) noexcept {
  PairPhase next = suspended(p, SuspendReason::host_source);
  next.role = PairRole::source;
  next.type = type;
  next.failed_over = true;
  return PairStep{next, PairAction::stop_sending | PairAction::raise_epoch | PairAction::commit |
                            PairAction::accept_hosts | PairAction::tell_peer};
}

Answer leave_target() noexcept {
  return PairStep{std::nullopt,
                  PairAction::stop_sending | PairAction::commit | PairAction::accept_hosts | PairAction::drop};
}

/// Also said again, after an answer that was lost.
Answer target_becomes(const PairPhase& p, const PairPhase& next) noexcept {
  return PairStep{next, commit_if(next != p)};
}

Answer step_target(const PairPhase& p, const PairInput& in) noexcept {
  switch (in.event) {
    case PairEvent::pause:
      return suspend_target(p, SuspendReason::host_target, static_cast<PairActions>(PairAction::tell_peer));
    case PairEvent::told_pause:
    case PairEvent::told_error:
      return suspend_target(p, SuspendReason::update_target, 0);
    case PairEvent::error_here:
      return suspend_target(p, SuspendReason::internal_here, PairAction::tell_peer | PairAction::report);
    case PairEvent::found_higher_epoch:
    case PairEvent::found_other_lineage:
      return suspend_target(p, SuspendReason::internal_here, static_cast<PairActions>(PairAction::report));
    case PairEvent::failover:
      return fail_over(p, in.type);
    case PairEvent::told_resume:
    case PairEvent::told_failback:
      return target_becomes(p, pending(PairRole::target, in.type));
    case PairEvent::told_failback_held:
      return target_becomes(p, suspended(pending(PairRole::target, in.type), SuspendReason::update_target));
    case PairEvent::told_duplex: {
      if (!is_active(p) || p.type != PairType::metro_mirror) return std::nullopt;
      PairPhase next = p;
      next.state = PairState::full_duplex;
      return target_becomes(p, next);
    }
    case PairEvent::told_remove:
    case PairEvent::remove_here:
      return leave_target();
    case PairEvent::silent:
    case PairEvent::path_up:
    case PairEvent::started_clean:
    case PairEvent::started_unclean:
      return nothing(p);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<PairStep> step(const PairPhase& phase, const PairInput& input) noexcept {
  TT_ASSERT(is_possible(phase));
  return phase.role == PairRole::source ? step_source(phase, input) : step_target(phase, input);
}

PairPhase first_phase(PairRole role, PairType type, bool copies) noexcept {
  PairPhase first = pending(role, type);
  if (!copies && type == PairType::metro_mirror) first.state = PairState::full_duplex;
  return first;
}

}  // namespace tt::mirror
