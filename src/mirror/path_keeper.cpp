// SPDX-License-Identifier: Apache-2.0
#include "mirror/path_keeper.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tt::mirror {

namespace {

/// Why there is no connection.
PathStatus status_of(Error error) {
  switch (error.code) {
    case Errc::object_not_found:
      return PathStatus::port_not_configured;
    case Errc::not_combinable:
      return PathStatus::configuration_error;
    case Errc::authentication_failed:
      return PathStatus::initialization_failed;
    case Errc::timed_out:
      return PathStatus::timed_out;
    default:
      return PathStatus::link_down;
  }
}

}  // namespace

PathKeeper::PathKeeper(rt::Reactor& reactor, LinkIdentity self, LinkServices& services, Dialer& dialer,
                       LinkOptions options)
    : reactor_(reactor),
      self_(std::move(self)),
      services_(services),
      dialer_(dialer),
      options_(options),
      attended_(reactor),
      path_ended_(reactor),
      scope_(reactor) {}

PathKeeper::~PathKeeper() {
  scope_.kill();
}

std::size_t PathKeeper::Set::index_of(const Path& path) const noexcept {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (tasks[i].get() == &path) return i;
  }
  TT_ASSERT(false);
  return 0;
}

// ---- what there is --------------------------------------------------------------------------------------------------

rt::Task<std::vector<PathReport>> PathKeeper::establish(PathKey key, OpenPath words, std::vector<PathPorts> ports) {
  TT_ASSERT(check_ports(ports));
  if (stopping_) co_return std::vector<PathReport>();
  auto& slot = sets_[key];
  if (slot == nullptr) slot = std::make_shared<Set>(reactor_, key);
  const std::shared_ptr<Set> set = slot;
  if (set->words != words) {
    for (const auto& path : set->tasks) stop_path(*path);
    set->tasks.clear();
    set->paths = PathSet();
    set->words = words;
  }
  std::vector<std::shared_ptr<Path>> tasks;
  for (const PathPorts wanted : ports) {
    const auto found = std::ranges::find_if(set->tasks, [&](const auto& path) { return path->ports == wanted; });
    tasks.push_back(found != set->tasks.end() ? *found : std::make_shared<Path>(reactor_, wanted));
  }
  set->tasks.swap(tasks);
  set->paths.replace(ports, reactor_.now());
  for (const auto& former : tasks) {
    if (std::ranges::find(set->tasks, former) == set->tasks.end()) stop_path(*former);
  }
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto& path = set->tasks[i];
    if (std::ranges::find(tasks, path) == tasks.end()) {
      scope_.spawn(keep_path(set, path));
    } else if (set->paths.status(i, reactor_.now()) != PathStatus::established) {
      path->tried = false;
      set->paths.try_now(i, reactor_.now());
      path->nap.end();
    }
  }
  // A set that is replaced meanwhile is somebody else's to wait for.
  const std::vector<std::shared_ptr<Path>> mine = set->tasks;
  while (!std::ranges::all_of(mine, [](const auto& path) { return path->tried || path->stopped; }))
    co_await set->tried.wait();
  co_return statuses(key);
}

void PathKeeper::remove(PathKey key) {
  const auto found = sets_.find(key);
  if (found == sets_.end()) return;
  const std::shared_ptr<Set> set = found->second;
  sets_.erase(found);
  for (const auto& path : set->tasks) stop_path(*path);
  set->tried.wake_all();
}

void PathKeeper::stop_path(Path& path) {
  path.stopped = true;
  path.nap.end();
  path_ended_.wake_all();
  if (path.shared != nullptr) path.shared->changed.wake_all();
}

std::vector<PathReport> PathKeeper::statuses(PathKey key) const {
  std::vector<PathReport> all;
  const auto found = sets_.find(key);
  if (found == sets_.end()) return all;
  const PathSet& paths = found->second->paths;
  for (std::size_t i = 0; i < paths.size(); ++i) all.push_back({paths.ports(i), paths.status(i, reactor_.now())});
  return all;
}

PathSet::Health PathKeeper::health(PathKey key) const noexcept {
  const auto found = sets_.find(key);
  return found == sets_.end() ? PathSet::Health::down : found->second->paths.health();
}

