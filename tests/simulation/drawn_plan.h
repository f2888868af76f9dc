// SPDX-License-Identifier: Apache-2.0
// Images and workloads as the case draws them.
#pragma once

#include "lives.h"

namespace tt::simulation {

/// Of three to `most_volumes` volumes.
WorkloadPlan draw_plan(sim::Case& c, std::uint64_t most_volumes);
/// `seed` decides what is not drawn.
ImageShape draw_shape(sim::Case& c, std::uint64_t seed);

}  // namespace tt::simulation
