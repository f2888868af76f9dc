// SPDX-License-Identifier: Apache-2.0
#include "image/mirror_desk.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "image/rows_hosts.h"
#include "model/ids.h"

namespace tt::image {

using mirror::PathStatus;

namespace {

/// Links that others may have to this image at a time.
constexpr std::size_t kMostLinksCalled = 64;
/// Of the problem log, so that it leaves the journal to others.
constexpr int kMostRecordsOfALook = 64;

mirror::LinkIdentity identity_of(const volume::ImageConfig& config, rt::Reactor& home) {
  mirror::LinkIdentity self;
  self.wwnn = wwnn_number(config);
  self.life = home.random().next();
  constexpr std::string_view kMaker = "IBM.";
  const std::string_view id = config.storage_image_id;
  self.serial = id.starts_with(kMaker) ? id.substr(kMaker.size()) : id;
  return self;
}

mirror::OpenPath words_of(const volume::PathSetConfig& set) {
  mirror::OpenPath words;
  words.source_lss = set.key.source_lss;
  words.target_lss = set.key.target_lss;
  words.source_ssid = volume::ssid_of(set.key.source_lss);
  words.target_ssid = set.target_ssid;
  return words;
}

std::vector<mirror::PathReport> failed_of(const std::vector<mirror::PathReport>& reports) {
  std::vector<mirror::PathReport> failed;
  std::ranges::copy_if(reports, std::back_inserter(failed),
                       [](const auto& report) { return report.status != PathStatus::established; });
  return failed;
}

mirror::Reply answer(mirror::AnswerCode code, PathStatus path = PathStatus::none, std::uint64_t detail = 0) {
  mirror::Reply reply;
  mirror::Answer words;
  words.code = code;
  words.path = path;
  words.detail = detail;
  reply.message = words;
  return reply;
}

}  // namespace

std::uint64_t wwnn_number(const volume::ImageConfig& config) {
  const std::string text = wwnn_of(config);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return number;
}

MirrorDesk::MirrorDesk(ControlPlane& control, rt::Reactor& home, Fabric& fabric, mirror::LinkOptions options)
    : control_(control),
      home_(home),
      commands_(home),
      keeper_(home, identity_of(control.config(), home), *this, fabric, options),
      pairs_(control, home, keeper_),
      fabric_(fabric),
      nap_(home),
      scope_(home) {}

MirrorDesk::~MirrorDesk() {
  scope_.kill();
}

void MirrorDesk::start() {
  for (const auto& [key, set] : control_.config().path_sets) scope_.spawn(put_back(key));
  scope_.spawn(watch_paths());
  pairs_.start();
}

rt::Task<void> MirrorDesk::stop() {
  stopping_ = true;
  nap_.end();
  pairs_.begin_stop();
  co_await keeper_.stop();
  co_await pairs_.stop();
  co_await scope_.join();
}

// ---- commands -------------------------------------------------------------------------------------------------------

/// What the configuration says of these LSSs is in force, which may be that there is nothing.
rt::Task<void> MirrorDesk::put_back(mirror::PathKey key) {
  const auto found = control_.config().path_sets.find(key);
  if (found == control_.config().path_sets.end()) {
    keeper_.remove(key);
    co_return;
  }
  std::vector<mirror::PathPorts> ports = found->second.ports;
  auto tried = co_await keeper_.establish(key, words_of(found->second), std::move(ports));
  (void)tried;  // what does not come up is tried again by itself
}

rt::Task<MirrorDesk::Established> MirrorDesk::establish(volume::SetPathsRequest request) {
  co_await commands_.lock();
  auto established = co_await establish_locked(std::move(request));
  commands_.unlock();
  co_return established;
}

rt::Task<MirrorDesk::Established> MirrorDesk::establish_locked(volume::SetPathsRequest request) {
  Established result;
  volume::PathSetConfig& set = request.set;
  const mirror::PathKey key = set.key;
  const std::uint64_t own_wwnn = wwnn_number(control_.config());
  if (auto planned = volume::plan_set_paths(control_.config(), request, own_wwnn); !planned) {
    result.done = planned.error();
    co_return result;
  }
  const std::vector<mirror::PathPorts> ports = set.ports;
  std::vector<mirror::PathReport> reports;
  const auto former = control_.config().path_sets.find(key);
  if (former != control_.config().path_sets.end()) {
    // What there is stays untouched unless something better comes up.
    const bool names_other = !set.partner.empty() && set.partner != former->second.partner;
    reports = co_await keeper_.rehearse(key, words_of(set), ports);
    for (mirror::PathReport& report : reports) {
      if (names_other) report.status = PathStatus::other_image;
    }
    result.failed = failed_of(reports);
    if (!reports.empty() && result.failed.size() == reports.size()) {
      result.done = {Errc::path_failed, static_cast<std::uint64_t>(result.failed.front().status)};
      co_return result;
    }
  }
  reports = co_await keeper_.establish(key, words_of(set), ports);
  const auto answered = model::parse_image_id("IBM." + keeper_.peer_serial(key));
  const bool is_other = answered && !set.partner.empty() && *answered != set.partner;
  for (mirror::PathReport& report : reports) {
    if (report.status != PathStatus::established) continue;
    if (!answered) report.status = PathStatus::link_down;  // it was up a moment ago
    if (is_other) report.status = PathStatus::other_image;
  }
  result.failed = failed_of(reports);
  if (reports.empty()) {
    result.done = Errc::shutting_down;
  } else if (result.failed.size() == reports.size()) {
    result.done = {Errc::path_failed, static_cast<std::uint64_t>(result.failed.front().status)};
  } else {
    set.partner = *answered;
    const ControlPlane::Planner plan = [this, &request, own_wwnn]() -> Result<volume::Mutation> {
      TT_TRY(auto planned, volume::plan_set_paths(control_.config(), request, own_wwnn));
      return volume::Mutation(std::move(planned));
    };
    result.done = co_await control_.record(plan);
  }
  if (!result.done) co_await put_back(key);
  co_return result;
}

/// First what is durable: a path that a crash brings back was not removed.
rt::Task<Result<void>> MirrorDesk::remove(volume::RemovePathsRequest request) {
  co_await commands_.lock();
  mirror::PathKey key;
  const ControlPlane::Planner plan = [this, &request, &key]() -> Result<volume::Mutation> {
    TT_TRY(auto planned, volume::plan_remove_paths(control_.config(), request));
    key = planned.key;
    return volume::Mutation(planned);
  };
  auto done = co_await control_.record(plan);
  if (done) keeper_.remove(key);
  commands_.unlock();
  co_return done;
}

std::vector<mirror::PathReport> MirrorDesk::statuses(const volume::PathSetConfig& set) const {
  std::vector<mirror::PathReport> reports = keeper_.statuses(set.key);
  if (!reports.empty()) return reports;
  for (const mirror::PathPorts ports : set.ports) reports.push_back({ports, PathStatus::none});
  return reports;
}

rt::Task<MirrorDesk::Reachable> MirrorDesk::reachable(std::uint64_t wwnn) {
  Reachable found;
  rt::LocalScope probes(home_);
  for (const std::uint16_t local : fabric_.ports()) {
    for (const std::uint16_t remote : fabric_.ports_of(wwnn)) probes.spawn(probe(wwnn, {local, remote}, found));
  }
  co_await probes.join();
  std::ranges::sort(found.ports);
  co_return found;
}

rt::Task<void> MirrorDesk::probe(std::uint64_t wwnn, mirror::PathPorts ports, Reachable& found) {
  auto probed = co_await keeper_.probe(wwnn, ports);
  if (probed.status != PathStatus::established) co_return;
  found.ports.push_back(ports);
  found.partner = "IBM." + probed.serial;
}

// ---- the problem log ------------------------------------------------------------------------------------------------

PathsStates MirrorDesk::paths_states() const {
  PathsStates states;
  for (const auto& [key, set] : control_.config().path_sets) {
    const std::vector<mirror::PathReport> paths = statuses(set);
    states[paths_object(set)] = paths_state(paths);
  }
  return states;
}

/// Looked at once a second, so a line that comes and goes all the time does not fill the journal.
rt::Task<void> MirrorDesk::watch_paths() {
  while (!stopping_) {
    co_await nap_.until(home_.now() + rt::kSecond);
    const ControlPlane::Planner plan = [this]() -> Result<volume::Mutation> {
      auto next = next_path_record(control_.config(), paths_states(), home_.wall_seconds());
      if (!next) return Errc::cancelled;
      return std::move(*next);
    };
    bool more = !stopping_ && next_path_record(control_.config(), paths_states(), 1).has_value();
    for (int records = 0; more && records < kMostRecordsOfALook; ++records) {
      auto done = co_await control_.record(plan);
      more = done.has_value() && !stopping_;
    }
  }
}

// ---- for others -----------------------------------------------------------------------------------------------------

rt::Task<void> MirrorDesk::attend(std::unique_ptr<rt::ByteStream> stream, std::uint16_t port,
                                  std::vector<std::uint64_t> proven) {
  co_await keeper_.attend(std::move(stream), port, std::move(proven));
}

PathStatus MirrorDesk::admit(const mirror::Hello&) {
  return keeper_.links_called() > kMostLinksCalled ? PathStatus::login_limit_there : PathStatus::established;
}

/// Whether an LSS of another image may have a path to the one that it names.
PathStatus MirrorDesk::judge(const mirror::OpenPath& words) const noexcept {
  const volume::Limits& limits = volume::limits_of(control_.config().personality);
  if (words.ckd || words.target_lss >= limits.lss_count) return PathStatus::other_image;
  const bool other = words.target_ssid != 0 && words.target_ssid != volume::ssid_of(words.target_lss);
  return other ? PathStatus::other_ssid : PathStatus::established;
}

rt::Task<mirror::Reply> MirrorDesk::serve(mirror::Link& link, const mirror::Reply& request) {
  if (PairDesk::is_about_pairs(request.message)) {
    auto reply = co_await pairs_.serve(link, request);
    co_return std::move(reply);
  }
  if (const auto* words = std::get_if<mirror::Fence>(&request.message)) {
    if (words->link == link.id()) co_return answer(mirror::AnswerCode::state);
    const std::uint64_t fenced = words->link;
    co_await keeper_.fence(link.peer_wwnn(), fenced);
    co_return answer(mirror::AnswerCode::done);
  }
  if (const auto* words = std::get_if<mirror::OpenPath>(&request.message)) {
    const PathStatus status = judge(*words);
    const bool good = status == PathStatus::established;
    co_return answer(good ? mirror::AnswerCode::done : mirror::AnswerCode::refused, status);
  }
  if (std::holds_alternative<mirror::ClosePath>(request.message)) co_return answer(mirror::AnswerCode::done);
  co_return answer(mirror::AnswerCode::refused, PathStatus::none,
                   static_cast<std::uint64_t>(Errc::not_in_this_release));
}

}  // namespace tt::image
