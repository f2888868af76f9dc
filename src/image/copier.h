// SPDX-License-Identifier: Apache-2.0
// The background copy of a shard: a limited number of relationships at a time, round robin, in units of consecutive
// tracks; paced below host I/O, and within the limits of the image and of each relationship. A relationship whose limit
// makes it wait lets the others go. Tracks that the source never had are settled without any I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "image/batch.h"
#include "image/pacer.h"
#include "image/shard.h"

namespace tt::image {

class Copier {
 public:
  Copier(Shard& shard, CommonPace& pace);
  void start(rt::Scope& scope) { scope.spawn(run()); }
  void stop() noexcept { stopping_ = true; }

 private:
  rt::Task<void> run();
  [[nodiscard]] std::vector<flashcopy::RelationshipShare*> active() const;
  [[nodiscard]] static bool wants_copy(const flashcopy::RelationshipShare& share) noexcept;
  /// The relationship whose limit a share keeps; null: none.
  [[nodiscard]] flashcopy::RelationshipShare* payer_of(flashcopy::RelationshipShare& share) const noexcept;
  [[nodiscard]] bool is_urgent(const flashcopy::RelationshipShare& share) const noexcept;
  /// First track from there on that is to be copied.
  [[nodiscard]] static std::optional<std::uint64_t> next_wanted(const flashcopy::RelationshipShare& share,
                                                                std::uint64_t from) noexcept;
  /// Clears U for a run of tracks that read as zeros; true if there was one.
  bool settle_unwritten(flashcopy::RelationshipShare& share);
  /// Bytes, of the relationship and of all whose tracks had to be copied with it.
  struct Unit {
    std::uint64_t own = 0;
    std::uint64_t all = 0;
  };
  /// The next in turn whose own limit lets it; null and when that will be.
  flashcopy::RelationshipShare* choose(const std::vector<flashcopy::RelationshipShare*>& shares, rt::TimeNs& soonest);
  Unit fill(Batch& batch, flashcopy::RelationshipShare& share);
  rt::Task<Result<Unit>> copy_unit(flashcopy::RelationshipShare& share);
  void settle_accounts(Generation generation, const Unit& unit, rt::TimeNs began) noexcept;
  rt::Task<void> wait_until(rt::TimeNs begin);

  Shard& shard_;
  FrameArena arena_;
  CommonPace& pace_;
  Pacer pacer_;
  std::uint64_t turn_ = 0;
  bool stopping_ = false;
};

}  // namespace tt::image
