// SPDX-License-Identifier: Apache-2.0
// verifyflash: a verification goes through all shards at once, one at a time in each shard, and is forgotten with the
// relationship or when the image stops.
#include <algorithm>

#include "image/control.h"
#include "image/verifier.h"
#include "model/ids.h"

namespace tt::image {

namespace {

/// Of one verification; the counts tell of all.
constexpr std::uint32_t kMostProblems = 8;

}  // namespace

rt::Task<std::vector<Result<void>>> ControlPlane::verify(std::vector<std::pair<VolumeId, VolumeId>> pairs) {
  co_await commands_.lock();
  forget_verifications();
  std::vector<Result<void>> verdicts;
  for (const auto& [source, target] : pairs) {
    const auto found = volume::find_relationship(config_, source, target);
    Result<void> done = found.has_value() ? volume::validate_verify(config_, *found) : Result<void>{found.error()};
    if (done && stopping_) done = Errc::shutting_down;
    if (done && is_verified(*found)) done = Errc::busy;
    if (done) co_await begin_verification(*found);
    verdicts.push_back(done);
  }
  commands_.unlock();
  co_return verdicts;
}

bool ControlPlane::is_verified(Generation relationship) const {
  const auto found = verifications_.find(relationship);
  return found != verifications_.end() && found->second->state == VerifyState::running;
}

void ControlPlane::forget_verifications() {
  std::erase_if(verifications_, [this](const auto& item) {
    return !config_.relationships.contains(item.first) && item.second->state != VerifyState::running;
  });
}

rt::Task<void> ControlPlane::begin_verification(Generation relationship) {
  const auto made = std::make_shared<Verification>(config_.relationships.at(relationship),
                                                   static_cast<std::uint32_t>(shards_.size()), home_.wall_seconds());
  verifications_[relationship] = made;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    scopes_[shard->options().id]->spawn(verify_share(*shard, made));
    co_await rt::hop(shard->reactor(), home_);
  }
}

rt::Task<void> ControlPlane::verify_share(Shard& shard, std::shared_ptr<Verification> verification) {
  rt::Mutex& turn = *verify_turns_[shard.options().id];
  co_await turn.lock();
  auto step = Verifier::Step::more;
  {
    Verifier verifier(shard, pace_, verification);
    while (step == Verifier::Step::more && !verification->cancelled) {
      step = co_await verifier.next();
      if (step != Verifier::Step::different) continue;
      step = Verifier::Step::more;
      co_await rt::hop(shard.reactor(), home_);
      for (const std::uint64_t track : verifier.differing()) co_await note_difference(verification, track);
      co_await rt::hop(home_, shard.reactor());
    }
  }
  turn.unlock();
  co_await rt::hop(shard.reactor(), home_);
  if (step == Verifier::Step::ended) verification->state = VerifyState::ended;
  if (step == Verifier::Step::more && verification->state == VerifyState::running) {
    verification->state = VerifyState::cancelled;
  }
  if (--verification->shards_left == 0 && verification->state == VerifyState::running) {
    verification->state = VerifyState::complete;
  }
  co_await rt::hop(home_, shard.reactor());
}

/// Without recording a difference may be a host's write: that is no problem.
rt::Task<void> ControlPlane::note_difference(std::shared_ptr<Verification> verification, std::uint64_t track) {
  const volume::Relationship& r = verification->relationship;
  if (!r.options.recording || verification->problems_recorded >= kMostProblems) co_return;
  ++verification->problems_recorded;
  const std::string object =
      model::volume_id_text(r.source) + ":" + model::volume_id_text(r.target) + " track " + std::to_string(track);
  co_await records_.lock();
  const volume::Mutation record =
      volume::RecordProblem{volume::ProblemKind::image_differs, home_.wall_seconds(), object};
  auto done = co_await record_failure(record);
  static_cast<void>(done);  // without a journal the counts still tell of it
  records_.unlock();
}

std::vector<Result<void>> ControlPlane::cancel_verifications(const std::vector<std::pair<VolumeId, VolumeId>>& pairs) {
  std::vector<Result<void>> verdicts;
  for (const auto& [source, target] : pairs) {
    const auto found = volume::find_relationship(config_, source, target);
    Result<void> done = found.has_value() ? Result<void>{} : Result<void>{found.error()};
    if (done && !is_verified(*found)) done = Errc::object_not_found;
    if (done) verifications_.at(*found)->cancelled = true;
    verdicts.push_back(done);
  }
  return verdicts;
}

rt::Task<std::vector<VerifyStatus>> ControlPlane::verify_status() {
  std::vector<VerifyStatus> all;
  std::vector<std::shared_ptr<Verification>> verifications;
  for (const auto& [generation, verification] : verifications_) {
    const auto found = config_.relationships.find(generation);
    if (found == config_.relationships.end() || found->second.closing()) continue;
    verifications.push_back(verification);
    all.push_back({found->second, {}, verification->started_s, verification->state});
  }
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].counts.add(verifications[i]->by_shard[shard->options().id]);
    }
    co_await rt::hop(shard->reactor(), home_);
  }
  co_return all;
}

}  // namespace tt::image
