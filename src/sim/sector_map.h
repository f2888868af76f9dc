// SPDX-License-Identifier: Apache-2.0
// Registers by sector. Those of neighbours lie together, as they are asked for one after the other.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "sim/register.h"

namespace tt::sim {

class SectorMap {
 public:
  SectorMap() = default;
  SectorMap(const SectorMap&) = delete;
  SectorMap& operator=(const SectorMap&) = delete;

  /// nullptr if it was not made.
  [[nodiscard]] Register* find(std::uint64_t sector) const noexcept {
    const Page* page = page_of(sector);
    return page == nullptr ? nullptr : page->registers[sector % kPageSectors].get();
  }
  /// It must not have been made. Valid as long as the map.
  Register& make(std::uint64_t sector) {
    Page& page = pages_[sector / kPageSectors];
    auto& made = page.registers[sector % kPageSectors];
    made = std::make_unique<Register>();
    return *made;
  }
  /// Ascending.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [number, page] : pages_) {
      for (std::uint64_t i = 0; i < kPageSectors; ++i) {
        if (page.registers[i] != nullptr) visit(number * kPageSectors + i, *page.registers[i]);
      }
    }
  }

 private:
  static constexpr std::uint64_t kPageSectors = 128;
  struct Page {
    std::array<std::unique_ptr<Register>, kPageSectors> registers;
  };

  [[nodiscard]] const Page* page_of(std::uint64_t sector) const noexcept {
    const std::uint64_t number = sector / kPageSectors;
    if (last_.first != number) {
      const auto found = pages_.find(number);
      if (found == pages_.end()) return nullptr;
      last_ = {number, &found->second};
    }
    return last_.second;
  }

  std::map<std::uint64_t, Page> pages_;
  mutable std::pair<std::uint64_t, const Page*> last_{~std::uint64_t{0}, nullptr};
};

}  // namespace tt::sim
