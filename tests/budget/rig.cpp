// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <fmt/format.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else  // a build without the packages of the tests: runs, and counts nothing
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS
#endif

namespace tt::budget {

namespace {

constexpr rt::TimeNs kDiskTime = 50 * rt::kMicrosecond;
constexpr rt::TimeNs kPoll = 10 * rt::kMillisecond;
constexpr std::uint64_t kRankBytes = 8192_GiB;
constexpr int kMostPolls = 60'000;

sim::WorldOptions even_world() {
  sim::WorldOptions options;
  options.message_delay_max = 1;
  options.turn_cost_max = 1;
  options.timer_slack_max = 1;
  return options;
}

simulation::LabOptions lab_options(const RigOptions& options) {
  simulation::LabOptions lab;
  lab.sums.keep = false;  // what they cost is in decision 0018
  lab.ring_bytes = options.ring_bytes;
  lab.destage.eager_percent = 90;
  lab.acknowledge = options.acknowledge;
  lab.read_cache_bytes = options.read_cache_bytes;
  lab.rank_bytes = {kRankBytes, kRankBytes};
  for (sim::Latency* latency : {&lab.storage.read, &lab.storage.write, &lab.storage.flush}) {
    *latency = {kDiskTime, kDiskTime};
  }
  lab.storage.tail_per_mille = 0;
  lab.storage.trap_changed_buffers = false;
  return lab;
}

}  // namespace

Host::Host(Rig& rig, VolumeId volume)
    : up_(std::make_shared<host_testing::Pipe>(rig.context_.reactor)),
      down_(std::make_shared<host_testing::Pipe>(rig.context_.reactor)) {
  auto stream = std::make_unique<host_testing::MemoryStream>(up_, down_, "unix:uid=1000");
  session_ = std::make_unique<nbd::Session>(rig.context_, std::move(stream), nbd::Entrance{});
  rig.scope_.spawn(session_->run());
  up_->push(host_testing::modern_handshake(fmt::format("{:04X}", volume.value)));
  rig.world_.run_for(rt::kMillisecond);
  TT_ASSERT(!session_->negotiating());
  down_->take_all();
}

Host::~Host() = default;

void Host::add(nbd::Command command, std::uint64_t offset, std::uint32_t bytes) {
  const std::size_t payload = command == nbd::Command::write ? bytes : 0;
  host_testing::Bytes data(payload, static_cast<std::byte>('a' + cookie_ % 26));
  requests_.push_back(host_testing::request(command, ++cookie_, offset, bytes, 0, data));
}

std::size_t Host::send(std::size_t count) {
  count = std::min(count, requests_.size());
  host_testing::Bytes together;
  for (std::size_t i = 0; i < count; ++i) {
    together.insert(together.end(), requests_[i].begin(), requests_[i].end());
  }
  requests_.erase(requests_.begin(), requests_.begin() + static_cast<std::ptrdiff_t>(count));
  if (count > 0) up_->push(together);
  return count;
}

Rig::Rig(const RigOptions& options)
    : world_(1, even_world()),
      lab_(world_, lab_options(options)),
      buffers_(lab_.life->reactor(0), settings_.buffers),
      context_{lab_.life->reactor(0),      lab_.life->image().blocks(0), buffers_, settings_, counters_, nullptr,
               &lab_.life->image().desk(0)},
      scope_(lab_.life->reactor(0)) {}

/// As after a crash: nothing that still waits is waited for.
Rig::~Rig() {
  lab_.power_loss();
  scope_.kill();
  hosts_.clear();
}

Host& Rig::attach(VolumeId volume) {
  return hosts_.emplace_back(*this, volume);
}

void Rig::run(std::size_t depth) {
  std::size_t left = 0;
  for (const Host& host : hosts_) left += host.waiting();
  while (left > 0) {
    const std::size_t wanted = std::min(depth, left);
    const std::size_t each = divide_up(wanted, hosts_.size());
    const std::uint64_t before = counters_.requests;
    std::size_t sent = 0;
    while (sent < wanted) sent += hosts_[turn_++ % hosts_.size()].send(std::min(each, wanted - sent));
    const bool answered = world_.run_until([&] { return counters_.requests == before + sent; }) == sim::RunEnd::reached;
    TT_ASSERT(answered && counters_.failed_requests == 0);
    world_.run_for(rt::kMicrosecond);  // the replies leave
    for (Host& host : hosts_) host.drop_answers();
    left -= sent;
  }
}

void Rig::drain() {
  lab_.destaging(true);
  for (int i = 0; i < kMostPolls; ++i) {  // seldom, so that looking costs nothing
    world_.run_for(kPoll);
    if (!lab_.dirty() && lab_.shard(0).background_idle()) break;
  }
  TT_ASSERT(!lab_.dirty());
  lab_.destaging(false);
}

void Rig::copy_in_background() {
  lab_.hold_copies(false);
  for (int i = 0; i < kMostPolls && lab_.relationship_count() > 0; ++i) world_.run_for(kPoll);
  TT_ASSERT(lab_.relationship_count() == 0);
}

void Rig::count() {
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
}

void Rig::done() {
  CALLGRIND_STOP_INSTRUMENTATION;
  CALLGRIND_DUMP_STATS;
}

}  // namespace tt::budget
