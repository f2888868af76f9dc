// SPDX-License-Identifier: Apache-2.0
// The oracle against a server that is right by construction: every operation takes effect at one random instant between
// issue and answer. The oracle must never object to it, and must object soon when it is made wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/random.h"
#include "sim/history.h"

namespace tt::sim {
namespace {

constexpr std::uint32_t kVolumes = 4;
constexpr std::uint64_t kSectors = 4;
using Content = std::vector<std::byte>;

enum class Mistake : std::uint8_t {
  none,
  forget_acknowledged_write,   ///< a crash takes a hardened write
  stale_read,                  ///< a read returns what an earlier read of the sector returned
  copy_pairs_one_after_other,  ///< each pair of a group takes its own instant
  copy_follows_source,         ///< a write to a source sometimes reaches its target, too
  half_a_copy_after_crash,     ///< an unanswered establish survives for some sectors only
  flush_does_nothing,
  withdraw_takes_own_writes,     ///< what the target was given by hosts goes with the image
  withdrawn_bytes_change_again,  ///< a crash decides anew what shows where the image was
};

class PerfectServer {
 public:
  PerfectServer(std::uint64_t seed, Mistake mistake)
      : random_(seed),
        mistake_(mistake),
        hardens_(random_.chance(1, 2)),
        history_({.seen_is_hardened = hardens_}),
        current_(kVolumes, Content(kSectors * kBlockBytes)),
        durable_(current_),
        stale_(current_),
        own_(kVolumes, std::vector<bool>(kSectors)) {}

  /// Returns the oracle's first objection.
  std::string run(int steps) {
    for (int i = 0; i < steps && objection_.empty(); ++i) step();
    return objection_;
  }
  [[nodiscard]] bool can_make_mistake() const {
    if (mistake_ == Mistake::forget_acknowledged_write) return hardens_;
    if (mistake_ == Mistake::flush_does_nothing) return !hardens_;
    return true;
  }

 private:
  struct Pending {
    enum class Kind : std::uint8_t { write, read, flush, copy, withdraw };
    Kind kind = Kind::write;
    History::Operation operation = 0;
    std::uint32_t volume = 0;
    std::uint64_t first = 0;
    Content data;
    std::vector<CopyPair> pairs;
    std::size_t effects_left = 1;
  };

  void step() {
    const std::uint64_t draw = random_.below(100);
    if (draw < 1) return crash();
    if (draw < 30 && pending_.size() < 6) return begin();
    if (pending_.empty()) return;
    const std::size_t at = random_.below(pending_.size());
    if (pending_[at].effects_left > 0) {
      take_effect(pending_[at]);
    } else if (random_.chance(1, 2)) {
      Pending done = std::move(pending_[at]);
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(at));
      answer(done);
    }
  }

