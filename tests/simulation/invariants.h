// SPDX-License-Identifier: Apache-2.0
// What must hold between any two turns of an open image, whatever it is doing: structure of the dirty index, places in
// the journal, Lsns, maps and relationships.
#pragma once

#include <cstdint>
#include <string>

#include "image/image.h"
#include "sim/case.h"

namespace tt::simulation {

/// The first thing that is wrong; empty = all is well.
std::string broken_invariant(image::Image& image);

/// While it lives, every `every`-th event of the world is followed by a check; the case fails at the first break.
class InvariantWatch {
 public:
  InvariantWatch(sim::Case& c, image::Image& image, std::uint64_t every);
  ~InvariantWatch();
  InvariantWatch(const InvariantWatch&) = delete;
  InvariantWatch& operator=(const InvariantWatch&) = delete;

 private:
  sim::Case& case_;
};

}  // namespace tt::simulation
