// SPDX-License-Identifier: Apache-2.0
// What the problem log says of mirrored pairs: one entry for all pairs of two LSSs while a source of them is suspended
// and nobody said so here. As with paths (path_problems.h) the next record follows from what is, until there is none.
#pragma once

#include <optional>

#include "volume/mutation.h"

namespace tt::image {

std::optional<volume::Mutation> next_pair_record(const volume::ImageConfig& config, std::int64_t at_s);

}  // namespace tt::image
