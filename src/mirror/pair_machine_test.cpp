// SPDX-License-Identifier: Apache-2.0
#include "mirror/pair_machine.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "mirror/pair_names.h"
#include "mirror/pair_phases.h"

namespace tt::mirror {
namespace {

struct Transition {
  PairPhase from;
  PairInput input;
  PairStep step;
};

std::vector<PairInput> all_inputs() {
  std::vector<PairInput> all;
  for (std::uint8_t n = 0; n < kPairEvents; ++n) {
    for (const PairType type : {PairType::metro_mirror, PairType::global_copy}) {
      for (const bool resumes : {false, true}) all.push_back({static_cast<PairEvent>(n), type, resumes});
    }
  }
  return all;
}

void for_each_transition(const std::function<void(const Transition&)>& look) {
  for (const PairPhase& from : all_phases()) {
    for (const PairInput& input : all_inputs()) {
      const auto answer = step(from, input);
      if (!answer) continue;
      SCOPED_TRACE(describe(from) + " + " + name_of(input.event));
      look({from, input, *answer});
    }
  }
}

bool active(const PairPhase& p) {
  return p.state != PairState::suspended;
}

TEST(PairMachine, EveryPhaseIsPossibleAndEveryChangeIsCommitted) {
  EXPECT_EQ(all_phases().size(), 28U);
  for_each_transition([](const Transition& t) {
    if (t.step.next) EXPECT_TRUE(is_possible(*t.step.next));
    const bool changes = t.step.next != std::optional(t.from) || has(t.step.actions, PairAction::raise_epoch);
    EXPECT_EQ(has(t.step.actions, PairAction::commit), changes);
    EXPECT_EQ(has(t.step.actions, PairAction::drop), !t.step.next.has_value());
  });
}

/// Nothing but a command at one of the ends sets data in motion again; a Metro Mirror never does it by itself.
TEST(PairMachine, OnlyCommandsAndAGlobalCopyThatMayResume) {
  for_each_transition([](const Transition& t) {
    if (active(t.from) || !t.step.next || !active(*t.step.next)) return;
    const PairEvent e = t.input.event;
    const bool by_command = e == PairEvent::resume || e == PairEvent::failback || e == PairEvent::told_resume ||
                            e == PairEvent::told_failback;
    if (by_command) return;
    EXPECT_EQ(e, PairEvent::path_up);
    EXPECT_EQ(t.from.type, PairType::global_copy);
    EXPECT_TRUE(t.input.resumes_itself);
    EXPECT_FALSE(t.from.reason == SuspendReason::host_source || t.from.reason == SuspendReason::host_target ||
                 t.from.reason == SuspendReason::freeze || t.from.reason == SuspendReason::simplex_target);
  });
}

TEST(PairMachine, FullDuplexOnlyAfterTheOtherEndAndFromCopyPending) {
  for_each_transition([](const Transition& t) {
    if (!t.step.next || t.step.next->state != PairState::full_duplex) return;
    if (t.from.state == PairState::full_duplex) return;
    EXPECT_EQ(t.from.state, PairState::copy_pending);
    EXPECT_EQ(t.input.event, t.from.role == PairRole::source ? PairEvent::in_step : PairEvent::told_duplex);
  });
}

/// I6: roles are what commands made them.
TEST(PairMachine, RolesChangeByFailoverAndFailbackOnly) {
  for_each_transition([](const Transition& t) {
    if (!t.step.next || t.step.next->role == t.from.role) return;
    if (t.from.role == PairRole::target) {
      EXPECT_EQ(t.input.event, PairEvent::failover);
      EXPECT_TRUE(has(t.step.actions, PairAction::accept_hosts));
      EXPECT_TRUE(t.step.next->failed_over);
    } else {
      EXPECT_TRUE(t.input.event == PairEvent::told_failback || t.input.event == PairEvent::told_failback_held);
      EXPECT_TRUE(has(t.step.actions, PairAction::refuse_hosts) && has(t.step.actions, PairAction::hold_writes));
      EXPECT_TRUE(has(t.step.actions, PairAction::mark_intent)) << "what may be here only has to be overwritten";
    }
  });
}

/// I2: whatever ends the sending, what the other end may lack is marked before anybody is answered.
TEST(PairMachine, ASourceThatStopsHasMarkedWhatWasUnanswered) {
  for_each_transition([](const Transition& t) {
    const bool was_sending = t.from.role == PairRole::source && active(t.from);
    const bool still_sending = t.step.next && t.step.next->role == PairRole::source && active(*t.step.next);
    if (!was_sending || still_sending || !t.step.next) return;
    if (t.input.event == PairEvent::started_unclean) {
      EXPECT_TRUE(has(t.step.actions, PairAction::mark_intent));
      return;
    }
    EXPECT_TRUE(has(t.step.actions, PairAction::stop_sending) && has(t.step.actions, PairAction::mark_unanswered));
    EXPECT_TRUE(has(t.step.actions, PairAction::judge_writes));
  });
}

TEST(PairMachine, OnlyATurnRaisesTheEpoch) {
  for_each_transition([](const Transition& t) {
    const bool fails_over = t.from.role == PairRole::target && t.input.event == PairEvent::failover;
    const bool fails_back = t.input.event == PairEvent::failback || t.input.event == PairEvent::failback_held;
    EXPECT_EQ(has(t.step.actions, PairAction::raise_epoch), fails_over || fails_back);
    EXPECT_EQ(has(t.step.actions, PairAction::merge_peer_marks), fails_back);
  });
}

/// Whoever could not hear the answer says it again: the second time nothing happens, or it does not fit any more.
TEST(PairMachine, WhatIsSaidTwiceIsDoneOnce) {
  for_each_transition([](const Transition& t) {
    if (!t.step.next) return;
    const auto again = step(*t.step.next, t.input);
    if (!again) return;
    // A failback is asked again by the operator, and asks the other end again: that is what repairs a lost answer.
    const bool asks_again = t.input.event == PairEvent::failback_held;
    if (asks_again) return;
    EXPECT_EQ(again->next, t.step.next);
    EXPECT_EQ(again->actions & ~static_cast<PairActions>(PairAction::report), 0);
  });
}

/// RM-36 and RM-49: after a failover, or when the target is no pair any more, a resume would copy the wrong way or onto
/// strange data.
TEST(PairMachine, RM36_RM49_WhatAResumeMayNotUndo) {
  const PairPhase failed_over{PairRole::source, PairType::metro_mirror, PairState::suspended,
                              SuspendReason::host_source, true};
  EXPECT_FALSE(step(failed_over, {PairEvent::resume, PairType::metro_mirror, true}));
  const PairPhase simplex{PairRole::source, PairType::metro_mirror, PairState::suspended, SuspendReason::simplex_target,
                          false};
  EXPECT_FALSE(step(simplex, {PairEvent::resume, PairType::metro_mirror, true}));
}

/// RM-26: an active Metro Mirror does not become a Global Copy.
TEST(PairMachine, RM26_OnlyAnActiveGlobalCopyIsConverted) {
  for (const PairPhase& from : all_phases()) {
    const bool fits = from.role == PairRole::source && from.type == PairType::global_copy && active(from);
    EXPECT_EQ(step(from, {PairEvent::convert, PairType::metro_mirror, true}).has_value(), fits) << describe(from);
  }
}

TEST(PairMachine, TheDocumentIsTheMachine) {
  const std::string path = STATES_DOCUMENT;
  const std::string printed = machine_as_markdown();
  if (std::getenv("TWINTRACK_UPDATE_TABLES") != nullptr) std::ofstream(path) << printed;
  std::ifstream file(path);
  std::stringstream written;
  written << file.rdbuf();
  EXPECT_TRUE(written.str() == printed) << "TWINTRACK_UPDATE_TABLES=1 " << "writes " << path << " anew";
}

}  // namespace
}  // namespace tt::mirror
