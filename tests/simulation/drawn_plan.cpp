// SPDX-License-Identifier: Apache-2.0
#include "drawn_plan.h"

#include <array>

#include "base/random.h"

namespace tt::simulation {

WorkloadPlan draw_plan(sim::Case& c, std::uint64_t most_volumes) {
  WorkloadPlan plan;
  const std::uint64_t volumes = c.draw("volumes", 3, most_volumes);
  // Long ones have more than one stripe, so that other shards than the first have something to do.
  const bool is_long = c.draw_chance("long_volumes", 2, 5);
  const std::uint64_t tracks = is_long ? c.draw("tracks", 260, 700) : c.draw("tracks", 2, 40);
  for (std::uint64_t i = 0; i < volumes; ++i) {
    VolumePlan volume;
    volume.id = VolumeId{static_cast<std::uint16_t>(((i % 2) << 8U) | i)};
    volume.block_count = tracks * kTrackBlocks;
    if (c.random().chance(1, 4)) volume.block_count += 1 + c.random().below(200);
    volume.thin = c.random().chance(1, 3);
    plan.volumes.push_back(volume);
  }
  plan.writers = c.draw("writers", 1, 5);
  plan.readers = c.draw("readers", 0, 3);
  plan.operations = c.draw("operations", 5, 60);
  plan.commands = c.draw("commands", 1, 8);
  plan.hot_tracks = c.draw("hot_tracks", 1, 12);
  plan.large_percent = c.draw("large_percent", 0, 60);
  plan.cascades = c.draw_chance("cascades", 1, 2);
  return plan;
}

namespace {

/// None in one of six; else from a few grains on. Not drawn, so that a seed does what it did before there was a cache.
std::uint64_t read_cache_of(std::uint64_t seed) {
  Random random(seed ^ 0x5EED'CACEU);
  const std::uint64_t kib = 8U << random.below(9);
  return random.chance(1, 6) ? 0 : (kib + random.below(kib)) * 1_KiB;
}

/// Not drawn either: few pages, so that they come and go, and from closed at once to never.
image::MediaSumsOptions sums_of(std::uint64_t seed) {
  Random random(seed ^ 0x5EED'5045U);
  image::MediaSumsOptions sums;
  sums.most_pages = 2U << random.below(8);
  sums.rest = random.chance(1, 5) ? rt::kSecond : static_cast<rt::TimeNs>(random.below(20)) * rt::kMillisecond;
  sums.keep = random.chance(2, 3);
  return sums;
}

/// Not drawn either: a scrub early in the life, while everything is under way, or none.
rt::TimeNs scrub_after(std::uint64_t seed) {
  Random random(seed ^ 0x5EED'5C2BU);
  return random.chance(2, 3) ? static_cast<rt::TimeNs>(random.below(300)) * rt::kMillisecond : 3600 * rt::kSecond;
}

}  // namespace

ImageShape draw_shape(sim::Case& c, std::uint64_t seed) {
  ImageShape shape;
  shape.shards = static_cast<std::uint32_t>(c.draw("shards", 1, 3));
  shape.reactors = c.draw("reactors", 1, shape.shards);
  shape.ring_bytes = kSmallestRing + c.draw("ring_extra_mib", 0, 3) * 1_MiB;
  shape.open.batch_frames = c.draw("batch_frames", 32, 96);
  shape.open.destage.age_limit = static_cast<rt::TimeNs>(c.draw("age_limit_us", 10, 30'000)) * rt::kMicrosecond;
  shape.open.active_copies = static_cast<std::uint32_t>(c.draw("active_copies", 1, 4));
  if (c.draw_chance("volatile_acknowledgement", 1, 3)) shape.open.acknowledge = image::Acknowledge::as_cached;
  shape.open.place.long_run_tracks = static_cast<std::uint32_t>(c.draw("long_run_tracks", 1, 4));
  shape.open.place.many_writes = static_cast<std::uint32_t>(c.draw("many_big_writes", 1, 4));
  shape.open.read_cache_bytes = read_cache_of(seed);
  shape.open.sums = sums_of(seed);
  shape.open.scrub_after = scrub_after(seed);
  return shape;
}

sim::FaultRule draw_failure(sim::Case& c) {
  sim::FaultRule rule;
  const bool journal = c.draw_chance("journal_fails", 1, 4);
  rule.file = journal ? "journal" : "rank";
  // A journal whose durable writes are lost without a word is a lying device: that is detected (corrupt), not
  // survived.
  const bool late = c.draw_chance("late", 1, 4) && !journal;
  rule.kind = late ? sim::FaultKind::late_error : sim::FaultKind::io_error;
  rule.operations = sim::kWrites | sim::kFlushes | (c.draw_chance("reads_fail", 1, 3) ? sim::kReads : sim::IoMask{0});
  rule.at = c.draw("fault_at", 1, 120);
  rule.sticky = c.draw_chance("sticky", 1, 2);
  return rule;
}

sim::FaultRule draw_lie(sim::Case& c, LivesPlan& plan) {
  plan.clean_ends = true;
  plan.shape.open.sums.keep = true;
  constexpr std::array kLies{sim::FaultKind::lost_write, sim::FaultKind::misdirected_write, sim::FaultKind::bit_rot};
  sim::FaultRule rule;
  rule.file = "rank";
  rule.kind = kLies[c.draw("lie", 0, kLies.size() - 1)];
  rule.operations = sim::kWrites;
  rule.at = c.draw("lie_at", 1, 150);
  return rule;
}

}  // namespace tt::simulation
