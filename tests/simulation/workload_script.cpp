// SPDX-License-Identifier: Apache-2.0
// An administrator who follows a script, and hosts that change every volume between two of its steps.
#include <algorithm>

#include "workload.h"

namespace tt::simulation {

namespace {

/// What is beyond doubt of a command for a relationship that is there; the rest depends on how far copies have got.
struct Judgement {
  bool must_be_taken = false;
  Errc must_be_refused = Errc::ok;  ///< ok = it need not.
};

Judgement judge_settling(const volume::Relationship& r) {
  if (r.revertible()) return {true, Errc::ok};
  return {false, r.options.recording ? Errc::not_revertible : Errc::no_such_relationship};
}

Judgement judge(Step::Verb verb, const volume::ImageConfig& config, const volume::Relationship& r, bool thin_target) {
  using Verb = Step::Verb;
  if (verb == Verb::commit || verb == Verb::revert) return judge_settling(r);
  if (r.revertible()) return {false, Errc::revertible};
  const bool needs_recording = verb == Verb::resync || verb == Verb::reverse || verb == Verb::set_revertible;
  const bool renews = needs_recording || verb == Verb::fast_reverse;
  if (renews && r.removing) return {false, Errc::being_removed};
  if (needs_recording && !r.options.recording) return {false, Errc::not_recording};
  if (verb == Verb::copy_and_remove && thin_target) return {false, Errc::target_space_efficient};
  const bool alone = config.relationships.size() == 1 && config.loans.empty();
  return {alone && verb != Verb::reverse, Errc::ok};
}

bool is_revertible(const volume::ImageConfig& config, VolumeId volume) {
  return std::ranges::any_of(config.relationships, [volume](const auto& item) {
    const volume::Relationship& r = item.second;
    return r.revertible() && (r.source == volume || r.target == volume);
  });
}

}  // namespace

rt::Task<void> Workload::run_script(Life& life) {
  for (const Step& step : plan_.script) {
    co_await write_tracks_of_all(life);
    forget_ended(life.image().control().config());
    if (case_.failed()) co_return;
    // A crash before the last command is one of a shorter sequence: sweeps may be limited to what follows.
    if (&step == &plan_.script.back()) case_.world().faults().begin_part();
    co_await run_step(life, step);
  }
  co_await write_tracks_of_all(life);
}

/// A whole track and a part of another: the one goes to its place at once, of the other a part is preserved.
rt::Task<void> Workload::write_tracks_of_all(Life& life) {
  for (std::size_t volume = 0; volume < plan_.volumes.size() && !case_.failed(); ++volume) {
    const std::uint64_t tracks = divide_up(plan_.volumes[volume].block_count, kTrackBlocks);
    const std::uint64_t whole = case_.random().below(tracks - 1);
    const std::uint64_t part = case_.random().below(tracks - 1);
    for (const Range range :
         {Range{volume, whole * kTrackBlocks, kTrackBlocks}, Range{volume, part * kTrackBlocks + 8, 16}}) {
      if (is_revertible(life.image().control().config(), plan_.volumes[volume].id)) {
        co_await expect_no_write(life, range);
      } else {
        co_await write_range(life, 0, range, false);
      }
    }
  }
}

/// The oracle is not told: if anything of it is ever read, that is wrong.
rt::Task<void> Workload::expect_no_write(Life& life, Range range) {
  const std::size_t bytes = range.blocks * kBlockBytes;
  const image::AlignedBytes buffer = image::allocate_aligned(bytes);
  const std::span<std::byte> data(buffer.get(), bytes);
  std::ranges::fill(data, std::byte{0x5A});
  const image::VolumeHandle volume = handle(life, range.volume);
  const auto done = co_await life.image().blocks(0).write(volume, range.block * kBlockBytes, data, false);
  case_.check(!done && done.error().code == Errc::write_inhibited, "a revertible pair was written to");
}

rt::Task<void> Workload::run_step(Life& life, Step step) {
  const std::pair pair(step.source, step.target);
  if (step.verb == Step::Verb::establish) {
    volume::PairRequest request;
    request.source = plan_.volumes[step.source].id;
    request.target = plan_.volumes[step.target].id;
    request.options = step.options;
    Flash flash;
    flash.pairs.push_back(pair);
    std::vector<volume::PairRequest> requests{request};
    const bool must_be_taken = life.image().control().config().relationships.empty();
    co_await issue_establish(life, std::move(requests), std::move(flash));
    case_.check(!must_be_taken || !flashes_.empty(), "an establish between free volumes was refused");
    co_return;
  }
  const auto found = std::find_if(flashes_.begin(), flashes_.end(), [&](const Flash& flash) {
    return std::find(flash.pairs.begin(), flash.pairs.end(), pair) != flash.pairs.end();
  });
  if (found == flashes_.end()) co_return co_await run_step_on_nothing(life, step);
  const volume::ImageConfig& config = life.image().control().config();
  const auto there = volume::find_relationship(config, plan_.volumes[step.source].id, plan_.volumes[step.target].id);
  if (!there) co_return co_await run_step_on_nothing(life, step);
  const volume::Relationship before = config.relationships.at(*there);
  const Judgement judgement = judge(step.verb, config, before, plan_.volumes[step.target].thin);
  const Result<void> answer = co_await run_step_on_pair(life, step, Flash(*found));
  const bool has_ended = !before.options.persistent && !answer && answer.error().code == Errc::no_such_relationship;
  case_.check(answer || has_ended || !judgement.must_be_taken, "a command that fits was refused");
  if (judgement.must_be_refused == Errc::ok || has_ended) co_return;
  case_.check(!answer && answer.error().code == judgement.must_be_refused,
              "a command that does not fit was not refused for that reason");
}

rt::Task<Result<void>> Workload::run_step_on_pair(Life& life, Step step, Flash flash) {
  const Pair pair(step.source, step.target);
  Result<void> answer;
  switch (step.verb) {
    case Step::Verb::establish:
      break;
    case Step::Verb::resync:
    case Step::Verb::reverse:
    case Step::Verb::fast_reverse:
    case Step::Verb::set_revertible:
      answer = co_await issue_renewal(life, flash, pair, step.verb, step.options);
      break;
    case Step::Verb::commit:
      answer = co_await issue_commit(life, pair);
      break;
    case Step::Verb::revert:
      answer = co_await issue_revert(life, flash, pair);
      break;
    case Step::Verb::withdraw:
      answer = co_await issue_withdraw(life, flash);
      break;
    case Step::Verb::copy_in_background: {
      std::vector<std::pair<VolumeId, VolumeId>> pairs{{plan_.volumes[step.source].id, plan_.volumes[step.target].id}};
      const std::vector<Result<void>> verdicts = co_await life.image().control().copy_in_background(std::move(pairs));
      answer = verdicts.front();
      if (!answer) refused_command("copy in background", answer.error());
      break;
    }
    case Step::Verb::copy_and_remove:
      answer = co_await issue_copy_and_remove(life, flash);
      break;
  }
  co_return answer;
}

/// The relationship is not there: the command must say so, and nothing may happen.
rt::Task<void> Workload::run_step_on_nothing(Life& life, Step step) {
  image::ControlPlane& control = life.image().control();
  const VolumeId source = plan_.volumes[step.source].id;
  const VolumeId target = plan_.volumes[step.target].id;
  std::vector<std::pair<VolumeId, VolumeId>> pairs{{source, target}};
  std::vector<image::RenewalRequest> renewals{{source, target, step.options, false}};
  rt::Task<std::vector<Result<void>>> work;
  switch (step.verb) {
    case Step::Verb::resync:
      work = control.resync(std::move(renewals));
      break;
    case Step::Verb::reverse:
    case Step::Verb::fast_reverse:
      work = control.reverse(std::move(renewals), step.verb == Step::Verb::fast_reverse);
      break;
    case Step::Verb::set_revertible:
      work = control.set_revertible(std::move(renewals));
      break;
    case Step::Verb::commit:
      work = control.commit_flash({source}, {});
      break;
    case Step::Verb::revert:
      work = control.revert_flash({source}, {});
      break;
    case Step::Verb::copy_in_background:
      work = control.copy_in_background(std::move(pairs));
      break;
    case Step::Verb::copy_and_remove:
      work = control.copy_and_remove(std::move(pairs), std::nullopt);
      break;
    case Step::Verb::withdraw:
      work = control.withdraw(std::move(pairs), std::nullopt);
      break;
    case Step::Verb::establish:
      co_return;  // needs none
  }
  const std::vector<Result<void>> verdicts = co_await work;
  case_.check(!verdicts.front(), "a command for a relationship that is not there was taken");
  if (!verdicts.front()) refused_command("a command for nothing", verdicts.front().error());
}

}  // namespace tt::simulation
