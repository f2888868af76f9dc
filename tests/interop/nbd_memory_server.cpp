// SPDX-License-Identifier: Apache-2.0
// The NBD server of the product in front of volumes in memory: for trying foreign clients, and for knowing what the
// protocol part alone can do. Nothing is kept when it ends.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/nbd/server.h"
#include "host/testing/ram_block_service.h"
#include "runtime/platform.h"

namespace {

using namespace tt;

constexpr const char* kUsage =
    "usage: nbd-memory-server [--unix PATH] [--tcp HOST:PORT] [--volume ID:SIZE[:ro]]...\n"
    "                         [--tls off|allowed|required] [--cert FILE --key FILE] [--client-ca FILE] [--psk FILE]\n"
    "                         [--backend uring|posix] [--fast-zero]\n"
    "ID is four hex digits, SIZE takes K, M, G or T. Prints 'ready' and its addresses when it serves.\n";

struct VolumeOption {
  std::uint16_t id = 0;
  std::uint64_t size_bytes = 0;
  bool read_only = false;
};

struct Options {
  std::string unix_path;
  std::string tcp_host;
  std::uint16_t tcp_port = 0;
  std::vector<VolumeOption> volumes;
  nbd::TlsMode tls_mode = nbd::TlsMode::off;
  tls::ServerFiles tls_files;
  rt::IoBackend backend = rt::IoBackend::automatic;
  nbd::ServerSettings settings;
};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "nbd-memory-server: %s\n%s", why.c_str(), kUsage);
  std::exit(2);
}

std::uint64_t parse_size(const std::string& text) {
  char* unit = nullptr;
  const std::uint64_t number = std::strtoull(text.c_str(), &unit, 10);
  switch (*unit) {
    case 'K':
      return number << 10U;
    case 'M':
      return number << 20U;
    case 'G':
      return number << 30U;
    case 'T':
      return number << 40U;
    default:
      return number;
  }
}

VolumeOption parse_volume(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon != 4) give_up("--volume wants ID:SIZE");
  const std::size_t second = text.find(':', colon + 1);
  VolumeOption volume;
  volume.id = static_cast<std::uint16_t>(std::strtoul(text.substr(0, colon).c_str(), nullptr, 16));
  volume.size_bytes = parse_size(text.substr(colon + 1, second - colon - 1));
  volume.read_only = second != std::string::npos && text.substr(second + 1) == "ro";
  if (volume.size_bytes == 0 || volume.size_bytes % kBlockBytes != 0) give_up("bad size in " + text);
  return volume;
}

nbd::TlsMode parse_tls_mode(std::string_view text) {
  if (text == "off") return nbd::TlsMode::off;
  if (text == "allowed") return nbd::TlsMode::allowed;
  if (text == "required") return nbd::TlsMode::required;
  give_up("--tls wants off, allowed or required");
}

void parse_tcp(const std::string& text, Options& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) give_up("--tcp wants HOST:PORT");
  options.tcp_host = text.substr(0, colon);
  options.tcp_port = static_cast<std::uint16_t>(std::strtoul(text.c_str() + colon + 1, nullptr, 10));
}

Options parse_options(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help") {
      std::fputs(kUsage, stdout);
      std::exit(0);
    }
    if (word == "--fast-zero") {
      options.settings.fast_zero = true;
      continue;
    }
    if (i + 1 == words.size()) give_up("unknown or incomplete: " + word);
    const std::string& value = words[++i];
    if (word == "--unix") {
      options.unix_path = value;
    } else if (word == "--tcp") {
      parse_tcp(value, options);
    } else if (word == "--volume") {
      options.volumes.push_back(parse_volume(value));
    } else if (word == "--tls") {
      options.tls_mode = parse_tls_mode(value);
    } else if (word == "--cert") {
      options.tls_files.certificate = value;
    } else if (word == "--key") {
      options.tls_files.key = value;
    } else if (word == "--client-ca") {
      options.tls_files.client_ca = value;
    } else if (word == "--psk") {
      options.tls_files.psk = value;
    } else if (word == "--backend") {
      options.backend = value == "posix" ? rt::IoBackend::posix : rt::IoBackend::uring;
    } else {
      give_up("unknown option " + word);
    }
  }
  if (options.unix_path.empty() && options.tcp_host.empty()) give_up("--unix or --tcp is needed");
  return options;
}

rt::Platform* running_platform = nullptr;

void on_signal(int) {
  running_platform->request_shutdown();
}

rt::Task<void> serve(rt::Platform& platform, nbd::Server& server) {
  std::string line = "ready";
  for (const std::string& address : server.addresses()) line += " " + address;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  co_await platform.shutdown_requested();
  co_await server.stop();
}

void listen_on(rt::Platform& platform, nbd::Server& server, const Options& options) {
  if (!options.unix_path.empty()) {
    auto listener = platform.net(0).listen_unix(options.unix_path);
    if (!listener) give_up("cannot listen on " + options.unix_path);
    server.listen(std::move(listener).value(), options.tls_mode);
  }
  if (!options.tcp_host.empty()) {
    auto listener = platform.net(0).listen_tcp(options.tcp_host, options.tcp_port);
    if (!listener) give_up("cannot listen on " + options.tcp_host);
    server.listen(std::move(listener).value(), options.tls_mode);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options({argv + 1, argv + argc});
  std::unique_ptr<tls::ServerContext> tls_context;
  if (options.tls_mode != nbd::TlsMode::off) {
    std::string why;
    auto loaded = tls::ServerContext::load(options.tls_files, why);
    if (!loaded) give_up(why);
    tls_context = std::move(loaded).value();
  }
  rt::PlatformOptions platform_options;
  platform_options.backend = options.backend;
  auto made = rt::make_platform(platform_options);
  if (!made) give_up("the demanded backend is not available");
  rt::Platform& platform = **made;
  running_platform = &platform;
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  {
    host_testing::RamBlockService service(platform.reactor(0));
    for (const VolumeOption& v : options.volumes) service.add_volume(v.id, v.size_bytes, v.read_only);
    nbd::Server server(platform.reactor(0), service, options.settings, tls_context.get());
    listen_on(platform, server, options);
    platform.run(serve(platform, server));
  }
  return 0;
}