std::string PathKeeper::peer_serial(PathKey key) const {
  const auto found = sets_.find(key);
  if (found == sets_.end()) return {};
  for (const auto& path : found->second->tasks) {
    if (path->shared != nullptr && path->shared->state == SharedLink::State::up)
      return path->shared->link->peer_serial();
  }
  return {};
}

// ---- one path -------------------------------------------------------------------------------------------------------

rt::Task<void> PathKeeper::keep_path(std::shared_ptr<Set> set, std::shared_ptr<Path> path) {
  const auto name = std::pair(set->key, path->ports);
  while (!path->stopped && kept_.contains(name)) co_await path_ended_.wait();
  const bool begun = !path->stopped && kept_.insert(name).second;
  while (!path->stopped) {
    auto status = co_await open_path(*set, *path);
    if (!path->stopped && status == PathStatus::established) set->paths.established(set->index_of(*path));
    path->tried = true;
    set->tried.wake_all();
    if (status == PathStatus::established) {
      while (!path->stopped && path->shared->state == SharedLink::State::up) co_await path->shared->changed.wait();
      status = path->shared->status;
    }
    if (path->stopped) break;
    leave(*path);
    set->paths.failed(set->index_of(*path), status, reactor_.now());
    co_await wait_for_attempt(*set, *path);
  }
  if (path->shared != nullptr && path->shared->state == SharedLink::State::up) {
    Message message(ClosePath{set->key.source_lss, set->key.target_lss});
    auto told = co_await ask_within_limit(*path->shared->link, std::move(message));
    (void)told;  // who cannot be told finds out when the link is gone
  }
  leave(*path);
  if (begun) kept_.erase(name);
  path_ended_.wake_all();
  set->tried.wake_all();
}

/// What does not retry itself waits until somebody rings.
rt::Task<void> PathKeeper::wait_for_attempt(Set& set, Path& path) {
  constexpr rt::TimeNs kLong = 3600 * rt::kSecond;
  while (!path.stopped) {
    const auto due = set.paths.next_attempt(set.index_of(path));
    if (due && *due <= reactor_.now()) break;
    co_await path.nap.until(due.value_or(reactor_.now() + kLong));
  }
}

rt::Task<PathStatus> PathKeeper::open_path(Set& set, Path& path) {
  path.shared = co_await link_to({set.key.wwnn, path.ports});
  const PathStatus status = co_await open_over(*path.shared, set.words);
  co_return status;
}

/// The link stays: whoever calls is one of its users.
rt::Task<PathStatus> PathKeeper::open_over(SharedLink& shared, OpenPath words) {
  if (shared.state != SharedLink::State::up) co_return shared.status;
  Message message(words);
  auto reply = co_await ask_within_limit(*shared.link, std::move(message));
  if (!reply) co_return PathStatus::link_down;
  const auto* answer = std::get_if<Answer>(&reply->message);
  if (answer == nullptr || answer->path == PathStatus::none) co_return PathStatus::initialization_failed;
  if (answer->path == PathStatus::established) co_return PathStatus::established;
  co_return refusal_of(answer->path);
}

namespace {

rt::Task<void> end_after(rt::Reactor& reactor, rt::Nap& nap, Link& link, const bool& answered) {
  constexpr rt::TimeNs kAnswerLimit = 5 * rt::kSecond;
  if (answered) co_return;  // before this task began
  co_await nap.until(reactor.now() + kAnswerLimit);
  if (!answered) link.close(PathStatus::timed_out, "a path was not opened or closed in time");
}

}  // namespace

/// Who beats and does not answer is of no use either.
rt::Task<Result<Reply>> PathKeeper::ask_within_limit(Link& link, Message message) {
  bool answered = false;
  rt::Nap nap(reactor_);
  rt::LocalScope watch(reactor_);
  watch.spawn(end_after(reactor_, nap, link, answered));
  auto reply = co_await link.ask(Generation{}, 0, std::move(message));
  answered = true;
  nap.end();
  co_await watch.join();
  co_return std::move(reply);
}

rt::Task<std::vector<PathReport>> PathKeeper::rehearse(PathKey key, OpenPath words, std::vector<PathPorts> ports) {
  std::vector<PathReport> reports;
  if (stopping_) co_return reports;
  for (const PathPorts one : ports) reports.push_back({one, PathStatus::none});
  rt::LocalScope attempts(reactor_);
  for (PathReport& report : reports) attempts.spawn(rehearse_one(key, words, report));
  co_await attempts.join();
  co_return reports;
}

