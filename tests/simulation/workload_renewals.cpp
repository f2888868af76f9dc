// SPDX-License-Identifier: Apache-2.0
// The administrator's commands that give a relationship another T0 or direction. For the oracle each is a copy like any
// other onto the new target; what a revert brings back is kept in a volume that only the oracle has.
#include <algorithm>
#include <utility>

#include "workload.h"

namespace tt::simulation {

using sim::CopyPair;

/// A resync, or now and then a reverse.
rt::Task<void> Workload::renew(Life& life) {
  Random& random = case_.random();
  const Flash old = flashes_[random.below(flashes_.size())];
  if (old.in_doubt) co_return;
  const Pair pair = old.pairs[random.below(old.pairs.size())];
  const auto& source = plan_.volumes[pair.first];
  const auto& target = plan_.volumes[pair.second];
  const volume::ImageConfig& config = life.image().control().config();
  const auto found = volume::find_relationship(config, source.id, target.id);
  if (!found || !config.relationships.at(*found).options.recording) co_return;
  const bool turn = random.chance(1, 3) && source.block_count == target.block_count;
  volume::RelationshipOptions options;
  options.background_copy = turn || random.chance(1, 2);
  options.recording = random.chance(3, 4);
  options.multiple_incremental = options.recording;
  options.persistent = options.recording || random.chance(1, 2);
  [[maybe_unused]] const Result<void> answer =
      co_await issue_renewal(life, old, pair, turn ? Step::Verb::reverse : Step::Verb::resync, options);
}

/// The pair of `old` that the command names is its own from here on.
void Workload::follow(const Flash& old, const Flash& made) {
  for (Flash& flash : flashes_) {
    if (flash.copy == old.copy) std::erase(flash.pairs, made.followed_pair);
  }
  std::erase_if(flashes_, [](const Flash& flash) { return flash.pairs.empty(); });
  flashes_.push_back(made);
}

/// The command itself, for one pair of `old`. The relationship exists.
rt::Task<Result<void>> Workload::issue_renewal(Life& life, Flash old, Pair pair, Step::Verb verb,
                                               volume::RelationshipOptions options) {
  const bool fast = verb == Step::Verb::fast_reverse;
  const bool turn = fast || verb == Step::Verb::reverse;
  const auto& source = plan_.volumes[pair.first];
  const auto& target = plan_.volumes[pair.second];
  if (fast) co_await hold_reads(life, pair.second);
  const volume::ImageConfig& config = life.image().control().config();
  const auto found = volume::find_relationship(config, source.id, target.id);
  if (!found) {  // it ended by itself meanwhile, and is complete
    withdrawing_.erase(pair.second);
    co_return found.error();
  }
  const volume::Relationship before = config.relationships.at(*found);

  Flash made;
  made.follows = *found;
  made.followed_copy = old.copy;
  made.followed_pair = pair;
  made.loses_target = fast;
  made.followed_may_end = !before.options.persistent || before.removing;
  made.pairs.push_back(turn ? Pair(pair.second, pair.first) : pair);
  const std::uint32_t kept = verb == Step::Verb::set_revertible ? keep_for_revert(pair.second) : 0;
  const CopyPair copied{static_cast<std::uint32_t>(made.pairs[0].first),
                        static_cast<std::uint32_t>(made.pairs[0].second), 0, 0, source.block_count};
  made.copy = history_.begin_copy({&copied, 1});
  if (kept != 0) kept_[made.copy] = kept;
  follow(old, made);

  const image::RenewalRequest request{source.id, target.id, options, false};
  const Result<void> answer = co_await send_renewal(life, verb, request);
  if (answer) {
    history_.acknowledge_copy(made.copy);
    if (fast) lose_old_target(made);
  } else {
    judge_refused_renewal(made, turn, before.removing, answer.error());
  }
  if (fast) withdrawing_.erase(pair.second);
  co_return answer;
}

rt::Task<Result<void>> Workload::send_renewal(Life& life, Step::Verb verb, image::RenewalRequest request) {
  image::ControlPlane& control = life.image().control();
  std::vector<image::RenewalRequest> requests{request};
  rt::Task<std::vector<Result<void>>> work;
  if (verb == Step::Verb::resync) {
    work = control.resync(std::move(requests));
  } else if (verb == Step::Verb::set_revertible) {
    work = control.set_revertible(std::move(requests));
  } else {
    work = control.reverse(std::move(requests), verb == Step::Verb::fast_reverse);
  }
  const std::vector<Result<void>> verdicts = co_await work;
  co_return verdicts.front();
}

void Workload::judge_refused_renewal(const Flash& made, bool turn, bool removing, Error error) {
  const Pair pair = made.followed_pair;
  const bool ranges = is_range_source(pair.first) || is_range_target(pair.first) || is_range_source(pair.second);
  const bool legal = error.code == Errc::being_removed || (ranges && error.code == Errc::other_relationships) ||
                     (removing && error.code == Errc::no_such_relationship) ||
                     (turn && error.code == Errc::copy_not_complete) ||
                     ((turn || plan_.cascades) && error.code == Errc::other_relationships);
  if (!legal) refused_command("resync or reverse", error);
  if (error.code == Errc::journal_failed) {  // the record may be there
    flashes_.back().in_doubt = true;
    return;
  }
  history_.refuse_copy(made.copy);
  take_back(made);
}

/// It did not happen: the pair is again what it was.
void Workload::take_back(const Flash& renewed) {
  const Flash gone = renewed;
  std::erase_if(flashes_, [&](const Flash& flash) { return flash.copy == gone.copy; });
  for (Flash& flash : flashes_) {
    if (flash.copy != gone.followed_copy) continue;
    flash.pairs.push_back(gone.followed_pair);
    return;
  }
  Flash back;
  back.copy = gone.followed_copy;
  back.pairs.push_back(gone.followed_pair);
  flashes_.push_back(back);
}

/// A fast reverse took what was there: where the old target was never filled it holds what it held before.
void Workload::lose_old_target(const Flash& reversed) {
  const auto target = static_cast<std::uint32_t>(reversed.followed_pair.second);
  history_.begin_withdraw(reversed.followed_copy, target);
  history_.acknowledge_withdraw(reversed.followed_copy, target);
}

/// What a target shows now, in a volume of the oracle's own. Nobody may write the target meanwhile.
std::uint32_t Workload::keep_for_revert(std::size_t target) {
  const std::uint32_t kept = kFirstKept + last_kept_++;
  const CopyPair pair{static_cast<std::uint32_t>(target), kept, 0, 0, plan_.volumes[target].block_count};
  history_.acknowledge_copy(history_.begin_copy({&pair, 1}));
  return kept;
}

/// Of a relationship that is there. Nothing changes for the oracle: the image that was made revertible stays.
rt::Task<Result<void>> Workload::issue_commit(Life& life, Pair pair) {
  std::vector<VolumeId> sources{plan_.volumes[pair.first].id};
  const std::vector<Result<void>> verdicts = co_await life.image().control().commit_flash(std::move(sources), {});
  if (!verdicts.front()) refused_command("commit", verdicts.front().error());
  co_return verdicts.front();
}

/// The target shows again what it showed before it was made revertible; nobody could write it since.
rt::Task<Result<void>> Workload::issue_revert(Life& life, Flash old, Pair pair) {
  image::ControlPlane& control = life.image().control();
  std::vector<VolumeId> sources{plan_.volumes[pair.first].id};
  const auto found = volume::find_relationship(control.config(), sources.front(), plan_.volumes[pair.second].id);
  const bool revertible = found && control.config().relationships.at(*found).revertible();
  Flash made;
  if (revertible) {
    made.follows = *found;
    made.followed_copy = old.copy;
    made.followed_pair = pair;
    made.pairs.push_back(pair);
    const CopyPair copied{kept_.at(old.copy), static_cast<std::uint32_t>(pair.second), 0, 0,
                          plan_.volumes[pair.second].block_count};
    made.copy = history_.begin_copy({&copied, 1});
    follow(old, made);
  }
  const std::vector<Result<void>> verdicts = co_await control.revert_flash(std::move(sources), {});
  if (!verdicts.front()) refused_command("revert", verdicts.front().error());
  if (!revertible) co_return verdicts.front();
  if (verdicts.front()) {
    history_.acknowledge_copy(made.copy);
  } else {
    history_.refuse_copy(made.copy);
    take_back(made);
  }
  co_return verdicts.front();
}

/// After a restart, of a command that was not answered.
void Workload::settle_renewal(const volume::ImageConfig& config, const Flash& renewed) {
  const bool happened = !config.relationships.contains(*renewed.follows);
  history_.decide_copy(renewed.copy, happened);
  if (!happened) return take_back(renewed);
  if (!renewed.loses_target) return;
  lose_old_target(renewed);
  const auto& [source, target] = renewed.pairs.front();
  const bool there = volume::find_relationship(config, plan_.volumes[source].id, plan_.volumes[target].id).has_value();
  if (there || !renewed.followed_may_end) return;
  // Either it has happened and its relationship has ended, or the one before ended by itself: both volumes are open.
  history_.begin_withdraw(renewed.copy, static_cast<std::uint32_t>(target));
  history_.acknowledge_withdraw(renewed.copy, static_cast<std::uint32_t>(target));
}

}  // namespace tt::simulation
