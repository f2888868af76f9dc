// SPDX-License-Identifier: Apache-2.0
// Where the content of one track comes from: L of the engine notes, section 4, unrolled over cascades.
//
//   L(v,t,n) = L(S,t,T0(R)) + entries of v in (T0(R), n]   if R: S -> v has U[t]=1 and T0(R) <= n
//              M[v][t]      + entries of v up to n          otherwise
//
// A relationship younger than n (the parent was established after the child) is not asked: the child's image is what
// lies on v's own medium. A loan is asked like the relationship in whose place it stands: its `since` is that one's T0,
// and its own T0 says what of the lender is meant. What was lent lies on the lender's medium, so a loan adds one layer
// at the most.
#pragma once

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
  /// A relationship on the way has failed: the content is gone.
  [[nodiscard]] bool lost() const noexcept { return lost_; }

  friend Lineage lineage_of(VolumeShare& volume, std::uint64_t local_track, Lsn up_to) noexcept;

 private:
  std::array<Layer, kMaxLayers> layers_{};
  std::size_t count_ = 0;
  bool lost_ = false;
};

inline Lineage lineage_of(VolumeShare& volume, std::uint64_t local_track, Lsn up_to) noexcept {
  Lineage lineage;
  VolumeShare* at = &volume;
  for (;;) {
    TT_ASSERT(lineage.count_ < Lineage::kMaxLayers);
    const RelationshipShare* parent = uncopied_parent(*at, local_track);
    if (parent == nullptr || parent->since > up_to) break;
    lineage.layers_[lineage.count_++] = {at, parent->since, up_to};
    lineage.lost_ = lineage.lost_ || parent->failed;
    at = parent->source;
    up_to = parent->t0;
  }
  lineage.layers_[lineage.count_++] = {at, Lsn{0}, up_to};
  return lineage;
}

}  // namespace tt::flashcopy
