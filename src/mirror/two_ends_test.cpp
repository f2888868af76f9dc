// SPDX-License-Identifier: Apache-2.0
// Both ends of a pair, and everything that can happen to them in any order: commands at either end, silence, crashes,
// answers and notices that get lost. All states that two ends can reach together are visited.
#include <gtest/gtest.h>

#include <compare>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mirror/pair_machine.h"
#include "mirror/pair_names.h"

namespace tt::mirror {
namespace {

struct End {
  std::optional<PairPhase> phase;
  std::uint8_t epoch = 0;  ///< Counted from the lower of both.
};

/// Who was the source first is `a`.
struct Both {
  End a;
  End b;
};

std::string key_of(const Both& both) {
  const auto of = [](const End& end) {
    return (end.phase ? describe(*end.phase) : "none") + std::to_string(end.epoch);
  };
  return of(both.a) + " | " + of(both.b);
}

/// What the other end hears when this end did what the step says; empty: nothing is said for such an event.
std::optional<PairEvent> said_to_peer(PairEvent event, const PairPhase& from) {
  switch (event) {
    case PairEvent::pause:
    case PairEvent::freeze:
      return PairEvent::told_pause;
    case PairEvent::silent:
    case PairEvent::refused_media:
    case PairEvent::error_here:
      return from.role == PairRole::source ? PairEvent::told_pause : PairEvent::told_error;
    case PairEvent::resume:
    case PairEvent::convert:
    case PairEvent::path_up:
      return PairEvent::told_resume;
    case PairEvent::failover:
      return PairEvent::found_higher_epoch;
    case PairEvent::failback:
      return PairEvent::told_failback;
    case PairEvent::failback_held:
      return PairEvent::told_failback_held;
    case PairEvent::remove:
      return PairEvent::told_remove;
    default:
      return std::nullopt;
  }
}

class Explorer {
 public:
  Explorer(PairType type, bool copies) {
    Both first;
    first.a.phase = first_phase(PairRole::source, type, copies);
    first.b.phase = first_phase(PairRole::target, type, copies);
    visit(first, "");
    while (!queue_.empty() && broken_.empty()) {
      const Both now = queue_.front();
      queue_.pop_front();
      try_everything(now);
    }
  }

  [[nodiscard]] std::size_t visited() const { return paths_.size(); }
  [[nodiscard]] const std::string& broken() const { return broken_; }
  [[nodiscard]] bool reached(const std::string& word) const {
    for (const auto& [key, path] : paths_) {
      if (key.find(word) != std::string::npos) return true;
    }
    return false;
  }

 private:
  void try_everything(const Both& now) {
    for (std::uint8_t n = 0; n < kPairEvents; ++n) {
      for (const PairType type : {PairType::metro_mirror, PairType::global_copy}) {
        for (const bool at_a : {true, false}) happen(now, at_a, {static_cast<PairEvent>(n), type, true});
      }
    }
  }

  /// Only what can come from outside or from the state of the other end; told_... comes with the sender's step.
  [[nodiscard]] static bool may_happen(const End& here, const End& there, PairEvent event) {
    switch (event) {
      case PairEvent::told_pause:
      case PairEvent::told_error:
      case PairEvent::told_resume:
      case PairEvent::told_failback:
      case PairEvent::told_failback_held:
      case PairEvent::told_remove:
      case PairEvent::told_duplex:
        return false;
      case PairEvent::refused_simplex:
        return !there.phase;
      case PairEvent::refused_epoch:
      case PairEvent::found_higher_epoch:
        return there.phase && there.phase->role == PairRole::source && there.epoch > here.epoch;
      case PairEvent::found_other_lineage:
        return false;
      default:
        return true;
    }
  }

