// SPDX-License-Identifier: Apache-2.0
// Commands on volume groups, host connections and I/O ports. Each is one record; before it is answered every reactor
// decides by it.
#include "image/control.h"
#include "image/host_desk.h"

namespace tt::image {

namespace {

/// A volume group of every other volume of a full image.
constexpr std::uint64_t kGroupRecordRoom = 512_KiB;

}  // namespace

rt::Task<Result<void>> ControlPlane::change_hosts(HostPlanner plan) {
  co_await commands_.lock();
  auto done = co_await wait_for_room(kGroupRecordRoom);
  if (done) {
    auto mutation = plan(config_);
    if (mutation) {
      done = co_await harden(append(*mutation));
    } else {
      done = mutation.error();
    }
  }
  // Only when it is durable: a mapping that a crash could undo must not have been used, and one that it could bring
  // back is still in force.
  if (done) co_await publish_access();
  commands_.unlock();
  co_return done;
}

rt::Task<void> ControlPlane::publish_access() {
  const auto table = std::make_shared<const AccessTable>(config_);
  for (const DeskOfReactor& at : desks_) {
    co_await rt::hop(home_, *at.reactor);
    at.desk->install(table);
    co_await rt::hop(*at.reactor, home_);
  }
}

rt::Task<Result<void>> ControlPlane::begin_host_access() {
  co_await commands_.lock();
  Result<void> done;
  if (!config_.host_access_begun) {
    done = co_await wait_for_room(kRecordRoom);
    const volume::Mutation record = volume::BeginHostAccess{volume::open_host_connection()};
    if (done) done = co_await harden(append(record));
  }
  if (done) co_await publish_access();
  commands_.unlock();
  co_return done;
}

}  // namespace tt::image
