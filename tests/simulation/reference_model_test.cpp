// SPDX-License-Identifier: Apache-2.0
// Random FlashCopy histories against the most naive model there is: a volume is a string, a copy is an assignment.
// Everything runs one after the other, with crashes, restarts and destages in between; after each step every volume
// reads as its string. '?' in a string is content that the rules leave open.
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "lab.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 5;
constexpr std::uint64_t kBlocks = kTracks * kTrackBlocks;
constexpr char kOpen = '?';

enum class Shape : std::uint8_t {
  any,
  fan,     ///< Many targets of one source, which lend tracks to each other (decision 0011).
  ranges,  ///< Runs of tracks are copied as well (decision 0012).
};

class Story {
 public:
  Story(std::uint64_t seed, Shape shape) : random_(seed), lab_(seed, options(seed)), shape_(shape) {
    const std::size_t count = (shape == Shape::fan ? 5 : 3) + random_.below(3);
    for (std::size_t i = 0; i < count; ++i) {
      const auto number = static_cast<std::uint16_t>((i % 2) << 8U | i);
      volumes_.push_back(lab_.make(number, kTracks, random_.chance(1, 3)));
      const char letter = shape == Shape::fan ? static_cast<char>('A' + i) : '.';  // zeros are not lent
      content_[volumes_.back()] = std::string(kBlocks, letter);
      if (shape == Shape::fan) EXPECT_TRUE(lab_.write(volumes_.back(), 0, kBlocks, letter));
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      step();
      if (random_.chance(1, 3)) check();
      for (const auto& shard : lab_.life->image().shards()) lent_tracks += lent(*shard);
    }
    check();
    lab_.drain();
    check();
  }

  std::map<std::string, int> accepted;
  std::uint64_t lent_tracks = 0;  ///< Summed over all steps.

 private:
  struct Pair {
    VolumeId source;
    VolumeId target;
    volume::RelationshipOptions options;
    std::string before_revertible;  ///< What the target showed, while revertible.
    bool revertible = false;
  };

  static LabOptions options(std::uint64_t seed) {
    LabOptions options;
    options.shards = 1 + static_cast<std::uint32_t>(seed % 2);
    options.batch_frames = seed % 3 == 0 ? 64 : 256;
    constexpr std::uint64_t kReadCaches[] = {200_KiB, 0, 2_MiB, 30_KiB, 600_KiB};
    options.read_cache_bytes = kReadCaches[seed % std::size(kReadCaches)];
    return options;
  }

  void note(const std::string& what) { log_ += what + "\n"; }
  static std::string name(VolumeId id) { return std::to_string(id.value); }

  VolumeId any() { return volumes_[random_.below(volumes_.size())]; }
  VolumeId any_source() { return shape_ == Shape::fan && random_.chance(2, 3) ? volumes_.front() : any(); }

  Pair* some_pair() {
    forget_ended();
    return pairs_.empty() ? nullptr : &pairs_[random_.below(pairs_.size())];
  }

  /// Relationships that are not persistent end when all is copied: the target stays what it is.
  void forget_ended() {
    std::erase_if(pairs_, [&](const Pair& p) { return !lab_.status(p.source, p.target); });
  }

  volume::RelationshipOptions some_options() {
    volume::RelationshipOptions options;
    options.background_copy = random_.chance(1, shape_ == Shape::fan ? 8 : 3);
    options.recording = random_.chance(2, 3);
    options.multiple_incremental = options.recording && random_.chance(1, 2);
    options.persistent = options.recording || random_.chance(1, 3);
    return options;
  }

  void step() {
    switch (random_.below(12)) {
      case 0:
      case 1:
        return establish();
      case 2:
        return resync();
      case 3:
        return reverse();
      case 4:
        return withdraw();
      case 5:
        return revertible();
      case 6:
        return restart();
      case 7:
        note("drain");
        lab_.drain();
        return;
      case 8:
        note("run");
        lab_.run_for(static_cast<rt::TimeNs>(random_.below(60)) * rt::kMillisecond);
        return;
      case 9:
        if (shape_ == Shape::any) return write();
        if (shape_ == Shape::ranges) return random_.chance(1, 4) ? withdraw_range() : copy_range();
        return random_.chance(1, 5) ? release() : spread();
      default:
        return write();
    }
  }

