// SPDX-License-Identifier: Apache-2.0
// Consistency groups: mkflash -freeze holds writes to the sources, in this image and in others, until unfreezeflash
// says that the whole group is made. A write that depends on another is issued after its answer, so none of the copies
// has a write that depends on one the others lack.
//
// An LSS is
//   thawed    -- establish with freeze -->                                         frozen
//   frozen    -- unfreezeflash; the last frozen pair withdrawn; source deleted --> thawed
//   frozen    -- the LSS's time is over; the image was restarted -->               thawed, expired
// Expired is remembered until the next freeze of the LSS, so that asking again gives the same answer.
//
// Sources are held in every shard before T0 is drawn (engine notes C5): a write that was accepted before has a smaller
// Lsn and is in the image, answered or not; one that comes later waits outside of the journal. Held writes have no part
// in anything: no batch, drain, flush, deletion or checkpoint waits for them.
//
// The configuration knows the frozen sources only so that a restart can tell that their freeze has ended; the hold
// itself is volatile. A thaw lets hosts go on first and is recorded then: a crash in between reports an ended freeze
// as expired, which is true.
#include <algorithm>

#include "image/control.h"
#include "volume/derived.h"
#include "volume/freeze.h"
#include "volume/mutation.h"

namespace tt::image {

namespace {

/// How long a stop may have to wait for the watch.
constexpr rt::TimeNs kWatchPause = 50 * rt::kMillisecond;

}  // namespace

std::vector<VolumeId> ControlPlane::frozen_sources(std::uint8_t lss) const {
  std::vector<VolumeId> all;
  for (const VolumeId source : config_.frozen_sources) {
    if (volume::lss_of(source) == lss) all.push_back(source);
  }
  return all;
}

/// The sources of the group that a freeze holds: an LSS whose time is 0 holds none.
std::vector<VolumeId> ControlPlane::sources_to_hold(std::span<const volume::Relationship> group) const {
  std::vector<VolumeId> sources;
  for (const volume::Relationship& r : group) {
    if (r.frozen && volume::freeze_holds(config_, r.source)) sources.push_back(r.source);
  }
  return sources;
}

/// Each hold has a number; letting go ends only those that were there when it was decided, however late a shard hears.
rt::Task<void> ControlPlane::hold_sources(std::vector<VolumeId> sources) {
  if (sources.empty()) co_return;
  const std::uint64_t number = ++holds_;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const VolumeId source : sources) shard->freeze(source, number);
    co_await rt::hop(shard->reactor(), home_);
  }
}

rt::Task<void> ControlPlane::let_go(std::vector<VolumeId> sources) {
  if (sources.empty()) co_return;
  const std::uint64_t newest = holds_;
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const VolumeId source : sources) shard->thaw(source, newest);
    co_await rt::hop(shard->reactor(), home_);
  }
}

/// After a command: what it held and did not freeze goes on, and the clocks of the LSSs follow.
rt::Task<void> ControlPlane::settle_freezes(std::vector<VolumeId> sources) {
  std::erase_if(sources, [this](VolumeId source) { return volume::is_frozen(config_, source); });
  co_await let_go(std::move(sources));
  std::erase_if(thaw_at_, [this](const auto& item) { return frozen_sources(item.first).empty(); });
  for (const VolumeId source : config_.frozen_sources) {
    const std::uint8_t lss = volume::lss_of(source);
    const rt::TimeNs seconds = config_.lsses.at(lss).long_busy_timeout_s;
    thaw_at_.emplace(lss, home_.now() + seconds * rt::kSecond);  // the first freeze of the LSS sets it
  }
  if (thaw_at_.empty() || watching_freezes_ || stopping_) co_return;
  watching_freezes_ = true;
  scopes_.front()->spawn(watch_freezes());
}

rt::Task<void> ControlPlane::watch_freezes() {
  while (!stopping_ && !thaw_at_.empty()) {
    const auto next = std::min_element(thaw_at_.begin(), thaw_at_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const rt::TimeNs left = next->second - home_.now();
    if (left > 0) {
      co_await rt::sleep_for(home_, std::min(left, kWatchPause));
    } else {
      const std::uint8_t lss = next->first;
      co_await end_by_timer(lss);
    }
  }
  watching_freezes_ = false;
}

/// Hosts go on at once, whatever command is running; the record follows it. What that command has frozen meanwhile
/// belongs to the same, ended freeze.
rt::Task<void> ControlPlane::end_by_timer(std::uint8_t lss) {
  co_await let_go(frozen_sources(lss));
  co_await commands_.lock();
  const auto due = thaw_at_.find(lss);
  if (due != thaw_at_.end() && due->second <= home_.now()) {  // else it is thawed, perhaps frozen anew
    const std::vector<std::uint8_t> only{lss};
    auto done = co_await thaw(only, true);
    static_cast<void>(done);  // journal_failed: nobody is told anything any more
    thaw_at_.erase(lss);
  }
  commands_.unlock();
}

rt::Task<Result<void>> ControlPlane::thaw(std::vector<std::uint8_t> lsses, bool by_timer) {
  std::erase_if(lsses, [this](std::uint8_t lss) { return frozen_sources(lss).empty(); });
  if (lsses.empty()) co_return Result<void>{};
  std::vector<VolumeId> sources;
  for (const std::uint8_t lss : lsses) {
    const std::vector<VolumeId> more = frozen_sources(lss);
    sources.insert(sources.end(), more.begin(), more.end());
  }
  co_await let_go(sources);
  auto done = co_await wait_for_room(kRecordRoom);
  if (!done) co_return done;
  const volume::Mutation record = volume::Thaw{std::move(lsses), by_timer};
  done = co_await harden(append(record));
  co_await settle_freezes(std::move(sources));
  co_return done;
}

rt::Task<std::vector<Result<void>>> ControlPlane::unfreeze(std::vector<std::uint8_t> lsses) {
  co_await commands_.lock();
  std::vector<Result<void>> verdicts;
  std::vector<std::uint8_t> known;
  for (const std::uint8_t lss : lsses) {
    const bool possible = lss < volume::limits_of(config_.personality).lss_count;
    verdicts.push_back(possible ? Result<void>{} : Result<void>{Error{Errc::object_not_found, lss}});
    if (possible && std::find(known.begin(), known.end(), lss) == known.end()) known.push_back(lss);
  }
  auto done = co_await thaw(std::move(known), false);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (!verdicts[i]) continue;
    verdicts[i] = done;
    if (done && volume::freeze_expired(config_, lsses[i])) verdicts[i] = Error{Errc::freeze_expired, lsses[i]};
  }
  commands_.unlock();
  co_return verdicts;
}

/// A restart has ended every freeze.
rt::Task<void> ControlPlane::forget_freezes() {
  co_await commands_.lock();
  std::vector<std::uint8_t> lsses;
  for (const VolumeId source : config_.frozen_sources) {
    if (lsses.empty() || lsses.back() != volume::lss_of(source)) lsses.push_back(volume::lss_of(source));
  }
  auto done = co_await thaw(std::move(lsses), true);
  static_cast<void>(done);
  commands_.unlock();
}

/// Before hosts are sent away: their held writes end with an error, as nobody has accepted them.
rt::Task<void> ControlPlane::refuse_held_writes() {
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    shard->refuse_held_writes();
    co_await rt::hop(shard->reactor(), home_);
  }
}

}  // namespace tt::image
