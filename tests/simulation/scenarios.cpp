// SPDX-License-Identifier: Apache-2.0
#include "scenarios.h"

#include "drawn_plan.h"

namespace tt::simulation {

void crashes(sim::Case& c) {
  const sim::WorldOptions world_options = c.draw_world_options();
  sim::World& world = c.world(world_options);
  sim::SimStorage storage(world, c.draw_storage_options());
  LivesPlan plan;
  plan.shape = draw_shape(c, c.seed());
  plan.work = draw_plan(c, 7);
  plan.lives = static_cast<int>(c.draw("lives", 1, 3));
  plan.life_length = static_cast<rt::TimeNs>(c.draw("life_ms", 1, 150)) * rt::kMillisecond;
  plan.work.range_copies = c.draw_chance("range_copies", 1, 3);
  run_lives(c, storage, plan);
}

void short_history(sim::Case& c) {
  sim::World& world = c.world();
  sim::SimStorage storage(world, {});
  LivesPlan plan = small_plan(6);
  plan.work.volumes[2].block_count += 40;
  plan.work.writers = 2;
  plan.work.readers = 1;
  plan.work.operations = 6;
  plan.work.commands = 3;
  plan.work.hot_tracks = 3;
  run_lives(c, storage, plan);
}

namespace {

/// Two lives on media that do not do what they should; `spoil` says what that is, and may change the plan.
template <class Spoil>
void bad_media(sim::Case& c, Spoil spoil) {
  const sim::WorldOptions world_options = c.draw_world_options();
  sim::World& world = c.world(world_options);
  sim::SimStorage storage(world, c.draw_storage_options());
  LivesPlan plan;
  plan.shape = draw_shape(c, c.seed());
  plan.work = draw_plan(c, 5);
  plan.work.errors_expected = true;
  plan.lives = 2;
  world.faults().add(spoil(plan));
  run_lives(c, storage, plan);
}

}  // namespace

void failing_media(sim::Case& c) {
  bad_media(c, [&c](LivesPlan& plan) {
    plan.life_length = static_cast<rt::TimeNs>(c.draw("life_ms", 5, 100)) * rt::kMillisecond;
    return draw_failure(c);
  });
}

void lying_media(sim::Case& c) {
  bad_media(c, [&c](LivesPlan& plan) { return draw_lie(c, plan); });
}

namespace {

constexpr std::uint64_t kDeadRankTracks = 40;

rt::Task<void> dead_rank_task(sim::Case& c, Life& life, bool& done) {
  const VolumeId healthy{0x0000};
  const VolumeId dead{0x0100};
  for (const VolumeId id : {healthy, dead}) {
    volume::MakeVolumeRequest request;
    request.id = id;
    request.pool = id == healthy ? 0 : 1;
    request.block_count = kDeadRankTracks * kTrackBlocks;
    auto made = co_await life.image().control().make_volume(request);
    c.check(made.has_value(), "cannot make a volume");
  }
  sim::FaultRule rule;
  rule.file = "rank.1";
  rule.kind = sim::FaultKind::io_error;
  rule.operations = sim::kWrites;
  rule.at = 1;
  rule.sticky = true;
  c.world().faults().add(rule);

  const auto& config = life.image().control().config();
  const image::VolumeHandle on_dead{dead, config.find_volume(dead)->generation};
  const image::VolumeHandle on_healthy{healthy, config.find_volume(healthy)->generation};
  image::BlockService& blocks = life.image().blocks(0);
  std::vector<std::byte> data(kTrackBytes, std::byte{7});
  for (std::uint64_t t = 0; t < kDeadRankTracks / 2; ++t) {
    auto written = co_await blocks.write(on_dead, t * kTrackBytes, data, true);
    c.check(written.has_value(), "a write before the rank was found dead");
  }
  for (std::uint64_t n = 0; n < 4 * kSmallestRing / kTrackBytes; ++n) {
    auto written = co_await blocks.write(on_healthy, n % kDeadRankTracks * kTrackBytes, data, true);
    if (!c.check(written.has_value(), "a write to the healthy rank is refused")) break;
  }
  auto refused = co_await blocks.write(on_dead, 0, data, true);
  c.check(!refused && refused.error().code == Errc::rank_failed, "a write to the dead rank is not refused");
  std::vector<std::byte> back(kTrackBytes);
  auto read = co_await blocks.read(on_dead, 0, back);
  c.check(read.has_value() && back == data, "what was answered for the dead rank is gone");
  done = true;
}

}  // namespace

void dead_rank(sim::Case& c) {
  sim::World& world = c.world();
  sim::SimStorage storage(world, {});
  ImageShape shape;
  shape.ring_bytes = kSmallestRing;
  shape.open.destage.age_limit = rt::kMillisecond;
  {
    Life life(world, storage, shape);
    if (!c.check(life.create() && life.open(), "the image cannot be made")) return;
    bool done = false;
    life.scope(0).spawn(dead_rank_task(c, life, done));
    c.check(world.run_until([&] { return done || c.failed(); }) == sim::RunEnd::reached, "the journal stands still");
    world.crash();
  }
}

}  // namespace tt::simulation
