// SPDX-License-Identifier: Apache-2.0
// The background copy of range copies in one shard: fills pending tracks of targets, a copy after the other, paced
// below host I/O and within the limits of the image like every background copy.
#pragma once

#include <cstdint>

#include "image/pacer.h"
#include "image/shard.h"

namespace tt::image {

class RangeCopier {
 public:
  RangeCopier(Shard& shard, CommonPace& pace) : shard_(shard), pace_(pace), pacer_(pace) {}
  void start(rt::Scope& scope) { scope.spawn(run()); }
  void stop() noexcept { stopping_ = true; }

 private:
  rt::Task<void> run();
  [[nodiscard]] flashcopy::RangeShare* next() const noexcept;
  /// Bytes.
  rt::Task<Result<std::uint64_t>> fill_some(Generation range_copy);
  rt::Task<void> wait_until(rt::TimeNs begin);

  Shard& shard_;
  CommonPace& pace_;
  Pacer pacer_;
  bool stopping_ = false;
};

}  // namespace tt::image
