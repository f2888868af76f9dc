// SPDX-License-Identifier: Apache-2.0
// Which page slots of the checkpoint file are taken. Lowest free slot first, so the file stays dense. Nothing of it is
// stored: what the index names is taken, the rest is free.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tt::journal {

struct SlotRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

class SlotAllocator {
 public:
  /// Slots that may be handed out.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  void grow_to(std::uint64_t slots);

  /// `count` slots side by side, or nothing: the caller grows. count > 0.
  std::optional<std::uint32_t> take(std::uint32_t count);
  /// False if one of them is taken already or does not exist.
  bool claim(SlotRun run) noexcept;
  void release(SlotRun run) noexcept;
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

 private:
  [[nodiscard]] bool is_taken(std::uint64_t slot) const noexcept {
    return ((words_[slot / 64] >> (slot % 64)) & 1U) != 0;
  }
  void mark(SlotRun run, bool value) noexcept;

  std::vector<std::uint64_t> words_;  // 1 = taken
  std::uint64_t size_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t search_from_ = 0;  // every slot before it is taken
};

}  // namespace tt::journal
