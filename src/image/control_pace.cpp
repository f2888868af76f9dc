// SPDX-License-Identifier: Apache-2.0
// How fast background copies and the scrub may go. A rate is one object that all shards share, so a change of it needs
// no message: whoever waits for his turn looks at it again.
#include <utility>

#include "image/control.h"
#include "image/scrub_status.h"

namespace tt::image {

void ControlPlane::load(volume::ImageConfig config) {
  config_ = std::move(config);
  pace_.set(config_.copy_rates);
  scrub_pace_.set(config_.scrub);
  for (const auto* relationships : {&config_.relationships.entries(), &std::as_const(config_.saved)}) {
    for (const auto& [generation, r] : *relationships) {
      copy_rates_[generation] = std::make_shared<flashcopy::CopyRate>(r.options.copy_limit);
    }
  }
}

std::shared_ptr<flashcopy::CopyRate> ControlPlane::rate_of(Generation generation) {
  std::shared_ptr<flashcopy::CopyRate>& rate = copy_rates_[generation];
  const std::uint64_t limit = config_.relationships.at(generation).options.copy_limit;
  if (rate == nullptr) rate = std::make_shared<flashcopy::CopyRate>(limit);
  return rate;
}

/// The change is durable. Rates of relationships that are gone go too, when they are as many as the others: looking at
/// all of them for each change would make it slower the more there are.
void ControlPlane::give_rates(RelationshipChange& change) {
  if (copy_rates_.size() > 2 * (config_.relationships.size() + config_.saved.size())) {
    std::erase_if(copy_rates_, [this](const auto& item) {
      return !config_.relationships.contains(item.first) && !config_.saved.contains(item.first);
    });
  }
  change.copy_rates.clear();
  for (const volume::Relationship& made : change.made) change.copy_rates.push_back(rate_of(made.generation));
}

rt::Task<Result<void>> ControlPlane::change_copy_rates(std::optional<std::uint64_t> limit,
                                                       std::optional<std::uint64_t> floor) {
  const Planner plan = [this, limit, floor]() -> Result<volume::Mutation> {
    volume::ChangeCopyRates change{config_.copy_rates};
    if (limit) change.rates.limit_bytes_per_second = *limit;
    if (floor) change.rates.floor_bytes_per_second = *floor;
    return volume::Mutation(change);
  };
  auto done = co_await record(plan);
  if (done) pace_.set(config_.copy_rates);
  co_return done;
}

rt::Task<Result<void>> ControlPlane::change_scrub(std::optional<std::uint64_t> bytes_per_second,
                                                  std::optional<std::uint32_t> interval_s) {
  const Planner plan = [this, bytes_per_second, interval_s]() -> Result<volume::Mutation> {
    volume::ChangeScrub change{config_.scrub};
    if (bytes_per_second) change.settings.bytes_per_second = *bytes_per_second;
    if (interval_s) change.settings.interval_s = *interval_s;
    return volume::Mutation(change);
  };
  auto done = co_await record(plan);
  if (done) scrub_pace_.set(config_.scrub);
  co_return done;
}

rt::Task<std::vector<Result<void>>> ControlPlane::limit_copies(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                                               std::uint64_t bytes_per_second) {
  co_await commands_.lock();
  Choice choice = choose_by(volume::validate_background_copy, pairs, std::nullopt);
  Result<void> done;
  if (!choice.group.empty()) {
    done = co_await wait_for_room(kRecordRoom);
    const volume::Mutation record = volume::LimitCopies{choice.group, bytes_per_second};
    if (done) done = co_await harden(append(record));
    for (const Generation generation : choice.group) {
      if (done) rate_of(generation)->set(bytes_per_second);
    }
  }
  commands_.unlock();
  co_return std::move(choice).with(done);
}

}  // namespace tt::image
