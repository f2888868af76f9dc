// SPDX-License-Identifier: Apache-2.0
// What media have lost, told to people: a problem for each damaged track.
#include <algorithm>

#include "image/control.h"
#include "model/ids.h"

namespace tt::image {

namespace {

/// That are open at the same time; a medium that dies would fill the list.
constexpr std::ptrdiff_t kMostOpen = 64;

}  // namespace

void ControlPlane::track_damaged(Shard& from, VolumeId volume, std::uint64_t track) noexcept {
  if (stopping_) return;
  scopes_[from.options().id]->spawn(note_damage(from, volume, track));
}

rt::Task<void> ControlPlane::note_damage(Shard& from, VolumeId volume, std::uint64_t track) {
  const std::string object = model::volume_id_text(volume) + " track " + std::to_string(track);
  co_await rt::hop(from.reactor(), home_);
  co_await records_.lock();
  std::ptrdiff_t open = 0;
  bool known = false;
  for (const auto& [id, problem] : config_.problems) {
    if (problem.kind != volume::ProblemKind::track_damaged || problem.closed_s != 0) continue;
    ++open;
    known = known || problem.object == object;
  }
  if (!known && open < kMostOpen) {
    const volume::Mutation record =
        volume::RecordProblem{volume::ProblemKind::track_damaged, home_.wall_seconds(), object};
    auto done = co_await record_failure(record);
    static_cast<void>(done);  // without a journal the reader still has its error
  }
  records_.unlock();
  co_await rt::hop(home_, from.reactor());
}

}  // namespace tt::image
