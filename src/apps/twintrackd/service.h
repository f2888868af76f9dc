// SPDX-License-Identifier: Apache-2.0
// The life of the daemon: open or create the image, serve NBD and the console, stop in order.
#pragma once

#include <memory>

#include "host/tls/peer_context.h"
#include "host/tls/server_context.h"
#include "options.h"
#include "runtime/platform.h"
#include "runtime/task.h"

namespace tt::daemon {

/// Null where connections are not protected.
struct Protection {
  const tls::ServerContext* hosts = nullptr;
  const tls::PeerContext* images = nullptr;
};

/// Runs on reactor 0 until the platform is asked to shut down. `exit_code` stays 1 unless everything ended well.
rt::Task<void> serve(rt::Platform& platform, const Options& options, Protection tls, int& exit_code);

}  // namespace tt::daemon
