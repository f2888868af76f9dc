// SPDX-License-Identifier: Apache-2.0
#include "sim/fault.h"

#include <algorithm>
#include <utility>

namespace tt::sim {
namespace {

constexpr std::pair<FaultKind, const char*> kNames[] = {
    {FaultKind::none, "none"},
    {FaultKind::crash_before, "crash_before"},
    {FaultKind::crash_after, "crash_after"},
    {FaultKind::torn_crash, "torn_crash"},
    {FaultKind::io_error, "io_error"},
    {FaultKind::no_space, "no_space"},
    {FaultKind::late_error, "late_error"},
    {FaultKind::slow, "slow"},
    {FaultKind::lost_write, "lost_write"},
    {FaultKind::misdirected_write, "misdirected_write"},
    {FaultKind::bit_rot, "bit_rot"},
    {FaultKind::latent_error, "latent_error"},
};

/// The operations a kind of fault can happen to.
IoMask possible(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::no_space:
      return kWrites | kAllocations;
    case FaultKind::late_error:
    case FaultKind::lost_write:
    case FaultKind::misdirected_write:
    case FaultKind::bit_rot:
      return kWrites;
    case FaultKind::latent_error:
      return kReads | kWrites;
    default:
      return kAllIo;
  }
}

}  // namespace

const char* name_of(FaultKind kind) noexcept {
  for (const auto& [value, name] : kNames) {
    if (value == kind) return name;
  }
  return "unknown";
}

FaultKind fault_kind_of(const std::string& name) noexcept {
  for (const auto& [value, known] : kNames) {
    if (name == known) return value;
  }
  return FaultKind::none;
}

std::size_t FaultPlan::add(FaultRule rule) {
  rules_.push_back(Armed{std::move(rule), 0, 0, {}});
  return rules_.size() - 1;
}

std::uint64_t FaultPlan::sum(const Counts& counts, IoMask operations) noexcept {
  std::uint64_t total = 0;
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    if ((operations & (IoMask{1} << kind)) != 0) total += counts[kind];
  }
  return total;
}

std::uint64_t FaultPlan::io_count(IoMask operations) const noexcept {
  return sum(counts_, operations);
}

std::uint64_t FaultPlan::io_count_since_first_fault(IoMask operations) const noexcept {
  if (fired_total_ == 0) return 0;
  return sum(counts_, operations) - sum(counts_at_first_fault_, operations);
}

void FaultPlan::begin_part() noexcept {
  if (!counts_before_part_) counts_before_part_ = counts_;
}

void FaultPlan::end_part() noexcept {
  if (counts_before_part_ && !counts_after_part_) counts_after_part_ = counts_;
}

FaultPlan::IoRange FaultPlan::part(IoMask operations) const noexcept {
  return {counts_before_part_ ? sum(*counts_before_part_, operations) : 0,
          sum(counts_after_part_.value_or(counts_), operations)};
}

bool FaultPlan::fires(Armed& armed, const IoQuery& io, Random& random) const {
  const FaultRule& rule = armed.rule;
  if ((rule.operations & possible(rule.kind) & mask_of(io.kind)) == 0) return false;
  if (!rule.file.empty() && io.file_name->find(rule.file) == std::string::npos) return false;
  ++armed.seen;
  if (std::find(armed.stuck_files.begin(), armed.stuck_files.end(), io.file) != armed.stuck_files.end()) return true;
  if (armed.seen != rule.at && !(rule.per_million != 0 && random.chance(rule.per_million, 1'000'000))) return false;
  if (rule.sticky) armed.stuck_files.push_back(io.file);
  return true;
}

Verdict FaultPlan::decide(const IoQuery& io, Random& random) {
  if (quiet_) return {};
  ++counts_[static_cast<std::size_t>(io.kind)];
  Verdict verdict;
  // Which rules are armed is fixed before the first one is asked: a rule never fires at the operation that armed it.
  bool previous_fired = true;
  for (Armed& armed : rules_) {
    const bool is_armed = !armed.rule.after_previous || previous_fired;
    previous_fired = armed.fired != 0;
    if (!is_armed || !fires(armed, io, random)) continue;
    ++armed.fired;
    if (fired_total_++ == 0) counts_at_first_fault_ = counts_;
    if (verdict.kind == FaultKind::none) verdict = {armed.rule.kind, armed.rule.slow_factor, armed.rule.slow_for};
  }
  return verdict;
}

}  // namespace tt::sim
