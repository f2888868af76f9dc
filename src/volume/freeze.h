// SPDX-License-Identifier: Apache-2.0
// What the configuration knows of frozen FlashCopy sources.
#pragma once

#include "volume/mutation.h"

namespace tt::volume {

[[nodiscard]] bool is_frozen(const ImageConfig& config, VolumeId source) noexcept;
/// False when the LSS of the source has the time 0.
[[nodiscard]] bool freeze_holds(const ImageConfig& config, VolumeId source);
/// The last freeze of the LSS was not ended by unfreezeflash.
[[nodiscard]] bool freeze_expired(const ImageConfig& config, std::uint8_t lss) noexcept;

// For apply().
void begin_freeze(ImageConfig& config, VolumeId source);
void end_freeze(ImageConfig& config, VolumeId source);
void expire_freeze(ImageConfig& config, std::uint8_t lss);
/// The relationship was frozen and is no longer: its source goes on unless another one holds it.
void leave_freeze(ImageConfig& config, Relationship& relationship);

}  // namespace tt::volume
