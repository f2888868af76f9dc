// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <string_view>
#include <type_traits>

namespace tt::daemon {

namespace {

constexpr const char* kHelp = R"(twintrackd: one storage image, served to hosts over NBD

  twintrackd --dir DIR [options]

  --dir DIR             folder of the image; made and formatted if it holds none
  --create              refuse to start if DIR holds an image already
  --cores N             reactors, one thread each (default: half of the processors)
  --journal-mib N       journal (non-volatile store) in MiB, at creation (default 256)
  --rank-gib N          size of each file-backed rank in GiB, sparse, at creation (default 64)
  --ranks N             number of ranks, at creation (default 2: R0 in P0, R1 in P1)
  --array-site F[:GIB]  at any start, repeatable: a file of the folder (with its size) or a block device that
                        mkarray and mkrank may use; nothing happens if the image knows it already
  --personality P       2107 (default) or 1750, at creation
  --ack MODE            hardened (default): every write is answered when it is durable;
                        volatile: only FUA writes and flushes wait
  --media-sums WHICH    keep: checksums of all data from now on, verified at every read; as-is: only if it keeps them
                        already, so never in a new image (default: keep in a new image, else as-is)
  --read-cache-mib N    memory for data that was read from the ranks, in MiB; 0 = none (default: one 16th of the
                        memory of the machine, at most 512)
  --copy-limit-mib N    background copy: at most N MiB per second (default: as fast as hosts leave it)
  --nbd-tcp HOST:PORT   default 127.0.0.1:10809; port 0 takes any free one
  --nbd-unix PATH       default DIR/nbd.sock
  --control PATH        socket for the management console, default DIR/control.sock
  --ready-file FILE     JSON with the addresses, written when the image serves
  --tls MODE            off (default), allowed or required, on TCP
  --tls-certs DIR       server-cert.pem, server-key.pem and, to demand client certificates, ca-cert.pem
  --tls-psk FILE        pre-shared keys, a line identity:hexkey each
  --mirror-tcp H:PORT   repeatable, at most 4: ports I0100, I0101, ... over which other images are reached and reach
                        this one; connections leave from H unless it is 0.0.0.0
  --mirror-certs DIR    mirror-cert.pem and mirror-key.pem of this image, and mirror-ca.pem: only images with a
                        certificate of that authority are spoken to
  --mirror-tls MODE     required (default), or off: for a network that nobody else is on
  --partners FILE       where ports of other images are, a line each: WWNN PORT HOST:PORT (default DIR/partners; read
                        again when it has changed)
  --io BACKEND          automatic (default), uring or posix
)";

bool number(std::string_view text, std::uint64_t low, std::uint64_t high, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= low && out <= high;
}

template <class T>
bool choose(std::string_view text, const std::map<std::string_view, T>& names, T& out) {
  const auto found = names.find(text);
  if (found == names.end()) return false;
  out = found->second;
  return true;
}

bool host_and_port(std::string_view text, Options& options) {
  const std::size_t colon = text.rfind(':');
  std::uint64_t port = 0;
  if (colon == std::string_view::npos || !number(text.substr(colon + 1), 0, 65535, port)) return false;
  options.nbd_host = std::string(text.substr(0, colon));
  options.nbd_port = static_cast<std::uint16_t>(port);
  return !options.nbd_host.empty();
}

bool array_site(std::string_view text, Options& options) {
  ArraySite site;
  if (text.starts_with('/')) {  // a device has its own size, and perhaps colons in its path
    site.device = std::string(text);
  } else {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    if (!number(text.substr(colon + 1), 1, 1U << 20U, site.gib)) return false;
    site.device = std::string(text.substr(0, colon));
  }
  options.array_sites.push_back(std::move(site));
  return true;
}

bool mirror_port(std::string_view text, Options& options) {
  constexpr std::size_t kMostMirrorPorts = 4;
  auto address = peers::parse_address(text);
  if (!address || options.mirror.size() == kMostMirrorPorts) return false;
  options.mirror.push_back(std::move(*address));
  return true;
}

using Setter = std::function<bool(Options&, std::string_view)>;

template <class T>
Setter numeric(T Options::* member, std::uint64_t low, std::uint64_t high) {
  return [=](Options& options, std::string_view text) {
    std::uint64_t value = 0;
    if (!number(text, low, high, value)) return false;
    if constexpr (std::is_integral_v<T>) {
      options.*member = static_cast<T>(value);
    } else {
      options.*member = value;
    }
    return true;
  };
}

Setter textual(std::string Options::* member) {
  return [=](Options& options, std::string_view text) {
    options.*member = std::string(text);
    return !text.empty();
  };
}

bool media_sums(Options& options, std::string_view text) {
  options.media_sums = text == "keep";
  return text == "keep" || text == "as-is";
}

template <class T>
Setter one_of(T Options::* member, std::map<std::string_view, T> names) {
  return [=](Options& options, std::string_view text) { return choose(text, names, options.*member); };
}

const std::map<std::string_view, Setter>& setters() {
  static const std::map<std::string_view, Setter> table = {
      {"--dir", textual(&Options::directory)},
      {"--cores", numeric(&Options::cores, 1, 256)},
      {"--journal-mib", numeric(&Options::journal_mib, 32, 65536)},
      {"--rank-gib", numeric(&Options::rank_gib, 1, 1U << 20U)},
      {"--ranks", numeric(&Options::ranks, 2, 1024)},
      {"--array-site", [](Options& o, std::string_view text) { return array_site(text, o); }},
      {"--personality", one_of<volume::Personality>(&Options::personality, {{"2107", volume::Personality::ds8000},
                                                                            {"1750", volume::Personality::ds6000}})},
      {"--ack", one_of<image::Acknowledge>(&Options::acknowledge, {{"hardened", image::Acknowledge::hardened},
                                                                   {"volatile", image::Acknowledge::as_cached}})},
      {"--media-sums", media_sums},
      {"--read-cache-mib", numeric(&Options::read_cache_mib, 0, 1U << 24U)},
      {"--copy-limit-mib", numeric(&Options::copy_limit_mib, 1, 1U << 20U)},
      {"--nbd-tcp", [](Options& o, std::string_view text) { return host_and_port(text, o); }},
      {"--nbd-unix", textual(&Options::nbd_unix)},
      {"--control", textual(&Options::control)},
      {"--ready-file", textual(&Options::ready_file)},
      {"--tls",
       one_of<TlsMode>(&Options::tls,
                       {{"off", TlsMode::off}, {"allowed", TlsMode::allowed}, {"required", TlsMode::required}})},
      {"--tls-certs", textual(&Options::tls_certificates)},
      {"--tls-psk", textual(&Options::tls_psk)},
      {"--mirror-tcp", [](Options& o, std::string_view text) { return mirror_port(text, o); }},
      {"--mirror-certs", textual(&Options::mirror_certificates)},
      {"--mirror-tls", one_of<bool>(&Options::mirror_tls, {{"required", true}, {"off", false}})},
      {"--partners", textual(&Options::partners)},
      {"--io", one_of<rt::IoBackend>(&Options::io, {{"automatic", rt::IoBackend::automatic},
                                                    {"uring", rt::IoBackend::uring},
                                                    {"posix", rt::IoBackend::posix}})},
  };
  return table;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
  Options options;
  exit_code = 2;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help" || name == "-h") {
      std::fputs(kHelp, stdout);
      exit_code = 0;
      return std::nullopt;
    }
    if (name == "--version") {
      fmt::print("twintrackd {}\n", TWINTRACK_VERSION);
      exit_code = 0;
      return std::nullopt;
    }
    if (name == "--create") {
      options.create = true;
      continue;
    }
    const auto setter = setters().find(name);
    if (setter == setters().end()) {
      fmt::print(stderr, "twintrackd: unknown option {}; --help lists them\n", name);
      return std::nullopt;
    }
    if (i + 1 == argc || !setter->second(options, argv[i + 1])) {
      fmt::print(stderr, "twintrackd: {} needs another value{}; --help says which\n", name,
                 i + 1 < argc ? fmt::format(" than \"{}\"", argv[i + 1]) : "");
      return std::nullopt;
    }
    ++i;
  }
  if (options.directory.empty()) {
    fmt::print(stderr, "twintrackd: --dir DIR is missing: the folder of the image\n");
    return std::nullopt;
  }
  if (options.nbd_unix.empty()) options.nbd_unix = options.directory + "/nbd.sock";
  if (options.control.empty()) options.control = options.directory + "/control.sock";
  if (options.partners.empty()) options.partners = options.directory + "/partners";
  if (!options.mirror.empty() && options.mirror_tls && options.mirror_certificates.empty()) {
    fmt::print(stderr, "twintrackd: --mirror-tcp needs --mirror-certs DIR, or --mirror-tls off\n");
    return std::nullopt;
  }
  if (options.tls != TlsMode::off && options.tls_certificates.empty() && options.tls_psk.empty()) {
    fmt::print(stderr, "twintrackd: --tls needs --tls-certs DIR or --tls-psk FILE\n");
    return std::nullopt;
  }
  return options;
}

}  // namespace tt::daemon
