// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <vector>

#include "host/nbd/ports.h"
#include "host/peers/peer_ports.h"
#include "image/executor.h"
#include "image/image.h"
#include "image/joined_ports.h"
#include "image/rows_hosts.h"
#include "interfaces/control/server.h"
#include "media/rank.h"
#include "network_interfaces.h"
#include "runtime/os_random.h"

namespace tt::daemon {

namespace {

void say(const std::string& line) {
  fmt::print(stderr, "twintrackd: {}\n", line);
}

std::string explain(const char* what, Error error) {
  const char* hint = "";
  switch (error.code) {
    case Errc::id_taken:
      hint = "; the folder holds files of an image that was never finished: remove the folder and start again";
      break;
    case Errc::corrupt:
      hint = "; twintrack-inspect DIR shows what is damaged";
      break;
    case Errc::version_not_supported:
      hint = "; the image was written by a newer release";
      break;
    case Errc::media_full:
      hint = "; free space on the file system and start again";
      break;
    default:
      break;
  }
  return fmt::format("{}: {} (detail {}){}", what, name_of(error.code), error.detail, hint);
}

/// Plant and sequence number as on the machines: the image's serial ends in 1 on a 2107.
std::string make_image_id(volume::Personality personality, std::uint64_t random) {
  const bool ds8000 = personality == volume::Personality::ds8000;
  std::string serial = ds8000 ? "75" : "68";
  static constexpr char digits[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  for (int i = 0; i < (ds8000 ? 4 : 5); ++i, random /= 34) serial += digits[random % 34];
  if (ds8000) serial += '1';
  return fmt::format("IBM.{}-{}", ds8000 ? 2107 : 1750, serial);
}

image::CreateOptions creation(const Options& options, unsigned cores) {
  image::CreateOptions create;
  rt::fill_from_os(std::as_writable_bytes(std::span(create.uuid)));
  create.personality = options.personality;
  create.storage_image_id = make_image_id(options.personality, rt::os_random_seed());
  create.shard_count = cores;
  create.keeps_sums = options.media_sums.value_or(true);
  create.ring_bytes = round_up(options.journal_mib * 1_MiB / cores, 4096);
  for (unsigned i = 0; i < options.ranks; ++i) {
    create.ranks.push_back({fmt::format("rank.{}", i), options.rank_gib * 1_GiB});
  }
  return create;
}

/// Whole or not at all: written beside, then renamed.
bool write_ready_file(const std::string& path, const nlohmann::json& content) {
  const std::string temporary = path + ".new";
  std::FILE* file = std::fopen(temporary.c_str(), "w");
  if (file == nullptr) return false;
  const std::string text = content.dump(2) + "\n";
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = std::fclose(file) == 0;
  return written && closed && std::rename(temporary.c_str(), path.c_str()) == 0;
}

/// I/O ports of a daemon; both are of server 0.
constexpr std::uint16_t kUnixPort = 0x0000;
constexpr std::uint16_t kTcpPort = 0x0001;
/// The first of those for other images; of server 1.
constexpr std::uint16_t kMirrorPort = 0x0100;

/// One NBD server per reactor; that of reactor 0 has the listeners.
class Hosts {
 public:
  explicit Hosts(rt::Platform& platform) : platform_(platform) {}

  /// Each server is made on its own reactor's thread: it begins by giving that loop work.
  rt::Task<void> make_servers(image::Image& image, const Options& options, const tls::ServerContext* tls) {
    for (unsigned i = 0; i < image.port_count(); ++i) {
      co_await rt::hop(platform_.reactor(0), platform_.reactor(i));
      servers_.push_back(std::make_unique<nbd::Server>(platform_.reactor(i), image.blocks(i), nbd::ServerSettings{},
                                                       tls, &image.desk(i)));
      co_await rt::hop(platform_.reactor(i), platform_.reactor(0));
    }
    const auto mode = options.tls == TlsMode::off        ? nbd::TlsMode::off
                      : options.tls == TlsMode::required ? nbd::TlsMode::required
                                                         : nbd::TlsMode::allowed;
    ports_.emplace(platform_.net(0), *servers_[0]);
    ports_->add(kUnixPort, {.unix_path = options.nbd_unix});
    ports_->add(kTcpPort, {.host = options.nbd_host, .tcp_port = options.nbd_port, .tls = mode});
  }

  /// Ports that were switched off stay closed.
  Result<void> listen(const volume::ImageConfig& config) {
    for (const std::uint16_t port : {kUnixPort, kTcpPort}) {
      if (volume::io_port_of(config, port).topology != volume::Topology::off) TT_CHECK(ports_->open(port));
    }
    return {};
  }

  rt::Task<void> stop() {
    for (unsigned i = 0; i < servers_.size(); ++i) {
      co_await rt::hop(platform_.reactor(0), platform_.reactor(i));
      co_await servers_[i]->stop();
      co_await rt::hop(platform_.reactor(i), platform_.reactor(0));
    }
  }

  [[nodiscard]] image::IoPorts& ports() { return *ports_; }
  /// Empty for a closed port.
  [[nodiscard]] std::string unix_address() const { return ports_->address(kUnixPort); }
  [[nodiscard]] std::string tcp_address() const { return ports_->address(kTcpPort); }

 private:
  rt::Platform& platform_;
  std::vector<std::unique_ptr<nbd::Server>> servers_;
  std::optional<nbd::Ports> ports_;
};

/// The file of the partners, read again when it has changed. While it is missing or wrong the last good one counts, and
/// each fault is said once.
class Partners {
 public:
  explicit Partners(std::string path) : path_(std::move(path)) {}

  Result<peers::PartnerTable> operator()() {
    struct stat status{};
    const bool there = ::stat(path_.c_str(), &status) == 0;
    const Version version{there ? status.st_ino : 0, there ? status.st_size : 0, status.st_mtim.tv_sec,
                          status.st_mtim.tv_nsec};
    if (version != seen_) {
      seen_ = version;
      if (!there) {
        say(path_ + " is missing: it says where other images are");
      } else if (!S_ISREG(status.st_mode) || status.st_size > kMostBytes) {
        say(path_ + " is no file, or too long to say where other images are");
      } else {
        read();
      }
    }
    if (!table_) return Errc::object_not_found;
    return *table_;
  }

 private:
  static constexpr off_t kMostBytes = 1 << 20;
  using Version = std::tuple<ino_t, off_t, time_t, long>;

  void read() {
    std::ifstream file(path_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    auto table = peers::parse_partners(text);
    if (table) {
      table_ = std::move(*table);
    } else {
      say(fmt::format("{}, line {}: want WWNN PORT HOST:PORT, each port once; what it said before counts", path_,
                      table.error().detail));
    }
  }

  std::string path_;
  std::optional<Version> seen_;
  std::optional<peers::PartnerTable> table_;
};

/// Ports for other images, and what is said over them.
class Mirror {
 public:
  Mirror(rt::Platform& platform, image::Image& image, const Options& options, const tls::PeerContext* tls)
      : ports_(platform.reactor(0), platform.net(0), {.tls = tls, .partners = Partners(options.partners)}),
        desk_(image.control(), platform.reactor(0), ports_) {
    std::uint16_t id = kMirrorPort;
    for (const peers::TcpAddress& address : options.mirror) ports_.add(id++, address);
    ports_.use_desk(desk_);
  }

  /// Hosts are served whether or not the network of the mirrors is there.
  void begin(const volume::ImageConfig& config) {
    for (const std::uint16_t port : ports_.ports()) {
      if (volume::io_port_of(config, port).topology == volume::Topology::off) continue;
      if (!ports_.open(port)) say(image::io_port_id(port) + " cannot listen yet; it is tried again");
    }
    desk_.start();
  }

  rt::Task<void> stop() {
    co_await desk_.stop();
    co_await ports_.stop();
  }

  [[nodiscard]] image::MirrorDesk& desk() noexcept { return desk_; }
  [[nodiscard]] peers::PeerPorts& ports() noexcept { return ports_; }
  /// Port id and where it listens; nothing of closed ones.
  [[nodiscard]] nlohmann::json addresses() const {
    nlohmann::json all = nlohmann::json::object();
    for (const image::IoPortStatus& port : ports_.status()) {
      if (port.listening) all[image::io_port_id(port.id)] = port.address;
    }
    return all;
  }

 private:
  peers::PeerPorts ports_;
  image::MirrorDesk desk_;
};

/// Serves until asked to stop. False if it could not begin.
rt::Task<bool> serve_image(rt::Platform& platform, image::Image& image, const Options& options, Protection tls) {
  const std::string code_level = fmt::format("Twintrack {}", TWINTRACK_VERSION);
  image::ImageExecutor executor(image, code_level);
  control::ControlOptions control_options;
  control_options.image_id = image.control().config().storage_image_id;
  control_options.program = code_level;
  control::ControlServer control(platform.reactor(0), executor, control_options);
  Hosts hosts(platform);
  co_await hosts.make_servers(image, options, tls.hosts);
  Mirror mirror(platform, image, options, tls.images);
  image::JoinedPorts ports({&hosts.ports(), &mirror.ports()});
  const NetworkInterfaces network;
  executor.use_ports(ports);
  executor.use_mirror(mirror.desk());
  executor.use_network(network);

  bool serving = false;
  if (auto listening = hosts.listen(image.control().config()); !listening) {
    say(explain("cannot listen for NBD", listening.error()));
  } else if (auto started = control.start(platform.net(0), options.control); !started) {
    say(explain("cannot listen for the console", started.error()));
  } else {
    mirror.begin(image.control().config());
    nlohmann::json ready;
    ready["pid"] = getpid();
    ready["version"] = TWINTRACK_VERSION;
    ready["storage_image"] = control_options.image_id;
    ready["nbd"] = {{"unix", hosts.unix_address()}, {"tcp", hosts.tcp_address()}};
    ready["control"] = options.control;
    ready["wwnn"] = image::wwnn_of(image.control().config());
    ready["mirror"] = mirror.addresses();
    serving = options.ready_file.empty() || write_ready_file(options.ready_file, ready);
    if (!serving) say("cannot write " + options.ready_file);
  }
  if (serving) {
    const auto shown = [](const std::string& address) { return address.empty() ? "(a closed port)" : address; };
    say(fmt::format("{} serves NBD on {} and {}", control_options.image_id, shown(hosts.unix_address()),
                    shown(hosts.tcp_address())));
    co_await platform.shutdown_requested();
    say("stopping");
  }
  co_await image.control().refuse_held_writes();
  co_await hosts.stop();
  co_await mirror.stop();  // before the commands that wait for other images
  co_await control.stop();
  co_return serving;
}

/// Of the machine; 0 if it does not say.
std::uint64_t memory_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return 0;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

/// Hosts cache too, so little is enough; the journal is in memory beside it.
std::uint64_t usual_read_cache_mib() {
  constexpr std::uint64_t kPart = 16;
  constexpr std::uint64_t kMost = 512;
  return std::min(memory_bytes() / kPart / 1_MiB, kMost);
}

/// Of each shard. A 256th of the memory speaks of three times as much data as there is memory; what does not fit is
/// read again.
std::uint32_t usual_sum_pages(std::uint64_t shards) {
  constexpr std::uint64_t kPart = 256;
  constexpr std::uint64_t kMost = 1U << 20U;
  const std::uint64_t least = image::MediaSumsOptions{}.most_pages;
  return static_cast<std::uint32_t>(
      std::clamp(memory_bytes() / kPart / image::MediaSumsOptions::kPageBytes / shards, least, kMost));
}

/// Tells the image of files and devices that ranks may be made on. One that it knows is no news.
rt::Task<Result<void>> add_array_site(image::Image& image, rt::Storage& storage, ArraySite site) {
  std::uint64_t bytes = site.gib * 1_GiB;
  if (bytes == 0) {
    TT_CO_TRY(const auto disk, storage.open(site.device, rt::OpenMode::must_exist, 0));
    bytes = media::data_bytes_that_fit(disk->size_bytes());
  }
  const volume::ImageConfig& config = image.control().config();
  const image::ControlPlane::Planner plan = [&config, &site, bytes]() -> Result<volume::Mutation> {
    TT_TRY(auto added, volume::plan_add_site(config, site.device, bytes));
    return volume::Mutation(std::move(added));
  };
  auto done = co_await image.control().record(plan);
  if (!done && done.error().code == Errc::id_taken) done = Result<void>{};
  co_return done;
}

}  // namespace

rt::Task<void> serve(rt::Platform& platform, const Options& options, Protection tls, int& exit_code) {
  exit_code = 1;
  std::vector<std::unique_ptr<rt::Storage>> storages;
  std::vector<image::Port> ports;
  for (unsigned i = 0; i < platform.size(); ++i) {
    storages.push_back(platform.storage(i, options.directory));
    ports.push_back({&platform.reactor(i), storages.back().get()});
  }
  const bool exists = image::Image::exists(*storages[0]);
  if (exists && options.create) {
    say(options.directory + " holds an image already; start without --create to serve it");
    co_return;
  }
  if (!exists) {
    auto made = co_await image::Image::create(ports, creation(options, platform.size()));
    if (!made) {
      say(explain("cannot make the image", made.error()));
      co_return;
    }
  }
  image::OpenOptions open;
  open.acknowledge = options.acknowledge;
  open.sums.keep = options.media_sums.value_or(false);
  open.sums.most_pages = usual_sum_pages(platform.size());
  open.read_cache_bytes = options.read_cache_mib.value_or(usual_read_cache_mib()) * 1_MiB;
  open.pacing.limit_bytes_per_second = options.copy_limit_mib * 1_MiB;
  auto image = co_await image::Image::open(ports, open);
  if (!image) {
    say(explain("cannot open the image", image.error()));
    co_return;
  }
  for (const ArraySite& site : options.array_sites) {
    auto added = co_await add_array_site(**image, *storages[0], site);
    if (!added) say(explain(("cannot add the array site " + site.device).c_str(), added.error()));
  }
  const bool served = co_await serve_image(platform, **image, options, tls);
  co_await (*image)->stop();
  image->reset();
  if (served) exit_code = 0;
}

}  // namespace tt::daemon
