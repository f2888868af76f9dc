// SPDX-License-Identifier: Apache-2.0
// The administrator's range copies (decision 0012). For the oracle they are copies whose sectors have other numbers.
#include <algorithm>

#include "workload.h"

namespace tt::simulation {

using sim::CopyPair;

namespace {

bool exists(const volume::ImageConfig& config, std::uint32_t number) {
  return std::any_of(config.range_copies.begin(), config.range_copies.end(),
                     [number](const auto& item) { return item.second.sequence_number == number; });
}

bool meet(std::uint64_t a, std::uint64_t b, std::uint64_t count) {
  return a < b + count && b < a + count;
}

}  // namespace

bool Workload::is_range_source(std::size_t volume) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const RangeCopy& copy) { return copy.source == volume; });
}

bool Workload::is_range_target(std::size_t volume) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const RangeCopy& copy) { return copy.target == volume; });
}

/// Mostly among the tracks that hosts write. May be refused by what other copies use; within the command it is legal.
std::vector<volume::TrackRun> Workload::pick_runs(std::size_t source, std::size_t target) {
  Random& random = case_.random();
  const std::uint64_t from = plan_.volumes[source].block_count / kTrackBlocks;
  const std::uint64_t onto = plan_.volumes[target].block_count / kTrackBlocks;
  const std::uint64_t wanted = 1 + random.below(3);
  std::vector<volume::TrackRun> runs;
  for (std::uint64_t tries = 0; tries < 12 && runs.size() < wanted; ++tries) {
    volume::TrackRun run;
    run.count = 1 + random.below(std::min<std::uint64_t>({from, onto, 24}));
    run.source = random.below(from - run.count + 1);
    run.target = random.below(onto - run.count + 1);
    const auto clashes = [&](const volume::TrackRun& other) {
      const std::uint64_t count = std::max(run.count, other.count);
      return meet(run.target, other.target, count) ||
             (source == target && (meet(run.source, other.target, count) || meet(run.target, other.source, count)));
    };
    if (source == target && meet(run.source, run.target, run.count)) continue;
    if (std::any_of(runs.begin(), runs.end(), clashes)) continue;
    runs.push_back(run);
  }
  return runs;
}

rt::Task<void> Workload::copy_ranges(Life& life) {
  Random& random = case_.random();
  const std::size_t source = random.below(plan_.volumes.size());
  const std::size_t target = random.chance(1, 3) ? source : random.below(plan_.volumes.size());
  volume::RangeRequest request;
  request.source = plan_.volumes[source].id;
  request.target = plan_.volumes[target].id;
  request.runs = pick_runs(source, target);
  request.background_copy = random.chance(1, 2);
  request.sequence_number = ++last_range_;
  if (request.runs.empty()) co_return;
  std::vector<CopyPair> oracle_pairs;
  for (const volume::TrackRun& run : request.runs) {
    oracle_pairs.push_back({static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(target),
                            run.source * kTrackBlocks, run.target * kTrackBlocks, run.count * kTrackBlocks});
  }
  const auto copy = history_.begin_copy(oracle_pairs);
  ranges_.push_back({copy, source, target, request.sequence_number, request.background_copy, false});
  std::vector<volume::RangeRequest> requests{request};
  const std::vector<Result<void>> verdicts = co_await life.image().control().establish_ranges(std::move(requests));
  if (verdicts.front()) {
    history_.acknowledge_copy(copy);
    co_return;
  }
  const Errc code = verdicts.front().error().code;
  const bool legal = code == Errc::already_a_target || code == Errc::other_relationships;
  if (!legal) unexpected("range copy", verdicts.front().error());
  history_.refuse_copy(copy);
  std::erase_if(ranges_, [&](const RangeCopy& one) { return one.copy == copy; });
}

rt::Task<void> Workload::withdraw_ranges(Life& life) {
  const std::size_t index = case_.random().below(ranges_.size());
  const RangeCopy copy = ranges_[index];
  const auto target = static_cast<std::uint32_t>(copy.target);
  co_await hold_reads(life, copy.target);
  ranges_[index].withdrawing = true;
  history_.begin_withdraw(copy.copy, target);
  std::vector<image::RangeSelection> selections{
      {plan_.volumes[copy.source].id, plan_.volumes[copy.target].id, {}, copy.number}};
  const std::vector<Result<void>> verdicts = co_await life.image().control().withdraw_ranges(std::move(selections));
  ranges_[index].withdrawing = false;
  withdrawing_.erase(copy.target);
  if (verdicts.front()) {
    history_.acknowledge_withdraw(copy.copy, target);
    std::erase_if(ranges_, [&](const RangeCopy& one) { return one.copy == copy.copy; });
    co_return;
  }
  history_.refuse_withdraw(copy.copy, target);  // complete, or another one still finds tracks there
  const Errc code = verdicts.front().error().code;
  const bool legal = code == Errc::no_such_relationship || code == Errc::other_relationships;
  if (!legal) unexpected("withdraw of a range copy", verdicts.front().error());
}

void Workload::forget_ended_ranges(const volume::ImageConfig& config) {
  std::erase_if(ranges_, [&](const RangeCopy& copy) { return !exists(config, copy.number); });
}

/// After a restart. A copy that is gone while its withdraw was under way was withdrawn, or complete: less is concluded
/// from the first. The same holds for one in background whose command was not answered: it may have been filled and
/// ended while the image opened.
void Workload::settle_ranges(const volume::ImageConfig& config) {
  const std::vector<sim::History::Operation> undecided = history_.undecided_copies();
  for (RangeCopy& copy : ranges_) {
    const auto target = static_cast<std::uint32_t>(copy.target);
    const bool there = exists(config, copy.number);
    if (std::find(undecided.begin(), undecided.end(), copy.copy) != undecided.end()) {
      history_.decide_copy(copy.copy, there || copy.background);
      if (there || !copy.background) continue;
      history_.begin_withdraw(copy.copy, target);
      copy.withdrawing = true;
    }
    if (!std::exchange(copy.withdrawing, false)) continue;
    if (there) {
      history_.refuse_withdraw(copy.copy, target);
    } else {
      history_.acknowledge_withdraw(copy.copy, target);
    }
  }
  forget_ended_ranges(config);
}

}  // namespace tt::simulation
