// SPDX-License-Identifier: Apache-2.0
#include "runtime/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>

namespace tt::rt {
namespace {

constexpr int kBacklog = 256;
/// Attempts to connect are given up after 1 + 2 + 4 + 8 seconds.
constexpr int kConnectRetries = 3;
/// An address in use is tried again after 1, 2, 4 ... milliseconds, about two seconds in all.
constexpr int kListenRetries = 11;

Error last_error() {
  const auto detail = static_cast<std::uint64_t>(errno);
  return {errno == EADDRINUSE ? Errc::busy : Errc::io_error, detail};
}

void set_option(int fd, int level, int option, int value) noexcept {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

std::string describe(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  if (address.family() == AF_UNIX && address.bytes > offsetof(sockaddr_un, sun_path)) {
    const auto& local = reinterpret_cast<const sockaddr_un&>(address.storage);
    return std::string(local.sun_path, ::strnlen(local.sun_path, sizeof local.sun_path));
  }
  return "unknown";
}

Result<SocketAddress> unix_address(const std::string& path) {
  SocketAddress address;
  auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.empty() || path.size() >= sizeof local.sun_path) return {Errc::invalid_argument, ENAMETOOLONG};
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.c_str(), path.size() + 1);
  address.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

/// What `attempt` gives, which makes a listener. Whether an address in use will soon be free cannot be known: a request
/// of io_uring holds its socket, and the kernel ends those of a killed process only after others have seen it gone. The
/// process that takes its place may be here earlier, so it asks again before it believes that somebody is alive.
template <class Attempt>
Result<UniqueFd> retry_while_in_use(const Attempt& attempt) {
  std::chrono::milliseconds pause{1};
  for (int retries = 0;; ++retries) {
    Result<UniqueFd> made = attempt();
    if (made || made.error() != Error{Errc::busy, EADDRINUSE} || retries == kListenRetries) return made;
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
}

/// Removes the socket file that a process which is gone has left. `busy` if it is alive or no socket.
Result<void> remove_stale(const std::string& path, const SocketAddress& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return last_error();
  if (!S_ISSOCK(status.st_mode)) return {Errc::busy, EEXIST};
  const UniqueFd attempt(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!attempt) return last_error();
  if (::connect(attempt.get(), address.get(), address.bytes) == 0 || errno != ECONNREFUSED) {
    return {Errc::busy, EADDRINUSE};
  }
  if (::unlink(path.c_str()) != 0) return last_error();
  return {};
}

Result<UniqueFd> try_unix_listener(const std::string& path, bool non_blocking) {
  TT_TRY(const SocketAddress address, unix_address(path));
  TT_TRY(UniqueFd fd, make_socket(address, non_blocking));
  // The file takes its mode from the socket, so there is no moment at which others may connect.
  if (::fchmod(fd.get(), 0600) != 0) return last_error();
  if (::bind(fd.get(), address.get(), address.bytes) != 0) {
    if (errno != EADDRINUSE) return last_error();
    TT_CHECK(remove_stale(path, address));
    if (::bind(fd.get(), address.get(), address.bytes) != 0) return last_error();
  }
  if (::listen(fd.get(), kBacklog) != 0) return last_error();
  return fd;
}

}  // namespace

Result<std::vector<SocketAddress>> find_addresses(const std::string& host, std::uint16_t port, NameLookup lookup) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_PASSIVE | (lookup == NameLookup::numeric_only ? AI_NUMERICHOST : 0);
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (error != 0) return {Errc::object_not_found, static_cast<std::uint64_t>(-error)};
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    address.bytes = entry->ai_addrlen;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

Result<UniqueFd> make_socket(const SocketAddress& address, bool non_blocking) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | (non_blocking ? SOCK_NONBLOCK : 0), 0));
  if (!fd) return last_error();
  if (address.family() != AF_UNIX) set_option(fd.get(), IPPROTO_TCP, TCP_SYNCNT, kConnectRetries);
  return fd;
}

void set_connect_retries(int fd, int retries) noexcept {
  set_option(fd, IPPROTO_TCP, TCP_SYNCNT, retries);
}

Result<void> leave_from(int fd, const std::string& address, int family) {
  TT_TRY(const auto found, find_addresses(address, 0, NameLookup::numeric_only));
  for (const SocketAddress& one : found) {
    if (one.family() != family) continue;
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(fd, one.get(), one.bytes) != 0) return last_error();
    return {};
  }
  return Errc::object_not_found;
}

Result<UniqueFd> try_tcp_listener(const SocketAddress& address, bool non_blocking) {
  TT_TRY(UniqueFd fd, make_socket(address, non_blocking));
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(fd.get(), address.get(), address.bytes) != 0 || ::listen(fd.get(), kBacklog) != 0) return last_error();
  return fd;
}

Result<UniqueFd> make_tcp_listener(const SocketAddress& address, bool non_blocking) {
  return retry_while_in_use([&] { return try_tcp_listener(address, non_blocking); });
}

Result<UniqueFd> make_unix_listener(const std::string& path, bool non_blocking) {
  return retry_while_in_use([&] { return try_unix_listener(path, non_blocking); });
}

std::string local_name(int fd) {
  SocketAddress address;
  address.bytes = sizeof address.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.bytes) != 0) return "unknown";
  return describe(address);
}

std::string peer_name(int fd) {
  SocketAddress address;
  address.bytes = sizeof address.storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.bytes) != 0) return "unknown";
  if (address.family() != AF_UNIX) return describe(address);
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) return "unix:unknown";
  return "unix:uid=" + std::to_string(credentials.uid);
}

void tune_stream(int fd) noexcept {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

}  // namespace tt::rt
