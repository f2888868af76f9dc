// SPDX-License-Identifier: Apache-2.0
// Byte streams and listeners. One reader and one writer task at a time per stream. TLS is a ByteStream around another
// one (host/tls), so protocols never know.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "runtime/task.h"

namespace tt::rt {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// At least one byte, or `disconnected` at the end of the stream. `into` must outlive the task.
  virtual Task<Result<std::size_t>> read_some(std::span<std::byte> into) = 0;
  /// All pieces in order, in one system call where possible. The pieces and their bytes must outlive the task; the
  /// piece array may be modified.
  virtual Task<Result<void>> write_all(std::span<iovec> pieces) = 0;
  /// Makes pending and later reads and writes end with `disconnected`. Callable at any time.
  virtual void shut_down() noexcept = 0;
  /// "127.0.0.1:40312", "unix:uid=1000"; for logs and access rules.
  [[nodiscard]] virtual std::string peer_name() const = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  /// `cancelled` after close().
  virtual Task<Result<std::unique_ptr<ByteStream>>> accept() = 0;
  virtual void close() noexcept = 0;
  /// "127.0.0.1:10809" with the port really bound, or the socket's path.
  [[nodiscard]] virtual std::string address() const = 0;
};

struct ConnectOptions {
  /// A numeric address of this machine that the connection comes from; empty: whichever the route has.
  std::string from = {};
  /// Of the first packet: 3 give up after some 15 seconds, 1 after 3.
  int retries = 3;
};

inline const ConnectOptions kUsualConnection;

class Net {
 public:
  virtual ~Net() = default;
  /// Both wait up to two seconds, without a suspension, for an address in use to become free.
  /// port 0 = any free port. Sets SO_REUSEADDR; accepted streams have TCP_NODELAY.
  virtual Result<std::unique_ptr<Listener>> listen_tcp(const std::string& host, std::uint16_t port) = 0;
  /// Replaces a stale socket file; mode 0600.
  virtual Result<std::unique_ptr<Listener>> listen_unix(const std::string& path) = 0;
  /// At once or not at all: for who serves others meanwhile, and tries again.
  virtual Result<std::unique_ptr<Listener>> try_listen_tcp(const std::string& host, std::uint16_t port) {
    return listen_tcp(host, port);
  }
  virtual Task<Result<std::unique_ptr<ByteStream>>> connect_tcp(std::string host, std::uint16_t port,
                                                                ConnectOptions options) = 0;
};

}  // namespace tt::rt
