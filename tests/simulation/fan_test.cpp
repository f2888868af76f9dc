// SPDX-License-Identifier: Apache-2.0
// One source with many targets that lend tracks to each other (decision 0011), some of them sources again: random
// changes of relationships, writes, destage, power losses. After every step each volume shows what the model says.
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "lab.h"
#include "letter_model.h"

namespace tt::simulation {
namespace {

constexpr std::uint64_t kTracks = 3;
constexpr std::uint64_t kBlocks = kTracks * kTrackBlocks;
constexpr std::size_t kVolumes = 7;

class Fan {
 public:
  explicit Fan(std::uint64_t seed) : lab_(seed), random_(seed), model_(kVolumes, kBlocks), saved_(kVolumes) {
    for (std::size_t i = 0; i < kVolumes; ++i) {
      const bool thin = random_.chance(1, 3);
      volumes_.push_back(lab_.make(static_cast<std::uint16_t>(((i % 2) << 8U) | i), kTracks, thin));
      EXPECT_TRUE(lab_.write(volumes_[i], 0, kBlocks, LetterModel::first_letter(i)));
    }
  }

  void step() {
    did_ += "\n";
    switch (random_.below(16)) {
      case 0:
      case 1:
      case 2:
        return establish();
      case 3:
        return withdraw();
      case 4:
        return resync();
      case 5:
        return revertible();
      case 6:
        return reverse();
      case 7:
      case 8:
        did_ += "drain";
        ASSERT_TRUE(lab_.drain());
        return;
      case 9:
        did_ += "crash";
        return lab_.crash();
      case 10:
        return lab_.run_for(static_cast<rt::TimeNs>(random_.below(20)) * rt::kMillisecond);
      case 11:
        return release();
      default:
        return write();
    }
  }

  void check(int step) {
    for (std::size_t i = 0; i < kVolumes; ++i) {
      ASSERT_EQ(lab_.content(volumes_[i], 0, kBlocks), model_.runs(i))
          << "volume " << i << " after step " << step << ": " << did_;
    }
    lent_ += static_cast<std::uint64_t>(!lab_.control().config().loans.empty());
  }
  [[nodiscard]] std::uint64_t steps_with_loans() const { return lent_; }

 private:
  void note(const char* what, std::size_t from, std::size_t to) {
    did_ += std::string(what) + ' ' + std::to_string(from) + ':' + std::to_string(to) + ' ';
  }
  [[nodiscard]] std::size_t some_volume() { return random_.chance(1, 2) ? 0 : random_.below(kVolumes); }
  [[nodiscard]] std::size_t index_of(VolumeId id) const {
    return static_cast<std::size_t>(std::find(volumes_.begin(), volumes_.end(), id) - volumes_.begin());
  }
  /// With a whole image on either side, so that it may be renewed, or any.
  std::optional<volume::Relationship> some_relationship(bool whole = true) {
    std::vector<volume::Relationship> all;
    for (const auto& [generation, r] : lab_.control().config().relationships) {
      if (!r.closing() && !(whole && one_way_.contains(generation))) all.push_back(r);
    }
    if (all.empty()) return std::nullopt;
    return all[random_.below(all.size())];
  }
  /// What is shown where nobody promises anything; the others must not change by it.
  void adopt(std::size_t volume) {
    const std::string letters = LetterModel::letters_of(lab_.content(volumes_[volume], 0, kBlocks));
    ASSERT_EQ(letters.size(), kBlocks) << "volume " << volume;
    model_.set_letters(volume, letters);
  }

