// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"
#include "volume/config.h"

namespace tt::volume {

namespace {

constexpr Limits kDs6000{
    .machine_type = 1750,
    .lss_count = 32,
    .volume_count = 8192,
    .max_fb_blocks = 2_TiB / kBlockBytes,
    .targets_per_source = 12,
    .cascades = false,
    .thin_volumes = false,
    .small_extents = false,
    .fb_long_busy_timeout_s = 120,
    .volume_groups = 1040,
    .host_connections = 1024,
    .last_resource_group = kPublicGroup,
    .target_lsses = 4,
};

constexpr Limits kDs8000{
    .machine_type = 2107,
    .lss_count = 255,
    .volume_count = 65280,
    .max_fb_blocks = 16_TiB / kBlockBytes,
    .targets_per_source = 12,
    .cascades = true,
    .thin_volumes = true,
    .small_extents = true,
    .fb_long_busy_timeout_s = 60,
    .volume_groups = 8320,
    .host_connections = 8192,
    .last_resource_group = kLastResourceGroup,
    .target_lsses = 16,
};

// A volume id has room for exactly the volumes of the existing LSSs: nothing else has to count them.
static_assert(kDs6000.volume_count == kDs6000.lss_count * 256 && kDs8000.volume_count == kDs8000.lss_count * 256);

}  // namespace

const Limits& limits_of(Personality personality) noexcept {
  switch (personality) {
    case Personality::ds6000:
      return kDs6000;
    case Personality::ds8000:
      return kDs8000;
  }
  assertion_failed("known personality", __FILE__, __LINE__);
}

}  // namespace tt::volume
