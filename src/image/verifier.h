// SPDX-License-Identifier: Apache-2.0
// Compares a target with its source in one shard, while hosts use both and batches work on them.
//
// What can be proven. Of a track that neither side was written to since T0, and that was copied, two instances exist
// which must be equal: what the source shows now and what the target shows. A relationship that records knows exactly
// which tracks these are (the maps hold a superset of the writes), so there a difference is damage. Without recording a
// difference may be a host's write as well. Nothing is known of
//   * U=1: there is no second instance
//   * a recorded change: the image is only on the target (the source was written) or nowhere (the target was)
//
// Why there is never a false difference. Both sides are read the way hosts read them, so whatever batches do meanwhile
// is theirs to get right; after both reads the bits are looked at again. A write puts its bit into the map in the turn
// in which readers can see it first, and bits of one generation never fall. So if there is no bit after the reads, no
// write was visible to either. Other ways in which a volume's content changes (spec 1.6) set the bits of its recording
// relationships, or give the relationship a new generation, which is looked for as well.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "image/frames.h"
#include "image/pacer.h"
#include "image/shard.h"
#include "image/verification.h"

namespace tt::image {

class Verifier {
 public:
  enum class Step : std::uint8_t { more, different, complete, ended };

  Verifier(Shard& shard, CommonPace& pace, std::shared_ptr<Verification> verification);

  /// One piece, and the pause that hosts need after it. After `different` see differing().
  rt::Task<Step> next();
  /// Tracks of the volume, those of the last piece.
  [[nodiscard]] const std::vector<std::uint64_t>& differing() const noexcept { return differing_; }

 private:
  enum class Kind : std::uint8_t { comparable, uncopied, changed };

  /// Null when it is not what it was when the verification began.
  [[nodiscard]] flashcopy::RelationshipShare* share() const noexcept;
  [[nodiscard]] static Kind kind_of(const flashcopy::RelationshipShare& share, std::uint64_t track) noexcept;
  [[nodiscard]] std::uint64_t run_of(const flashcopy::RelationshipShare& share, Kind kind,
                                     std::uint64_t at_most) const noexcept;
  rt::Task<Step> compare(std::uint64_t tracks);
  void judge(const flashcopy::RelationshipShare& share, std::uint64_t tracks, std::uint64_t bytes) noexcept;
  rt::Task<void> pause_until(rt::TimeNs end);

  Shard& shard_;
  CommonPace& pace_;
  Pacer pacer_;
  std::shared_ptr<Verification> verification_;
  VerifyCounts& counts_;
  AlignedBytes memory_;
  std::span<std::byte> source_bytes_;
  std::span<std::byte> target_bytes_;
  std::vector<std::uint64_t> differing_;
  std::uint64_t track_ = 0;       ///< Local; the next to look at.
  std::uint64_t one_by_one_ = 0;  ///< So many tracks are read singly, because one of them cannot be read.
};

}  // namespace tt::image
