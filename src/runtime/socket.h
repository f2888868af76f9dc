// SPDX-License-Identifier: Apache-2.0
// The system calls around sockets: making listeners, naming addresses, options. Only a listener whose address is in use
// makes its caller wait.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/unique_fd.h"

namespace tt::rt {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

enum class NameLookup : std::uint8_t { numeric_only, blocking };

/// The addresses of a host, in the order to try them; an empty host means every local address. object_not_found for an
/// unknown name (or, with numeric_only, for any name).
Result<std::vector<SocketAddress>> find_addresses(const std::string& host, std::uint16_t port, NameLookup lookup);

/// Close-on-exec, non-blocking if asked; a TCP socket gives up connecting after about 15 seconds.
Result<UniqueFd> make_socket(const SocketAddress& address, bool non_blocking);
/// Before it connects: how often the first packet is sent again.
void set_connect_retries(int fd, int retries) noexcept;
/// Before it connects: from that numeric address of this machine. object_not_found if it is none of that family.
Result<void> leave_from(int fd, const std::string& address, int family);
/// Bound and listening, with SO_REUSEADDR. `busy` if the port is still in use after two seconds.
Result<UniqueFd> make_tcp_listener(const SocketAddress& address, bool non_blocking);

/// The same, but `busy` at once.
Result<UniqueFd> try_tcp_listener(const SocketAddress& address, bool non_blocking);

/// A listening Unix socket of mode 0600. A socket file that nobody listens on is replaced; `busy` if somebody
/// still does after two seconds, or at once if the path is anything but a socket.
Result<UniqueFd> make_unix_listener(const std::string& path, bool non_blocking);

/// "127.0.0.1:10809", "[::1]:10809", or the path of a Unix socket.
std::string local_name(int fd);
/// The same for the other side; "unix:uid=1000" for a Unix socket.
std::string peer_name(int fd);

/// For a stream just accepted or connected: no delay for small messages.
void tune_stream(int fd) noexcept;

}  // namespace tt::rt
