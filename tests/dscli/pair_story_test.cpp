// SPDX-License-Identifier: Apache-2.0
// Stories of a pair, drawn from a seed: hosts that write at whichever end lets them, commands at both ends, some of
// them cut short, power losses of either image, lines that are cut. Now and then everything is mended by commands, and
// then both volumes are the same, byte for byte, and both images say so.
#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"
#include "mirror/pair_names.h"
#include "mirror_pairs.h"

namespace tt::live {
namespace {

using image::PairDesk;
using mirror::PairType;
using volume::PairConfig;

constexpr std::uint64_t kTracks = 300;
using Command = simulation::Pending<PairDesk::Outcome>;

class Story {
 public:
  explicit Story(std::uint64_t seed)
      : random_(seed), two_(kTracks, seed, static_cast<std::uint32_t>(1 + random_.below(2))) {
    two_.make_paths();
  }

  /// Empty if all went well.
  std::string run() {
    for (int chapter = 0; chapter < 4; ++chapter) {
      for (std::uint64_t steps = 5 + random_.below(25); steps > 0; --steps) step();
      if (std::string wrong = settle(); !wrong.empty()) return wrong;
    }
    return {};
  }

 private:
  enum End : std::uint8_t { here = 0, there = 1 };
  LiveImage& image(End end) { return two_.site.image(end); }
  static VolumeId volume(End end) { return end == here ? TwoImages::kSource : TwoImages::kTarget; }
  End some_end() { return random_.chance(1, 2) ? here : there; }
  static End other(End end) { return end == here ? there : here; }
  PairDesk& desk(End end) { return image(end).desk().pairs(); }
  static volume::PairName name(End end) { return {volume(end), volume(other(end)), std::nullopt}; }

  const PairConfig* pair(End end) {
    const auto& pairs = image(end).lab().control().config().mirror_pairs;
    return pairs.empty() ? nullptr : &pairs.begin()->second;
  }
  bool is_source(End end) { return pair(end) != nullptr && pair(end)->is_source(); }
  bool is_target(End end) { return pair(end) != nullptr && !pair(end)->is_source(); }

  void write(End end) {
    const std::uint64_t track = random_.chance(1, 2) ? random_.below(8) : random_.below(kTracks);
    const char letter = static_cast<char>('a' + static_cast<char>(random_.below(26)));
    simulation::Lab& lab = image(end).lab();
    if (random_.chance(1, 8)) {
      const std::uint64_t first = random_.below(kTracks - 16);
      pending_writes_.push_back(
          lab.start_write(volume(end), first * kTrackBlocks, (4 + random_.below(12)) * kTrackBlocks, letter));
    } else if (random_.chance(1, 8)) {
      static_cast<void>(lab.zero(volume(end), track * kTrackBlocks, kTrackBlocks, true));
    } else if (random_.chance(1, 2)) {
      static_cast<void>(
          lab.write(volume(end), track * kTrackBlocks + random_.below(100), 1 + random_.below(20), letter));
    } else {
      pending_writes_.push_back(lab.start_write(volume(end), track * kTrackBlocks, kTrackBlocks, letter));
    }
  }

  Command command(End end) {
    simulation::Lab& lab = image(end).lab();
    const bool at_source = is_source(end);
    switch (random_.below(7)) {
      case 0:
        return lab.start(desk(end).pause(name(end), at_source ? PairDesk::End::source : PairDesk::End::target, true));
      case 1:
      case 2:
        return lab.start(desk(end).resume(name(end), PairType::global_copy, {}, false));
      case 3:
        return lab.start(desk(end).fail_over(name(end), PairType::global_copy, false));
      case 4:
        return lab.start(desk(end).fail_back(name(end), PairType::global_copy, {},
                                             random_.chance(1, 4) ? PairDesk::Turn::held : PairDesk::Turn::now));
      case 5:
        return random_.chance(1, 4)
                   ? lab.start(desk(end).remove(name(end), at_source ? PairDesk::End::source : PairDesk::End::target,
                                                !at_source))
                   : start_making(end, true);
      default:
        return start_making(end, true);
    }
  }
  Command start_making(End end, bool copies) {
    volume::MakePairRequest request;
    request.source = volume(end);
    request.target = volume(other(end));
    request.type = PairType::global_copy;
    request.copies = copies;
    return image(end).lab().start(desk(end).make(request));
  }

  void wait(const Command& command) {
    two_.site.world.run_until([&] { return command->has_value(); }, 120 * rt::kSecond);
    if (!command->has_value()) hung_ = true;
  }

  void step() {
    const End end = some_end();
    switch (random_.below(16)) {
      case 0:
      case 1: {
        const Command said = command(end);
        if (random_.chance(1, 3)) {
          two_.site.world.run_for(static_cast<rt::TimeNs>(random_.below(4000)) * rt::kMicrosecond);
          lose_power(some_end());
          abandoned_.push_back(said);
        } else {
          wait(said);
        }
        break;
      }
      case 2:
        return lose_power(end);
      case 3:
        return two_.site.cut_lines();
      case 4:
        two_.site.world.run_for(static_cast<rt::TimeNs>(random_.below(3000)) * rt::kMillisecond);
        break;
      case 5:
      case 6:
      case 7:
        two_.site.world.run_for(static_cast<rt::TimeNs>(random_.below(5000)) * rt::kMicrosecond);
        break;
      case 8:
        if (random_.chance(1, 3)) return restart(end);
        image(end).lab().destaging(true);
        two_.site.world.run_for(static_cast<rt::TimeNs>(random_.below(20)) * rt::kMillisecond);
        image(end).lab().destaging(false);
        break;
      default:
        return write(end);
    }
  }

