// SPDX-License-Identifier: Apache-2.0
// What hosts do in a shard, for those who work below them: background copies, verification of targets, the scrub.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "runtime/reactor.h"

namespace tt::image {

/// Each observer looks at what has been since it began its last piece of work.
class HostLoad {
 public:
  struct Piece {
    std::uint64_t operations = 0;
    rt::TimeNs worst_latency = 0;
  };
  void begin_operation() noexcept { ++operations_; }
  void end_operation(rt::TimeNs took) noexcept {
    for (Piece& piece : pieces_) piece.worst_latency = std::max(piece.worst_latency, took);
  }
  enum Observer : std::uint8_t { copier, range_copier, verifier, scrubber, sender, observers };
  void begin_piece(Observer observer) noexcept { pieces_[observer] = {operations_, 0}; }
  [[nodiscard]] bool active_since(Observer observer) const noexcept {
    return operations_ != pieces_[observer].operations;
  }
  [[nodiscard]] rt::TimeNs worst_latency_since(Observer observer) const noexcept {
    return pieces_[observer].worst_latency;
  }

 private:
  std::uint64_t operations_ = 0;
  std::array<Piece, observers> pieces_;
};

}  // namespace tt::image
