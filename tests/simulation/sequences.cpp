// SPDX-License-Identifier: Apache-2.0
// Every sequence of up to three Copy Services commands, on an image small enough for a crash at each of its I/Os.
#include "lives.h"
#include "scenarios.h"

namespace tt::simulation {

namespace {

using Verb = Step::Verb;
constexpr std::size_t kMostSteps = 3;

volume::RelationshipOptions plain(bool background_copy) {
  volume::RelationshipOptions options;
  options.background_copy = background_copy;
  return options;
}
volume::RelationshipOptions recording(bool background_copy) {
  volume::RelationshipOptions options = plain(background_copy);
  options.recording = options.multiple_incremental = options.persistent = true;
  return options;
}

/// The words that sequences are made of. Volume 0 is a source, 1 its thin target and the source of a cascade to 2.
const std::vector<Step>& words() {
  static const std::vector<Step> kWords = {
      {Verb::establish, 0, 1, recording(true)},
      {Verb::establish, 0, 1, plain(false)},
      {Verb::establish, 0, 2, plain(false)},
      {Verb::establish, 1, 2, recording(false)},
      {Verb::resync, 0, 1, recording(true)},
      {Verb::reverse, 0, 1, recording(true)},
      {Verb::fast_reverse, 0, 1, plain(true)},
      {Verb::set_revertible, 0, 1, recording(true)},
      {Verb::commit, 0, 1, {}},
      {Verb::revert, 0, 1, {}},
      {Verb::withdraw, 0, 1, {}},
      {Verb::withdraw, 1, 2, {}},
      {Verb::copy_in_background, 0, 1, {}},
      {Verb::copy_and_remove, 0, 2, {}},
  };
  return kWords;
}

/// All of one step, then all of two, then all of three.
std::vector<Step> sequence_of(std::uint64_t number) {
  const std::uint64_t base = words().size();
  std::size_t steps = 1;
  for (std::uint64_t of_this_length = base; number >= of_this_length && steps < kMostSteps; of_this_length *= base) {
    number -= of_this_length;
    ++steps;
  }
  std::vector<Step> sequence;
  for (std::size_t i = 0; i < steps; ++i, number /= base) sequence.push_back(words()[number % base]);
  return sequence;
}

}  // namespace

std::uint64_t sequence_count() {
  std::uint64_t count = 0;
  std::uint64_t of_this_length = 1;
  for (std::size_t steps = 1; steps <= kMostSteps; ++steps) count += of_this_length *= words().size();
  return count;
}

void sequences(sim::Case& c) {
  sim::World& world = c.world();
  sim::SimStorage storage(world, {});
  LivesPlan plan = small_plan(4);
  plan.work.writers = 0;
  plan.work.readers = 1;
  plan.work.operations = 4;
  plan.work.commands = 0;
  plan.work.cascades = true;
  plan.work.script = sequence_of((c.seed() - 1) % sequence_count());
  // In the second life the commands meet what the first one left, and a second crash may hit the recovery.
  plan.lives = 2;
  run_lives(c, storage, plan);
}

}  // namespace tt::simulation
