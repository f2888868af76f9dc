// SPDX-License-Identifier: Apache-2.0
#include "mirror/path_keeper.h"

#include <algorithm>
#include <utility>

namespace tt::mirror {

PathKeeper::PathKeeper(rt::Reactor& reactor, LinkIdentity self, LinkServices& services, Dialer& dialer,
                       LinkOptions options)
    : reactor_(reactor),
      self_(std::move(self)),
      services_(services),
      dialer_(dialer),
      options_(options),
      attended_(reactor),
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

rt::Task<std::vector<PathStatusOfPorts>> PathKeeper::establish(PathKey key, OpenPath words,
                                                               std::vector<PathPorts> ports) {
  TT_ASSERT(PathSet::check(ports) && !stopping_);
  auto& slot = sets_[key];
  if (slot == nullptr) slot = std::make_shared<Set>(reactor_, key);
  const std::shared_ptr<Set> set = slot;
  set->words = words;
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
      path->alarm.ring();
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
  path.alarm.ring();
  if (path.line != nullptr) path.line->changed.wake_all();
}

std::vector<PathStatusOfPorts> PathKeeper::statuses(PathKey key) const {
  std::vector<PathStatusOfPorts> all;
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

// ---- one path -------------------------------------------------------------------------------------------------------

rt::Task<void> PathKeeper::keep_path(std::shared_ptr<Set> set, std::shared_ptr<Path> path) {
  while (!path->stopped) {
    auto status = co_await open_path(*set, *path);
    if (!path->stopped && status == PathStatus::established) set->paths.established(set->index_of(*path));
    path->tried = true;
    set->tried.wake_all();
    if (status == PathStatus::established) {
      while (!path->stopped && path->line->state == Line::State::up) co_await path->line->changed.wait();
      status = path->line->status;
    }
    if (path->stopped) break;
    leave(*path);
    set->paths.failed(set->index_of(*path), status, reactor_.now());
    co_await wait_for_attempt(*set, *path);
  }
  if (path->line != nullptr && path->line->state == Line::State::up) {
    Message message(ClosePath{set->key.source_lss, set->key.target_lss});
    auto told = co_await path->line->link->ask(Generation{}, 0, std::move(message));
    (void)told;  // who cannot be told finds out when the link is gone
  }
  leave(*path);
  set->tried.wake_all();
}

/// What does not retry itself waits until somebody rings.
rt::Task<void> PathKeeper::wait_for_attempt(Set& set, Path& path) {
  constexpr rt::TimeNs kLong = 3600 * rt::kSecond;
  while (!path.stopped) {
    const auto due = set.paths.next_attempt(set.index_of(path));
    if (due && *due <= reactor_.now()) break;
    co_await path.alarm.wait_until(due.value_or(reactor_.now() + kLong));
  }
}

rt::Task<PathStatus> PathKeeper::open_path(Set& set, Path& path) {
  path.line = co_await line_to({set.key.wwnn, path.ports});
  Line& line = *path.line;
  if (line.state != Line::State::up) co_return line.status;
  Message message(set.words);
  auto reply = co_await line.link->ask(Generation{}, 0, std::move(message));
  if (!reply) co_return PathStatus::link_down;
  const auto* answer = std::get_if<Answer>(&reply->message);
  if (answer == nullptr || answer->path == PathStatus::none) co_return PathStatus::initialization_failed;
  co_return answer->path;
}

/// The last one closes the link.
void PathKeeper::leave(Path& path) {
  if (path.line == nullptr) return;
  const std::shared_ptr<Line> line = std::exchange(path.line, nullptr);
  --line->users;
  close_unused(*line);
}

void PathKeeper::close_unused(Line& line) {
  if (line.users != 0 || line.state != Line::State::up) return;
  line.closing = true;
  line.link->close(PathStatus::removed, "no path needs it");
}

// ---- one link -------------------------------------------------------------------------------------------------------

/// Up, or down with the reason; whoever is given it is a user.
rt::Task<std::shared_ptr<PathKeeper::Line>> PathKeeper::line_to(LineKey key) {
  std::shared_ptr<Line> line;
  for (;;) {
    const auto found = lines_.find(key);
    if (found == lines_.end()) {
      line = std::make_shared<Line>(reactor_);
      lines_.emplace(key, line);
      scope_.spawn(run_line(line, key));
      break;
    }
    line = found->second;
    if (!line->closing) break;
    co_await line->changed.wait();
  }
  ++line->users;
  while (line->state == Line::State::dialing) co_await line->changed.wait();
  co_return line;
}

rt::Task<void> PathKeeper::run_line(std::shared_ptr<Line> line, LineKey key) {
  auto stream = co_await dialer_.dial(key.wwnn, key.ports);
  if (!stream || stopping_) {
    line->status = stream ? PathStatus::removed : PathStatus::link_down;
  } else {
    LinkIdentity self = self_;
    self.port = key.ports.local;
    line->link = std::make_unique<Link>(reactor_, std::move(*stream), std::move(self), services_, options_);
    auto agreed = co_await line->link->call(key.wwnn, key.ports.remote);
    if (agreed) {
      line->state = Line::State::up;
      line->changed.wake_all();
      close_unused(*line);
      if (stopping_) line->link->close(PathStatus::removed, "the image is being stopped");
      co_await line->link->run();
    }
    line->status = line->link->status();
  }
  line->state = Line::State::down;
  lines_.erase(key);
  line->changed.wake_all();
}

rt::Task<Result<Reply>> PathKeeper::ask(PathKey key, Generation pair, std::uint64_t epoch, Message message) {
  const auto found = sets_.find(key);
  if (found == sets_.end()) co_return Errc::disconnected;
  Set& set = *found->second;
  std::vector<std::uint64_t> under_way;
  for (const auto& path : set.tasks) under_way.push_back(path->line != nullptr ? path->line->bytes_under_way : 0);
  const auto picked = set.paths.pick(under_way);
  if (!picked) co_return Errc::disconnected;
  const std::shared_ptr<Line> line = set.tasks[*picked]->line;
  if (line == nullptr || line->state != Line::State::up) co_return Errc::disconnected;
  const std::uint64_t bytes = kFrameCost + data_of(message).size();
  line->bytes_under_way += bytes;
  auto reply = co_await line->link->ask(pair, epoch, std::move(message));
  line->bytes_under_way -= bytes;
  co_return std::move(reply);
}

// ---- being called, and the end --------------------------------------------------------------------------------------

rt::Task<void> PathKeeper::attend(std::unique_ptr<rt::ByteStream> stream, std::uint16_t port) {
  if (stopping_) co_return;
  LinkIdentity self = self_;
  self.port = port;
  Link link(reactor_, std::move(stream), std::move(self), services_, options_);
  called_.push_back(&link);
  auto agreed = co_await link.receive_call();
  if (agreed) co_await link.run();
  std::erase(called_, &link);
  attended_.wake_all();
}

rt::Task<void> PathKeeper::stop() {
  stopping_ = true;
  while (!sets_.empty()) remove(sets_.begin()->first);
  for (Link* link : called_) link->close(PathStatus::not_available_there, "the image is being stopped");
  for (const auto& [key, line] : lines_) {
    if (line->link != nullptr) line->link->close(PathStatus::removed, "the image is being stopped");
  }
  while (!called_.empty()) co_await attended_.wait();
  co_await scope_.join();
}

}  // namespace tt::mirror
