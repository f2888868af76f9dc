// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/server.h"

#include <algorithm>

namespace tt::nbd {
namespace {

constexpr rt::TimeNs kWatchInterval = rt::kSecond;
/// After a failed accept (out of descriptors, most likely) the next one waits, so that it does not spin.
constexpr rt::TimeNs kAcceptPause = 100 * rt::kMillisecond;

/// Connections that were cut to make room count on for a moment.
constexpr std::uint32_t kLeaving = 64;

/// "192.0.2.7" of "192.0.2.7:4000"; empty for peers without a TCP address.
std::string_view address_of(std::string_view peer) noexcept {
  const std::size_t colon = peer.rfind(':');
  return colon == std::string_view::npos || peer.starts_with("unix:") ? std::string_view() : peer.substr(0, colon);
}

}  // namespace

Server::Server(rt::Reactor& reactor, image::BlockService& service, const ServerSettings& settings,
               const tls::ServerContext* tls, image::HostAccess* access)
    : reactor_(reactor),
      settings_(settings),
      buffers_(reactor, settings.buffers, settings.max_connections + kLeaving),
      context_{reactor, service, buffers_, settings_, counters_, tls, access},
      nap_(reactor),
      scope_(reactor) {
  scope_.spawn(watch_loop());
}

Server::~Server() {
  TT_ASSERT(scope_.count() == 0);
}

void Server::listen(std::unique_ptr<rt::Listener> listener, Entrance entrance) {
  entrance.traffic = &traffic_[entrance.port];
  TT_ASSERT(!stopping_ && (entrance.tls == TlsMode::off || context_.tls != nullptr));
  scope_.spawn(accept_loop(listeners_.insert(listeners_.end(), {std::move(listener), entrance, false})));
}

void Server::close_port(std::uint16_t port) noexcept {
  for (Listening& one : listeners_) {
    if (one.entrance.port != port) continue;
    one.closed = true;
    one.listener->close();
  }
  for (Session* session : sessions_) {
    if (session->port() == port) session->cut();
  }
}

rt::Task<void> Server::accept_loop(std::list<Listening>::iterator at) {
  co_await accept_all(*at);
  listeners_.erase(at);
}

rt::Task<void> Server::accept_all(Listening& at) {
  while (!stopping_ && !at.closed) {
    auto stream = co_await at.listener->accept();
    if (stopping_ || at.closed) co_return;
    if (!stream) {
      if (stream.error().code == Errc::cancelled) co_return;
      co_await rt::sleep_for(reactor_, kAcceptPause);
      continue;
    }
    const std::string peer = (*stream)->peer_name();
    if (!admits(peer)) {
      ++counters_.refused;
      (*stream)->shut_down();
      continue;
    }
    ++counters_.accepted;
    scope_.spawn(attend(std::move(*stream), at.entrance));
  }
}

bool Server::admits(const std::string& peer) noexcept {
  const std::string_view address = address_of(peer);
  if (!address.empty()) {
    const auto count = std::ranges::count_if(sessions_, [&](const Session* session) {
      const std::string other = session->peer_name();
      return address_of(other) == address;
    });
    if (static_cast<std::uint64_t>(count) >= settings_.connections_per_address) return make_room(address);
  }
  return sessions_.size() < settings_.max_connections || make_room({});
}

/// Among the connections of `address`, or of everybody. Who has been longest in the handshake is the likeliest to be
/// nobody. Its place is free a little later; until then the server is one connection above its limit.
bool Server::make_room(std::string_view address) noexcept {
  for (Session* session : sessions_) {  // in order of arrival
    if (!session->negotiating()) continue;
    const std::string peer = session->peer_name();
    if (!address.empty() && address_of(peer) != address) continue;
    session->cut();
    return true;
  }
  return false;
}

rt::Task<void> Server::attend(std::unique_ptr<rt::ByteStream> stream, Entrance entrance) {
  Session session(context_, std::move(stream), entrance);
  const auto place = sessions_.insert(sessions_.end(), &session);
  if (stopping_) session.begin_drain();
  co_await session.run();
  sessions_.erase(place);
  if (stopping_ && sessions_.empty()) nap_.end();
}

rt::Task<void> Server::watch_loop() {
  while (!(stopping_ && sessions_.empty())) {
    co_await nap_.until(reactor_.now() + kWatchInterval);
    const bool late = stopping_ && reactor_.now() >= stop_deadline_;
    for (Session* session : sessions_) late ? session->cut() : session->watch();
  }
}

rt::Task<void> Server::stop() {
  TT_ASSERT(!stopping_);
  stopping_ = true;
  stop_deadline_ = reactor_.now() + settings_.drain_timeout;
  for (Listening& one : listeners_) one.listener->close();
  for (Session* session : sessions_) session->begin_drain();
  nap_.end();
  co_await scope_.join();
}

void Server::kill() noexcept {
  scope_.kill();
  sessions_.clear();
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> names;
  for (const Listening& one : listeners_) names.push_back(one.listener->address());
  return names;
}

image::PortTraffic Server::traffic(std::uint16_t port) const {
  const auto found = traffic_.find(port);
  return found == traffic_.end() ? image::PortTraffic{} : found->second;
}

std::vector<SessionInfo> Server::sessions() const {
  std::vector<SessionInfo> list;
  for (const Session* session : sessions_) {
    list.push_back({session->peer_name(), session->peer_identity(), session->export_name(), session->in_flight(),
                    session->port()});
  }
  return list;
}

}  // namespace tt::nbd
