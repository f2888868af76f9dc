// SPDX-License-Identifier: Apache-2.0
#include "host/peers/peer_ports.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "model/host_identity.h"
#include "runtime/nap.h"

namespace tt::peers {

namespace {

constexpr rt::TimeNs kAcceptPause = 100 * rt::kMillisecond;
/// A port of a process that was just killed is free a moment later.
constexpr rt::TimeNs kFirstOpenPause = 50 * rt::kMillisecond;
constexpr rt::TimeNs kLongestOpenPause = 5 * rt::kSecond;

/// Names of a certificate that are node names: the images that it is for. A certificate without any is for all.
std::vector<std::uint64_t> images_named(const tls::PeerNames& names) {
  std::vector<std::uint64_t> images;
  for (const std::string& name : names.certificate) {
    if (const auto wwnn = model::parse_wwpn(name)) images.push_back(*wwnn);
  }
  return images;
}

bool is_every_address(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

rt::Task<void> cut_after(rt::Reactor& reactor, rt::Nap& nap, rt::TimeNs limit, rt::ByteStream& stream,
                         const bool& done) {
  if (done) co_return;  // before this task began
  co_await nap.until(reactor.now() + limit);
  if (!done) stream.shut_down();
}

}  // namespace

PeerPorts::PeerPorts(rt::Reactor& reactor, rt::Net& net, PeerPortsOptions options)
    : reactor_(reactor), net_(net), options_(std::move(options)), nap_(reactor), scope_(reactor) {}

PeerPorts::~PeerPorts() {
  scope_.kill();
}

void PeerPorts::add(std::uint16_t id, TcpAddress address) {
  TT_ASSERT(ports_.empty() || ports_.back().id < id);
  Port port;
  port.id = id;
  port.address = std::move(address);
  ports_.push_back(std::move(port));
}

PeerPorts::Port* PeerPorts::find(std::uint16_t id) noexcept {
  const auto found = std::ranges::find(ports_, id, &Port::id);
  return found == ports_.end() ? nullptr : &*found;
}

std::string PeerPorts::address(std::uint16_t id) const {
  const auto found = std::ranges::find(ports_, id, &Port::id);
  return found == ports_.end() ? std::string() : found->bound;
}

// ---- I/O ports ------------------------------------------------------------------------------------------------------

std::vector<image::IoPortStatus> PeerPorts::status() const {
  std::vector<image::IoPortStatus> all;
  for (const Port& port : ports_) {
    image::IoPortStatus status;
    status.id = port.id;
    status.type = "Mirror TCP";
    status.address = port.bound;
    status.security = options_.tls != nullptr ? "Required" : "Disabled";
    status.listening = port.listener != nullptr;
    status.sessions = port.connections;
    all.push_back(std::move(status));
  }
  return all;
}

Result<void> PeerPorts::open(std::uint16_t id) {
  Port* const port = find(id);
  if (port == nullptr) return {Errc::object_not_found, id};
  port->wanted = true;
  auto opened = try_to_open(*port);
  if (!opened && !waiting_) {
    waiting_ = true;
    scope_.spawn(keep_trying());
  }
  return opened;
}

Result<void> PeerPorts::try_to_open(Port& port) {
  if (port.listener != nullptr) return {};
  TT_TRY(auto listener, net_.try_listen_tcp(port.address.host, port.address.port));
  port.bound = listener->address();
  if (const auto bound = parse_address(port.bound)) port.address.port = bound->port;
  port.listener = std::move(listener);
  scope_.spawn(accept_all(port, port.listener));
  return {};
}

rt::Task<void> PeerPorts::keep_trying() {
  const auto waits = [](const Port& port) { return port.wanted && port.listener == nullptr; };
  for (rt::TimeNs pause = kFirstOpenPause; !stopping_ && std::ranges::any_of(ports_, waits);
       pause = std::min(2 * pause, kLongestOpenPause)) {
    co_await nap_.until(reactor_.now() + pause);
    for (Port& port : ports_) {
      if (stopping_ || !waits(port)) continue;
      auto opened = try_to_open(port);
      (void)opened;  // the next round tries it again
    }
  }
  waiting_ = false;
}

void PeerPorts::close(std::uint16_t id) {
  Port* const port = find(id);
  if (port == nullptr) return;
  port->wanted = false;
  if (port->listener == nullptr) return;
  std::exchange(port->listener, nullptr)->close();
  desk_->port_closed(id);
}

rt::Task<void> PeerPorts::stop() {
  stopping_ = true;
  nap_.end();
  for (Port& port : ports_) {
    if (port.listener != nullptr) std::exchange(port.listener, nullptr)->close();
  }
  co_await scope_.join();
}

rt::Task<void> PeerPorts::accept_all(Port& port, std::shared_ptr<rt::Listener> listener) {
  for (;;) {
    auto stream = co_await listener->accept();
    if (port.listener != listener) co_return;
    if (!stream) {
      if (stream.error().code == Errc::cancelled) co_return;
      co_await rt::sleep_for(reactor_, kAcceptPause);
    } else if (connections_ >= options_.most_connections && in_handshake_.empty()) {
      (*stream)->shut_down();
    } else {
      if (connections_ >= options_.most_connections) {
        in_handshake_.front()->shut_down();
        in_handshake_.splice(in_handshake_.end(), in_handshake_,
                             in_handshake_.begin());  // the next one is another's turn
      }
      scope_.spawn(attend(port, std::move(*stream)));
    }
  }
}

rt::Task<void> PeerPorts::attend(Port& port, std::unique_ptr<rt::ByteStream> stream) {
  ++connections_;
  std::vector<std::uint64_t> proven;
  auto secured = co_await secure(std::move(stream), true, proven);
  if (secured && port.listener != nullptr) {
    ++port.connections;
    co_await desk_->attend(std::move(*secured), port.id, std::move(proven));
    --port.connections;
  }
  --connections_;
}

/// Who stays silent for too long is cut off.
rt::Task<PeerPorts::Secured> PeerPorts::secure(std::unique_ptr<rt::ByteStream> stream, bool accepting,
                                               std::vector<std::uint64_t>& proven) {
  if (options_.tls == nullptr) co_return std::move(stream);
  auto ssl = accepting ? options_.tls->accepting() : options_.tls->calling();
  if (ssl == nullptr) co_return Errc::io_error;
  auto tls = std::make_unique<tls::TlsStream>(reactor_, std::move(stream), std::move(ssl));
  bool done = false;
  rt::Nap nap(reactor_);
  const auto place = accepting ? in_handshake_.insert(in_handshake_.end(), tls.get()) : in_handshake_.end();
  rt::LocalScope watch(reactor_);
  watch.spawn(cut_after(reactor_, nap, options_.handshake_limit, *tls, done));
  auto shaken = co_await tls->handshake();
  done = true;
  nap.end();
  co_await watch.join();
  if (accepting) in_handshake_.erase(place);
  if (!shaken) co_return shaken.error();
  proven = images_named(tls->peer_names());
  std::unique_ptr<rt::ByteStream> secured = std::move(tls);
  co_return std::move(secured);
}

// ---- fabric ---------------------------------------------------------------------------------------------------------

std::vector<std::uint16_t> PeerPorts::ports() const {
  std::vector<std::uint16_t> ids;
  for (const Port& port : ports_) ids.push_back(port.id);
  return ids;
}

std::vector<std::uint16_t> PeerPorts::ports_of(std::uint64_t wwnn) const {
  std::vector<std::uint16_t> ids;
  const auto partners = options_.partners();
  if (!partners) return ids;
  for (const auto& [partner, address] : *partners) {
    if (partner.wwnn == wwnn) ids.push_back(partner.port);
  }
  return ids;
}

rt::Task<Result<std::unique_ptr<rt::ByteStream>>> PeerPorts::dial(std::uint64_t wwnn, mirror::PathPorts ports) {
  Port* const port = find(ports.local);
  if (port == nullptr) co_return Error{Errc::object_not_found, ports.local};
  const std::shared_ptr<rt::Listener> listener = port->listener;
  const auto partners = options_.partners();
  if (listener == nullptr || !partners) co_return Errc::disconnected;
  const auto found = partners->find({wwnn, ports.remote});
  if (found == partners->end()) co_return Error{Errc::not_combinable, ports.remote};
  rt::ConnectOptions options;
  const auto bound = parse_address(port->bound);
  if (bound && !is_every_address(bound->host)) options.from = bound->host;
  options.retries = 1;
  auto stream = co_await net_.connect_tcp(found->second.host, found->second.port, options);
  // A name that nobody knows just now is a line that is down.
  if (!stream) co_return stream.error().code == Errc::timed_out ? Errc::timed_out : Errc::disconnected;
  std::vector<std::uint64_t> proven;
  auto secured = co_await secure(std::move(*stream), false, proven);
  if (!secured) co_return secured.error();
  if (!proven.empty() && std::ranges::find(proven, wwnn) == proven.end()) co_return Errc::authentication_failed;
  if (port->listener != listener) co_return Errc::disconnected;  // closed meanwhile
  co_return std::move(*secured);
}

}  // namespace tt::peers
