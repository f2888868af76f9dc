// SPDX-License-Identifier: Apache-2.0
#include "sim/case.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace tt::sim {
namespace {

constexpr SweepKind kKinds[] = {
    {"crash_before", FaultKind::crash_before, kChanges, false},
    {"crash_after", FaultKind::crash_after, kChanges, false},
    {"torn_crash", FaultKind::torn_crash, kChanges, false},
    {"io_error_once", FaultKind::io_error, kAllIo, false},
    {"io_error_sticky", FaultKind::io_error, kAllIo, true},
    {"late_error", FaultKind::late_error, kWrites, false},
    {"no_space_once", FaultKind::no_space, kWrites | kAllocations, false},
    {"no_space_sticky", FaultKind::no_space, kWrites | kAllocations, true},
};
constexpr std::size_t kCrashKinds = 3;

// The line of the running case, for the handler below; plain memory because a handler may use nothing else.
char running_case[512];

void print_running_case(int signal) {
  const char head[] = "\nsimulated case: ";
  const bool written = ::write(2, head, sizeof head - 1) > 0 &&
                       ::write(2, running_case, std::strlen(running_case)) > 0 && ::write(2, "\n", 1) > 0;
  if (!written) running_case[0] = '\0';
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// While it lives, an abort names the case.
class RunningCase {
 public:
  explicit RunningCase(const std::string& line) : previous_(std::signal(SIGABRT, print_running_case)) {
    std::snprintf(running_case, sizeof running_case, "%s", line.c_str());
  }
  RunningCase(const RunningCase&) = delete;
  RunningCase& operator=(const RunningCase&) = delete;
  ~RunningCase() { std::signal(SIGABRT, previous_); }

 private:
  void (*previous_)(int);
};

std::size_t trace_lines() {
  const char* wanted = std::getenv("TWINTRACK_SIM_TRACE");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20;
}

std::string repro_line(const CaseId& id) {
  return "TWINTRACK_SIM_REPLAY='" + id.text() + "'";
}

FaultRule rule_of(const PlannedFault& fault, bool after_previous) {
  FaultRule rule;
  rule.kind = fault.kind->fault;
  rule.operations = fault.kind->operations;
  rule.at = fault.index;
  rule.sticky = fault.kind->sticky;
  rule.after_previous = after_previous;
  return rule;
}

}  // namespace

std::span<const SweepKind> crash_kinds() {
  return std::span(kKinds).first(kCrashKinds);
}
std::span<const SweepKind> error_kinds() {
  return std::span(kKinds).subspan(kCrashKinds);
}

const SweepKind* find_sweep_kind(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const SweepKind& k) { return name == k.name; });
  return found == std::end(kKinds) ? nullptr : found;
}

std::string CaseId::text() const {
  std::ostringstream out;
  out << scenario << ' ' << first.index << ' ' << (first.kind != nullptr ? first.kind->name : "none") << ' ' << seed;
  if (second.kind != nullptr) out << ' ' << second.index << ' ' << second.kind->name;
  return out.str();
}

std::optional<CaseId> CaseId::parse(const std::string& text) {
  std::istringstream in(text);
  CaseId id;
  std::string kind;
  if (!(in >> id.scenario >> id.first.index >> kind >> id.seed)) return std::nullopt;
  id.first.kind = find_sweep_kind(kind);
  if (id.first.kind == nullptr && kind != "none") return std::nullopt;
  if (in >> id.second.index >> kind) {
    id.second.kind = find_sweep_kind(kind);
    if (id.second.kind == nullptr) return std::nullopt;
  }
  return id;
}

Case::Case(CaseId id) : id_(std::move(id)), random_(mix(id_.seed, 2)), swarm_(mix(id_.seed, 3)) {}

std::uint64_t Case::draw(const std::string& name, std::uint64_t low, std::uint64_t high) {
  const std::uint64_t value = low + swarm_.below(high - low + 1);
  drawn_.emplace_back(name, value);
  return value;
}

