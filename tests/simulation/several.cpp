// SPDX-License-Identifier: Apache-2.0
// Several images in one world: one clock, one seed, one order of events. Nothing connects them, so nothing that one
// does or suffers may be noticed by another.
#include <algorithm>
#include <memory>
#include <vector>

#include "drawn_plan.h"
#include "scenarios.h"
#include "site.h"

namespace tt::simulation {

namespace {

using Sites = std::vector<std::unique_ptr<Site>>;
constexpr std::uint64_t kEventsBetweenChecks = 16;
constexpr rt::TimeNs kLongEnough = 600 * rt::kSecond;

LivesPlan draw_site(sim::Case& c, std::uint64_t number) {
  LivesPlan plan;
  plan.shape = draw_shape(c, sim::mix(c.seed(), number));
  plan.work = draw_plan(c, 4);
  plan.lives = static_cast<int>(c.draw("lives", 1, 2));
  plan.life_length = static_cast<rt::TimeNs>(c.draw("life_ms", 1, 80)) * rt::kMillisecond;
  return plan;
}

Sites make_sites(sim::Case& c) {
  Sites sites;
  const std::uint64_t count = c.draw("sites", 2, 3);
  for (std::uint64_t i = 1; i <= count; ++i) {
    const sim::StorageOptions disks = c.draw_storage_options();
    sites.push_back(std::make_unique<Site>(c, static_cast<std::uint8_t>(i), disks, draw_site(c, i)));
  }
  c.world().faults().set_quiet(true);
  for (const auto& site : sites) {
    if (!site->make()) break;
  }
  c.world().faults().set_quiet(false);
  return sites;
}

void check_invariants(sim::Case& c, const Sites& sites) {
  if (c.world().events() % kEventsBetweenChecks != 0 || c.failed()) return;
  for (const auto& site : sites) {
    const std::string broken = site->broken();
    if (!broken.empty()) c.fail(broken);
  }
}

/// One step of the whole: up to the next thing that a site waits for, or the power loss of one.
void step(sim::Case& c, Sites& sites) {
  sim::World& world = c.world();
  const auto waits = [](const auto& site) { return site->is_waiting(); };
  const sim::RunEnd end = world.run_until([&] { return c.failed() || std::ranges::any_of(sites, waits); }, kLongEnough);
  if (end == sim::RunEnd::crash_requested) {
    const sim::MachineId victim = world.victim();
    for (const auto& site : sites) {
      if (site->owns(victim)) site->lose_power(sim::CrashKind::power);
    }
  } else if (end == sim::RunEnd::reached) {
    for (const auto& site : sites) {
      if (!c.failed() && site->is_waiting()) site->go_on();
    }
  } else if (end != sim::RunEnd::failed) {
    c.fail("a site stands still");
  }
}

}  // namespace

void several(sim::Case& c) {
  const sim::WorldOptions options = c.draw_world_options();
  sim::World& world = c.world(options);
  Sites sites = make_sites(c);
  if (c.failed()) return;
  world.set_after_event([&] { check_invariants(c, sites); });
  for (const auto& site : sites) site->power_on();
  while (!c.failed() && !std::ranges::all_of(sites, [](const auto& site) { return site->is_finished(); }))
    step(c, sites);
  world.set_after_event(nullptr);
}

}  // namespace tt::simulation
