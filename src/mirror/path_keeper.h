// SPDX-License-Identifier: Apache-2.0
// Keeps the paths of an image to others: makes the links that they need, shares each link among all paths over its two
// ports, opens the paths on it, and tries again what was lost, until it is told to stop. Frames that belong to a pair
// of LSSs go out over any of their paths.
//
// Belongs to one reactor. Nothing here is durable: whoever holds the configuration says after a start what there is.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "mirror/link.h"
#include "mirror/path_set.h"
#include "runtime/nap.h"

namespace tt::mirror {

/// Makes the connection to a port of another image, with TLS around it; knows where images are.
class Dialer {
 public:
  virtual ~Dialer() = default;
  /// object_not_found: there is no such port here; not_combinable: nobody knows where the port there is;
  /// authentication_failed: one of the two could not prove who it is. Whatever else: it cannot be reached now.
  virtual rt::Task<Result<std::unique_ptr<rt::ByteStream>>> dial(std::uint64_t wwnn, PathPorts ports) = 0;
};

struct PathReport {
  PathPorts ports;
  PathStatus status = PathStatus::none;
};

class PathKeeper {
 public:
  /// The port of `self` is that of each link.
  PathKeeper(rt::Reactor& reactor, LinkIdentity self, LinkServices& services, Dialer& dialer, LinkOptions options);
  PathKeeper(const PathKeeper&) = delete;
  PathKeeper& operator=(const PathKeeper&) = delete;
  ~PathKeeper();

  /// The paths between these LSSs are those over `ports`, which have passed check_ports(), from now on and until
  /// told otherwise. With other words all are opened anew. Nothing, while it is being stopped. Returns when each has
  /// been tried once; what does not come up is tried again by itself where that helps.
  rt::Task<std::vector<PathReport>> establish(PathKey key, OpenPath words, std::vector<PathPorts> ports);
  /// How each of these paths would come up; what there is stays as it is.
  rt::Task<std::vector<PathReport>> rehearse(PathKey key, OpenPath words, std::vector<PathPorts> ports);
  /// The other end is told, if it can be reached. Nothing happens if there are none.
  void remove(PathKey key);
  [[nodiscard]] std::vector<PathReport> statuses(PathKey key) const;
  [[nodiscard]] PathSet::Health health(PathKey key) const noexcept;
  /// As the image at the other end says, over any path that is up; empty if none is.
  [[nodiscard]] std::string peer_serial(PathKey key) const;

  struct Probed {
    PathStatus status = PathStatus::none;  ///< established, or why no link can be made.
    std::string serial;                    ///< Of who answered.
  };
  /// Whether a link over these ports can be made now. One that no path uses is closed again.
  rt::Task<Probed> probe(std::uint64_t wwnn, PathPorts ports);

  /// Over the path with the least under way. disconnected: no path, or the link was lost and nobody knows. Whatever is
  /// asked after that arrives after it, or it never does: the lost link is fenced first. The data of the message must
  /// outlive the task.
  rt::Task<Result<Reply>> ask(PathKey key, Generation pair, std::uint64_t epoch, Message message);
  /// For the image that calls us: its link of that number is over, and nothing of it is under way, when this returns.
  rt::Task<void> fence(std::uint64_t wwnn, std::uint64_t link);

  /// Whoever calls from another image, at one of our ports: until that link is down. `proven` as of a link.
  rt::Task<void> attend(std::unique_ptr<rt::ByteStream> stream, std::uint16_t port,
                        std::vector<std::uint64_t> proven = {});
  [[nodiscard]] std::size_t links_called() const noexcept { return called_.size(); }
  /// Links over that port, in both directions, end. What paths need is made again by them.
  void close_port(std::uint16_t port);
  /// All links and all attempts. Whoever waits is told; nothing can be established afterwards.
  rt::Task<void> stop();

 private:
  struct LinkKey {
    std::uint64_t wwnn = 0;
    PathPorts ports;
    friend auto operator<=>(const LinkKey&, const LinkKey&) = default;
  };
  /// A link, and who uses it; a new one for each connection.
  struct SharedLink {
    explicit SharedLink(rt::Reactor& reactor) : changed(reactor) {}
    enum class State : std::uint8_t { dialing, up, down } state = State::dialing;
    std::unique_ptr<Link> link;
    PathStatus status = PathStatus::none;  ///< Why it is down.
    std::uint32_t users = 0;
    bool closing = false;  ///< Its last user has left: nobody joins it any more.
    std::uint64_t bytes_under_way = 0;
    rt::WaitQueue changed;
  };
  struct Path {
    Path(rt::Reactor& reactor, PathPorts its_ports) : ports(its_ports), nap(reactor) {}
    PathPorts ports;
    bool stopped = false;
    bool tried = false;
    std::shared_ptr<SharedLink> shared;
    rt::Nap nap;  ///< Of its task, while it waits for the next attempt.
  };
  struct Set {
    Set(rt::Reactor& reactor, PathKey its_key) : key(its_key), tried(reactor) {}
    PathKey key;
    OpenPath words;
    PathSet paths;
    std::vector<std::shared_ptr<Path>> tasks;  ///< In the order of `paths`.
    rt::WaitQueue tried;

    [[nodiscard]] std::size_t index_of(const Path& path) const noexcept;
  };

  rt::Task<void> keep_path(std::shared_ptr<Set> set, std::shared_ptr<Path> path);
  rt::Task<void> wait_for_attempt(Set& set, Path& path);
  rt::Task<PathStatus> open_path(Set& set, Path& path);
  rt::Task<PathStatus> open_over(SharedLink& shared, OpenPath words);
  rt::Task<void> rehearse_one(PathKey key, OpenPath words, PathReport& report);
  rt::Task<Result<Reply>> ask_within_limit(Link& link, Message message);
  rt::Task<std::shared_ptr<SharedLink>> link_to(LinkKey key);
  rt::Task<void> run_link(std::shared_ptr<SharedLink> shared, LinkKey key);
  [[nodiscard]] std::shared_ptr<SharedLink> best_link(Set& set) const;
  rt::Task<bool> fence_lost(std::uint64_t wwnn, std::shared_ptr<SharedLink> over);
  rt::Task<void> end_former_lives(const Link& link);
  static void leave(Path& path);
  static void close_unused(SharedLink& shared);
  static void leave(const std::shared_ptr<SharedLink>& shared);
  void stop_path(Path& path);

  rt::Reactor& reactor_;
  LinkIdentity self_;
  LinkServices& services_;
  Dialer& dialer_;
  LinkOptions options_;
  bool stopping_ = false;
  /// Links that went down with a question unanswered, by image and number: the life of the image that had it.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> unfenced_;
  std::map<PathKey, std::shared_ptr<Set>> sets_;
  std::map<LinkKey, std::shared_ptr<SharedLink>> links_;
  struct Called {
    Link* link = nullptr;  ///< Owned by its attend() task.
    std::uint16_t port = 0;
  };
  std::vector<Called> called_;
  rt::WaitQueue attended_;
  /// Of which a task is alive: the next one begins when the one before has said its ClosePath.
  std::set<std::pair<PathKey, PathPorts>> kept_;
  rt::WaitQueue path_ended_;
  rt::Scope scope_;  ///< Last: its tasks use everything above.
};

}  // namespace tt::mirror
