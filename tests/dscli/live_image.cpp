// SPDX-License-Identifier: Apache-2.0
#include "live_image.h"

namespace tt::live {

namespace {

constexpr std::uint64_t kRankBytes = 100_GiB;

/// The same machine every time.
class FixedNetwork final : public image::NetworkPorts {
 public:
  [[nodiscard]] std::vector<image::NetworkPortStatus> status() const override {
    return {{.name = "eth0",
             .addresses = {"192.0.2.10/24", "2001:db8::10/64"},
             .hardware_address = "02:00:00:00:00:01",
             .up = true,
             .speed_mbit = 10'000,
             .mtu = 9000},
            {.name = "eth1",
             .addresses = {},
             .hardware_address = "02:00:00:00:00:02",
             .up = false,
             .speed_mbit = std::nullopt,
             .mtu = 1500}};
  }
};
const FixedNetwork kNetwork;

rt::Task<bool> stop_servers(control::ControlServer& control, nbd::Server& nbd, image::MirrorDesk* desk,
                            peers::PeerPorts* peers) {
  co_await nbd.stop();
  co_await control.stop();
  if (desk != nullptr) co_await desk->stop();
  if (peers != nullptr) co_await peers->stop();
  co_return true;
}

}  // namespace

simulation::LabOptions usual_options(const std::string& image_id) {
  simulation::LabOptions options;
  options.sums.keep = false;  // as an image that was not told to
  options.storage_image_id = image_id;
  options.name = "test";
  options.rank_bytes = {kRankBytes, kRankBytes, kRankBytes};
  options.destage = {};
  return options;
}

LiveImage::LiveImage(sim::World& world, sim::SimNetwork& network, const simulation::LabOptions& options)
    : id_(options.storage_image_id), network_(network), lab_(world, options) {
  serve();
}

LiveImage::~LiveImage() {
  power_loss();
}

void LiveImage::serve() {
  net_ = network_.mount(lab_.life->machine().reactor(0));
  executor_ = std::make_unique<image::ImageExecutor>(lab_.life->image(), "test level");
  control::ControlOptions options;
  options.image_id = id_;
  options.program = "live image";
  server_ = std::make_unique<control::ControlServer>(lab_.life->reactor(0), *executor_, options);
  const bool listening = server_->start(*net_, address()).has_value();
  TT_ASSERT(listening);
  image::Image& image = lab_.life->image();
  nbd_.emplace(lab_.life->reactor(0), image.blocks(0), nbd::ServerSettings{}, nullptr, &image.desk(0));
  ports_.emplace(*net_, *nbd_);
  ports_->add(0, {.unix_path = nbd_address()});
  ports_->add(1, {.host = id_, .tcp_port = 10809});
  for (const std::uint16_t port : {std::uint16_t{0}, std::uint16_t{1}}) {
    if (volume::io_port_of(image.control().config(), port).topology == volume::Topology::off) continue;
    const bool open = ports_->open(port).has_value();
    TT_ASSERT(open);
  }
  executor_->use_ports(*ports_);
  executor_->use_network(kNetwork);
  if (partners_ != nullptr) serve_images();
}

void LiveImage::connect(std::shared_ptr<const peers::PartnerTable> partners) {
  partners_ = std::move(partners);
  if (is_on()) serve_images();
}

void LiveImage::serve_images() {
  rt::Reactor& home = lab_.life->reactor(0);
  const auto partners = [table = partners_]() -> Result<peers::PartnerTable> { return *table; };
  peers_.emplace(home, *net_, peers::PeerPortsOptions{.tls = nullptr, .partners = partners});
  desk_.emplace(lab_.life->image().control(), home, *peers_);
  peers_->use_desk(*desk_);
  for (std::uint16_t i = 0; i < 2; ++i) {
    const auto port = static_cast<std::uint16_t>(kMirrorPort + i);
    peers_->add(port, {id_, static_cast<std::uint16_t>(kMirrorTcpPort + i)});
    if (volume::io_port_of(lab_.control().config(), port).topology == volume::Topology::off) continue;
    const bool open = peers_->open(port).has_value();
    TT_ASSERT(open);
  }
  desk_->start();
  all_ports_.emplace(std::vector<image::IoPorts*>{&*ports_, &*peers_});
  executor_->use_ports(*all_ports_);
  executor_->use_mirror(*desk_);
}

void LiveImage::end_server() {
  if (peers_) peers_->kill();
  all_ports_.reset();
  desk_.reset();
  peers_.reset();
  ports_.reset();
  nbd_.reset();
  server_.reset();
  executor_.reset();
  net_.reset();
}

void LiveImage::power_loss(sim::CrashKind kind) {
  lab_.power_loss(kind);
  if (server_ != nullptr) server_->kill();
  if (nbd_) nbd_->kill();
  end_server();
}

void LiveImage::power_off() {
  const bool ended = lab_.run(stop_servers(*server_, *nbd_, desk_ ? &*desk_ : nullptr, peers_ ? &*peers_ : nullptr));
  TT_ASSERT(ended);
  end_server();
  const bool stopped = lab_.life->stop();
  TT_ASSERT(stopped);
  lab_.power_loss();
}

void LiveImage::power_on() {
  lab_.power_on();
  serve();
}

void LiveImage::crash(sim::CrashKind kind) {
  power_loss(kind);
  power_on();
}

}  // namespace tt::live
