// SPDX-License-Identifier: Apache-2.0
#include "life.h"

namespace tt::simulation {

Life::Life(sim::World& world, sim::SimStorage& storage, const ImageShape& shape)
    : world_(world), machine_(world.boot(shape.reactors)), shape_(shape) {
  for (std::size_t i = 0; i < machine_.size(); ++i) {
    mounts_.push_back(storage.mount(machine_.reactor(i)));
    ports_.push_back({&machine_.reactor(i), mounts_.back().get()});
    scopes_.push_back(std::make_unique<rt::Scope>(machine_.reactor(i)));
  }
}

Life::~Life() {
  for (const auto& scope : scopes_) scope->kill();
  image_.reset();
}

bool Life::run(bool& done) {
  last_end_ = world_.run_until([&] { return done; });
  return last_end_ == sim::RunEnd::reached;
}

bool Life::create() {
  bool done = false;
  bool ok = false;
  scopes_[0]->spawn(create_task(done, ok));
  return run(done) && ok;
}

rt::Task<void> Life::create_task(bool& done, bool& ok) {
  image::CreateOptions options;
  options.uuid[0] = shape_.number;
  options.storage_image_id = shape_.storage_image_id;
  options.name = shape_.name;
  const bool ds6000 = shape_.storage_image_id.rfind("IBM.1750", 0) == 0;
  options.personality = ds6000 ? volume::Personality::ds6000 : volume::Personality::ds8000;
  options.shard_count = shape_.shards;
  options.ring_bytes = shape_.ring_bytes;
  options.keeps_sums = shape_.keeps_sums;
  for (const std::uint64_t bytes : shape_.rank_bytes) {
    options.ranks.push_back({"rank." + std::to_string(options.ranks.size()), bytes});
  }
  auto made = co_await image::Image::create(ports_, options);
  ok = made.has_value();
  done = true;
}

void Life::begin_open(bool& done) {
  scopes_[0]->spawn(open_task(done));
}

bool Life::open() {
  bool done = false;
  begin_open(done);
  return run(done) && is_open();
}

rt::Task<void> Life::open_task(bool& done) {
  auto opened = co_await image::Image::open(ports_, shape_.open);
  if (opened) {
    image_ = std::move(*opened);
  } else {
    open_error_ = opened.error();
  }
  done = true;
}

void Life::begin_stop(bool& done) {
  scopes_[0]->spawn(stop_task(done));
}

bool Life::stop() {
  bool done = false;
  begin_stop(done);
  return run(done);
}

rt::Task<void> Life::stop_task(bool& done) {
  co_await image_->stop();
  done = true;
}

}  // namespace tt::simulation
