// SPDX-License-Identifier: Apache-2.0
// For tests: one reactor and one storage of a simulated world, and tasks run to their end.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "runtime/scope.h"
#include "sim/disk.h"
#include "sim/world.h"

namespace tt::media {

class RankLab {
 public:
  explicit RankLab(std::uint64_t seed = 1, sim::StorageOptions options = {})
      : world(seed), files(world, options), machine_(&world.boot(1)) {
    restart();
  }

  [[nodiscard]] sim::SimReactor& reactor() const noexcept { return machine_->reactor(); }
  [[nodiscard]] rt::Storage& storage() const noexcept { return *storage_; }
  std::unique_ptr<rt::Disk> open(const std::string& name) {
    return std::move(storage_->open(name, rt::OpenMode::must_exist, 0)).value();
  }

  /// nullopt if the world asked for a crash before the task ended; the caller then crashes it.
  template <class T>
  std::optional<T> run(rt::Task<T> task) {
    std::optional<T> result;
    scope_->spawn(keep(std::move(task), result));
    const auto end = world.run_until([&result] { return result.has_value(); });
    TT_ASSERT(end == sim::RunEnd::reached || end == sim::RunEnd::crash_requested);
    if (end == sim::RunEnd::reached) world.run_until_settled();
    return result;
  }

  void crash(sim::CrashKind kind) {
    world.crash(kind);
    world.faults().clear();
    scope_->kill();
    machine_ = &world.boot(1);
    restart();
  }

  sim::World world;
  sim::SimStorage files;

 private:
  template <class T>
  static rt::Task<void> keep(rt::Task<T> task, std::optional<T>& result) {
    auto value = co_await task;
    result.emplace(std::move(value));
  }
  void restart() {
    scope_ = std::make_unique<rt::Scope>(reactor());
    storage_ = files.mount(reactor());
  }

  sim::Machine* machine_;
  std::unique_ptr<rt::Storage> storage_;
  std::unique_ptr<rt::Scope> scope_;
};

}  // namespace tt::media
