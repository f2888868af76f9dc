// SPDX-License-Identifier: Apache-2.0
#include "sim/net.h"

#include <algorithm>
#include <cerrno>

#include "base/assert.h"

namespace tt::sim {

/// Direction d carries bytes from end d to end 1 - d.
struct Connection {
  struct Direction {
    Direction(SimReactor& from, SimReactor& to) : writable(from), readable(to) {}
    std::deque<std::vector<std::byte>> transit;  ///< An empty piece is the end of the stream.
    std::deque<std::byte> arrived;
    std::size_t unread = 0;  ///< Bytes in transit and arrived: what the window limits.
    rt::TimeNs last_arrival = 0;
    bool ended = false;  ///< The end of the stream has arrived.
    rt::WaitQueue writable;
    rt::WaitQueue readable;
  };

  Connection(SimNetwork& owner, std::uint64_t number, SimReactor& first, SimReactor& second)
      : network(owner), id(number), ends{&first, &second}, directions{{first, second}, {second, first}} {}

  void wake_all() noexcept {
    for (Direction& direction : directions) {
      direction.writable.wake_all();
      direction.readable.wake_all();
    }
  }
  void cut() noexcept {
    broken = true;
    wake_all();
  }

  SimNetwork& network;
  std::uint64_t id;
  SimReactor* ends[2];
  Direction directions[2];
  bool shut[2] = {false, false};  ///< By its own end.
  bool broken = false;            ///< For both ends.
};

struct Listening {
  Listening(SimReactor& owner, std::string name) : reactor(owner), address(std::move(name)), waiting(owner) {}
  SimReactor& reactor;
  std::string address;
  std::deque<std::unique_ptr<rt::ByteStream>> backlog;
  rt::WaitQueue waiting;
  bool closed = false;
};

class SimStream final : public rt::ByteStream {
 public:
  SimStream(std::shared_ptr<Connection> connection, unsigned end, std::string peer)
      : connection_(std::move(connection)), end_(end), peer_(std::move(peer)) {}
  ~SimStream() override {
    const bool alive = connection_->ends[end_]->alive();
    TT_ASSERT(!alive ||
              (connection_->directions[end_].writable.empty() && connection_->directions[1 - end_].readable.empty()));
    SimStream::shut_down();
  }

  rt::Task<Result<std::size_t>> read_some(std::span<std::byte> into) override;
  rt::Task<Result<void>> write_all(std::span<iovec> pieces) override;
  void shut_down() noexcept override {
    Connection& c = *connection_;
    if (std::exchange(c.shut[end_], true) || c.broken || !c.ends[end_]->alive()) return;
    send_piece(connection_, end_, {});
    c.directions[end_].writable.wake_all();
    c.directions[1 - end_].readable.wake_all();
  }
  [[nodiscard]] std::string peer_name() const override { return peer_; }

 private:
  static void send_piece(const std::shared_ptr<Connection>& connection, unsigned end, std::vector<std::byte> piece) {
    Connection::Direction& direction = connection->directions[end];
    World& world = connection->network.world_;
    const rt::TimeNs delay = world.draw_delay(connection->network.options_.delay_max);
    direction.last_arrival = std::max(direction.last_arrival + 1, world.now() + delay);
    direction.unread += piece.size();
    direction.transit.push_back(std::move(piece));
    world.at(direction.last_arrival, [weak = std::weak_ptr(connection), end] {
      if (const auto alive = weak.lock()) alive->network.deliver(*alive, end);
    });
  }

  /// The end of the peer's stream has arrived: it will read nothing any more.
  static bool peer_gone(const Connection& c, unsigned end) { return c.directions[1 - end].ended; }

