// SPDX-License-Identifier: Apache-2.0
// Where a checkpoint keeps the configuration.
#pragma once

#include <cstdint>

namespace tt::volume {

/// Number of the blob, in the checkpoint of shard 0.
inline constexpr std::uint32_t kConfigBlob = 2;

}  // namespace tt::volume
