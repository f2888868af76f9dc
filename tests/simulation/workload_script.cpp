// SPDX-License-Identifier: Apache-2.0
// An administrator who follows a script, and hosts that change every volume between two of its steps.
#include <algorithm>

#include "workload.h"

namespace tt::simulation {

rt::Task<void> Workload::run_script(Life& life) {
  for (const Step& step : plan_.script) {
    co_await write_tracks_of_all(life);
    forget_ended(life.image().control().config());
    if (case_.failed()) co_return;
    co_await run_step(life, step);
  }
  co_await write_tracks_of_all(life);
}

/// A whole track and a part of another: the one goes to its place at once, of the other a part is preserved.
rt::Task<void> Workload::write_tracks_of_all(Life& life) {
  for (std::size_t volume = 0; volume < plan_.volumes.size() && !case_.failed(); ++volume) {
    const std::uint64_t tracks = divide_up(plan_.volumes[volume].block_count, kTrackBlocks);
    const std::uint64_t whole = case_.random().below(tracks - 1);
    co_await write_range(life, 0, {volume, whole * kTrackBlocks, kTrackBlocks}, false);
    const std::uint64_t part = case_.random().below(tracks - 1);
    co_await write_range(life, 0, {volume, part * kTrackBlocks + 8, 16}, false);
  }
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
  const Flash flash = *found;
  switch (step.verb) {
    case Step::Verb::establish:
      break;
    case Step::Verb::resync:
    case Step::Verb::reverse:
      co_await issue_renewal(life, flash, pair, step.verb == Step::Verb::reverse, step.options);
      break;
    case Step::Verb::withdraw:
      co_await issue_withdraw(life, flash);
      break;
    case Step::Verb::copy_in_background: {
      std::vector<std::pair<VolumeId, VolumeId>> pairs{{plan_.volumes[step.source].id, plan_.volumes[step.target].id}};
      const std::vector<Result<void>> verdicts = co_await life.image().control().copy_in_background(std::move(pairs));
      if (!verdicts.front()) refused_command("copy in background", verdicts.front().error());
      break;
    }
    case Step::Verb::copy_and_remove:
      co_await issue_copy_and_remove(life, flash);
      break;
  }
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
      work = control.reverse(std::move(renewals), false);
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