  std::shared_ptr<Connection> connection_;
  unsigned end_;
  std::string peer_;
};

// Both tasks hold the connection themselves: in a crash they may outlive the stream by a moment.
rt::Task<Result<std::size_t>> SimStream::read_some(std::span<std::byte> into) {
  const std::shared_ptr<Connection> connection = connection_;
  const unsigned end = end_;
  Connection& c = *connection;
  Connection::Direction& incoming = c.directions[1 - end];
  TT_ASSERT(!into.empty());
  while (!c.broken && !c.shut[end] && incoming.arrived.empty() && !incoming.ended) {
    co_await incoming.readable.wait();
  }
  if (c.broken || c.shut[end] || incoming.arrived.empty()) co_return Errc::disconnected;
  World& world = c.network.world_;
  const std::size_t most = std::min(into.size(), incoming.arrived.size());
  const std::size_t taken = world.random().chance(1, 2) ? most : 1 + world.random().below(most);
  const auto last = incoming.arrived.begin() + static_cast<std::ptrdiff_t>(taken);
  std::copy(incoming.arrived.begin(), last, into.begin());
  incoming.arrived.erase(incoming.arrived.begin(), last);
  incoming.unread -= taken;
  // The news of the free window travels back like everything else.
  world.at(world.now() + world.draw_delay(c.network.options_.delay_max), [weak = std::weak_ptr(connection), end] {
    if (const auto alive = weak.lock()) alive->directions[1 - end].writable.wake_all();
  });
  co_return taken;
}

rt::Task<Result<void>> SimStream::write_all(std::span<iovec> pieces) {
  const std::shared_ptr<Connection> connection = connection_;
  const unsigned end = end_;
  Connection& c = *connection;
  Connection::Direction& outgoing = c.directions[end];
  const NetworkOptions options = c.network.options_;
  for (const iovec& piece : pieces) {
    const auto* bytes = static_cast<const std::byte*>(piece.iov_base);
    for (std::size_t sent = 0; sent < piece.iov_len;) {
      // Like TCP, do not send crumbs into a window that is almost full.
      const std::size_t wanted = std::min(piece.iov_len - sent, std::max<std::size_t>(options.window_bytes / 4, 1));
      while (!c.broken && !c.shut[end] && !peer_gone(c, end) && outgoing.unread + wanted > options.window_bytes) {
        co_await outgoing.writable.wait();
      }
      if (c.broken || c.shut[end] || peer_gone(c, end)) co_return Errc::disconnected;
      const std::size_t most =
          std::min({piece.iov_len - sent, options.window_bytes - outgoing.unread, options.chunk_max});
      const std::size_t length = 1 + c.network.world_.random().below(most);
      send_piece(connection, end, std::vector<std::byte>(bytes + sent, bytes + sent + length));
      sent += length;
    }
  }
  co_return Result<void>{};
}

class SimListener final : public rt::Listener {
 public:
  SimListener(SimNetwork& network, std::shared_ptr<Listening> state) : network_(network), state_(std::move(state)) {}
  ~SimListener() override { SimListener::close(); }

  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> accept() override {
    const std::shared_ptr<Listening> state = state_;  // may outlive the listener, as above
    while (!state->closed && state->backlog.empty()) co_await state->waiting.wait();
    if (state->closed) co_return Errc::cancelled;
    auto stream = std::move(state->backlog.front());
    state->backlog.pop_front();
    co_return std::move(stream);
  }
  void close() noexcept override {
    if (std::exchange(state_->closed, true)) return;
    const auto found = network_.listening_.find(state_->address);
    if (found != network_.listening_.end() && found->second == state_) network_.listening_.erase(found);
    state_->backlog.clear();
    state_->waiting.wake_all();
  }
  [[nodiscard]] std::string address() const override { return state_->address; }

 private:
  SimNetwork& network_;
  std::shared_ptr<Listening> state_;
};

class MountedNet final : public rt::Net {
 public:
  MountedNet(SimNetwork& network, SimReactor& reactor) : network_(network), reactor_(reactor) {}

  Result<std::unique_ptr<rt::Listener>> listen_tcp(const std::string& host, std::uint16_t port) override {
    const std::uint16_t bound = port != 0 ? port : network_.next_port();
    return network_.listen(reactor_, host + ":" + std::to_string(bound));
  }
  Result<std::unique_ptr<rt::Listener>> listen_unix(const std::string& path) override {
    return network_.listen(reactor_, path);
  }
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> connect_tcp(std::string host, std::uint16_t port,
                                                                rt::ConnectOptions) override {
    std::string client = "127.0.0.1:" + std::to_string(network_.next_port());
    auto stream = co_await network_.connect(reactor_, host + ":" + std::to_string(port), std::move(client));
    co_return std::move(stream);
  }

