// SPDX-License-Identifier: Apache-2.0
// Space-efficient storage of extent pools: the space that volumes of the method tse take (decision 0013).
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

using A = Align;
using F = Format;
using View = std::string_view;

/// In either unit; what an image can do with it the image says.
constexpr std::int64_t kMostCapacity = std::int64_t{1} << 45U;

constexpr Argument kUnit{.flag = "captype",
                         .key = "capacity_unit",
                         .kind = ArgumentKind::choice,
                         .value = "gb|blocks",
                         .fallback = "gb",
                         .traits = kLocal,
                         .help = "unit of -repcap and -vircap: gb 2^30 bytes, blocks 512 bytes"};
constexpr Argument kReal{.flag = "repcap",
                         .key = "real_capacity",
                         .kind = ArgumentKind::number,
                         .value = "n",
                         .low = 1,
                         .high = kMostCapacity,
                         .exclusive = "real",
                         .traits = kLocal,
                         .help = "real capacity: extents of the pool that only volumes of the method tse take"};
constexpr Argument kRealPercent{.flag = "reppercent",
                                .key = "real_percent",
                                .kind = ArgumentKind::number,
                                .value = "%",
                                .low = 1,
                                .high = 100,
                                .exclusive = "real",
                                .help = "real capacity, as a part of the virtual one"};
constexpr Argument kVirtual{.flag = "vircap",
                            .key = "virtual_capacity",
                            .kind = ArgumentKind::number,
                            .value = "n",
                            .low = 1,
                            .high = kMostCapacity,
                            .traits = kLocal,
                            .help = "what volumes of the method tse may have together"};
constexpr Argument kThreshold{.flag = "repcapthreshold",
                              .key = "threshold_percent",
                              .kind = ArgumentKind::number,
                              .value = "%",
                              .low = 0,
                              .high = 100,
                              .help = "free part below which the status changes"};
constexpr Argument kRealBlocks{.key = "real_blocks",
                               .kind = ArgumentKind::number,
                               .low = 1,
                               .high = kMostCapacity,
                               .traits = kDerived,
                               .help = "real capacity in blocks of 512 bytes"};
constexpr Argument kVirtualBlocks{.key = "virtual_blocks",
                                  .kind = ArgumentKind::number,
                                  .low = 1,
                                  .high = kMostCapacity,
                                  .traits = kDerived,
                                  .help = "virtual capacity in blocks of 512 bytes"};
constexpr Argument kPools{.key = "ids",
                          .kind = ArgumentKind::ids,
                          .value = "Pn ...",
                          .traits = kRequired,
                          .id_kind = IdKind::extent_pool,
                          .help = "the pools"};

constexpr Argument kMake[] = {kUnit, kReal, kRealPercent, kVirtual, kThreshold, kRealBlocks, kVirtualBlocks, kPools};
constexpr Argument kList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "Pn ...",
     .id_kind = IdKind::extent_pool,
     .help = "only that of these pools"},
};
constexpr Argument kOne[] = {kPoolOperand};
constexpr Argument kRemove[] = {kPools};

constexpr Operation kOperations[] = {
    {.name = "mksestg",
     .summary = "creates space-efficient storage in extent pools",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "space_efficient_storage",
     .arguments = kMake,
     .success = "CMUC00342I",
     .only_ds8000 = true,
     .example = "mksestg -repcap 100 -vircap 200 P0",
     .audit_code = 2074,
     .audit_event = "SEStg_Create"},
    {.name = "chsestg",
     .summary = "changes capacities and threshold of space-efficient storage",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "space_efficient_storage",
     .arguments = kMake,
     .success = "CMUC00343I",
     .only_ds8000 = true,
     .example = "chsestg -repcap 150 P0",
     .audit_code = 2075,
     .audit_event = "SEStg_Modify"},
    {.name = "lssestg",
     .summary = "lists space-efficient storage",
     .shape = Shape::list,
     .object_class = "space_efficient_storage",
     .arguments = kList,
     .only_ds8000 = true,
     .example = "lssestg -l"},
    {.name = "showsestg",
     .summary = "shows the space-efficient storage of an extent pool",
     .shape = Shape::show,
     .object_class = "space_efficient_storage",
     .arguments = kOne,
     .only_ds8000 = true,
     .example = "showsestg P0"},
    {.name = "rmsestg",
     .summary = "deletes space-efficient storage",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "space_efficient_storage",
     .arguments = kRemove,
     .success = "CMUC00344I",
     .prompt = "CMUC00345W",
     .loses = "nothing; its extents are free for other volumes of the pool",
     .only_ds8000 = true,
     .example = "rmsestg -quiet P0",
     .audit_code = 2076,
     .audit_event = "SEStg_Delete"},
};

constexpr Attribute kAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::extent_pool},
    {"storage_type", "stgtype"},
    {"data_state", "datastate"},
    {"configuration_state", "configstate"},
    {"status", "repcapstatus"},
    {"threshold_percent", "%repcapthreshold", F::number, A::right},
    {"real_blocks", "repcap (2^30B)", F::blocks_gib, A::right},
    {"virtual_blocks", "vircap", F::blocks_gib, A::right},
    {"real_allocated_blocks", "repcapalloc", F::blocks_gib, A::right},
    {"virtual_allocated_blocks", "vircapalloc", F::blocks_gib, A::right},
    {"real_blocks", "repcap (blocks)", F::number, A::right},
    {"real_allocated_percent", "%repcapalloc", F::number, A::right},
    {"virtual_blocks", "vircap (2^30B)", F::blocks_gib, A::right},
    {"virtual_blocks", "vircap (blocks)", F::number, A::right},
    {"virtual_allocated_percent", "%vircapalloc", F::number, A::right},
    {"volume_count", "numvols", F::number, A::right},
};
constexpr View kColumns[] = {"ID",           "stgtype",          "datastate",      "configstate",
                             "repcapstatus", "%repcapthreshold", "repcap (2^30B)", "vircap"};
constexpr View kWide[] = {"ID",           "stgtype",          "datastate",      "configstate",
                          "repcapstatus", "%repcapthreshold", "repcap (2^30B)", "vircap",
                          "repcapalloc",  "vircapalloc"};
constexpr View kFields[] = {"ID",           "stgtype",          "datastate",      "configstate",
                            "repcapstatus", "%repcapthreshold", "repcap (2^30B)", "repcap (blocks)",
                            "repcapalloc",  "%repcapalloc",     "vircap (2^30B)", "vircap (blocks)",
                            "vircapalloc",  "%vircapalloc",     "numvols"};

constexpr ObjectClass kClasses[] = {
    {"space_efficient_storage",
     "Space-Efficient Storage",
     "SESTG",
     IdKind::extent_pool,
     kAttributes,
     kColumns,
     kWide,
     kFields,
     {}},
};

}  // namespace

std::span<const Operation> repositories() {
  return kOperations;
}

std::span<const ObjectClass> classes_of_repositories() {
  return kClasses;
}

}  // namespace tt::model::tables
