// SPDX-License-Identifier: Apache-2.0
// The management console as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tt::console {

struct ImageAddress {
  std::string id;           ///< IBM.2107-75ABCD1
  std::string socket_path;  ///< Its control socket.
};

struct ConsoleOptions {
  std::string directory;  ///< Users, certificate, audit log; made when missing.
  std::string host = "127.0.0.1";
  std::uint16_t port = 8452;  ///< 0 = any free one.
  std::vector<ImageAddress> images;
  std::vector<std::string> names;  ///< Further names and addresses for a new certificate.
  std::string ready_file;
  std::string version;
};

/// Serves until SIGTERM or SIGINT; returns the exit code of the process.
int run_console(const ConsoleOptions& options);

}  // namespace tt::console
