// SPDX-License-Identifier: Apache-2.0
// Mirrored pairs of volumes (spec: remote mirror, 4.5 to 4.10).
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kType{.flag = "type",
                         .key = "type",
                         .kind = ArgumentKind::choice,
                         .value = "mmir|gcp",
                         .traits = kRequired,
                         .help = "Metro Mirror (mmir; not in this release) or Global Copy (gcp)"};
constexpr Argument kCascade{.flag = "cascade",
                            .key = "cascade",
                            .value = "true",
                            .fallback = "false",
                            .help = "the source may be the target of another pair"};
constexpr Argument kTargetOnline{.flag = "tgtonline",
                                 .key = "target_online",
                                 .value = "true",
                                 .help = "a CKD target may be online to a host; has no effect for FB volumes"};
constexpr Argument kTargetRead{.flag = "tgtread",
                               .key = "target_read",
                               .value = "true",
                               .fallback = "false",
                               .help = "hosts may read the target of a Metro Mirror while it is full duplex"};
constexpr Argument kCriticalMode{.flag = "critmode",
                                 .key = "critical_mode",
                                 .value = "true",
                                 .fallback = "false",
                                 .help = "hosts get errors when a Metro Mirror cannot go on"};
constexpr Argument kWait{.flag = "wait",
                         .key = "wait",
                         .value = "true",
                         .traits = kLocal,
                         .help = "return when the first pass of all pairs is complete"};
constexpr Argument kSourceSsid{.flag = "srcss",
                               .key = "source_ssid",
                               .kind = ArgumentKind::hex_number,
                               .value = "hex",
                               .low = 1,
                               .high = 0xFFFF,
                               .help = "subsystem id that the LSS of the source must have"};
constexpr Argument kTargetSsid{.flag = "tgtss",
                               .key = "target_ssid",
                               .kind = ArgumentKind::hex_number,
                               .value = "hex",
                               .low = 1,
                               .high = 0xFFFF,
                               .help = "subsystem id that the LSS of the target must have"};
constexpr Argument kRemoteImage{.flag = "remotedev",
                                .key = "remote_image",
                                .kind = ArgumentKind::id,
                                .value = "storage_image",
                                .id_kind = IdKind::image,
                                .help = "the other storage image; default is remotedevid of the profile",
                                .elsewhere = true};
constexpr Argument kMirrorPairs{.key = "pairs",
                                .kind = ArgumentKind::pairs,
                                .value = "source:target ...",
                                .traits = kRequired,
                                .id_kind = IdKind::volume,
                                .help = "pairs like 1000:2000 or 1000-1003:2000-2003; the source is of this image",
                                .elsewhere = true};
constexpr Argument kEitherPairs{.key = "pairs",
                                .kind = ArgumentKind::pairs,
                                .value = "source:target ... | volume_ID ...",
                                .traits = kRequired,
                                .id_kind = IdKind::volume,
                                .help =
                                    "pairs like 1000:2000; the source is of this image, with -at tgt the target. With "
                                    "-at also volumes of this image alone",
                                .elsewhere = true};
constexpr Argument kAt{.flag = "at",
                       .key = "at",
                       .kind = ArgumentKind::choice,
                       .value = "src|tgt",
                       .fallback = "src",
                       .help = "which end of the pairs this image has"};

constexpr Argument kMakePair[] = {
    kRemoteImage,
    kType,
    {.flag = "mode",
     .key = "mode",
     .kind = ArgumentKind::choice,
     .value = "full|nocp",
     .fallback = "full",
     .help = "copy all tracks, or none because both volumes are known to be equal"},
    kCascade,
    kTargetOnline,
    kTargetRead,
    kCriticalMode,
    {.flag = "resetreserve",
     .key = "reset_reservation",
     .value = "true",
     .help = "clear a reservation of the target; NBD hosts have none"},
    {.flag = "tgtse",
     .key = "target_space_efficient",
     .value = "true",
     .traits = kOnlyDs8000,
     .help = "the target may be thin, which it may without, too"},
    {.flag = "multtgt",
     .key = "multi_target",
     .value = "true",
     .traits = kLater | kOnlyDs8000,
     .help = "the source may have a second target"},
    {.flag = "incrementalresync",
     .key = "incremental_resync",
     .kind = ArgumentKind::choice,
     .value = "enable|enablenoinit|disable|recover|override",
     .traits = kLater | kOnlyDs8000,
     .help = "for three sites"},
    {.flag = "disableautoresync",
     .key = "disable_auto_resync",
     .value = "true",
     .fallback = "false",
     .traits = kOnlyDs8000,
     .help = "a Global Copy that an error has suspended waits for resumepprc"},
    kWait,
    kSourceSsid,
    kTargetSsid,
    kMirrorPairs,
};

