// SPDX-License-Identifier: Apache-2.0
#include "lives.h"

#include <memory>
#include <optional>

#include "invariants.h"

namespace tt::simulation {

namespace {

std::unique_ptr<Life> open_life(sim::Case& c, sim::SimStorage& storage, const ImageShape& shape) {
  for (int attempt = 0; attempt < 6; ++attempt) {  // a crash may also hit the recovery
    auto life = std::make_unique<Life>(c.world(), storage, shape);
    if (life->open()) return life;
    const sim::RunEnd end = life->last_end();
    c.world().crash();
    if (end == sim::RunEnd::failed || end == sim::RunEnd::idle) break;
    if (end == sim::RunEnd::reached) {
      if (c.world().faults().fired_total() == 0) {
        c.fail(std::string("the image does not open: ") + name_of(life->open_error().code));
        return nullptr;
      }
      c.world().faults().set_quiet(true);
    }
  }
  c.fail("the image does not open");
  return nullptr;
}

}  // namespace

LivesPlan small_plan(std::uint64_t tracks) {
  LivesPlan plan;
  plan.shape.shards = 2;
  plan.shape.ring_bytes = kSmallestRing;
  plan.shape.open.batch_frames = 64;
  plan.shape.open.destage.age_limit = 500 * rt::kMicrosecond;
  for (std::uint16_t i = 0; i < 3; ++i) plan.work.volumes.push_back({VolumeId{i}, tracks * kTrackBlocks, i == 1});
  plan.lives = 1;
  return plan;
}

void run_lives(sim::Case& c, sim::SimStorage& storage, const LivesPlan& plan) {
  sim::World& world = c.world();
  Workload work(c, plan.work, plan.shape.open.acknowledge == image::Acknowledge::hardened);
  world.faults().set_quiet(true);
  {
    Life maker(world, storage, plan.shape);
    if (!c.check(maker.create() && maker.open() && work.make_volumes(maker), "the image cannot be made")) {
      world.crash();
      return;
    }
    const bool stopped = maker.stop();
    world.crash();
    if (!c.check(stopped, "the image does not stop")) return;
  }
  world.faults().set_quiet(false);
  for (int n = 0; n <= plan.lives; ++n) {
    const bool last = n == plan.lives;
    if (last) world.faults().set_quiet(true);
    auto life = open_life(c, storage, plan.shape);
    if (life == nullptr) return;
    std::optional<InvariantWatch> watch;
    watch.emplace(c, life->image(), 16);
    Witness witness(life->image(), storage, [&c](const std::string& what) { c.fail(what); });
    witness.attach(world);
    work.set_witness(&witness);
    work.settle_after_restart(*life);
    if (!last) {
      work.start(*life);
      const rt::TimeNs at_most =
          plan.life_length > 0 ? static_cast<rt::TimeNs>(c.random().below(static_cast<std::uint64_t>(plan.life_length)))
                               : 600 * rt::kSecond;
      const sim::RunEnd end = world.run_until([&] { return work.done() || c.failed(); }, at_most);
      world.faults().end_part();
      if (plan.life_length == 0 && end == sim::RunEnd::time) c.fail("the workload does not end");
    } else if (work.check_everything(*life) && (plan.work.errors_expected || work.drain(*life))) {
      work.check_everything(*life);
    }
    if (c.failed()) {
      world.crash();
      return;
    }
    work.crash();
    work.set_witness(nullptr);
    watch.reset();  // of an image that runs
    if (plan.clean_ends && !last) c.check(life->stop(), "the image does not stop");
    world.crash(c.random().chance(1, 4) ? sim::CrashKind::process : sim::CrashKind::power);
  }
}

}  // namespace tt::simulation
