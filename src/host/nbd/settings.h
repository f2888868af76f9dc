// SPDX-License-Identifier: Apache-2.0
// Every limit of the NBD server in one place.
#pragma once

#include "host/nbd/buffer_pool.h"
#include "runtime/reactor.h"

namespace tt::nbd {

struct ServerSettings {
  /// Beyond it the connection longest in its handshake makes room, or else the new one is closed.
  std::uint32_t max_connections = 512;
  /// The same among those of one TCP address, so that one machine does not take all places. A Unix socket has none: it
  /// is for users of this machine.
  std::uint32_t connections_per_address = 256;
  /// Requests in flight on one connection; more are not read from the socket.
  std::uint32_t requests_per_connection = 128;
  /// Payload bytes in flight on one connection, in either direction.
  std::uint64_t bytes_per_connection = 64_MiB;
  /// From accept to the transmission phase, TLS included.
  rt::TimeNs handshake_timeout = 30 * rt::kSecond;
  /// A connection without a request for this long is closed. 0: never; idle disks are normal.
  rt::TimeNs idle_timeout = 0;
  /// A peer that neither sends the rest of its payload nor takes its replies for this long is cut off, but only while
  /// others wait for the buffers it holds.
  rt::TimeNs stall_timeout = 60 * rt::kSecond;
  /// Payload of writes that frozen volumes hold is kept outside of the buffers, up to so much of all connections.
  std::uint64_t parked_bytes = 256_MiB;
  /// How long requests in flight may take when a connection or the server ends.
  rt::TimeNs drain_timeout = 10 * rt::kSecond;
  /// Announces FAST_ZERO; only for a service whose zeroing is always quicker than writing.
  bool fast_zero = false;
  BufferPool::SizeClasses buffers = BufferPool::kDefaultClasses;
};

struct ServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;          ///< Connections closed for want of room.
  std::uint64_t handshakes = 0;       ///< Connections that reached the transmission phase.
  std::uint64_t requests = 0;         ///< Answered, errors included.
  std::uint64_t failed_requests = 0;  ///< Answered with an error.
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t parked_bytes = 0;  ///< Now.
};

}  // namespace tt::nbd