  std::uint64_t lent(const image::Shard& shard) const {
    std::uint64_t tracks = 0;
    for (const VolumeId volume : volumes_) {
      for (const auto* loan : shard.find(volume)->loans) tracks += loan->uncopied.count();
    }
    return tracks;
  }

  void release() {
    const VolumeId volume = any();
    const auto done = lab_.release(volume);
    note("release " + name(volume) + (done ? "" : " refused"));
    if (done) content_[volume] = std::string(kBlocks, '.');
  }

  void write() {
    const VolumeId volume = any_source();
    const bool whole = random_.chance(1, 3);
    const std::uint64_t track = random_.below(kTracks);
    const std::uint64_t first = whole ? track * kTrackBlocks : random_.below(kBlocks - 1);
    const std::uint64_t count = whole ? kTrackBlocks : 1 + random_.below(std::min<std::uint64_t>(kBlocks - first, 150));
    const char letter = static_cast<char>('a' + random_.below(26));
    const bool zero = random_.chance(1, 6);
    const auto done =
        zero ? lab_.zero(volume, first, count, random_.chance(1, 2)) : lab_.write(volume, first, count, letter);
    note("write " + name(volume) + " " + std::to_string(first) + "+" + std::to_string(count) + " " +
         (zero ? '.' : letter) + (done ? "" : " refused"));
    if (done) content_[volume].replace(first, count, count, zero ? '.' : letter);
    const bool frozen = std::any_of(pairs_.begin(), pairs_.end(), [&](const Pair& p) {
      return p.revertible && (p.source == volume || p.target == volume);
    });
    EXPECT_EQ(done.has_value(), !frozen) << log_;
  }

  void establish() {
    const VolumeId source = any_source();
    Pair pair{source, any(), some_options(), {}, false};
    const auto done = lab_.establish({{pair.source, pair.target, pair.options}}).front();
    note("establish " + name(pair.source) + ":" + name(pair.target) + " copy " +
         std::to_string(pair.options.background_copy) + " record " + std::to_string(pair.options.recording) +
         (done ? "" : " refused " + std::string(name_of(done.error().code))));
    if (!done) return;
    ++accepted["establish"];
    content_[pair.target] = content_[pair.source];
    pairs_.push_back(pair);
  }

