// SPDX-License-Identifier: Apache-2.0
// Resource groups: what is in one may be worked with by users whose scope covers the group's label.
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kGroupList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "RGn ...",
     .id_kind = IdKind::resource_group,
     .help = "only these resource groups"},
};

constexpr Argument kGroupOperand = {.key = "id",
                                    .kind = ArgumentKind::ids,
                                    .value = "RGn",
                                    .traits = kRequired | kSingle,
                                    .id_kind = IdKind::resource_group,
                                    .help = "the resource group, RG1 to RG63"};
constexpr Argument kOneGroup[] = {kGroupOperand};

constexpr Argument kLabel = {.flag = "label",
                             .key = "label",
                             .kind = ArgumentKind::text,
                             .value = "label",
                             .low = 1,
                             .high = 32,
                             .help =
                                 "what scopes of users are matched against: letters, digits, _ - and .; of a new "
                                 "group RGn unless given"};
constexpr Argument kName = {.flag = "name",
                            .key = "name",
                            .kind = ArgumentKind::text,
                            .value = "name",
                            .low = 1,
                            .high = 32,
                            .help = "nickname; of a new group RGn unless given"};
constexpr Argument kDescription = {.flag = "desc",
                                   .key = "description",
                                   .kind = ArgumentKind::text,
                                   .value = "text",
                                   .high = 128,
                                   .help = "description"};
constexpr Argument kProperties[] = {kName, kLabel, kDescription, kGroupOperand};

constexpr Argument kRemoveGroup[] = {
    {.key = "ids",
     .kind = ArgumentKind::ids,
     .value = "RGn ...",
     .traits = kRequired,
     .id_kind = IdKind::resource_group,
     .help = "the resource groups; nothing may be in them"},
};

constexpr Operation kGroups[] = {
    {.name = "lsresgrp",
     .summary = "lists resource groups",
     .shape = Shape::list,
     .object_class = "resource_group",
     .arguments = kGroupList,
     .only_ds8000 = true,
     .example = "lsresgrp -l"},
    {.name = "showresgrp",
     .summary = "shows a resource group",
     .shape = Shape::show,
     .object_class = "resource_group",
     .arguments = kOneGroup,
     .only_ds8000 = true,
     .example = "showresgrp RG0"},
    {.name = "mkresgrp",
     .summary = "creates a resource group",
     .shape = Shape::change,
     .access = Access::admin,
     .object_class = "resource_group",
     .arguments = kProperties,
     .success = "CMUC09060I",
     .only_ds8000 = true,
     .example = "mkresgrp -label east RG1",
     .audit_code = 2140,
     .audit_event = "ResourceGroup_Create"},
    {.name = "chresgrp",
     .summary = "changes name, label or description of a resource group",
     .shape = Shape::change,
     .access = Access::admin,
     .object_class = "resource_group",
     .arguments = kProperties,
     .success = "CMUC09061I",
     .only_ds8000 = true,
     .example = "chresgrp -label west RG1",
     .audit_code = 2141,
     .audit_event = "ResourceGroup_Modify"},
    {.name = "rmresgrp",
     .summary = "deletes resource groups in which nothing is",
     .shape = Shape::change,
     .access = Access::admin,
     .object_class = "resource_group",
     .arguments = kRemoveGroup,
     .success = "CMUC09063I",
     .prompt = "CMUC09062W",
     .loses = "the group and its label",
     .only_ds8000 = true,
     .example = "rmresgrp -quiet RG1",
     .audit_code = 2142,
     .audit_event = "ResourceGroup_Delete"},
};

using A = Align;
using F = Format;

constexpr Attribute kAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::resource_group},
    {"name", "Name"},
    {"state", "State"},
    {"label", "Label"},
    {"description", "Desc"},
    {"volumes", "FBVols", F::number, A::right},
    {"lsses", "LSSs", F::number, A::right},
    {"volume_groups", "VolGrps", F::number, A::right},
    {"host_connections", "HostConns", F::number, A::right},
};
constexpr std::string_view kList[] = {"ID", "Name", "State", "Label"};
constexpr std::string_view kWide[] = {"ID", "Name", "State", "Label", "Desc", "FBVols", "LSSs", "VolGrps", "HostConns"};

constexpr ObjectClass kClasses[] = {
    {"resource_group", "Resource Group", "RESOURCEGROUP", IdKind::resource_group, kAttributes, kList, kWide, kWide, {}},
};

}  // namespace

std::span<const Operation> resource_groups() {
  return kGroups;
}

std::span<const ObjectClass> classes_of_groups() {
  return kClasses;
}

}  // namespace tt::model::tables
