// SPDX-License-Identifier: Apache-2.0
// Loans of tracks between the targets of one source: what apply() does with them (decision 0011).
#pragma once

#include <span>

#include "volume/mutation.h"

namespace tt::volume {

void make_loans(ImageConfig& config, std::span<const Loan> loans);
/// Whatever the volume has borrowed, it shows something else from now on.
void end_loans_onto(ImageConfig& config, VolumeId borrower);

}  // namespace tt::volume