 private:
  SimNetwork& network_;
  SimReactor& reactor_;
};

SimNetwork::SimNetwork(World& world, NetworkOptions options) : world_(world), options_(options) {
  TT_ASSERT(options.chunk_max > 0 && options.window_bytes > 0);
  world_.add_participant(*this);
}

SimNetwork::~SimNetwork() {
  world_.remove_participant(*this, [](EventSink*) { return false; });
}

std::unique_ptr<rt::Net> SimNetwork::mount(SimReactor& reactor) {
  return std::make_unique<MountedNet>(*this, reactor);
}

std::shared_ptr<Connection> SimNetwork::make_connection(SimReactor& first, SimReactor& second) {
  std::erase_if(connections_, [](const std::weak_ptr<Connection>& weak) { return weak.expired(); });
  auto connection = std::make_shared<Connection>(*this, next_id_++, first, second);
  connections_.push_back(connection);
  return connection;
}

SimNetwork::Pair SimNetwork::make_pair(SimReactor& first, SimReactor& second) {
  auto connection = make_connection(first, second);
  return {std::make_unique<SimStream>(connection, 0, "pair:1"), std::make_unique<SimStream>(connection, 1, "pair:0")};
}

Result<std::unique_ptr<rt::Listener>> SimNetwork::listen(SimReactor& reactor, const std::string& address) {
  if (listening_.contains(address)) return {Errc::io_error, EADDRINUSE};
  auto state = std::make_shared<Listening>(reactor, address);
  listening_.emplace(address, state);
  return std::unique_ptr<rt::Listener>(std::make_unique<SimListener>(*this, std::move(state)));
}

rt::Task<Result<std::unique_ptr<rt::ByteStream>>> SimNetwork::connect(SimReactor& reactor, std::string address,
                                                                      std::string client_name) {
  co_await rt::sleep_for(reactor, world_.draw_delay(options_.delay_max));
  const auto found = listening_.find(address);
  if (found == listening_.end()) co_return Error{Errc::disconnected, ECONNREFUSED};
  Listening& listening = *found->second;
  const auto connection = make_connection(reactor, listening.reactor);
  listening.backlog.push_back(std::make_unique<SimStream>(connection, 1, client_name));
  listening.waiting.wake_one();
  co_return std::unique_ptr<rt::ByteStream>(std::make_unique<SimStream>(connection, 0, address));
}

rt::Task<Result<std::unique_ptr<rt::ByteStream>>> SimNetwork::connect_unix(SimReactor& reactor, std::string path) {
  std::string client = "unix:uid=1000";
  auto stream = co_await connect(reactor, std::move(path), std::move(client));
  co_return std::move(stream);
}

void SimNetwork::deliver(Connection& connection, unsigned end) {
  Connection::Direction& direction = connection.directions[end];
  if (connection.broken) return;
  TT_ASSERT(!direction.transit.empty());
  const std::vector<std::byte> piece = std::move(direction.transit.front());
  direction.transit.pop_front();
  world_.note(TraceKind::net, connection.id, end, piece.size());
  if (options_.cut_per_million != 0 && world_.random().chance(options_.cut_per_million, 1'000'000)) {
    return connection.cut();
  }
  direction.arrived.insert(direction.arrived.end(), piece.begin(), piece.end());
  if (piece.empty()) {
    direction.ended = true;
    connection.directions[1 - end].writable.wake_all();
  }
  direction.readable.wake_all();
}

void SimNetwork::cut_all() {
  for (const auto& weak : connections_) {
    if (const auto connection = weak.lock()) connection->cut();
  }
}

std::size_t SimNetwork::connections() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), [](const auto& weak) {
    const auto connection = weak.lock();
    return connection != nullptr && !connection->broken && !connection->shut[0] && !connection->shut[1];
  }));
}

void SimNetwork::on_crash(MachineId machine, CrashKind) {
  for (const auto& weak : connections_) {
    const auto connection = weak.lock();
    if (connection == nullptr) continue;
    const bool touched = machine == kAllMachines || connection->ends[0]->machine() == machine ||
                         connection->ends[1]->machine() == machine;
    // Waiters of the dead end are taken out of their queues too; their reactor no longer resumes them.
    if (touched) connection->cut();
  }
  std::erase_if(listening_, [&](const auto& entry) {
    return machine == kAllMachines || entry.second->reactor.machine() == machine;
  });
}

}  // namespace tt::sim
