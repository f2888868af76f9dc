// SPDX-License-Identifier: Apache-2.0
// Commands that change volumes, LSSs and extent pools that exist.
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument changed(Argument argument, std::string_view help) {
  argument.traits |= kExtension;
  argument.help = help;
  return argument;
}
constexpr Argument kChangedModel = changed(kOs400Model, "another model of IBM i that has the volume's size");

constexpr Argument kChangeVolume[] = {
    {.flag = "name",
     .key = "name",
     .kind = ArgumentKind::text,
     .value = "name",
     .low = 1,
     .high = 32,
     .help = "new nickname, at most 16 characters; #h becomes the id, #d its decimal number"},
    kCapacityUnit,
    {.flag = "cap",
     .key = "capacity",
     .kind = ArgumentKind::text,
     .value = "n",
     .low = 1,
     .high = 24,
     .traits = kLocal,
     .help = "new capacity, in the unit of -type; a volume can only become larger"},
    kJoinedGroups,
    kChangedModel,
    kT10Dif,
    kPerformanceGroup,
    kResourceGroup,
    {.key = "capacity_blocks",
     .kind = ArgumentKind::number,
     .low = 1,
     .high = 16LL << 31,
     .traits = kDerived,
     .help = "new capacity in blocks of 512 bytes"},
    {.key = "capacity_type",
     .kind = ArgumentKind::choice,
     .value = "ds|ess|blocks",
     .traits = kDerived,
     .help = "the unit the capacity was given in"},
    kVolumeOperands,
};

constexpr Argument kInitVolume[] = {
    {.flag = "action",
     .key = "action",
     .kind = ArgumentKind::choice,
     .value = "releasespace",
     .traits = kRequired,
     .help = "drop all data of a thin volume and give its extents back to the pool"},
    kVolumeOperands,
};

constexpr Argument kChangeLss[] = {
    {.flag = "pprcconsistgrp",
     .key = "consistency_group",
     .kind = ArgumentKind::enabling,
     .value = "enable|disable",
     .help = "consistency groups of remote mirror pairs"},
    {.flag = "extlongbusy",
     .key = "long_busy_seconds",
     .kind = ArgumentKind::number,
     .value = "s",
     .low = 0,
     .high = 65535,
     .help = "extended long busy time in seconds"},
    kResourceGroup,
    {.key = "ids",
     .kind = ArgumentKind::ids,
     .value = "LSS ...",
     .traits = kRequired,
     .id_kind = IdKind::lss,
     .help = "the LSSs; ranges like 10-1F. An LSS without volumes comes into being by it"},
};

constexpr Argument kChangePool[] = {
    kNewName,
    {.flag = "threshold",
     .key = "threshold_percent",
     .kind = ArgumentKind::number,
     .value = "%",
     .low = 0,
     .high = 100,
     .help = "free part below which the pool's status changes"},
    {.flag = "limit",
     .key = "limit_percent",
     .kind = ArgumentKind::number,
     .value = "%",
     .low = 1,
     .high = 100,
     .help = "part of the pool that may be allocated"},
    {.flag = "extentlimit",
     .key = "extent_limit",
     .kind = ArgumentKind::enabling,
     .value = "enable|disable",
     .help = "hold allocation at -limit"},
    {.flag = "virextentlimit",
     .key = "virtual_extent_limit",
     .kind = ArgumentKind::enabling,
     .value = "enable|disable",
     .traits = kOnlyDs8000,
     .help = "thin volumes promise no more together than the pool has"},
    {.flag = "merge",
     .key = "merge",
     .kind = ArgumentKind::id,
     .value = "Pm",
     .id_kind = IdKind::extent_pool,
     .help = "take over ranks and volumes of this pool, which is gone afterwards"},
    kPoolOperand,
};

constexpr Operation kChanges[] = {
    {.name = "chfbvol",
     .summary = "renames fixed block volumes, makes them larger, or adds them to volume groups",
     .shape = Shape::change,
     .access = Access::volume,
     .object_class = "fb_volume",
     .arguments = kChangeVolume,
     .success = "CMUC00026I",
     .prompt = "CMUC00332W",
     .asks_with = "capacity_blocks",
     .loses = "nothing; hosts may not support a changed size",
     .example = "chfbvol -cap 20 1000",
     .audit_code = 2091,
     .audit_event = "Volume_Modify"},
    {.name = "initfbvol",
     .summary = "releases the space of thin volumes",
     .shape = Shape::change,
     .access = Access::volume,
     .object_class = "fb_volume",
     .arguments = kInitVolume,
     .success = "CMUC00340I",
     .prompt = "CMUC00337W",
     .loses = "all data of the volume",
     .only_ds8000 = true,
     .example = "initfbvol -quiet -action releasespace 1000",
     .audit_code = 2093,
     .audit_event = "Volume_Release_Space"},
    {.name = "chlss",
     .summary = "changes attributes of logical subsystems",
     .shape = Shape::change,
     .access = Access::lss,
     .object_class = "lss",
     .arguments = kChangeLss,
     .success = "CMUC00029I",
     .example = "chlss -pprcconsistgrp enable -extlongbusy 90 10-11",
     .audit_code = 2100,
     .audit_event = "LSS_Modify"},
    {.name = "chextpool",
     .summary = "renames an extent pool, sets its limits, or merges another one into it",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "extent_pool",
     .arguments = kChangePool,
     .success = "CMUC00001I",
     .example = "chextpool -threshold 20 P0",
     .audit_code = 2071,
     .audit_event = "XPool_Modify"},
};

}  // namespace

std::span<const Operation> changes() {
  return kChanges;
}

}  // namespace tt::model::tables
