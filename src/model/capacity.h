// SPDX-License-Identifier: Apache-2.0
// Capacities as users write them, in blocks of 512 bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"

namespace tt::model {

/// `unit` is a canonical choice of -type (ds, ess, blocks, TiB, GiB, MiB). invalid_argument if `amount` is not a number
/// of the form the unit wants, out_of_range if the personality does not allow the size.
Result<std::uint64_t> capacity_blocks(std::string_view amount, std::string_view unit, Personality personality);

/// What the volume shows as its capacity type: TiB, GiB and MiB are other spellings of ds.
std::string_view capacity_type_of(std::string_view unit);

/// The largest volume of a personality.
std::uint64_t largest_volume_blocks(Personality personality);

}  // namespace tt::model
