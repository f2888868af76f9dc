// SPDX-License-Identifier: Apache-2.0
// Every phase that an end of a pair can be in: what tables and tests walk.
#pragma once

#include <vector>

#include "mirror/pair.h"

namespace tt::mirror {

inline std::vector<PairPhase> all_phases() {
  std::vector<PairPhase> all;
  for (const PairRole role : {PairRole::source, PairRole::target}) {
    for (const PairType type : {PairType::metro_mirror, PairType::global_copy}) {
      for (const PairState state : {PairState::copy_pending, PairState::full_duplex, PairState::suspended}) {
        for (std::uint8_t reason = 0; reason <= static_cast<std::uint8_t>(SuspendReason::freeze); ++reason) {
          for (const bool failed_over : {false, true}) {
            const PairPhase phase{role, type, state, static_cast<SuspendReason>(reason), failed_over};
            if (known(phase.reason) && is_possible(phase)) all.push_back(phase);
          }
        }
      }
    }
  }
  return all;
}

}  // namespace tt::mirror
