// SPDX-License-Identifier: Apache-2.0
// FIFO in a circular array that doubles when it is full and never shrinks: after warming up it allocates nothing.
#pragma once

#include <cstddef>
#include <vector>

#include "base/assert.h"

namespace tt::rt {

template <class T>
class GrowingRing {
 public:
  /// Capacity is a power of two.
  explicit GrowingRing(std::size_t capacity) : slots_(capacity) { TT_ASSERT((capacity & (capacity - 1)) == 0); }

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  void push(T item) {
    if (count_ == slots_.size()) grow();
    slots_[(head_ + count_) & (slots_.size() - 1)] = item;
    ++count_;
  }
  T pop() noexcept {
    TT_ASSERT(count_ > 0);
    T item = slots_[head_];
    head_ = (head_ + 1) & (slots_.size() - 1);
    --count_;
    return item;
  }

 private:
  void grow() {
    std::vector<T> larger(slots_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) larger[i] = slots_[(head_ + i) & (slots_.size() - 1)];
    slots_.swap(larger);
    head_ = 0;
  }

  std::vector<T> slots_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
};

}  // namespace tt::rt