constexpr Argument kListPairs[] = {
    {.flag = "state",
     .key = "state_word",
     .kind = ArgumentKind::choice,
     .value = "copy-pending|full-duplex|suspended|target-copy-pending|target-full-duplex|target-suspended|"
              "invalid-state|volume-inaccessible",
     .matches = "state_word",
     .help = "only pairs in that state"},
    kRemoteImage,
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "source:target ... | volume_ID ...",
     .traits = kRequired,
     .id_kind = IdKind::pair,
     .help = "pairs, or volumes (ranges like 1000-10FF) that are source or target",
     .elsewhere = true},
};

constexpr Argument kPausePair[] = {
    kRemoteImage,
    kAt,
    {.flag = "unconditional",
     .key = "unconditional",
     .value = "true",
     .fallback = "false",
     .help = "also while the other storage image cannot be reached"},
    kSourceSsid,
    kTargetSsid,
    kEitherPairs,
};

constexpr Argument kResumePair[] = {
    kRemoteImage,
    kType,
    kCascade,
    kTargetOnline,
    kTargetRead,
    kCriticalMode,
    {.flag = "suspend",
     .key = "suspend",
     .value = "true",
     .fallback = "false",
     .help = "only change attributes, and stay suspended"},
    {.flag = "resetreserve",
     .key = "reset_reservation",
     .value = "true",
     .help = "clear a reservation of the target; NBD hosts have none"},
    {.flag = "disableautoresync",
     .key = "disable_auto_resync",
     .value = "true",
     .fallback = "false",
     .traits = kOnlyDs8000,
     .help = "a Global Copy that an error has suspended waits for resumepprc"},
    kWait,
    kSourceSsid,
    kTargetSsid,
    kMirrorPairs,
};

constexpr Argument kRemovePair[] = {
    kRemoteImage,
    kAt,
    {.flag = "unconditional",
     .key = "unconditional",
     .value = "true",
     .fallback = "false",
     .help = "only at this image: the other one keeps its end until it is removed there, too"},
    kSourceSsid,
    kTargetSsid,
    kEitherPairs,
};

constexpr Argument kFailOver[] = {
    kRemoteImage, kType, kTargetOnline, kCascade, kSourceSsid, kTargetSsid, kMirrorPairs,
};

constexpr Argument kFailBack[] = {
    kRemoteImage,
    kType,
    kCascade,
    {.flag = "suspend",
     .key = "suspend",
     .value = "true",
     .fallback = "false",
     .help = "turn the pair round and leave it suspended"},
    kTargetOnline,
    {.flag = "resetreserve",
     .key = "reset_reservation",
     .value = "true",
     .help = "clear a reservation of the target; NBD hosts have none"},
    kTargetRead,
    kSourceSsid,
    kTargetSsid,
    kMirrorPairs,
};

