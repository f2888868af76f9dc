// SPDX-License-Identifier: Apache-2.0
// A shard's shares of volumes by their ids. An LSS without volumes costs a pointer: most images use few of the 256.
#pragma once

#include <array>
#include <memory>
#include <utility>

#include "flashcopy/share.h"

namespace tt::image {

class VolumeTable {
 public:
  /// Null where there is none.
  [[nodiscard]] flashcopy::VolumeShare* find(VolumeId id) const noexcept {
    const auto& lss = by_lss_[id.value >> 8U];
    return lss != nullptr ? (*lss)[id.value & 0xFFU].get() : nullptr;
  }
  void put(VolumeId id, std::unique_ptr<flashcopy::VolumeShare> share) {
    auto& lss = by_lss_[id.value >> 8U];
    if (lss == nullptr) lss = std::make_unique<Lss>();
    (*lss)[id.value & 0xFFU] = std::move(share);
  }
  [[nodiscard]] std::unique_ptr<flashcopy::VolumeShare> take(VolumeId id) noexcept {
    const auto& lss = by_lss_[id.value >> 8U];
    return lss != nullptr ? std::move((*lss)[id.value & 0xFFU]) : nullptr;
  }
  /// Ascending by id.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& lss : by_lss_) {
      if (lss == nullptr) continue;
      for (const auto& volume : *lss) {
        if (volume != nullptr) visit(*volume);
      }
    }
  }

 private:
  using Lss = std::array<std::unique_ptr<flashcopy::VolumeShare>, 256>;
  std::array<std::unique_ptr<Lss>, 256> by_lss_;
};

}  // namespace tt::image