bool Case::draw_chance(const std::string& name, std::uint64_t numerator, std::uint64_t denominator) {
  const bool value = swarm_.chance(numerator, denominator);
  drawn_.emplace_back(name, value ? 1 : 0);
  return value;
}

WorldOptions Case::draw_world_options() {
  WorldOptions options;
  options.message_delay_max = static_cast<rt::TimeNs>(draw("message_delay_max_ns", 1, 200'000));
  options.turn_cost_max = static_cast<rt::TimeNs>(draw("turn_cost_max_ns", 1, 20'000));
  options.timer_slack_max = static_cast<rt::TimeNs>(draw("timer_slack_max_ns", 1, 100'000));
  return options;
}

StorageOptions Case::draw_storage_options() {
  StorageOptions options;
  options.block_bytes = draw_chance("sector_4096", 1, 3) ? 4096 : 512;
  options.read.max = static_cast<rt::TimeNs>(draw("read_max_ns", 30'000, 2'000'000));
  options.write.max = static_cast<rt::TimeNs>(draw("write_max_ns", 30'000, 2'000'000));
  options.flush.max = static_cast<rt::TimeNs>(draw("flush_max_ns", 60'000, 10'000'000));
  options.tail_per_mille = static_cast<std::uint32_t>(draw("tail_per_mille", 0, 50));
  options.crash.keep_everything = static_cast<std::uint32_t>(draw("crash_keep_everything", 0, 20));
  options.crash.drop_everything = static_cast<std::uint32_t>(draw("crash_drop_everything", 0, 40));
  options.crash.write_kept = static_cast<std::uint32_t>(draw("crash_write_kept", 0, 40));
  options.crash.write_dropped = static_cast<std::uint32_t>(draw("crash_write_dropped", 0, 40));
  return options;
}

World& Case::world(WorldOptions options) {
  if (world_.has_value()) return *world_;
  world_.emplace(id_.seed, options);
  if (id_.first.kind != nullptr) world_->faults().add(rule_of(id_.first, /*after_previous=*/false));
  if (id_.second.kind != nullptr) world_->faults().add(rule_of(id_.second, /*after_previous=*/true));
  return *world_;
}

World& Case::world() {
  if (world_.has_value()) return *world_;
  return world(draw_world_options());
}

void Case::fail(std::string message) {
  if (message_.empty()) message_ = std::move(message);
}

bool Case::check(bool ok, std::string_view what) {
  if (!ok) fail(std::string(what));
  return ok;
}

bool Case::failed() const noexcept {
  return !message_.empty() || (world_.has_value() && !world_->failure().empty());
}

std::string Case::message() const {
  return !message_.empty() ? message_ : world_->failure();
}

std::string Case::table() const {
  std::string text;
  for (const auto& [name, value] : drawn_) text += "    " + name + " = " + std::to_string(value) + "\n";
  return text;
}

Outcome run_case(const CaseId& id, const Scenario& scenario) {
  const RunningCase running(repro_line(id));
  Case c(id);
  scenario(c);
  Outcome outcome;
  outcome.failed = c.failed();
  std::string tail;
  if (c.has_world()) {
    World& world = c.world();
    outcome.trace_hash = world.trace_hash();
    outcome.unseed = world.unseed();
    outcome.events = world.events();
    outcome.faults_fired = world.faults().fired_total();
    outcome.faults = world.faults();
    if (outcome.failed) tail = world.trace().tail(trace_lines());
  }
  if (outcome.failed) {
    outcome.report = "FAILED " + id.scenario + ": " + c.message() + "\n  drawn options:\n" + c.table() +
                     "  last events:\n" + tail + "  again: " + repro_line(id) + "\n";
  }
  return outcome;
}

std::optional<CaseId> requested_replay() {
  const char* text = std::getenv("TWINTRACK_SIM_REPLAY");
  if (text == nullptr || *text == '\0') return std::nullopt;
  std::optional<CaseId> id = CaseId::parse(text);
  if (!id) {
    std::fprintf(stderr, "TWINTRACK_SIM_REPLAY is not 'name index kind seed [index2 kind2]': %s\n", text);
    std::exit(2);
  }
  return id;
}

}  // namespace tt::sim
