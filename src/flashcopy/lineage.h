// SPDX-License-Identifier: Apache-2.0
// Where the content of one track comes from: L of the engine notes, section 4, unrolled over cascades.
//
//   L(v,t,n) = L(S,t,T0(R)) + entries of v in (T0(R), n]   if R: S -> v has U[t]=1 and T0(R) <= n
//              M[v][t]      + entries of v up to n          otherwise
//
// Of a partial track (decision 0015) some grains lie on v's own medium although U[t]=1: they take the second way, and
// the grains of one track may come different ways.
//
// A relationship younger than n (the parent was established after the child) is not asked: the child's image is what
// lies on v's own medium. A loan is asked like the relationship in whose place it stands: its `since` is that one's T0,
// and its own T0 says what of the lender is meant. What was lent lies on the lender's medium, so a loan adds one layer
// at the most.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/assert.h"
#include "flashcopy/share.h"

namespace tt::flashcopy {

/// Entries of `volume` with after < lsn <= up_to.
struct Layer {
  VolumeShare* volume = nullptr;
  Lsn after{0};
  Lsn up_to{0};
  friend bool operator==(const Layer&, const Layer&) = default;
};

class Lineage {
 public:
  static constexpr std::size_t kMaxLayers = volume::kMaxCascade + 3;

  /// Topmost first. The medium of the last one's volume lies below all of them.
  [[nodiscard]] std::span<const Layer> layers() const noexcept { return {layers_.data(), count_}; }
  [[nodiscard]] VolumeShare& base() const noexcept { return *layers_[count_ - 1].volume; }
  /// That medium holds something there.
  [[nodiscard]] bool is_on_medium(std::uint64_t local_track) const noexcept {
    return preserved_ || base().written.test(local_track);
  }
  /// A relationship on the way has failed: the content is gone.
  [[nodiscard]] bool lost() const noexcept { return lost_; }
  /// The first relationship on the way of which the track is partial: other grains come another way. Null: none.
  [[nodiscard]] RelationshipShare* partial() const noexcept { return partial_; }

  friend bool operator==(const Lineage& a, const Lineage& b) noexcept {
    return std::ranges::equal(a.layers(), b.layers()) && a.preserved_ == b.preserved_ && a.lost_ == b.lost_;
  }
  friend Lineage lineage_of(VolumeShare& volume, std::uint64_t local_track, std::uint32_t grain, Lsn up_to) noexcept;

 private:
  std::array<Layer, kMaxLayers> layers_{};
  std::size_t count_ = 0;
  RelationshipShare* partial_ = nullptr;
  bool preserved_ = false;  ///< It ends at a target that holds the grain, and perhaps nothing else of the track.
  bool lost_ = false;
};

inline Lineage lineage_of(VolumeShare& volume, std::uint64_t local_track, std::uint32_t grain, Lsn up_to) noexcept {
  Lineage lineage;
  VolumeShare* at = &volume;
  for (;;) {
    TT_ASSERT(lineage.count_ < Lineage::kMaxLayers);
    RelationshipShare* parent = uncopied_parent(*at, local_track);
    if (parent == nullptr || parent->since > up_to) break;
    lineage.lost_ = lineage.lost_ || parent->failed;
    if (const GrainMask preserved = parent->preserved_grains(local_track); preserved != 0) {
      if (lineage.partial_ == nullptr) lineage.partial_ = parent;
      lineage.preserved_ = ((preserved >> grain) & 1U) != 0;
      if (lineage.preserved_) break;
    }
    lineage.layers_[lineage.count_++] = {at, parent->since, up_to};
    at = parent->source;
    up_to = parent->t0;
  }
  lineage.layers_[lineage.count_++] = {at, Lsn{0}, up_to};
  return lineage;
}

/// How many blocks from `first_block` on come the same way as the first of them; at most `block_count`, which end in
/// the track.
inline std::uint16_t same_way(VolumeShare& volume, std::uint64_t local_track, Lsn up_to, std::uint16_t first_block,
                              std::uint16_t block_count) noexcept {
  if (uncopied_parent(volume, local_track) == nullptr) return block_count;
  std::uint32_t grain = first_block / kGrainBlocks;
  const Lineage first = lineage_of(volume, local_track, grain, up_to);
  if (first.partial() == nullptr) return block_count;
  const std::uint32_t end = std::uint32_t{first_block} + block_count;
  while (++grain * kGrainBlocks < end) {
    if (lineage_of(volume, local_track, grain, up_to) == first) continue;
    return static_cast<std::uint16_t>(grain * kGrainBlocks - first_block);
  }
  return block_count;
}

}  // namespace tt::flashcopy
