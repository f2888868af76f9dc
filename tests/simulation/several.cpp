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

enum class Media : std::uint8_t { good, failing, lying };

LivesPlan draw_site(sim::Case& c, std::uint64_t number) {
  LivesPlan plan;
  plan.shape = draw_shape(c, sim::mix(c.seed(), number));
  plan.work = draw_plan(c, 4);
  plan.lives = static_cast<int>(c.draw("lives", 1, 2));
  plan.life_length = static_cast<rt::TimeNs>(c.draw("life_ms", 1, 80)) * rt::kMillisecond;
  return plan;
}

/// What is wrong with the disks of one site, and what that changes in its plan.
sim::FaultRule spoil(sim::Case& c, std::uint8_t number, Media media, LivesPlan& plan) {
  plan.work.errors_expected = true;
  plan.lives = 2;
  if (media == Media::lying) plan.life_length = 0;
  sim::FaultRule rule = media == Media::lying ? draw_lie(c, plan) : draw_failure(c);
  rule.file.insert(0, Site::label_of(number));
  return rule;
}

Sites make_sites(sim::Case& c, Media media) {
  Sites sites;
  const std::uint64_t count = c.draw("sites", 2, 3);
  const std::uint64_t spoiled = media == Media::good ? 0 : c.draw("spoiled", 1, count);
  for (std::uint64_t i = 1; i <= count; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    const sim::StorageOptions disks = c.draw_storage_options();
    LivesPlan plan = draw_site(c, i);
    if (i == spoiled) c.world().faults().add(spoil(c, number, media, plan));
    sites.push_back(std::make_unique<Site>(c, number, disks, plan));
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

void run_several(sim::Case& c, Media media) {
  const sim::WorldOptions options = c.draw_world_options();
  sim::World& world = c.world(options);
  Sites sites = make_sites(c, media);
  if (c.failed()) return;
  world.set_after_event([&] { check_invariants(c, sites); });
  for (const auto& site : sites) site->power_on();
  while (!c.failed() && !std::ranges::all_of(sites, [](const auto& site) { return site->is_finished(); }))
    step(c, sites);
  world.set_after_event(nullptr);
}

}  // namespace

void several(sim::Case& c) {
  run_several(c, Media::good);
}

void several_one_failing(sim::Case& c) {
  run_several(c, Media::failing);
}

void several_one_lying(sim::Case& c) {
  run_several(c, Media::lying);
}

}  // namespace tt::simulation
