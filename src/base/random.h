// SPDX-License-Identifier: Apache-2.0
// A small seeded generator (xoshiro256**, Blackman & Vigna). Engine code takes one from its reactor so that one seed
// decides a simulated run; it is not for keys or passwords.
#pragma once

#include <cstdint>

namespace tt {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept;

  std::uint64_t next() noexcept;
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept;
  /// True with probability numerator / denominator.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) noexcept { return below(denominator) < numerator; }

 private:
  std::uint64_t state_[4];
};

}  // namespace tt