rt::Task<void> PathKeeper::rehearse_one(PathKey key, OpenPath words, PathReport& report) {
  const std::shared_ptr<SharedLink> shared = co_await link_to({key.wwnn, report.ports});
  const PathStatus status = co_await open_over(*shared, words);
  report.status = status;
  leave(shared);
}

/// The last one closes the link.
void PathKeeper::leave(Path& path) {
  if (path.shared == nullptr) return;
  leave(std::exchange(path.shared, nullptr));
}

void PathKeeper::leave(const std::shared_ptr<SharedLink>& shared) {
  --shared->users;
  close_unused(*shared);
}

void PathKeeper::close_unused(SharedLink& shared) {
  if (shared.users != 0 || shared.state != SharedLink::State::up) return;
  shared.closing = true;
  shared.link->close(PathStatus::removed, "no path needs it");
}

// ---- one link -------------------------------------------------------------------------------------------------------

/// Up, or down with the reason; whoever is given it is a user.
rt::Task<std::shared_ptr<PathKeeper::SharedLink>> PathKeeper::link_to(LinkKey key) {
  std::shared_ptr<SharedLink> shared;
  for (;;) {
    const auto found = links_.find(key);
    if (found == links_.end()) {
      shared = std::make_shared<SharedLink>(reactor_);
      links_.emplace(key, shared);
      scope_.spawn(run_link(shared, key));
      break;
    }
    shared = found->second;
    if (!shared->closing) break;
    co_await shared->changed.wait();
  }
  ++shared->users;
  while (shared->state == SharedLink::State::dialing) co_await shared->changed.wait();
  co_return shared;
}

rt::Task<PathKeeper::Probed> PathKeeper::probe(std::uint64_t wwnn, PathPorts ports) {
  Probed probed{PathStatus::link_down, {}};
  if (stopping_) co_return probed;
  const std::shared_ptr<SharedLink> shared = co_await link_to({wwnn, ports});
  if (shared->state == SharedLink::State::up) {
    probed = {PathStatus::established, shared->link->peer_serial()};
  } else {
    probed.status = shared->status;
  }
  leave(shared);
  co_return probed;
}

rt::Task<void> PathKeeper::run_link(std::shared_ptr<SharedLink> shared, LinkKey key) {
  auto stream = co_await dialer_.dial(key.wwnn, key.ports);
  if (!stream || stopping_) {
    shared->status = stream ? PathStatus::removed : status_of(stream.error());
  } else {
    LinkIdentity self = self_;
    self.port = key.ports.local;
    shared->link = std::make_unique<Link>(reactor_, std::move(*stream), std::move(self), services_, options_);
    auto agreed = co_await shared->link->call(key.wwnn, key.ports.remote);
    if (agreed) {
      shared->state = SharedLink::State::up;
      shared->changed.wake_all();
      close_unused(*shared);
      if (stopping_) shared->link->close(PathStatus::removed, "the image is being stopped");
      co_await shared->link->run();
    }
    shared->status = refusal_of(shared->link->status());
  }
  shared->state = SharedLink::State::down;
  links_.erase(key);
  shared->changed.wake_all();
}

std::shared_ptr<PathKeeper::SharedLink> PathKeeper::best_link(Set& set) const {
  std::array<std::uint64_t, kMostPaths> under_way{};
  for (std::size_t i = 0; i < set.tasks.size(); ++i) {
    if (const auto& shared = set.tasks[i]->shared; shared != nullptr) under_way[i] = shared->bytes_under_way;
  }
  const auto picked = set.paths.pick(std::span(under_way).first(set.tasks.size()));
  if (!picked) return nullptr;
  const std::shared_ptr<SharedLink>& shared = set.tasks[*picked]->shared;
  return shared != nullptr && shared->state == SharedLink::State::up ? shared : nullptr;
}

