// SPDX-License-Identifier: Apache-2.0
// Paths to other storage images (spec: remote mirror, 4.1 to 4.4).
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kRemoteImage{.flag = "remotedev",
                                .key = "remote_image",
                                .kind = ArgumentKind::id,
                                .value = "storage_image",
                                .id_kind = IdKind::image,
                                .help = "the other storage image; default is remotedevid of the profile",
                                .elsewhere = true};

constexpr Argument kRemoteWwnn{.flag = "remotewwnn",
                               .key = "remote_wwnn",
                               .kind = ArgumentKind::id,
                               .value = "WWNN",
                               .traits = kRequired,
                               .id_kind = IdKind::wwpn,
                               .help = "worldwide node name of the other storage image, as lssi shows it there",
                               .elsewhere = true};
constexpr Argument kSomeWwnn{.flag = "remotewwnn",
                             .key = "remote_wwnn",
                             .kind = ArgumentKind::id,
                             .value = "WWNN",
                             .id_kind = IdKind::wwpn,
                             .help = "which storage image, if several have such an LSS pair",
                             .elsewhere = true};

constexpr Argument kAvailable[] = {
    kRemoteImage,
    kRemoteWwnn,
    {.key = "pairs",
     .kind = ArgumentKind::pairs,
     .value = "source_LSS:target_LSS",
     .traits = kRequired,
     .id_kind = IdKind::lss,
     .help = "the two LSSs that are to be connected",
     .elsewhere = true},
};

constexpr Argument kMakePath[] = {
    kRemoteImage,
    kRemoteWwnn,
    {.flag = "srclss",
     .key = "source_lss",
     .kind = ArgumentKind::id,
     .value = "XX",
     .traits = kRequired,
     .id_kind = IdKind::lss,
     .help = "the LSS of this storage image"},
    {.flag = "tgtlss",
     .key = "target_lss",
     .kind = ArgumentKind::id,
     .value = "XX",
     .traits = kRequired,
     .id_kind = IdKind::lss,
     .help = "the LSS of the other one",
     .elsewhere = true},
    {.flag = "srcss",
     .key = "source_ssid",
     .kind = ArgumentKind::hex_number,
     .value = "hex",
     .low = 1,
     .high = 0xFFFF,
     .help = "subsystem id that the source LSS must have"},
    {.flag = "tgtss",
     .key = "target_ssid",
     .kind = ArgumentKind::hex_number,
     .value = "hex",
     .low = 1,
     .high = 0xFFFF,
     .help = "subsystem id that the target LSS must have"},
    {.flag = "consistgrp",
     .key = "consistency_group",
     .value = "true",
     .fallback = "false",
     .help = "when a mirror of this LSS pair fails, writes to its source wait (chlss -extlongbusy)"},
    {.key = "pairs",
     .kind = ArgumentKind::pairs,
     .value = "source_port:target_port ...",
     .traits = kRequired,
     .id_kind = IdKind::io_port,
     .help = "one to eight pairs of I/O ports; they replace what the LSS pair had",
     .elsewhere = true},
};

constexpr Argument kListPaths[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "source_LSS ...",
     .traits = kRequired,
     .id_kind = IdKind::lss,
     .help = "LSSs of this storage image; ranges like 00-FF"},
};

constexpr Argument kRemovePath[] = {
    kRemoteImage,
    kSomeWwnn,
    {.flag = "force",
     .key = "force",
     .value = "true",
     .fallback = "false",
     .help = "also while pairs of volumes need the path"},
    {.key = "pairs",
     .kind = ArgumentKind::pairs,
     .value = "source_LSS:target_LSS ...",
     .traits = kRequired,
     .id_kind = IdKind::lss,
     .help = "LSS pairs; all paths between the two go",
     .elsewhere = true},
};

constexpr Operation kOperations[] = {
    {.name = "lsavailpprcport",
     .summary = "lists pairs of ports over which another storage image answers",
     .shape = Shape::list,
     .object_class = "pprc_port",
     .arguments = kAvailable,
     .example = "lsavailpprcport -remotewwnn 500507630AFFC29F 10:20"},
    {.name = "mkpprcpath",
     .summary = "establishes paths from an LSS to one of another storage image",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc_path",
     .arguments = kMakePath,
     .success = "CMUC00149I",
     .example = "mkpprcpath -remotewwnn 500507630AFFC29F -srclss 10 -tgtlss 20 I0100:I0100 I0101:I0101",
     .audit_code = 3020,
     .audit_event = "Path_Establish"},
    {.name = "lspprcpath",
     .summary = "lists paths to other storage images and how they are",
     .shape = Shape::list,
     .object_class = "pprc_path",
     .arguments = kListPaths,
     .example = "lspprcpath -l 00-FF"},
    {.name = "rmpprcpath",
     .summary = "removes all paths from an LSS to one of another storage image",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc_path",
     .arguments = kRemovePath,
     .success = "CMUC00150I",
     .prompt = "CMUC00152W",
     .loses = "the way between the two LSSs; mkpprcpath makes it again",
     .example = "rmpprcpath -quiet 10:20",
     .audit_code = 3021,
     .audit_event = "Path_Remove"},
};

using F = Format;
using A = Align;

constexpr Attribute kPortAttributes[] = {
    {"id", "Local Port", F::text, A::left, IdKind::io_port},
    {"attached_port", "Attached Port", F::text, A::left, IdKind::io_port},
    {"type", "Type"},
    {"switch_id", "Switch ID"},
    {"switch_port", "Switch Port"},
};
constexpr std::string_view kPortList[] = {"Local Port", "Attached Port", "Type"};
constexpr std::string_view kPortWide[] = {"Local Port", "Attached Port", "Type", "Switch ID", "Switch Port"};

constexpr Attribute kPathAttributes[] = {
    {"id", "Src", F::text, A::left, IdKind::lss},
    {"target", "Tgt", F::text, A::left, IdKind::lss},
    {"state", "State"},
    {"target_ssid", "SS", F::hex},
    {"port", "Port", F::text, A::left, IdKind::io_port},
    {"attached_port", "Attached Port", F::text, A::left, IdKind::io_port},
    {"wwnn", "Tgt WWNN"},
    {"failed_reason", "Failed Reason"},
    {"consistency_group", "PPRC CG", F::enabled},
};
constexpr std::string_view kPathList[] = {"Src", "Tgt", "State", "SS", "Port", "Attached Port", "Tgt WWNN"};
constexpr std::string_view kPathWide[] = {"Src",           "Tgt",      "State",         "SS",     "Port",
                                          "Attached Port", "Tgt WWNN", "Failed Reason", "PPRC CG"};

constexpr ObjectClass kClasses[] = {
    {"pprc_port",
     "Available PPRC Port",
     "PPRCPORT",
     IdKind::io_port,
     kPortAttributes,
     kPortList,
     kPortWide,
     kPortWide,
     {}},
    {"pprc_path",
     "Remote Mirror and Copy Path",
     "PPRCPATH",
     IdKind::lss,
     kPathAttributes,
     kPathList,
     kPathWide,
     kPathWide,
     {}},
};

}  // namespace

std::span<const Operation> mirror_paths() {
  return kOperations;
}

std::span<const ObjectClass> classes_of_mirror_paths() {
  return kClasses;
}

}  // namespace tt::model::tables
