// SPDX-License-Identifier: Apache-2.0
#include "mirror/pair_names.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "mirror/pair_phases.h"

namespace tt::mirror {

namespace {

constexpr std::array<const char*, kPairEvents> kEvents{"pause",
                                                       "resume",
                                                       "convert",
                                                       "freeze",
                                                       "failover",
                                                       "failback",
                                                       "failback_held",
                                                       "remove",
                                                       "remove_here",
                                                       "told_pause",
                                                       "told_error",
                                                       "told_resume",
                                                       "told_duplex",
                                                       "told_failback",
                                                       "told_failback_held",
                                                       "told_remove",
                                                       "refused_epoch",
                                                       "refused_simplex",
                                                       "refused_media",
                                                       "silent",
                                                       "found_higher_epoch",
                                                       "found_other_lineage",
                                                       "in_step",
                                                       "path_up",
                                                       "error_here",
                                                       "started_clean",
                                                       "started_unclean"};

constexpr std::array<const char*, 16> kActions{"hold_writes",   "stop_sending", "refuse_hosts", "mark_unanswered",
                                               "mark_intent",   "raise_epoch",  "ask_peer",     "merge_peer_marks",
                                               "commit",        "accept_hosts", "tell_peer",    "judge_writes",
                                               "start_copying", "report",       "drop"};

const char* type_name(PairType type) noexcept {
  return type == PairType::metro_mirror ? "Metro Mirror" : "Global Copy";
}

/// Whether the type that comes with the event makes a difference.
bool names_a_type(PairEvent event) noexcept {
  switch (event) {
    case PairEvent::resume:
    case PairEvent::failover:
    case PairEvent::failback:
    case PairEvent::failback_held:
    case PairEvent::told_resume:
    case PairEvent::told_failback:
    case PairEvent::told_failback_held:
      return true;
    default:
      return false;
  }
}

/// What an event does, said the same way for all phases for which it does the same: they share a row.
struct Row {
  std::string from;
  std::string next;
  std::string actions;
};

void add_row(std::vector<Row>& rows, const PairPhase& from, Row row) {
  for (Row& there : rows) {
    if (there.next == row.next && there.actions == row.actions) {
      there.from += "<br>" + describe(from);
      return;
    }
  }
  row.from = describe(from);
  rows.push_back(std::move(row));
}

Row row_of(const std::optional<PairStep>& answer) {
  if (!answer) return {"", "does not fit", "-"};
  if (answer->actions == 0) return {"", "as it was", "-"};
  return {"", answer->next ? describe(*answer->next) : "no pair", describe_actions(answer->actions)};
}

void add_event(std::string& out, PairEvent event, PairType type) {
  std::vector<Row> rows;
  for (const PairPhase& from : all_phases()) add_row(rows, from, row_of(step(from, {event, type, true})));
  out += std::string("\n## ") + name_of(event);
  if (names_a_type(event)) out += std::string(", ") + type_name(type);
  out += "\n\n| from | to | actions |\n|---|---|---|\n";
  for (const Row& row : rows) out += "| " + row.from + " | " + row.next + " | " + row.actions + " |\n";
}

}  // namespace

const char* name_of(PairEvent event) noexcept {
  return kEvents.at(static_cast<std::size_t>(event));
}

const char* name_of(SuspendReason reason) noexcept {
  switch (reason) {
    case SuspendReason::none:
      return "none";
    case SuspendReason::host_source:
      return "host source";
    case SuspendReason::host_target:
      return "host target";
    case SuspendReason::update_target:
      return "update target";
    case SuspendReason::internal_here:
      return "internal, here";
    case SuspendReason::simplex_target:
      return "simplex target";
    case SuspendReason::internal_target:
      return "internal, target";
    case SuspendReason::power:
      return "power";
    case SuspendReason::freeze:
      return "freeze";
  }
  return "unknown";
}

const char* name_of(PairState state) noexcept {
  switch (state) {
    case PairState::copy_pending:
      return "copy pending";
    case PairState::full_duplex:
      return "full duplex";
    case PairState::suspended:
      return "suspended";
  }
  return "unknown";
}

std::string describe(const PairPhase& phase) {
  std::string text = phase.role == PairRole::source ? "source, " : "target, ";
  text += std::string(type_name(phase.type)) + ", " + name_of(phase.state);
  if (phase.state == PairState::suspended) text += std::string(" (") + name_of(phase.reason) + ")";
  if (phase.failed_over) text += ", failed over";
  return text;
}

std::string describe_actions(PairActions actions) {
  std::string text;
  for (std::size_t bit = 0; bit < kActions.size(); ++bit) {
    if ((actions >> bit & 1U) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kActions[bit];
  }
  return text.empty() ? "-" : text;
}

std::string machine_as_markdown() {
  std::string out =
      "# The states of a mirrored pair\n\n"
      "Printed from `src/mirror/pair_machine.cpp` by its test, which fails while this page says anything else. For "
      "each event: "
      "what an end of a pair\nbecomes, from where, and what is done for it, in this order. What an event does not fit "
      "is refused, "
      "and changes nothing. Of `path_up`:\nwith automatic resynchronisation.\n";
  for (std::uint8_t n = 0; n < kPairEvents; ++n) {
    const auto event = static_cast<PairEvent>(n);
    add_event(out, event, PairType::metro_mirror);
    if (names_a_type(event)) add_event(out, event, PairType::global_copy);
  }
  return out;
}

}  // namespace tt::mirror