  void happen(const Both& now, bool at_a, PairInput input) {
    Both next = now;
    End& here = at_a ? next.a : next.b;
    End& there = at_a ? next.b : next.a;
    if (!here.phase || !may_happen(here, there, input.event)) return;
    if (input.event == PairEvent::in_step) return enter_full_duplex(now, at_a);
    const PairPhase from = *here.phase;
    const auto done = step(from, input);
    if (!done) return;
    const std::string what = std::string(at_a ? "a " : "b ") + name_of(input.event);
    const auto said = said_to_peer(input.event, from);
    const bool asks = has(done->actions, PairAction::ask_peer);
    // Whoever asks has seen the other's number: a target may have a higher one from a failback whose answer was lost.
    if (asks) here.epoch = std::max(here.epoch, there.epoch);
    if (has(done->actions, PairAction::raise_epoch)) ++here.epoch;
    const std::uint8_t epoch = here.epoch;
    const PairType type = done->next ? done->next->type : input.type;
    if (asks) {
      if (!there.phase) return;
      const auto agreed = step(*there.phase, {*said, type, true});
      if (!agreed) return;
      there.phase = agreed->next;
      if (there.phase) there.epoch = epoch;
      Both answer_lost = next;  // the other end has done it, this end does not know
      (at_a ? answer_lost.a : answer_lost.b) = at_a ? now.a : now.b;
      visit(answer_lost, what + " (answer lost)");
    }
    here.phase = done->next;
    visit(next, what);
    if (!has(done->actions, PairAction::tell_peer) || !there.phase || !said) return;
    if (const auto heard = step(*there.phase, {*said, type, true})) {
      there.phase = heard->next;
      visit(next, what + " (heard)");
    }
  }

  /// Nothing left to send: the target says so first, then the source.
  void enter_full_duplex(const Both& now, bool at_a) {
    Both next = now;
    End& here = at_a ? next.a : next.b;
    End& there = at_a ? next.b : next.a;
    if (!there.phase || here.epoch != there.epoch) return;
    const auto agreed = step(*there.phase, {PairEvent::told_duplex, PairType::metro_mirror, true});
    const auto done = step(*here.phase, {PairEvent::in_step, PairType::metro_mirror, true});
    if (!agreed || !done) return;
    there.phase = agreed->next;
    visit(next, "told duplex (answer lost)");
    here.phase = done->next;
    visit(next, "in step");
  }

  void visit(Both both, const std::string& how) {
    const std::uint8_t lower = std::min(both.a.epoch, both.b.epoch);
    both.a.epoch = static_cast<std::uint8_t>(std::min(both.a.epoch - lower, 3));
    both.b.epoch = static_cast<std::uint8_t>(std::min(both.b.epoch - lower, 3));
    const std::string key = key_of(both);
    if (!paths_.emplace(key, how).second) return;
    queue_.push_back(both);
    judge(both, key + " after " + how);
  }

  void check(bool holds, const char* what, const std::string& where) {
    if (!holds && broken_.empty()) broken_ = std::string(what) + ": " + where;
  }

  void judge(const Both& both, const std::string& where) {
    if (!both.a.phase || !both.b.phase) return;
    const PairPhase& a = *both.a.phase;
    const PairPhase& b = *both.b.phase;
    for (const auto& [here, there] : {std::pair(a, b), std::pair(b, a)}) {
      // A source in full duplex answers what both have; it may not know yet that its target went its own way.
      const bool duplex = here.role == PairRole::source && here.state == PairState::full_duplex;
      check(!duplex || there.state != PairState::copy_pending || there.role != PairRole::target,
            "full duplex with a target that is not consistent", where);
    }
    const bool two_sources = a.role == PairRole::source && b.role == PairRole::source;
    check(!two_sources || a.failed_over || b.failed_over, "two sources without a failover", where);
    const bool both_send = two_sources && a.state != PairState::suspended && b.state != PairState::suspended;
    check(!both_send, "two ends that send to each other", where);
    // The epoch of a source that sends is that of its target, or its frames are refused.
    const bool equal = both.a.epoch == both.b.epoch;
    const bool a_sends = a.role == PairRole::source && a.state != PairState::suspended && b.role == PairRole::target;
    const bool b_sends = b.role == PairRole::source && b.state != PairState::suspended && a.role == PairRole::target;
    check(!(a_sends || b_sends) || equal, "a source and a target of different epochs that copy", where);
  }

  std::map<std::string, std::string> paths_;
  std::deque<Both> queue_;
  std::string broken_;
};

TEST(TwoEnds, EverythingThatCanHappenToAMetroMirror) {
  const Explorer explorer(PairType::metro_mirror, true);
  EXPECT_EQ(explorer.broken(), "");
  EXPECT_GT(explorer.visited(), 200U);
  EXPECT_TRUE(explorer.reached("failed over"));
  EXPECT_TRUE(explorer.reached("full duplex"));
}

TEST(TwoEnds, EverythingThatCanHappenToAGlobalCopy) {
  const Explorer explorer(PairType::global_copy, true);
  EXPECT_EQ(explorer.broken(), "");
  EXPECT_GT(explorer.visited(), 200U);
}

}  // namespace
}  // namespace tt::mirror
