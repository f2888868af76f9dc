// SPDX-License-Identifier: Apache-2.0
// Images and workloads as the case draws them.
#pragma once

#include "lives.h"

namespace tt::simulation {

/// Of three to `most_volumes` volumes.
WorkloadPlan draw_plan(sim::Case& c, std::uint64_t most_volumes);
/// `seed` decides what is not drawn.
ImageShape draw_shape(sim::Case& c, std::uint64_t seed);

/// Disks that fail: one operation, or from one on all of a file.
sim::FaultRule draw_failure(sim::Case& c);
/// A rank that lies about one write: lost, elsewhere, or a bit of it wrong. Then lives have to end cleanly, and
/// checksums are kept.
sim::FaultRule draw_lie(sim::Case& c, LivesPlan& plan);

}  // namespace tt::simulation