  /// Cleanly, which takes a checkpoint; not while something of it is under way.
  void restart(End end) {
    const auto ended = [](const auto& pending) { return pending->has_value(); };
    two_.site.world.run_for(20 * rt::kMillisecond);
    if (!std::ranges::all_of(pending_writes_, ended) || !std::ranges::all_of(abandoned_, ended)) return;
    image(end).power_off();
    image(end).power_on();
  }

  void lose_power(End end) {
    pending_writes_.clear();
    abandoned_.clear();
    image(end).power_loss(random_.chance(1, 3) ? sim::CrashKind::process : sim::CrashKind::power);
    if (random_.chance(1, 4)) two_.site.world.run_for(static_cast<rt::TimeNs>(random_.below(5)) * rt::kSecond);
    image(end).power_on();
  }

  // ---- mended ----

  bool paths_are_up() {
    for (const End end : {here, there}) {
      for (const auto& [key, set] : image(end).lab().control().config().path_sets) {
        for (const mirror::PathReport& path : image(end).desk().statuses(set)) {
          if (path.status != mirror::PathStatus::established) return false;
        }
      }
    }
    return true;
  }

  void mend() {
    const bool at_here = random_.chance(1, 2);
    const End end = is_source(here) && (at_here || !is_source(there)) ? here : there;
    simulation::Lab& lab = image(end).lab();
    if (pair(here) == nullptr && pair(there) == nullptr) return wait(start_making(some_end(), true));
    if (pair(here) == nullptr || pair(there) == nullptr) {
      const End left = pair(here) == nullptr ? there : here;
      const auto role = is_source(left) ? PairDesk::End::source : PairDesk::End::target;
      return wait(image(left).lab().start(desk(left).remove(name(left), role, true)));
    }
    if (!is_source(end)) return wait(lab.start(desk(end).fail_over(name(end), PairType::global_copy, false)));
    if (is_target(other(end)) && pair(end)->is_active() == pair(other(end))->is_active() && pair(end)->is_active())
      return;
    if (pair(end)->is_active()) return wait(lab.start(desk(end).pause(name(end), PairDesk::End::source, true)));
    if (is_target(other(end)) && random_.chance(1, 2)) {
      return wait(lab.start(desk(end).resume(name(end), PairType::global_copy, {}, false)));
    }
    wait(lab.start(desk(end).fail_back(name(end), PairType::global_copy, {}, PairDesk::Turn::now)));
  }

  bool is_mended() {
    for (const End end : {here, there}) {
      if (is_source(end) && is_target(other(end)) && pair(end)->is_active() && pair(other(end))->is_active()) {
        const PairConfig& own = *pair(end);
        const Generation generation = own.generation;
        image::ControlPlane& control = image(end).lab().control();
        const image::PairCounts counts = image(end).lab().run(control.pair_counts(generation));
        return counts.marked == 0;
      }
    }
    return false;
  }

  std::string settle() {
    const auto ended = [](const auto& write) { return write->has_value(); };
    two_.site.world.run_until([&] { return std::ranges::all_of(pending_writes_, ended); }, 60 * rt::kSecond);
    if (!std::ranges::all_of(pending_writes_, ended)) return "a write does not end: " + describe_both();
    two_.site.world.run_until([&] { return paths_are_up(); }, 200 * rt::kSecond);
    if (!paths_are_up()) return "the paths do not come back";
    for (int tries = 0; !is_mended(); ++tries) {
      if (tries == 200) return "the pair is not mended: " + describe_both();
      if (tries % 10 == 0) mend();
      if (hung_) return "a command does not end: " + describe_both();
      two_.site.world.run_for(200 * rt::kMillisecond);
    }
    return difference();
  }

  std::string describe_both() {
    std::string text;
    for (const End end : {here, there}) {
      const PairConfig* one = pair(end);
      text += one == nullptr ? "none" : "epoch " + std::to_string(one->epoch) + " " + mirror::describe(one->phase);
      text += end == here ? "; " : "";
    }
    return text;
  }

  std::vector<std::byte> track_of(End end, std::uint64_t track) {
    simulation::Lab& lab = image(end).lab();
    std::vector<std::byte> bytes(kTrackBytes);
    const std::uint32_t shards = static_cast<std::uint32_t>(lab.life->image().shards().size());
    const flashcopy::Stripes stripes{shards};
    image::Shard& shard = lab.shard(stripes.shard_of(track));
    const auto done = lab.run(shard.read_track(lab.handle(volume(end)), track, bytes));
    TT_ASSERT(done);
    return bytes;
  }

  std::string difference() {
    for (std::uint64_t track = 0; track < kTracks; ++track) {
      if (track_of(here, track) != track_of(there, track)) {
        return "track " + std::to_string(track) + " differs: " + describe_both();
      }
    }
    return {};
  }

  Random random_;
  TwoImages two_;
  std::vector<simulation::Pending<Result<void>>> pending_writes_;
  std::vector<Command> abandoned_;
  bool hung_ = false;
};

void tell_stories(std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    Story story(seed);
    ASSERT_EQ(story.run(), "") << "seed " << seed;
  }
}

TEST(PairStory, BothEndsAreTheSameInTheEnd) {
  const char* seeds = std::getenv("TWINTRACK_STORIES");
  if (seeds == nullptr) return tell_stories(1, 60);
  const std::string range(seeds);
  const std::size_t colon = range.find(':');
  tell_stories(std::stoull(range), std::stoull(range.substr(colon + 1)));
}

}  // namespace
}  // namespace tt::live
