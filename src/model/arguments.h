// SPDX-License-Identifier: Apache-2.0
// Arguments that operations of several tables have; each is declared once.
#pragma once

#include "model/catalogue.h"

namespace tt::model::tables {

inline constexpr Argument kCapacityUnit{
    .flag = "type",
    .key = "capacity_unit",
    .kind = ArgumentKind::choice,
    .value = "ds|ess|blocks,lbs|TiB|GiB|MiB",
    .fallback = "ds",
    .traits = kLocal,
    .help = "unit of -cap: ds and GiB 2^30 bytes, ess 10^9 bytes, blocks 512 bytes"};

inline constexpr Argument kJoinedGroups{.flag = "volgrp",
                                        .key = "volume_groups",
                                        .kind = ArgumentKind::id_list,
                                        .value = "Vn[,Vn]",
                                        .id_kind = IdKind::volume_group,
                                        .help = "volume groups to join"};

inline constexpr Argument kT10Dif{.flag = "t10dif",
                                  .key = "t10dif",
                                  .value = "true",
                                  .exclusive = "format",
                                  .traits = kOnlyDs8000,
                                  .help = "blocks with protection information"};

inline constexpr Argument kOs400Model{
    .flag = "os400",
    .key = "os400_model",
    .kind = ArgumentKind::choice,
    .value = "A01|A81|A02|A82|A04|A84|A05|A85|A06|A86|A07|A87|050|099",
    .exclusive = "format",
    .help = "a model of IBM i; 050 and 099 have any size, the others one of their own"};

inline constexpr Argument kPerformanceGroup{.flag = "perfgrp",
                                            .key = "performance_group",
                                            .kind = ArgumentKind::id,
                                            .value = "PGn",
                                            .traits = kOnlyDs8000,
                                            .id_kind = IdKind::performance_group,
                                            .help = "performance group; there is PG0"};

inline constexpr Argument kResourceGroup{.flag = "resgrp",
                                         .key = "resource_group",
                                         .kind = ArgumentKind::id,
                                         .value = "RGn",
                                         .traits = kOnlyDs8000,
                                         .id_kind = IdKind::resource_group,
                                         .help = "the resource group it moves to"};
/// Of something that is being made.
inline constexpr Argument kResourceGroupOfNew{.flag = "resgrp",
                                              .key = "resource_group",
                                              .kind = ArgumentKind::id,
                                              .value = "RGn",
                                              .fallback = "RG0",
                                              .traits = kOnlyDs8000,
                                              .id_kind = IdKind::resource_group,
                                              .help = "the resource group it is in"};

inline constexpr Argument kVolumeOperands{.key = "ids",
                                          .kind = ArgumentKind::ids,
                                          .value = "volume_ID ...",
                                          .traits = kRequired,
                                          .id_kind = IdKind::volume,
                                          .help = "the volumes; ranges like 1000-1003"};

inline constexpr Argument kNewName{.flag = "name",
                                   .key = "name",
                                   .kind = ArgumentKind::text,
                                   .value = "name",
                                   .low = 1,
                                   .high = 16,
                                   .help = "new nickname"};

inline constexpr Argument kPoolOperand{.key = "id",
                                       .kind = ArgumentKind::ids,
                                       .value = "Pn",
                                       .traits = kRequired | kSingle,
                                       .id_kind = IdKind::extent_pool,
                                       .help = "the pool"};

inline constexpr Argument kOneImageOperand{.key = "id",
                                           .kind = ArgumentKind::ids,
                                           .value = "storage_image",
                                           .traits = kSingle,
                                           .id_kind = IdKind::image,
                                           .help = "the storage image; default is that of -dev"};

inline constexpr Argument kStorageType{.flag = "stgtype",
                                       .key = "storage_type",
                                       .kind = ArgumentKind::choice,
                                       .value = "fb|ckd",
                                       .traits = kRequired,
                                       .help = "fixed block or count key data"};

inline constexpr Argument kPairs{.key = "pairs",
                                 .kind = ArgumentKind::pairs,
                                 .value = "source:target ...",
                                 .traits = kRequired,
                                 .id_kind = IdKind::volume,
                                 .help = "pairs like 0100:0200 or 0100-0103:0200-0203"};

/// The tag of relationships.
inline constexpr Argument kSequence{.flag = "seqnum",
                                    .key = "sequence_number",
                                    .kind = ArgumentKind::hex_number,
                                    .value = "hex",
                                    .fallback = "0",
                                    .low = 0,
                                    .high = 0xFFFFFFFF,
                                    .help = "a tag of up to 8 hex digits"};
inline constexpr Argument kOnlySequence{.flag = "seqnum",
                                        .key = "sequence_number",
                                        .kind = ArgumentKind::hex_number,
                                        .value = "hex",
                                        .low = 0,
                                        .high = 0xFFFFFFFF,
                                        .help = "only relationships with this tag"};

/// What lists of FlashCopy relationships are asked for.
inline constexpr Argument kFlashSelection{
    .key = "select",
    .kind = ArgumentKind::selection,
    .value = "source:target ... | volume_ID ...",
    .traits = kRequired,
    .id_kind = IdKind::pair,
    .help = "pairs, or volumes (ranges like 0000-FFFF) that are source or target"};

inline constexpr Argument kResetReserve = {.flag = "resetreserve",
                                           .key = "reset_reservation",
                                           .value = "true",
                                           .traits = kOnlyDs8000,
                                           .help = "clear a reservation of the target; NBD hosts have none"};

inline constexpr std::int64_t kFastestCopy = 1 << 20;  ///< MiB a second.

/// Of one relationship.
inline constexpr Argument kCopyRate{.flag = "copyrate",
                                    .key = "copy_rate_mib",
                                    .kind = ArgumentKind::number,
                                    .value = "MiB/s",
                                    .low = 0,
                                    .high = kFastestCopy,
                                    .traits = kExtension,
                                    .help = "the background copy goes at this rate at most; 0 = no limit of its own"};

}  // namespace tt::model::tables
