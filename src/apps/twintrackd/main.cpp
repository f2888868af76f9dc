// SPDX-License-Identifier: Apache-2.0
// twintrackd: the data process of one storage image.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "options.h"
#include "service.h"

namespace {

tt::rt::Platform* running = nullptr;

void on_signal(int) {
  if (running != nullptr) running->request_shutdown();
}

/// One process per folder: the lock lives as long as the process.
bool lock_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    fmt::print(stderr, "twintrackd: cannot make {}: {}\n", directory, error.message());
    return false;
  }
  ::chmod(directory.c_str(), 0700);
  const std::string path = directory + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    fmt::print(stderr, "twintrackd: cannot open {}: {}\n", path, std::strerror(errno));
    return false;
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    fmt::print(stderr, "twintrackd: another process serves {}; stop it first\n", directory);
    return false;
  }
  return true;
}

bool load_tls(const tt::daemon::Options& options, std::unique_ptr<tt::tls::ServerContext>& context) {
  if (options.tls == tt::daemon::TlsMode::off) return true;
  tt::tls::ServerFiles files;
  if (!options.tls_certificates.empty()) {
    files.certificate = options.tls_certificates + "/server-cert.pem";
    files.key = options.tls_certificates + "/server-key.pem";
    const std::string ca = options.tls_certificates + "/ca-cert.pem";
    if (std::filesystem::exists(ca)) files.client_ca = ca;
  }
  files.psk = options.tls_psk;
  std::string explanation;
  auto loaded = tt::tls::ServerContext::load(files, explanation);
  if (!loaded) {
    fmt::print(stderr, "twintrackd: {}\n", explanation);
    return false;
  }
  context = std::move(*loaded);
  return true;
}

bool load_mirror_tls(const tt::daemon::Options& options, std::unique_ptr<tt::tls::PeerContext>& context) {
  if (options.mirror.empty() || !options.mirror_tls) return true;
  const std::string& folder = options.mirror_certificates;
  std::string explanation;
  auto loaded = tt::tls::PeerContext::load(
      {folder + "/mirror-cert.pem", folder + "/mirror-key.pem", folder + "/mirror-ca.pem"}, explanation);
  if (!loaded) {
    fmt::print(stderr, "twintrackd: {}\n", explanation);
    return false;
  }
  context = std::move(*loaded);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 2;
  const auto options = tt::daemon::parse_options(argc, argv, exit_code);
  if (!options) return exit_code;
  if (!lock_directory(options->directory)) return 1;
  std::unique_ptr<tt::tls::ServerContext> tls;
  std::unique_ptr<tt::tls::PeerContext> mirror_tls;
  if (!load_tls(*options, tls) || !load_mirror_tls(*options, mirror_tls)) return 1;

  tt::rt::PlatformOptions platform_options;
  platform_options.reactors =
      options->cores != 0 ? options->cores : std::max(1U, std::thread::hardware_concurrency() / 2);
  platform_options.backend = options->io;
  platform_options.notice = [](std::string_view line) { fmt::print(stderr, "twintrackd: {}\n", line); };
  auto platform = tt::rt::make_platform(platform_options);
  if (!platform) {
    fmt::print(stderr, "twintrackd: the demanded I/O backend is refused (errno {}); try --io automatic\n",
               platform.error().detail);
    return 1;
  }
  running = platform->get();
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  exit_code = 1;
  (*platform)->run(tt::daemon::serve(**platform, *options, {tls.get(), mirror_tls.get()}, exit_code));
  running = nullptr;
  return exit_code;
}
