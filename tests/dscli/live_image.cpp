// SPDX-License-Identifier: Apache-2.0
#include "live_image.h"

namespace tt::live {

namespace {

constexpr std::uint64_t kRankBytes = 100_GiB;

rt::Task<bool> stop_server(control::ControlServer& server) {
  co_await server.stop();
  co_return true;
}

}  // namespace

simulation::LabOptions usual_options(const std::string& image_id) {
  simulation::LabOptions options;
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
}

void LiveImage::end_server() {
  server_.reset();
  executor_.reset();
  net_.reset();
}

void LiveImage::power_loss(sim::CrashKind kind) {
  lab_.power_loss(kind);
  if (server_ != nullptr) server_->kill();
  end_server();
}

void LiveImage::power_off() {
  const bool ended = lab_.run(stop_server(*server_));
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
