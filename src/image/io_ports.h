// SPDX-License-Identifier: Apache-2.0
// I/O ports are what the program that holds the image listens on. The image keeps what was set for them (topology, port
// group); this is its way to the listeners. On the home reactor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/task.h"

namespace tt::image {

/// What hosts had done through a port since the image started: reads and writes that went well.
struct PortTraffic {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t read_ns = 0;
  std::uint64_t write_ns = 0;
};

struct IoPortStatus {
  std::uint16_t id = 0;
  std::string type;      ///< "NBD TCP", "NBD Unix", "Mirror TCP"
  std::string address;   ///< Where it listens, or last did.
  std::string security;  ///< Whether hosts must use TLS: "Required", "Allowed", "Disabled".
  bool listening = false;
  std::uint32_t sessions = 0;  ///< That serve a volume.
  PortTraffic traffic;
};

class IoPorts {
 public:
  virtual ~IoPorts() = default;
  /// Ascending by id.
  [[nodiscard]] virtual std::vector<IoPortStatus> status() const = 0;
  /// Listens at the address it had. io_error when that is not possible any more.
  virtual Result<void> open(std::uint16_t port) = 0;
  /// Nobody new comes in, and whoever came in here is disconnected, in whatever phase.
  virtual void close(std::uint16_t port) = 0;
};

}  // namespace tt::image