constexpr Operation kOperations[] = {
    {.name = "mkpprc",
     .summary = "establishes mirrored pairs of volumes with another storage image",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc",
     .arguments = kMakePair,
     .success = "CMUC00153I",
     .example = "mkpprc -remotedev IBM.2107-75ABTV1 -type gcp 1000-1003:2000-2003",
     .audit_code = 3022,
     .audit_event = "Pair_Establish"},
    {.name = "lspprc",
     .summary = "lists mirrored pairs of volumes",
     .shape = Shape::list,
     .object_class = "pprc",
     .arguments = kListPairs,
     .example = "lspprc -l 1000-10FF"},
    {.name = "pausepprc",
     .summary = "suspends mirrored pairs; their sources go on and note what changes",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc",
     .arguments = kPausePair,
     .success = "CMUC00157I",
     .example = "pausepprc 1000:2000",
     .audit_code = 3023,
     .audit_event = "Pair_Pause"},
    {.name = "resumepprc",
     .summary = "lets suspended pairs go on; what has changed is copied",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc",
     .arguments = kResumePair,
     .success = "CMUC00158I",
     .example = "resumepprc -type gcp 1000:2000",
     .audit_code = 3024,
     .audit_event = "Pair_Resume"},
    {.name = "rmpprc",
     .summary = "removes mirrored pairs; both volumes stay as they are",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc",
     .arguments = kRemovePair,
     .success = "CMUC00155I",
     .prompt = "CMUC00160W",
     .loses = "what is known of the differences: a new pair copies all tracks",
     .example = "rmpprc -quiet 1000:2000",
     .audit_code = 3025,
     .audit_event = "Pair_Remove"},
    {.name = "failoverpprc",
     .summary = "makes targets sources that hosts may write, whatever has become of the other image",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc",
     .arguments = kFailOver,
     .success = "CMUC00196I",
     .example = "failoverpprc -dev IBM.2107-75ABTV1 -type gcp 2000:1000",
     .audit_code = 3026,
     .audit_event = "Pair_Failover"},
    {.name = "failbackpprc",
     .summary = "copies what differs from the sources given, whose data stay, to the other volumes",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "pprc",
     .arguments = kFailBack,
     .success = "CMUC00197I",
     .example = "failbackpprc -dev IBM.2107-75ABTV1 -type gcp 2000:1000",
     .audit_code = 3027,
     .audit_event = "Pair_Failback"},
};

using F = Format;
using A = Align;

constexpr Attribute kAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::pair},
    {"state", "State"},
    {"reason", "Reason"},
    {"type", "Type"},
    {"out_of_sync_tracks", "Out Of Sync Tracks", F::number},
    {"target_read", "Tgt Read", F::enabled},
    {"source_cascade", "Src Cascade"},
    {"target_cascade", "Tgt Cascade"},
    {"date_suspended", "Date Suspended", F::date},
    {"source_lss", "SourceLSS"},
    {"timeout", "Timeout (secs)"},
    {"critical_mode", "Critical Mode", F::enabled},
    {"first_pass", "First Pass Status"},
    {"incremental_resync", "Incremental Resync", F::enabled},
    {"target_write", "Tgt Write", F::enabled},
    {"gmir_cg", "GMIR CG"},
    {"pprc_cg", "PPRC CG", F::enabled},
    {"target_se", "isTgtSE"},
    {"disable_auto_resync", "DisableAutoResync"},
};
constexpr std::string_view kList[] = {"ID",        "State",          "Reason",        "Type",
                                      "SourceLSS", "Timeout (secs)", "Critical Mode", "First Pass Status"};
constexpr std::string_view kWide[] = {"ID",
                                      "State",
                                      "Reason",
                                      "Type",
                                      "Out Of Sync Tracks",
                                      "Tgt Read",
                                      "Src Cascade",
                                      "Tgt Cascade",
                                      "Date Suspended",
                                      "SourceLSS",
                                      "Timeout (secs)",
                                      "Critical Mode",
                                      "First Pass Status",
                                      "Incremental Resync",
                                      "Tgt Write",
                                      "GMIR CG",
                                      "PPRC CG",
                                      "isTgtSE",
                                      "DisableAutoResync"};

constexpr ObjectClass kClasses[] = {
    {"pprc", "Remote Mirror and Copy", "PPRC", IdKind::pair, kAttributes, kList, kWide, kWide, {}},
};

}  // namespace

std::span<const Operation> mirrors() {
  return kOperations;
}

std::span<const ObjectClass> classes_of_mirrors() {
  return kClasses;
}

}  // namespace tt::model::tables