  /// What is lent is lent at a destage.
  void spread() {
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) establish();
    write();
    if (random_.chance(2, 3)) lab_.drain();
  }

  void copy_range() {
    volume::RangeRequest request{.source = any(), .target = any(), .runs = {}};
    request.background_copy = random_.chance(1, 4);
    for (std::uint64_t i = 1 + random_.below(2); i > 0; --i) {
      const std::uint64_t count = 1 + random_.below(2);
      const std::uint64_t from = random_.below(kTracks + 1 - count);
      const std::uint64_t to = random_.below(kTracks + 1 - count);
      request.runs.push_back({from, to, count});
    }
    const std::vector<volume::RangeRequest> requests = {request};
    const auto done = lab_.run(lab_.control().establish_ranges(requests)).front();
    note("copy range " + name(request.source) + ":" + name(request.target) + " " + text_of(request.runs) +
         (done ? "" : " refused " + std::string(name_of(done.error().code))));
    if (!done) return;
    ++accepted["range"];
    const std::string image = content_[request.source];
    for (const volume::TrackRun& run : request.runs) {
      content_[request.target].replace(run.target * kTrackBlocks, run.count * kTrackBlocks, image,
                                       run.source * kTrackBlocks, run.count * kTrackBlocks);
    }
  }
  static std::string text_of(const std::vector<volume::TrackRun>& runs) {
    std::string text;
    for (const volume::TrackRun& run : runs) {
      text += std::to_string(run.source) + ">" + std::to_string(run.target) + "+" + std::to_string(run.count) + " ";
    }
    return text;
  }

  /// What was not filled shows what the target had there, which the model has forgotten.
  void withdraw_range() {
    const auto& copies = lab_.control().config().range_copies;
    if (copies.empty()) return;
    auto chosen = copies.begin();
    std::advance(chosen, random_.below(copies.size()));
    const VolumeId source = chosen->second.source;
    const VolumeId target = chosen->second.target;
    std::vector<std::uint64_t> pending;
    for (std::uint64_t track = 0; track < kTracks; ++track) {
      for (const auto* range : lab_.shard(0).find(target)->ranges_onto) {
        if (range->source->id == source && range->pending.test(track)) pending.push_back(track);
      }
    }
    const std::vector<image::RangeSelection> selection = {{.source = source, .target = target, .runs = {}}};
    const auto done = lab_.run(lab_.control().withdraw_ranges(selection)).front();
    note("withdraw range " + name(source) + ":" + name(target) + (done ? "" : " refused"));
    if (!done) return;
    ++accepted["withdraw range"];
    for (const std::uint64_t track : pending) {
      content_[target].replace(track * kTrackBlocks, kTrackBlocks, kTrackBlocks, kOpen);
    }
  }

  void resync() {
    Pair* pair = some_pair();
    if (pair == nullptr) return;
    const volume::RelationshipOptions options = some_options();
    const auto done = lab_.resync(pair->source, pair->target, options);
    note("resync " + name(pair->source) + ":" + name(pair->target) + " copy " +
         std::to_string(options.background_copy) + (done ? "" : " refused " + std::string(name_of(done.error().code))));
    if (!done) return;
    ++accepted["resync"];
    content_[pair->target] = content_[pair->source];
    pair->options = options;
  }

  void reverse() {
    Pair* pair = some_pair();
    if (pair == nullptr) return;
    const bool fast = random_.chance(1, 2);
    volume::RelationshipOptions options = some_options();
    options.background_copy = true;
    if (fast) options.recording = options.persistent = options.multiple_incremental = false;
    const auto uncopied = uncopied_tracks(*pair);
    const auto done = lab_.reverse(pair->source, pair->target, options, fast);
    note(std::string(fast ? "fast " : "") + "reverse " + name(pair->source) + ":" + name(pair->target) +
         (done ? "" : " refused " + std::string(name_of(done.error().code))));
    if (!done) return;
    ++accepted[fast ? "fast" : "reverse"];
    content_[pair->source] = content_[pair->target];
    for (const std::uint64_t track : uncopied) {  // it never left the source: what the target holds there is open
      content_[pair->target].replace(track * kTrackBlocks, kTrackBlocks, kTrackBlocks, kOpen);
    }
    std::swap(pair->source, pair->target);
    pair->options = options;
  }

  std::vector<std::uint64_t> uncopied_tracks(const Pair& pair) {
    std::vector<std::uint64_t> tracks;
    const auto status = lab_.status(pair.source, pair.target);
    for (std::uint64_t track = 0; status && track < kTracks; ++track) {
      for (const auto& shard : lab_.life->image().shards()) {
        const flashcopy::VolumeShare* target = shard->find(pair.target);
        const auto& stripes = shard->options().stripes;
        if (stripes.shard_of(track) != shard->options().id) continue;
        if (target->parent != nullptr && target->parent->is_uncopied(stripes.to_local(track))) tracks.push_back(track);
      }
    }
    return tracks;
  }

  void withdraw() {
    Pair* pair = some_pair();
    if (pair == nullptr) return;
    const auto uncopied = uncopied_tracks(*pair);
    const auto done = lab_.withdraw(pair->source, pair->target);
    note("withdraw " + name(pair->source) + ":" + name(pair->target) +
         (done ? "" : " refused " + std::string(name_of(done.error().code))));
    if (!done) return;
    ++accepted["withdraw"];
    for (const std::uint64_t track : uncopied) {
      content_[pair->target].replace(track * kTrackBlocks, kTrackBlocks, kTrackBlocks, kOpen);
    }
    std::erase_if(pairs_, [&](const Pair& p) { return &p == pair; });
  }

  void revertible() {
    Pair* pair = some_pair();
    if (pair == nullptr) return;
    if (!pair->revertible) {
      const auto done = lab_.set_revertible(pair->source, pair->target);
      note("setrevertible " + name(pair->source) + ":" + name(pair->target) +
           (done ? "" : " refused " + std::string(name_of(done.error().code))));
      if (!done) return;
      ++accepted["setrevertible"];
      pair->before_revertible = content_[pair->target];
      content_[pair->target] = content_[pair->source];
      pair->revertible = true;
      return;
    }
    const bool commit = random_.chance(1, 2);
    const auto done = commit ? lab_.commit(pair->source) : lab_.revert(pair->source);
    note((commit ? "commit " : "revert ") + name(pair->source) + (done ? "" : " refused"));
    EXPECT_TRUE(done) << log_;
    ++accepted[commit ? "commit" : "revert"];
    const VolumeId source = pair->source;
    for (Pair& other : pairs_) {  // all of the source
      if (other.source != source || !other.revertible) continue;
      if (!commit) content_[other.target] = other.before_revertible;
      other.revertible = false;
    }
  }

  void restart() {
    if (random_.chance(1, 3)) {
      note("restart");
      lab_.restart();
    } else {
      note("crash");
      lab_.crash(random_.chance(1, 2) ? sim::CrashKind::power : sim::CrashKind::process);
    }
  }

  void check() {
    forget_ended();
    for (const VolumeId volume : volumes_) {
      const std::string expected = content_[volume];
      const std::string found = plain(lab_.content(volume, 0, kBlocks));
      ASSERT_EQ(found.size(), expected.size()) << found << "\n" << log_;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_TRUE(expected[i] == kOpen || expected[i] == found[i])
            << "volume " << name(volume) << " block " << i << " is " << found[i] << ", not " << expected[i] << "\n"
            << log_;
      }
    }
  }

  /// "a*3 .*2" as "aaa..".
  static std::string plain(const std::string& runs) {
    std::string out;
    for (std::size_t at = 0; at < runs.size();) {
      const std::size_t end = std::min(runs.find(' ', at), runs.size());
      if (at + 2 > end || runs[at + 1] != '*') return runs;
      out.append(std::stoul(runs.substr(at + 2, end - at - 2)), runs[at]);
      at = end + 1;
    }
    return out;
  }

  Random random_;
  Lab lab_;
  std::vector<VolumeId> volumes_;
  std::map<VolumeId, std::string> content_;
  std::vector<Pair> pairs_;
  std::string log_;
  Shape shape_;
};

