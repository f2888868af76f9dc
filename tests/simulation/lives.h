// SPDX-License-Identifier: Apache-2.0
// Several lives of one image under one workload; what the scenarios have in common.
#pragma once

#include "sim/case.h"
#include "workload.h"

namespace tt::simulation {

inline constexpr std::uint64_t kSmallestRing = 17_MiB;

struct LivesPlan {
  ImageShape shape;
  WorkloadPlan work;
  int lives = 3;
  rt::TimeNs life_length = 0;  ///< 0 = until the workload is done.
  bool clean_ends = false;     ///< Each life runs until the workload is done, and the image stops.
};

/// Two shards, three volumes of so many tracks of which the second is thin, one life; short enough for sweeps.
LivesPlan small_plan(std::uint64_t tracks);

/// Makes the image and its volumes, runs the workload in each life to a crash, and reads everything in a last one.
void run_lives(sim::Case& c, sim::SimStorage& storage, const LivesPlan& plan);

}  // namespace tt::simulation