/// A frame of a link that is gone here may still be on its way, or wait to be done there, and would undo what is sent
/// after it. Nothing of an image's former life is left of its links.
rt::Task<bool> PathKeeper::fence_lost(std::uint64_t wwnn, std::shared_ptr<SharedLink> over) {
  for (;;) {
    const auto found = unfenced_.lower_bound({wwnn, 0});
    if (found == unfenced_.end() || found->first.first != wwnn) co_return true;
    const auto name = found->first;
    if (found->second == over->link->peer_life()) {
      Message message(Fence{name.second});
      auto reply = co_await over->link->ask(Generation{}, 0, std::move(message));
      if (!reply || reply->code() != AnswerCode::done) co_return false;
    }
    unfenced_.erase(name);
  }
}

rt::Task<Result<Reply>> PathKeeper::ask(PathKey key, Generation pair, std::uint64_t epoch, Message message) {
  const auto found = sets_.find(key);
  if (found == sets_.end()) co_return Errc::disconnected;
  const std::shared_ptr<Set> set = found->second;
  std::shared_ptr<SharedLink> shared = best_link(*set);
  if (shared == nullptr) co_return Errc::disconnected;
  const std::uint64_t bytes = kFrameCost + data_of(message).size();
  shared->bytes_under_way += bytes;
  Result<Reply> reply = Errc::disconnected;
  const bool fenced = co_await fence_lost(key.wwnn, shared);
  if (fenced && shared->state == SharedLink::State::up) {
    reply = co_await shared->link->ask(pair, epoch, std::move(message));
    if (!reply) unfenced_.emplace(std::pair(key.wwnn, shared->link->id()), shared->link->peer_life());
  }
  shared->bytes_under_way -= bytes;
  co_return std::move(reply);
}

// ---- being called, and the end --------------------------------------------------------------------------------------

rt::Task<void> PathKeeper::attend(std::unique_ptr<rt::ByteStream> stream, std::uint16_t port,
                                  std::vector<std::uint64_t> proven) {
  if (stopping_) co_return;
  LinkIdentity self = self_;
  self.port = port;
  Link link(reactor_, std::move(stream), std::move(self), services_, options_);
  called_.push_back({&link, port});
  auto agreed = co_await link.receive_call(std::move(proven));
  if (agreed) {
    co_await end_former_lives(link);
    co_await link.run();
  }
  std::erase_if(called_, [&link](const Called& called) { return called.link == &link; });
  attended_.wake_all();
}

/// What the caller sent before it was started anew must not be done after what it sends now.
rt::Task<void> PathKeeper::end_former_lives(const Link& link) {
  for (;;) {
    bool all_ended = true;
    for (const Called& called : called_) {
      const Link& other = *called.link;
      if (other.peer_wwnn() != link.peer_wwnn() || other.peer_life() == link.peer_life()) continue;
      called.link->abort(PathStatus::removed, "the image was started anew");
      all_ended = false;
    }
    // One that was ended itself meanwhile has nothing to wait for, and others wait for it.
    if (all_ended || !link.up()) co_return;
    attended_.wake_all();
    co_await attended_.wait();
  }
}

rt::Task<void> PathKeeper::fence(std::uint64_t wwnn, std::uint64_t link) {
  for (;;) {
    const auto found = std::ranges::find_if(called_, [wwnn, link](const Called& called) {
      return called.link->peer_wwnn() == wwnn && called.link->id() == link;
    });
    if (found == called_.end()) co_return;
    found->link->abort(PathStatus::removed, "the link is fenced");
    co_await attended_.wait();
  }
}

void PathKeeper::close_port(std::uint16_t port) {
  for (const Called& called : called_) {
    if (called.port == port) called.link->close(PathStatus::not_available_there, "the port is being closed");
  }
  for (const auto& [key, shared] : links_) {
    if (key.ports.local == port && shared->link != nullptr) {
      shared->link->close(PathStatus::link_down, "the port is being closed");
    }
  }
}

rt::Task<void> PathKeeper::stop() {
  stopping_ = true;
  while (!sets_.empty()) remove(sets_.begin()->first);
  for (const Called& called : called_)
    called.link->close(PathStatus::not_available_there, "the image is being stopped");
  for (const auto& [key, shared] : links_) {
    if (shared->link != nullptr) shared->link->close(PathStatus::removed, "the image is being stopped");
  }
  while (!called_.empty()) co_await attended_.wait();
  co_await scope_.join();
}

}  // namespace tt::mirror
