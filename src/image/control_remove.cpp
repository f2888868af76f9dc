// SPDX-License-Identifier: Apache-2.0
// The ways of rmflash besides the plain withdraw: after everything is copied, and with the space of the target.
//
// Copy and remove. One record makes the relationship a copying one that ends when its bits are zero; ending is the
// same EndRelationship as after any background copy. Crash argument: before the record nothing has changed; after it
// every start finds it and goes on copying (ControlPlane::start looks whether the end has come).
//
// Withdraw and release. The withdraw is whole before the space goes: tracks owed to the target are on its medium, and
// nobody latches it for the relationship any more. The two are two records: a crash between them leaves a volume that
// is in no relationship and has its space, as a plain withdraw does.
#include <set>

#include "image/control.h"

namespace tt::image {

/// One verdict per pair; a pair that is named twice is found once.
std::vector<Result<Generation>> ControlPlane::choose(std::span<const std::pair<VolumeId, VolumeId>> pairs,
                                                     std::optional<std::uint32_t> sequence_number) const {
  std::vector<Result<Generation>> chosen;
  std::set<Generation> taken;
  for (const auto& [source, target] : pairs) {
    auto found = volume::find_relationship(config_, source, target);
    if (found && sequence_number && config_.relationships.at(*found).options.sequence_number != *sequence_number) {
      found = Errc::no_such_relationship;
    }
    if (found && config_.relationships.at(*found).revertible()) found = Errc::revertible;
    if (found && !taken.insert(*found).second) found = Errc::no_such_relationship;
    chosen.push_back(found);
  }
  return chosen;
}

ControlPlane::Choice ControlPlane::choose_by(Rule rule, std::span<const std::pair<VolumeId, VolumeId>> pairs,
                                             std::optional<std::uint32_t> sequence_number) const {
  Choice choice;
  for (const Result<Generation>& found : choose(pairs, sequence_number)) {
    choice.verdicts.push_back(found ? rule(config_, *found) : Result<void>{found.error()});
    if (choice.verdicts.back()) choice.group.push_back(*found);
  }
  return choice;
}

std::vector<Result<void>> ControlPlane::Choice::with(const Result<void>& done) && {
  for (Result<void>& verdict : verdicts) {
    if (verdict) verdict = done;
  }
  return std::move(verdicts);
}

rt::Task<std::vector<Result<void>>> ControlPlane::copy_and_remove(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                                                  std::optional<std::uint32_t> sequence_number) {
  co_await commands_.lock();
  Choice choice = choose_by(volume::validate_copy_and_remove, pairs, sequence_number);
  auto done = co_await start_copies(choice.group, true);
  commands_.unlock();
  co_return std::move(choice).with(done);
}

rt::Task<std::vector<Result<void>>> ControlPlane::copy_in_background(std::vector<std::pair<VolumeId, VolumeId>> pairs) {
  co_await commands_.lock();
  Choice choice = choose_by(volume::validate_background_copy, pairs, std::nullopt);
  auto done = co_await start_copies(choice.group, false);
  commands_.unlock();
  co_return std::move(choice).with(done);
}

rt::Task<Result<void>> ControlPlane::start_copies(std::vector<Generation> group, bool remove) {
  if (group.empty()) co_return Result<void>{};
  auto done = co_await wait_for_room(kRecordRoom);
  if (!done) co_return done;
  const volume::Mutation record = volume::StartCopy{group, remove};
  done = co_await harden(append(record));
  if (!done) co_return done;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const Generation generation : group) shard->start_background_copy(generation);
    co_await rt::hop(shard->reactor(), home_);
  }
  // What was copied before the record reports no end any more.
  for (const Generation generation : group) co_await end_if_drained(generation);
  co_return done;
}

rt::Task<std::vector<Result<void>>> ControlPlane::withdraw_and_release(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                                                       std::optional<std::uint32_t> sequence_number) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  std::vector<Generation> group;
  const std::vector<Result<Generation>> chosen = co_await choose_to_withdraw(pairs, sequence_number);
  for (const Result<Generation>& found : chosen) {
    verdicts.push_back(found ? volume::validate_withdraw_and_release(config_, *found) : Result<void>{found.error()});
    if (verdicts.back()) group.push_back(*found);
  }
  auto withdrawn = co_await withdraw_group(std::move(group));
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (!verdicts[i]) continue;
    verdicts[i] = withdrawn;
    if (withdrawn) {
      auto released = co_await release_unused(pairs[i].second);
      verdicts[i] = released;
    }
  }
  commands_.unlock();
  co_return verdicts;
}

}  // namespace tt::image