  void begin() {
    Pending p;
    p.volume = static_cast<std::uint32_t>(random_.below(kVolumes));
    p.first = random_.below(kSectors);
    const std::uint64_t sectors = 1 + random_.below(kSectors - p.first);
    p.data.resize(sectors * kBlockBytes);
    const std::uint64_t draw = random_.below(100);
    if (draw < 45) {
      p.kind = Pending::Kind::write;
      p.operation = random_.chance(1, 8) ? zero(p, sectors) : history_.begin_write(p.volume, p.first, p.data);
    } else if (draw < 85) {
      p.kind = Pending::Kind::read;
      p.operation = history_.begin_read(p.volume, p.first, sectors);
    } else if (draw < 93) {
      p.kind = Pending::Kind::flush;
      p.operation = history_.begin_flush(p.volume);
    } else if (draw < 97 || !begin_withdraw(p)) {
      if (!begin_copy(p)) return;
    }
    pending_.push_back(std::move(p));
  }
  History::Operation zero(const Pending& p, std::uint64_t sectors) {
    return history_.begin_zero(p.volume, p.first, sectors);
  }
  bool begin_copy(Pending& p) {
    p.kind = Pending::Kind::copy;
    // Sources are even, targets odd, or a target becomes a source once: cascades without loops in one command.
    p.pairs = {{0, 1, 0, 0, kSectors}, {2, 3, 0, 0, kSectors}};
    if (random_.chance(1, 3)) p.pairs = {{1, 2, 0, 0, kSectors}};
    for (const CopyPair& pair : p.pairs) {
      if (commanded(pair.target)) return false;
    }
    for (const CopyPair& pair : p.pairs) established_.erase(pair.target);
    if (mistake_ == Mistake::copy_pairs_one_after_other) p.effects_left = p.pairs.size();
    p.operation = history_.begin_copy(p.pairs);
    return true;
  }
  /// Commands for one target come one after the other.
  [[nodiscard]] bool commanded(std::uint32_t target) const {
    return std::any_of(pending_.begin(), pending_.end(), [&](const Pending& p) {
      if (p.kind == Pending::Kind::withdraw) return p.volume == target;
      return p.kind == Pending::Kind::copy &&
             std::any_of(p.pairs.begin(), p.pairs.end(), [&](const CopyPair& pair) { return pair.target == target; });
    });
  }
  bool begin_withdraw(Pending& p) {
    const auto found = established_.find(p.volume);
    if (found == established_.end() || commanded(p.volume)) return false;
    p.kind = Pending::Kind::withdraw;
    p.operation = found->second;
    established_.erase(found);
    history_.begin_withdraw(p.operation, p.volume);
    return true;
  }
  /// Where no host has written since the copy, the image stays or something older shows.
  void withdraw(std::uint32_t volume) {
    for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
      if (own_[volume][sector] && mistake_ != Mistake::withdraw_takes_own_writes) continue;
      if (random_.chance(1, 2)) set(volume, sector, at(stale_, volume, sector));
      withdrawn_ = true;
    }
  }
  void set(std::uint32_t volume, std::uint64_t sector, const std::byte* content) {
    std::copy_n(content, kBlockBytes, at(current_, volume, sector));
    std::copy_n(content, kBlockBytes, at(durable_, volume, sector));
  }

  std::byte* at(std::vector<Content>& volumes, std::uint32_t volume, std::uint64_t sector) {
    return volumes[volume].data() + sector * kBlockBytes;
  }
  void put(std::uint32_t volume, std::uint64_t first, const Content& data) {
    std::copy(data.begin(), data.end(), at(current_, volume, first));
    for (std::uint64_t i = 0; i < data.size() / kBlockBytes; ++i) own_[volume][first + i] = true;
    const bool lost = mistake_ == Mistake::forget_acknowledged_write && random_.chance(1, 5);
    if (hardens_ && !lost) std::copy(data.begin(), data.end(), at(durable_, volume, first));
  }

  void take_effect(Pending& p) {
    --p.effects_left;
    switch (p.kind) {
      case Pending::Kind::write:
        put(p.volume, p.first, p.data);
        if (mistake_ == Mistake::copy_follows_source && copied_ && p.volume == 0 && random_.chance(1, 3)) {
          put(1, p.first, p.data);
        }
        break;
      case Pending::Kind::read: {
        const std::byte* from = at(current_, p.volume, p.first);
        if (mistake_ == Mistake::stale_read && random_.chance(1, 10)) from = at(stale_, p.volume, p.first);
        std::copy_n(from, p.data.size(), p.data.begin());
        if (random_.chance(1, 4)) std::copy_n(from, p.data.size(), at(stale_, p.volume, p.first));
        break;
      }
      case Pending::Kind::flush:
        if (mistake_ != Mistake::flush_does_nothing) durable_[p.volume] = current_[p.volume];
        break;
      case Pending::Kind::copy:
        for (std::size_t i = 0; i < p.pairs.size(); ++i) {
          if (mistake_ == Mistake::copy_pairs_one_after_other && i != p.effects_left) continue;
          copied_ = true;
          durable_[p.pairs[i].source] = current_[p.pairs[i].source];
          current_[p.pairs[i].target] = durable_[p.pairs[i].target] = current_[p.pairs[i].source];
          own_[p.pairs[i].target].assign(kSectors, false);
        }
        break;
      case Pending::Kind::withdraw:
        withdraw(p.volume);
        break;
    }
  }