std::uint64_t wanted_seeds() {
  const char* given = std::getenv("TWINTRACK_MODEL_SEEDS");
  return given != nullptr ? std::stoull(given) : 60;
}

TEST(ReferenceModel, RandomHistoriesReadAsAssignments) {
  std::map<std::string, int> accepted;
  for (std::uint64_t seed = 1; seed <= wanted_seeds() && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed, Shape::any);
    story.run(80);
    for (const auto& [what, times] : story.accepted) accepted[what] += times;
  }
  // The histories are worth nothing if the commands are always refused.
  for (const char* what : {"establish", "resync", "reverse", "fast", "withdraw", "setrevertible", "commit", "revert"}) {
    EXPECT_GT(accepted[what], 0) << what;
    RecordProperty(what, accepted[what]);
  }
}

TEST(ReferenceModel, RandomFansLendAndReadAsAssignments) {
  std::uint64_t lent_tracks = 0;
  for (std::uint64_t seed = 1; seed <= wanted_seeds() && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed, Shape::fan);
    story.run(80);
    lent_tracks += story.lent_tracks;
  }
  EXPECT_GT(lent_tracks, 20 * wanted_seeds());
}

TEST(ReferenceModel, RandomRangesReadAsAssignments) {
  std::map<std::string, int> accepted;
  for (std::uint64_t seed = 1; seed <= wanted_seeds() && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed, Shape::ranges);
    story.run(80);
    for (const auto& [what, times] : story.accepted) accepted[what] += times;
  }
  for (const char* what : {"range", "withdraw range", "establish"}) EXPECT_GT(accepted[what], 0) << what;
  EXPECT_GT(accepted["range"], static_cast<int>(wanted_seeds()));
}

}  // namespace
}  // namespace tt::simulation