  void establish() {
    std::vector<volume::PairRequest> pairs(1 + random_.below(3));
    const std::size_t source = some_volume();
    for (volume::PairRequest& pair : pairs) {
      const std::size_t target = random_.below(kVolumes);
      const bool copy = random_.chance(1, 4);
      const bool persistent = random_.chance(1, 2);
      pair = Lab::pair(volumes_[source], volumes_[target], copy, persistent);
      pair.options.recording = persistent && random_.chance(1, 2);
      pair.options.multiple_incremental = pair.options.recording;
      if (pair.source == pair.target) return;
    }
    const auto made = lab_.establish(pairs);
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (!made[i]) continue;
      note("establish", source, index_of(pairs[i].target));
      model_.copy(source, index_of(pairs[i].target));
    }
  }

  void withdraw() {
    const auto r = some_relationship(false);
    if (!r || !lab_.withdraw(r->source, r->target)) return;
    note("withdraw", index_of(r->source), index_of(r->target));
    adopt(index_of(r->target));
  }

  void resync() {
    const auto r = some_relationship();
    if (!r || !lab_.resync(r->source, r->target, r->options)) return;
    note("resync", index_of(r->source), index_of(r->target));
    model_.copy(index_of(r->source), index_of(r->target));
  }

  void reverse() {
    const auto r = some_relationship();
    const bool fast = random_.chance(1, 2);
    if (!r || !lab_.reverse(r->source, r->target, r->options, fast)) return;
    note(fast ? "fast reverse" : "reverse", index_of(r->source), index_of(r->target));
    model_.copy(index_of(r->target), index_of(r->source));
    if (!fast) return;
    adopt(index_of(r->target));  // it has given back what it had not copied
    const auto turned = lab_.status(r->target, r->source);
    if (turned) one_way_.insert(turned->relationship.generation);
  }

  void revertible() {
    const auto r = some_relationship();
    if (!r) return;
    const std::size_t source = index_of(r->source);
    const std::size_t target = index_of(r->target);
    if (r->revertible()) {
      if (random_.chance(1, 2)) {
        EXPECT_TRUE(lab_.commit(r->source));
        note("commit", source, target);
      } else if (lab_.revert(r->source)) {
        note("revert", source, target);
        model_.set_letters(target, saved_[target]);
      }
    } else if (lab_.set_revertible(r->source, r->target)) {
      note("set revertible", source, target);
      saved_[target] = model_.letters(target);
      model_.copy(source, target);
    }
  }

  void release() {
    const std::size_t volume = random_.below(kVolumes);
    if (lab_.release(volumes_[volume])) {
      note("release", volume, 0);
      model_.write(volume, 0, kBlocks, '.');
    }
  }

  void write() {
    const std::size_t volume = some_volume();
    const bool whole = random_.chance(1, 3);
    const std::uint64_t track = random_.below(kTracks);
    const std::uint64_t first = random_.below(kTrackBlocks - 20);
    const std::uint64_t length = 1 + random_.below(20);
    const std::uint64_t block = track * kTrackBlocks + (whole ? 0 : first);
    const std::uint64_t blocks = whole ? kTrackBlocks : length;
    if (lab_.write(volumes_[volume], block, blocks, letter_)) {
      note("write", volume, block / kTrackBlocks);
      model_.write(volume, block, blocks, letter_);
    }
    letter_ = letter_ == 'z' ? 'a' : static_cast<char>(letter_ + 1);
  }

  Lab lab_;
  Random random_;
  LetterModel model_;
  std::vector<VolumeId> volumes_;
  std::vector<std::string> saved_;  ///< By target: what it showed before it became revertible.
  std::uint64_t lent_ = 0;
  std::set<Generation> one_way_;  ///< Fast reversed: their source shows anything.
  std::string did_;               ///< In the last step.
  char letter_ = 'a';
};

TEST(Loans, RandomFans) {
  std::uint64_t steps_with_loans = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Fan fan(seed);
    for (int step = 0; step < 80; ++step) {
      fan.step();
      fan.check(step);
      if (testing::Test::HasFailure()) return;
    }
    steps_with_loans += fan.steps_with_loans();
  }
  EXPECT_GT(steps_with_loans, 1000U);
}

}  // namespace
}  // namespace tt::simulation