  void answer(const Pending& p) {
    switch (p.kind) {
      case Pending::Kind::write:
        return history_.acknowledge_write(p.operation, hardens_);
      case Pending::Kind::read:
        objection_ = history_.end_read(p.operation, p.data);
        return;
      case Pending::Kind::flush:
        return history_.acknowledge_flush(p.operation);
      case Pending::Kind::copy:
        for (const CopyPair& pair : p.pairs) established_[pair.target] = p.operation;
        return history_.acknowledge_copy(p.operation);
      case Pending::Kind::withdraw:
        return history_.acknowledge_withdraw(p.operation, p.volume);
    }
  }

  void crash() {
    std::map<History::Operation, bool> existing;
    std::vector<Pending> withdraws;
    for (const Pending& p : pending_) {
      if (p.kind == Pending::Kind::withdraw) withdraws.push_back(p);
      if (p.kind == Pending::Kind::copy) existing[p.operation] = p.effects_left == 0;
      if (p.kind == Pending::Kind::copy && p.effects_left == 0 && mistake_ == Mistake::half_a_copy_after_crash) {
        const std::uint32_t target = p.pairs.front().target;
        std::copy_n(at(stale_, target, 0), kBlockBytes, at(durable_, target, 0));
      }
    }
    pending_.clear();
    for (std::uint32_t volume = 0; volume < kVolumes; ++volume) {
      for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
        std::byte* durable = at(durable_, volume, sector);
        if (!hardens_ && random_.chance(1, 2)) std::copy_n(at(current_, volume, sector), kBlockBytes, durable);
      }
    }
    if (mistake_ == Mistake::withdrawn_bytes_change_again && withdrawn_) {
      for (std::uint32_t volume = 1; volume < kVolumes; ++volume) withdraw(volume);
    }
    current_ = durable_;
    history_.crash();
    for (const auto& [copy, exists] : existing) history_.decide_copy(copy, exists);
    for (const Pending& p : withdraws) {
      if (p.effects_left == 0) {
        history_.acknowledge_withdraw(p.operation, p.volume);
      } else {
        history_.refuse_withdraw(p.operation, p.volume);
      }
    }
  }

  Random random_;
  Mistake mistake_;
  bool hardens_;
  bool copied_ = false;
  bool withdrawn_ = false;
  History history_;
  std::vector<Content> current_;
  std::vector<Content> durable_;
  std::vector<Content> stale_;
  std::vector<std::vector<bool>> own_;                       ///< Written by a host since the last copy onto it.
  std::map<std::uint32_t, History::Operation> established_;  ///< By target: the copy that may be withdrawn.
  std::vector<Pending> pending_;
  std::string objection_;
};

TEST(HistoryModel, never_objects_to_a_perfect_server) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    PerfectServer server(seed, Mistake::none);
    ASSERT_EQ(server.run(3000), "") << "seed " << seed;
  }
}

class HistoryModelMistake : public testing::TestWithParam<Mistake> {};

TEST_P(HistoryModelMistake, is_found) {
  int found = 0;
  int possible = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    PerfectServer server(seed, GetParam());
    if (!server.can_make_mistake()) continue;
    ++possible;
    found += server.run(6000).empty() ? 0 : 1;
  }
  EXPECT_GT(found * 4, possible) << found << " of " << possible;
}

INSTANTIATE_TEST_SUITE_P(All, HistoryModelMistake,
                         testing::Values(Mistake::forget_acknowledged_write, Mistake::stale_read,
                                         Mistake::copy_pairs_one_after_other, Mistake::copy_follows_source,
                                         Mistake::half_a_copy_after_crash, Mistake::flush_does_nothing,
                                         Mistake::withdraw_takes_own_writes, Mistake::withdrawn_bytes_change_again));

}  // namespace
}  // namespace tt::sim
